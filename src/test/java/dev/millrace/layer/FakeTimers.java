package dev.millrace.layer;

import java.util.ArrayList;
import java.util.List;

/** Timers on a virtual clock. One thread. */
final class FakeTimers implements Timers {
    private record Task(long dueMillis, Runnable task) {}

    private final List<Task> tasks = new ArrayList<>();
    private long nowMillis;
    private boolean stopped;
    int scheduled;

    @Override
    public Handle schedule(long millis, Runnable task) {
        if (stopped) {
            throw new IllegalStateException("stopped");
        }
        scheduled++;
        Task entry = new Task(nowMillis + millis, task);
        tasks.add(entry);
        return () -> tasks.removeIf(other -> other == entry);
    }

    void stop() {
        stopped = true;
    }

    void advance(long millis) {
        nowMillis += millis;
        List<Task> due =
                tasks.stream().filter(task -> task.dueMillis <= nowMillis).toList();
        tasks.removeAll(due);
        due.forEach(task -> task.task.run());
    }

    int pending() {
        return tasks.size();
    }
}
