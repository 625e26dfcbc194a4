package dev.millrace.layer;

import io.netty.util.concurrent.EventExecutor;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks event loops whether they still turn. One that has not answered at so many looks is stuck, until it answers: nothing can
 * take its place, since connections belong to it, so it is only shown. Looks are counted, not time: a process that was frozen
 * is not stuck. Looked at by one thread, asked for by any.
 */
final class LoopWatch {
    private static final Logger LOG = LoggerFactory.getLogger(LoopWatch.class);

    private final List<Loop> loops = new ArrayList<>();
    private final int most;

    /** @param most looks without an answer before a loop is stuck */
    LoopWatch(Iterable<EventExecutor> executors, int most) {
        executors.forEach(executor -> loops.add(new Loop(executor)));
        this.most = most;
    }

    void look() {
        loops.forEach(Loop::look);
    }

    /** The loops that were stuck at the last look, one each. */
    List<WorkerPool.Stuck> stuck() {
        return loops.stream().flatMap(loop -> loop.stuck().stream()).toList();
    }

    private final class Loop {
        private final EventExecutor executor;
        private volatile boolean asked;
        private volatile @Nullable Thread thread;
        private volatile @Nullable Instant since;
        private Instant askedAt = Instant.MIN;
        private int looks;

        Loop(EventExecutor executor) {
            this.executor = executor;
        }

        void look() {
            if (!asked) {
                asked = true;
                askedAt = Instant.now();
                looks = 0;
                if (!executor.isShuttingDown()) {
                    executor.execute(this::answer);
                }
            } else if (++looks == most && !executor.isShuttingDown()) {
                since = askedAt;
                Thread stuck = thread;
                LOG.error(
                        "{} does not turn. {}",
                        name(),
                        stuck == null ? "" : WorkerPool.stack(stuck, askedAt)); // its first turn gives the thread
            }
        }

        private void answer() {
            thread = Thread.currentThread();
            since = null;
            asked = false;
        }

        private String name() {
            Thread known = thread;
            return known == null ? "An event loop" : known.getName();
        }

        Optional<WorkerPool.Stuck> stuck() {
            return Optional.ofNullable(since).map(from -> new WorkerPool.Stuck(name(), from, 1, false));
        }
    }
}
