package dev.millrace.store;

import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Decides whether a product may take more rows into memory. Closes at seven eighths of the budget or when an allocation
 * failed, and has all open segments sealed and written then; opens again below three quarters. Any ingest thread.
 *
 * <p>It never stays closed without something under way that will give memory back, so a product of any size goes on.
 * That includes the segments of other ingest threads, which seal them when they look next: they are to look as often as
 * anyone asks here again.
 */
final class MemoryGate {
    private final long high;
    private final long low;
    private final LongSupplier usedBytes;
    private final Runnable relieve;
    private final BooleanSupplier pending;
    private volatile boolean closed;

    /**
     * @param relieve has all open segments sealed and begins to write them
     * @param pending takes in what was written; whether a segment still waits to be sealed, written and mapped
     */
    MemoryGate(long budgetBytes, LongSupplier usedBytes, Runnable relieve, BooleanSupplier pending) {
        this.high = budgetBytes / 8 * 7;
        this.low = budgetBytes / 4 * 3;
        this.usedBytes = usedBytes;
        this.relieve = relieve;
        this.pending = pending;
    }

    /** Whether a row may be written. */
    boolean admits() {
        if (!closed && usedBytes.getAsLong() < high) {
            return true;
        }
        return decide();
    }

    private synchronized boolean decide() {
        if (closed) {
            closed = pending.getAsBoolean() && usedBytes.getAsLong() >= low;
        } else if (usedBytes.getAsLong() >= high) {
            exhausted();
        }
        return !closed;
    }

    /** An allocation failed. */
    synchronized void exhausted() {
        relieve.run();
        closed = pending.getAsBoolean();
    }
}
