package dev.millrace.layer;

import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The worker pools of a server, watched by a thread of their own, which needs neither a worker nor an event loop. */
public final class WorkerPools implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerPools.class);
    private static final long LOOK_MILLIS = 500;

    private final Vertx vertx;
    private final List<WorkerPool> pools = new CopyOnWriteArrayList<>();
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("watch").daemon().factory());

    /** @param vertx borrowed */
    public WorkerPools(Vertx vertx) {
        this.vertx = vertx;
        look(() -> pools.forEach(WorkerPool::look));
    }

    /** A pool as {@link WorkerPool#WorkerPool} makes it, that is watched; who opens it closes it. */
    public WorkerPool open(String name, int threads, Duration longest, Runnable replaced) {
        var pool = new WorkerPool(vertx, name, threads, longest, System::nanoTime, replaced);
        pools.add(pool);
        return pool;
    }

    /** Runs this twice a second, too, on the watching thread; it must not block. */
    @SuppressWarnings("CatchingUnchecked") // a look that failed must not be the last
    public void look(Runnable look) {
        thread.scheduleWithFixedDelay(
                () -> {
                    try {
                        look.run();
                    } catch (RuntimeException failure) {
                        LOG.error("A look at the pools failed", failure);
                    }
                },
                LOOK_MILLIS,
                LOOK_MILLIS,
                TimeUnit.MILLISECONDS);
    }

    /** What is stuck now, a pool each. */
    public List<WorkerPool.Stuck> stuck() {
        return pools.stream().flatMap(pool -> pool.stuck().stream()).toList();
    }

    /** Ends the watch, not the pools. */
    @Override
    public void close() {
        thread.shutdownNow();
    }
}
