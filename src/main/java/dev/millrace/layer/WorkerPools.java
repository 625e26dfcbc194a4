package dev.millrace.layer;

import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The worker pools and event loops of a server, watched by a thread of their own, which needs neither. */
public final class WorkerPools implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerPools.class);
    private static final long LOOK_MILLIS = 500;

    /** Five seconds; an event loop's turn takes micro- to milliseconds. */
    private static final int LOOKS = 10;

    private final Vertx vertx;
    private final LoopWatch loops;
    private final List<WorkerPool> pools = new CopyOnWriteArrayList<>();
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("watch").daemon().factory());

    /** @param vertx borrowed */
    public WorkerPools(Vertx vertx) {
        this.vertx = vertx;
        this.loops = new LoopWatch(((VertxInternal) vertx).eventLoopGroup(), LOOKS);
        look(() -> pools.forEach(WorkerPool::look));
        look(loops::look);
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

    /** What is stuck now, a pool or an event loop each. */
    public List<WorkerPool.Stuck> stuck() {
        return Stream.concat(pools.stream().flatMap(pool -> pool.stuck().stream()), loops.stuck().stream())
                .toList();
    }

    /** Ends the watch, not the pools. */
    @Override
    public void close() {
        thread.shutdownNow();
    }
}
