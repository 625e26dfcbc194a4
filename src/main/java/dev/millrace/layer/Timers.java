package dev.millrace.layer;

import io.vertx.core.Vertx;

/** Runs a task once after a while; an interface of ours so that tests own the time. */
@FunctionalInterface
public interface Timers {
    /**
     * The handle of a task that runs once after {@code millis}, at least 1, unless it is cancelled before.
     *
     * @throws RuntimeException when no task is taken any more, for example while the server stops
     */
    Handle schedule(long millis, Runnable task);

    /** Takes back a scheduled task. */
    @FunctionalInterface
    interface Handle {
        /** Makes the task not run; does nothing when it has run or is running. Called on any thread. */
        void cancel();
    }

    /**
     * Timers of Vert.x: a task runs on the context that scheduled it, so on the same event loop. Scheduled from a
     * thread that is not Vert.x's, it runs on an event loop that Vert.x chooses.
     */
    static Timers of(Vertx vertx) {
        return (millis, task) -> {
            long id = vertx.setTimer(millis, fired -> task.run());
            return () -> vertx.cancelTimer(id);
        };
    }
}
