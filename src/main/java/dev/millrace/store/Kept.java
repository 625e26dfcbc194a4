package dev.millrace.store;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * How far back a partition can be read.
 *
 * @param oldest positions below this one cannot be read any more
 * @param floor rows below this offset were let go by retention
 * @param bounds by partition: rows were left out because of what the others have, so that a position which sees anything
 *     of this partition, and of any less than this, cannot be read; absent where none were
 */
record Kept(long oldest, long floor, List<Long> bounds) {
    static final Kept ALL = new Kept(0, 0);

    Kept {
        bounds = bounds == null ? List.of() : List.copyOf(bounds);
    }

    Kept(long oldest, long floor) {
        this(oldest, floor, List.of());
    }

    Kept and(Kept other) {
        int partitions = Math.max(bounds.size(), other.bounds.size());
        return new Kept(
                Math.max(oldest, other.oldest),
                Math.max(floor, other.floor),
                IntStream.range(0, partitions)
                        .mapToObj(each -> Math.max(bound(each), other.bound(each)))
                        .toList());
    }

    /** What a position that sees anything of this partition must see of another one. */
    long bound(int partition) {
        return partition < bounds.size() ? bounds.get(partition) : 0;
    }

    /** Whether all is there that a position may see of this partition, {@code number}. */
    boolean covers(Position at, int number) {
        // Before everything there was nothing, and that stays so.
        return at.next(number) == 0 || (at.next(number) >= oldest && hasOthers(at));
    }

    /** Whether a position sees enough of the other partitions. */
    boolean hasOthers(Position at) {
        return IntStream.range(0, bounds.size()).allMatch(each -> at.next(each) >= bounds.get(each));
    }

    /** The offsets, by partition, from which on all partitions can be read together. */
    static long[] oldest(List<Kept> partitions) {
        return IntStream.range(0, partitions.size())
                .mapToLong(each -> LongStream.concat(
                                LongStream.of(partitions.get(each).oldest),
                                partitions.stream().mapToLong(kept -> kept.bound(each)))
                        .max()
                        .orElse(0))
                .toArray();
    }
}
