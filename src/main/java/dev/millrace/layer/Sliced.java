package dev.millrace.layer;

import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Work that is done in steps of bounded length, which may pause between any two. One thread at a time, any one. */
public interface Sliced<T> {
    /**
     * Goes on with the work, where it paused.
     *
     * @param over asked after each step: whether it is to pause, since others wait for their turn
     * @return the result; empty when it has paused
     */
    Optional<T> slice(BooleanSupplier over) throws Exception;
}
