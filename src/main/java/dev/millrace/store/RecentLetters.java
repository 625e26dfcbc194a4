package dev.millrace.store;

import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;

/** A product's newest dead letters. One thread adds, any thread reads. */
final class RecentLetters {
    private final ConcurrentLinkedDeque<DeadLetter> newestFirst = new ConcurrentLinkedDeque<>();
    private int size;
    private volatile long count;

    /** What earlier runs left, of all partitions, in any order; {@code total} with those not kept. */
    void restore(List<DeadLetter> letters, long total) {
        letters.stream()
                .sorted(Comparator.comparingLong(DeadLetter::timestampMillis))
                .skip(Math.max(0, letters.size() - PartitionFiles.KEPT_LETTERS))
                .forEach(this::add);
        count = total;
    }

    @SuppressWarnings("NonAtomicOperationOnVolatileField") // one thread adds
    void add(DeadLetter letter) {
        newestFirst.addFirst(letter);
        count++;
        if (++size > PartitionFiles.KEPT_LETTERS) {
            newestFirst.removeLast();
            size--;
        }
    }

    List<DeadLetter> newest(int limit) {
        return newestFirst.stream().limit(limit).toList();
    }

    long count() {
        return count;
    }
}
