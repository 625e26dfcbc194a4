package dev.millrace.store;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;

/** Runs tasks on another executor one at a time, in the order in which they came. Any thread. */
final class SerialQueue implements Executor {
    private final Executor executor;
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private boolean running;

    SerialQueue(Executor executor) {
        this.executor = executor;
    }

    @Override
    public void execute(Runnable task) {
        synchronized (waiting) {
            waiting.add(task);
            if (running) {
                return;
            }
            running = true;
        }
        boolean accepted = false;
        try {
            executor.execute(this::runAll);
            accepted = true;
        } finally {
            if (!accepted) {
                synchronized (waiting) {
                    waiting.removeLast();
                    running = false;
                }
            }
        }
    }

    private void runAll() {
        while (true) {
            Runnable task;
            synchronized (waiting) {
                task = waiting.poll();
                if (task == null) {
                    running = false;
                    return;
                }
            }
            boolean ended = false;
            try {
                task.run();
                ended = true;
            } finally {
                if (!ended) {
                    goOn();
                }
            }
        }
    }

    /** What one task threw ends the thread, which its executor replaces, and not the tasks behind it. */
    private void goOn() {
        synchronized (waiting) {
            running = false;
            if (waiting.isEmpty()) {
                return;
            }
            running = true;
        }
        executor.execute(this::runAll);
    }
}
