package dev.millrace.http;

import dev.millrace.problem.Problem;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The answers of one port that take longer than a turn of their event loop, and the word to end them. Any thread. */
final class UnderWay {
    /** Ends an answer as its format shows; called on any thread, once or more, also when it has ended already. */
    interface Cut {
        void cut();
    }

    private final Set<Cut> all = ConcurrentHashMap.newKeySet();
    private final Promise<Void> ended = Promise.promise();
    private volatile boolean stopping;
    private volatile boolean cutting;

    /** What an answer is told that does not end in time, and a request that comes too late. */
    static RuntimeException stops() {
        return new Problem.Unavailable("This server", "it stops. Ask again, or another one.").exception();
    }

    /** Whether no more requests are taken. */
    boolean isStopping() {
        return stopping;
    }

    /** An answer is under way, until {@link #end}; again changes nothing. */
    void begin(Cut answer) {
        all.add(answer);
        if (cutting) {
            answer.cut();
        }
    }

    void end(Cut answer) {
        all.remove(answer);
        endIfIdle();
    }

    /** Takes no more requests. */
    void stop() {
        stopping = true;
        endIfIdle();
    }

    /** Ends what is under way and what comes. */
    void cut() {
        cutting = true;
        all.forEach(Cut::cut);
    }

    /** Ends when no more are taken and none is under way. */
    Future<Void> ended() {
        return ended.future();
    }

    private void endIfIdle() {
        if (stopping && all.isEmpty()) {
            ended.tryComplete();
        }
    }
}
