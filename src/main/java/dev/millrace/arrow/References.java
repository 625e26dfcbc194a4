package dev.millrace.arrow;

import java.util.concurrent.atomic.AtomicInteger;

/** A reference count that starts at one and never comes back from zero. Any thread. */
public final class References {
    private final AtomicInteger count = new AtomicInteger(1);

    /** Takes one more unless the last one is gone. */
    public boolean tryRetain() {
        int now;
        do {
            now = count.get();
            if (now == 0) {
                return false;
            }
        } while (!count.compareAndSet(now, now + 1));
        return true;
    }

    /** Takes one more; the caller holds one already. */
    public void retain() {
        if (!tryRetain()) {
            throw new IllegalStateException("released already");
        }
    }

    /** Gives one back; true when it was the last. */
    public boolean release() {
        int left = count.decrementAndGet();
        if (left < 0) {
            throw new IllegalStateException("released already");
        }
        return left == 0;
    }
}
