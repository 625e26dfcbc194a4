package dev.millrace.store;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;

/** Keeps tasks until the test runs them; after {@link #direct()} runs them at once. */
final class ManualExecutor implements Executor {
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private boolean direct;

    @Override
    public void execute(Runnable task) {
        if (direct) {
            task.run();
        } else {
            tasks.add(task);
        }
    }

    void runAll() {
        Runnable task;
        while ((task = tasks.poll()) != null) {
            task.run();
        }
    }

    ManualExecutor direct() {
        runAll();
        direct = true;
        return this;
    }

    void manual() {
        direct = false;
    }
}
