package dev.millrace.http;

import dev.millrace.problem.Problem;
import java.util.concurrent.Semaphore;

/** How many clients may be sent a long answer at once. Any thread; never waits. */
final class StreamPlaces {
    private static final long RETRY_AFTER_SECONDS = 5;

    private final int limit;
    private final Semaphore free;

    StreamPlaces(int limit) {
        this.limit = limit;
        this.free = new Semaphore(limit);
    }

    /** @throws dev.millrace.problem.ProblemException with {@code Overloaded} when all places are taken */
    void take() {
        if (!free.tryAcquire()) {
            throw new Problem.Overloaded("Streaming of long answers", limit, RETRY_AFTER_SECONDS).exception();
        }
    }

    void giveBack() {
        free.release();
    }

    /** How many long answers are under way. */
    int taken() {
        return limit - free.availablePermits();
    }
}
