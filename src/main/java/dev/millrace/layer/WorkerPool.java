package dev.millrace.layer;

import dev.millrace.problem.Problem;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.internal.VertxInternal;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A named pool of threads for work that takes long. What is {@link Sliced} runs for about {@value #SLICE_MICROS} µs and then
 * waits for its next turn; turns are fair by {@link Owner}. Progress is watched: work that has not come on for {@code longest} is
 * stuck: its threads are left behind, new ones take their place, and what waited for the old ones is given to the new. What
 * is stuck keeps its memory and its future until it ends after all, since nobody can know what it still reads. After
 * {@value #MOST_LEFT} such replacements whose work still hangs there is none any more; then only a restart helps.
 *
 * <p>Any thread; a result comes on the context of the caller.
 */
public final class WorkerPool {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerPool.class);
    private static final ScopedValue<Task<?>> CURRENT = ScopedValue.newInstance();

    /** How long work goes on before others have their turn; a step more at most. */
    static final long SLICE_MICROS = 500;

    /** Most sets of threads left behind at one time. */
    static final int MOST_LEFT = 3;

    /** Threads of one time. */
    private record Threads(int number, WorkerExecutor executor) {}

    private final Vertx vertx;
    private final String name;
    private final int threads;
    private final Duration longest;
    private final LongSupplier nanos;
    private final Runnable replaced;
    private final Set<Task<?>> tasks = ConcurrentHashMap.newKeySet();
    private final FairQueue<Task<?>> waiting = new FairQueue<>();
    private final Promise<Void> ended = Promise.promise();
    private volatile Threads current;
    private volatile boolean closed;
    private volatile boolean background;

    /**
     * Work that does not come on.
     *
     * @param since when it was last seen to
     * @param tasks how many tasks are in this state
     * @param replaced whether others have taken the place of their threads
     */
    public record Stuck(String pool, Instant since, int tasks, boolean replaced) {}

    /**
     * @param vertx borrowed
     * @param longest how long work may take between two signs of progress
     * @param nanos a clock, as {@link System#nanoTime}
     * @param replaced run when other threads have taken the place of stuck ones
     */
    public WorkerPool(Vertx vertx, String name, int threads, Duration longest, LongSupplier nanos, Runnable replaced) {
        this.vertx = vertx;
        this.name = name;
        this.threads = threads;
        this.longest = longest;
        this.nanos = nanos;
        this.replaced = replaced;
        this.current = threads(1);
    }

    /** A pool that nobody watches. */
    public static WorkerPool unwatched(Vertx vertx, String name, int threads) {
        return new WorkerPool(vertx, name, threads, Duration.ofMinutes(1), System::nanoTime, () -> {});
    }

    /** Lets event loops and ingest go before its threads, from their next task on; gives itself back. */
    public WorkerPool inBackground() {
        background = true;
        return this;
    }

    private Threads threads(int number) {
        return new Threads(
                number,
                vertx.createSharedWorkerExecutor(
                        number == 1 ? name : name + "-" + number, threads, longest.toMillis(), TimeUnit.MILLISECONDS));
    }

    /** Does this on a thread of the pool; fails with {@code Unavailable} when the pool is closed before it begins. */
    public <T> Future<T> run(Callable<T> work) {
        return run(Owner.SERVER, work);
    }

    /** The same for an owner, when it is its turn. */
    public <T> Future<T> run(Owner owner, Callable<T> work) {
        return run(owner, over -> Optional.of(work.call()));
    }

    /** Does this a slice at a time, each when it is its owner's turn; fails as {@link #run(Callable)}, between slices, too. */
    public <T> Future<T> run(Owner owner, Sliced<T> work) {
        Promise<T> promise = ((VertxInternal) vertx).getOrCreateContext().promise();
        var task = new Task<>(owner, work, promise);
        tasks.add(task);
        queue(task);
        return promise.future();
    }

    /**
     * Has the other threads of the pool at hand do this, too, when it is the turn of the owner of the work at hand.
     *
     * @return how many will; none on no thread of a pool
     */
    public static int help(Sliced<Boolean> work) {
        return CURRENT.isBound() ? CURRENT.get().help(work) : 0;
    }

    private void queue(Task<?> task) {
        waiting.add(task.owner, task);
        turn(current);
        if (closed) {
            task.refuse();
        }
    }

    /** Says, on a thread of a pool, that its work comes on; does nothing on another. */
    public static void progressed() {
        if (CURRENT.isBound()) {
            CURRENT.get().touch();
        }
    }

    /** Has these threads take one more turn; there is one for each time that a task was queued. */
    private void turn(Threads on) {
        try {
            on.executor()
                    .executeBlocking(
                            () -> {
                                waiting.poll().ifPresent(task -> task.run(on));
                                return true;
                            },
                            false)
                    .onFailure(refused -> refuse(on));
        } catch (RuntimeException refused) {
            refuse(on);
        }
    }

    private void refuse(Threads on) {
        if (on == current) {
            waiting.poll().ifPresent(Task::refuse);
        } // else what waited then has turns of the new threads
    }

    /** Looks whether work is stuck, and if so replaces the threads. One thread, now and then. */
    void look() {
        long now = nanos.getAsLong();
        Threads old = current;
        var stuck = tasks.stream()
                .filter(task -> task.isStuck(now))
                .peek(task -> task.seen(now))
                .toList();
        if (closed || stuck.stream().noneMatch(task -> task.isOn(old)) || left(old) >= MOST_LEFT) {
            return;
        }
        stuck.stream().filter(task -> task.isOn(old)).forEach(task -> LOG.error("{}", task.report(name)));
        current = threads(old.number() + 1);
        tasks.stream().filter(Task::isWaiting).forEach(task -> turn(current));
        replaced.run();
    }

    private long left(Threads now) {
        return tasks.stream()
                .filter(task -> task.since != null && !task.isOn(now))
                .map(task -> task.on)
                .distinct()
                .count();
    }

    /** What is stuck now, as last looked; empty when nothing is. */
    public Optional<Stuck> stuck() {
        Threads now = current;
        var since = tasks.stream().flatMap(task -> task.since().stream()).toList();
        return since.stream()
                .min(Comparator.naturalOrder())
                .map(first -> new Stuck(
                        name,
                        first,
                        since.size(),
                        tasks.stream().noneMatch(task -> task.since != null && task.isOn(now))));
    }

    /** Refuses what has not begun; ends when the rest has, or after this long. */
    public Future<Void> close(Duration most) {
        closed = true;
        tasks.forEach(Task::refuse);
        endIfIdle();
        long timer = vertx.setTimer(Math.max(1, most.toMillis()), passed -> {
            if (ended.tryComplete()) {
                LOG.warn("Pool {}: {} tasks do not end; they are left to the end of the process", name, tasks.size());
            }
        });
        return ended.future()
                .onComplete(done -> vertx.cancelTimer(timer))
                .compose(done -> current.executor().close());
    }

    private void endIfIdle() {
        if (closed && tasks.isEmpty()) {
            ended.tryComplete();
        }
    }

    /** What a thread is at. */
    static String stack(Thread stuck, Instant since) {
        return stuck.getName() + " has been at the same since " + since + ":"
                + Arrays.stream(stuck.getStackTrace())
                        .map(frame -> "\n\tat " + frame)
                        .reduce("", String::concat);
    }

    private enum State {
        WAITING,
        RUNNING,
        OVER
    }

    private final class Task<T> {
        private final Owner owner;
        private final Sliced<T> work;
        private final Promise<T> promise;
        private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
        private volatile long touched;
        private volatile @Nullable Threads on;
        private volatile @Nullable Thread thread;
        private volatile @Nullable Instant since;

        Task(Owner owner, Sliced<T> work, Promise<T> promise) {
            this.owner = owner;
            this.work = work;
            this.promise = promise;
        }

        @SuppressWarnings("CatchingUnchecked") // whatever the work fails with, its future does
        void run(Threads threads) {
            if (background) {
                BackgroundPriority.take();
            }
            touch();
            if (!state.compareAndSet(State.WAITING, State.RUNNING)) {
                return;
            }
            on = threads;
            thread = Thread.currentThread();
            long begun = touched;
            try {
                Optional<T> result = ScopedValue.where(CURRENT, this)
                        .call(() -> work.slice(() -> nanos.getAsLong() - begun >= SLICE_MICROS * 1000));
                if (result.isPresent()) {
                    over();
                    promise.complete(result.get());
                } else {
                    on = null;
                    thread = null;
                    state.set(State.WAITING);
                    queue(this);
                }
            } catch (Throwable failure) {
                over();
                promise.tryFail(failure);
            }
            if (threads != current && tasks.stream().noneMatch(task -> task.isOn(threads))) {
                threads.executor().close();
            }
        }

        int help(Sliced<Boolean> work) {
            for (int i = 1; i < threads; i++) {
                WorkerPool.this.run(owner, work);
            }
            return threads - 1;
        }

        void refuse() {
            if (state.compareAndSet(State.WAITING, State.OVER)) {
                over();
                promise.tryFail(new Problem.Unavailable("This", "the server stops.").exception());
            }
        }

        private void over() {
            state.set(State.OVER);
            tasks.remove(this);
            endIfIdle();
        }

        void touch() {
            touched = nanos.getAsLong();
            since = null;
        }

        boolean isWaiting() {
            return state.get() == State.WAITING;
        }

        boolean isOn(Threads threads) {
            return on == threads;
        }

        boolean isStuck(long now) {
            return state.get() == State.RUNNING && now - touched > longest.toNanos();
        }

        void seen(long now) {
            if (since == null) {
                since = Instant.now().minusNanos(now - touched);
            }
        }

        Optional<Instant> since() {
            return Optional.ofNullable(since);
        }

        String report(String pool) {
            Thread stuck = thread;
            return "Pool " + pool + " makes no progress and is replaced. "
                    + (stuck == null ? "" : stack(stuck, Objects.requireNonNullElse(since, Instant.MIN)));
        }
    }
}
