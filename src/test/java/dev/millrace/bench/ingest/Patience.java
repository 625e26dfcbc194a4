package dev.millrace.bench.ingest;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what nobody announces, looking every two milliseconds. */
final class Patience {
    private static final Duration LOOK = Duration.ofMillis(2);
    private static final Duration LIMIT = Duration.ofMinutes(10);

    private Patience() {}

    static void until(String what, BooleanSupplier reached) throws InterruptedException {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!reached.getAsBoolean()) {
            if (Thread.interrupted()) {
                throw new InterruptedException("while waiting for " + what);
            }
            if (System.nanoTime() - end > 0) {
                throw new IllegalStateException(what + " not reached within " + LIMIT);
            }
            LockSupport.parkNanos(LOOK.toNanos());
        }
    }
}
