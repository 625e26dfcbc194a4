package dev.millrace.http;

import io.vertx.core.Handler;
import io.vertx.core.internal.threadchecker.BlockedThreadEvent;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Judges the blocked-thread checker's reports, on its thread. A report counts when the loop waits (lock, park, sleep,
 * file), or when it has used processor time for as long as the limit since the first report of the same task. A loop
 * that is merely not scheduled, on a machine with more to do than processors, is no fault of ours.
 */
final class BlockedLoops implements Handler<BlockedThreadEvent> {
    private record Task(long startNanos, long cpuNanos) {}

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final Map<Long, Task> tasks = new HashMap<>();
    private final Consumer<String> faults;

    BlockedLoops(Consumer<String> faults) {
        this.faults = faults;
    }

    @Override
    public void handle(BlockedThreadEvent event) {
        Thread thread = event.thread();
        if (!thread.getName().contains("eventloop")) {
            return;
        }
        long start = System.nanoTime() - event.duration();
        long cpu = threads.getThreadCpuTime(thread.threadId());
        Task known = tasks.get(thread.threadId());
        boolean same = known != null && Math.abs(known.startNanos() - start) < 2_000_000;
        if (!same) {
            tasks.put(thread.threadId(), new Task(start, cpu));
        }
        Thread.State state = thread.getState();
        StackTraceElement[] stack = thread.getStackTrace();
        boolean ours =
                Arrays.stream(stack).anyMatch(frame -> frame.getClassName().startsWith("dev.millrace."));
        boolean file = Arrays.stream(stack)
                .anyMatch(frame -> frame.getClassName()
                        .matches("sun\\.nio\\.fs\\..*|.*File(Channel|Dispatcher)Impl|java\\.io\\.File.*"));
        boolean waits = state != Thread.State.RUNNABLE || file;
        boolean computes = same && known != null && cpu - known.cpuNanos() >= event.maxExecTime();
        if (ours && (waits || computes)) {
            faults.accept(thread.getName() + " " + state + " " + event.duration() / 1_000_000 + " ms "
                    + Arrays.toString(stack));
        }
    }
}
