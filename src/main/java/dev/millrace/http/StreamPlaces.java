package dev.millrace.http;

import dev.millrace.problem.Problem;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/** How many clients may be sent something long at once, in all and at one address. Any thread; never waits. */
final class StreamPlaces {
    private static final long RETRY_AFTER_SECONDS = 5;

    private final Map<String, Integer> byClient = new ConcurrentHashMap<>();
    private final String what;
    private final int limit;
    private final int share;
    private final Semaphore free;

    /**
     * @param what names it in the problem
     * @param share most of one address; 0 for a quarter
     */
    StreamPlaces(String what, int limit, int share) {
        this.what = what;
        this.limit = limit;
        this.share = share > 0 ? share : Math.max(1, limit / 4);
        this.free = new Semaphore(limit);
    }

    /** @throws dev.millrace.problem.ProblemException with {@code Overloaded} when all places are taken, or a client's */
    void take(String client) {
        if (byClient.merge(client, 1, Integer::sum) > share) {
            leave(client);
            throw new Problem.Overloaded(what + " to one client", share, RETRY_AFTER_SECONDS).exception();
        }
        if (!free.tryAcquire()) {
            leave(client);
            throw new Problem.Overloaded(what, limit, RETRY_AFTER_SECONDS).exception();
        }
    }

    void giveBack(String client) {
        leave(client);
        free.release();
    }

    private void leave(String client) {
        byClient.compute(client, (name, places) -> places == null || places == 1 ? null : places - 1);
    }

    /** How many places are taken. */
    int taken() {
        return limit - free.availablePermits();
    }
}
