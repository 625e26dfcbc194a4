package dev.millrace.query;

import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What native code calls while it works for us, in the one form that it may have: a callback ends, it never throws, since
 * native code that meets an exception may wait for ever. The first failure is remembered, whatever it is; from then on
 * nothing of ours is run, and each callback says what its native caller takes for the end. Who called the native code asks
 * for the failure when that has returned. Any thread.
 */
final class Callbacks {
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    /** Runs a callback's work and gives its result; {@code end} if this or an earlier one of these callbacks failed. */
    @SuppressWarnings("CatchingUnchecked") // an Error, too, must not reach native code
    <T> T ending(T end, Callable<? extends T> work) {
        if (failure.get() != null) {
            return end;
        }
        try {
            return work.call();
        } catch (Throwable thrown) {
            failure.compareAndSet(null, thrown);
            return end;
        }
    }

    /** Throws what a callback failed with, if one did; to be asked when the native code has returned. */
    void rethrow() {
        switch (failure.get()) {
            case null -> {}
            case RuntimeException unchecked -> throw unchecked;
            case Error error -> throw error;
            case Throwable checked -> throw new IllegalStateException(checked);
        }
    }
}
