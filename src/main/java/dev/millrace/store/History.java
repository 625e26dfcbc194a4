package dev.millrace.store;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * How far a partition had come, now and then in the time for which its positions stay readable. Only the partition's ingest thread.
 */
final class History {
    private static final int SAMPLES = 16;

    /** From {@code nanos} on every position was at least at {@code next}. */
    private record Sample(long nanos, long next) {}

    private final long keptNanos;
    private final Deque<Sample> samples = new ArrayDeque<>();
    private long horizon;

    /** {@code horizon}: bounds below it cannot be read any more. */
    History(long keptNanos, long horizon) {
        this.keptNanos = keptNanos;
        this.horizon = horizon;
    }

    /** Notes that readers see everything below {@code next}. */
    void reach(long nanos, long next) {
        Sample last = samples.peekLast();
        if (last == null || (last.next() != next && nanos - last.nanos() >= keptNanos / SAMPLES)) {
            samples.addLast(new Sample(nanos, next));
        }
    }

    /** Bounds from this one on must stay readable; it never falls. */
    long horizon(long nanos) {
        Sample oldest;
        while ((oldest = samples.peekFirst()) != null && nanos - oldest.nanos() >= keptNanos) {
            horizon = Math.max(horizon, oldest.next());
            samples.removeFirst();
        }
        return horizon;
    }
}
