package dev.millrace.http;

import dev.millrace.problem.Problem;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/** How many clients may be sent a long answer at once; one address has a quarter of the places at most. Any thread; never waits. */
final class StreamPlaces {
    private static final long RETRY_AFTER_SECONDS = 5;

    private static final int SHARES = 4;

    private final Map<String, Integer> byClient = new ConcurrentHashMap<>();
    private final int limit;
    private final Semaphore free;

    StreamPlaces(int limit) {
        this.limit = limit;
        this.free = new Semaphore(limit);
    }

    /** @throws dev.millrace.problem.ProblemException with {@code Overloaded} when all places are taken, or a client's */
    void take(String client) {
        int share = Math.max(1, limit / SHARES);
        if (byClient.merge(client, 1, Integer::sum) > share) {
            leave(client);
            throw new Problem.Overloaded("Streaming of long answers to one client", share, RETRY_AFTER_SECONDS)
                    .exception();
        }
        if (!free.tryAcquire()) {
            leave(client);
            throw new Problem.Overloaded("Streaming of long answers", limit, RETRY_AFTER_SECONDS).exception();
        }
    }

    void giveBack(String client) {
        leave(client);
        free.release();
    }

    private void leave(String client) {
        byClient.compute(client, (name, places) -> places == null || places == 1 ? null : places - 1);
    }

    /** How many long answers are under way. */
    int taken() {
        return limit - free.availablePermits();
    }
}
