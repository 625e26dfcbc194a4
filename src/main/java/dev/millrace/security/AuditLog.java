package dev.millrace.security;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lines on their way to one target, which a thread of its own writes. Whoever adds one never waits: where the queue is full
 * since the target is slow, and where the target fails, lines are lost, counted, and said once a minute in the log.
 */
final class AuditLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AuditLog.class);
    private static final int MAX_BATCH = 1_000;
    private static final long LOOK_MILLIS = 200;
    private static final long SAY_NANOS = Duration.ofMinutes(1).toNanos();
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    private final String name;
    private final Audit.Target target;
    private final BlockingQueue<byte[]> queue;
    private final Counter written;
    private final Counter lost;
    private final Thread thread;
    private volatile boolean closing;
    private long saidNanos = System.nanoTime() - SAY_NANOS;

    /** @param target owned */
    AuditLog(String name, Audit.Target target, int places, MeterRegistry meters) {
        this.name = name;
        this.target = target;
        this.queue = new ArrayBlockingQueue<>(places);
        this.written = Counter.builder("millrace.audit.written")
                .description("Lines of the audit that its target has taken")
                .tag("target", name)
                .register(meters);
        this.lost = Counter.builder("millrace.audit.lost")
                .description("Lines of the audit that were not written, since the target is slow or fails")
                .tag("target", name)
                .register(meters);
        this.thread = Thread.ofPlatform().name("audit-" + name).daemon().start(this::run);
    }

    /** Has a line written, or counts it. Any thread. */
    void add(byte[] line) {
        if (closing || !queue.offer(line)) {
            lost.increment();
        }
    }

    private void run() {
        List<byte[]> batch = new ArrayList<>();
        try (target) {
            while (!closing || !queue.isEmpty()) {
                byte[] first = queue.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                if (first != null) {
                    batch.add(first);
                    queue.drainTo(batch, MAX_BATCH - 1);
                    write(batch);
                    batch.clear();
                }
            }
        } catch (Exception ended) {
            LOG.warn("The audit's target {} does not close: {}", name, ended.toString());
        }
    }

    @SuppressWarnings("CatchingUnchecked") // whatever the target does, the next lines are tried
    private void write(List<byte[]> batch) {
        try {
            target.write(batch);
            written.increment(batch.size());
        } catch (Exception failure) {
            lost.increment(batch.size());
            if (System.nanoTime() - saidNanos >= SAY_NANOS) {
                saidNanos = System.nanoTime();
                LOG.error(
                        "The audit's target {} fails, {} lines are lost so far: {}",
                        name,
                        (long) lost.count(),
                        failure.toString());
            }
        }
    }

    /** Takes no more, and waits for what is on its way, but not for long. */
    @Override
    public void close() throws InterruptedException {
        closing = true;
        if (!thread.join(LAST_WORDS)) {
            lost.increment(queue.size());
            thread.interrupt();
        }
    }
}
