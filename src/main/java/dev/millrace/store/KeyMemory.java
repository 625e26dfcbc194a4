package dev.millrace.store;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What the keys of some products take of the heap, and the most that they may: their indexes, the chains of their rows and
 * what is known of keys that partitions share. A partition takes what its next rows may need, growth included, before they
 * are written, so that showing them never fails; where there is no room, no row is written. Any thread.
 */
public final class KeyMemory {
    private final long limitBytes;
    private final AtomicLong used = new AtomicLong();

    /** An account with a limit. */
    public KeyMemory(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /** Five eighths of the heap, which is less than its old generation; the rest is for requests and for what grows. */
    public static KeyMemory ofHeap() {
        return new KeyMemory(Runtime.getRuntime().maxMemory() / 8 * 5);
    }

    /** One that is always enough. */
    public static KeyMemory unlimited() {
        return new KeyMemory(Long.MAX_VALUE);
    }

    /** Takes bytes, or gives them back where they are negative; false where they are not there. */
    boolean take(long bytes) {
        long now;
        do {
            now = used.get();
            if (bytes > 0 && bytes > limitBytes - now) {
                return false;
            }
        } while (!used.compareAndSet(now, now + bytes));
        return true;
    }

    /** Whether so many more are there. */
    boolean has(long bytes) {
        return bytes <= limitBytes - used.get();
    }

    /** Counts bytes that are taken already. */
    void count(long bytes) {
        used.addAndGet(bytes);
    }

    /** Bytes that are taken. */
    public long usedBytes() {
        return used.get();
    }

    /** Why there is no room. */
    String fault() {
        return "the heap has no room for more keys: " + (used.get() >> 20) + " of " + (limitBytes >> 20)
                + " MB are taken; start the server with a larger heap";
    }
}
