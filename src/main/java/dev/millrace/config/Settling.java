package dev.millrace.config;

import org.jspecify.annotations.Nullable;

/**
 * Tells when something that is looked at now and then has changed and come to rest: two looks in turn have found the same, so
 * that what is half written is not taken up. One thread.
 */
public final class Settling<T> {
    private @Nullable T seen;
    private @Nullable T taken;

    /** @param taken what was found at first, which is no change */
    public Settling(T taken) {
        this.seen = taken;
        this.taken = taken;
    }

    /** Whether a change is to be taken up now. */
    public boolean changed(T now) {
        boolean settled = now.equals(seen);
        seen = now;
        if (!settled || now.equals(taken)) {
            return false;
        }
        taken = now;
        return true;
    }

    /** What was taken up last was not, after all: the next look tries again. */
    public void again() {
        taken = null;
    }
}
