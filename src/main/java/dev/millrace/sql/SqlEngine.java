package dev.millrace.sql;

import dev.millrace.arrow.Layout;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.layer.BackgroundPriority;
import dev.millrace.layer.FairQueue;
import dev.millrace.problem.Problem;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.arrow.memory.BufferAllocator;

/**
 * Runs statements of users over what their views show, each in a worker process, some at a time, the others in turns of their
 * owners. A port calls {@link #run}, takes the rows that come, and closes them; it needs to know nothing else.
 *
 * <p>A worker parses the statement; this judges it ({@link Judgement}), opens a reading of each view that it names, and tells
 * the worker their columns. When the worker reads a table, it asks for the columns it needs, and gets the view's batches over
 * a socket. A worker that takes too long, too much memory, or does not end when it is told to, is killed, and another one
 * started; so is one that dies. Any thread; none of the callers' does more than put a statement into the queue.
 */
public final class SqlEngine implements AutoCloseable {
    private static final int MOST_SQL = 64 << 10;

    /**
     * @param folder its own: the library, what does not fit a worker's memory
     * @param workers how many statements run at a time
     * @param memoryBytes of one statement
     * @param spillBytes of one statement, on the disk
     * @param timeout of one statement, from its turn on, without the time in which it waits for its client
     * @param waiting most statements that wait for their turn
     */
    public record Options(Path folder, int workers, long memoryBytes, long spillBytes, Duration timeout, int waiting) {}

    private final Options options;
    private final ProductRegistry products;
    private final BufferAllocator allocator;
    private final Counter killed;
    private final Workers workers;
    private final Map<String, SqlTask> running = new ConcurrentHashMap<>();
    private final FairQueue<SqlTask> queue = new FairQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();

    /** @param allocator borrowed, pays for batches under way; of the same root as the stores' */
    public SqlEngine(Options options, ProductRegistry products, BufferAllocator allocator, MeterRegistry meters) {
        this.options = options;
        this.products = products;
        this.allocator = allocator;
        this.workers = new Workers(options, products.mesh(), new Turns());
        this.killed = Counter.builder("millrace.sql.workers.killed")
                .description("Workers that were ended because of their statement, or died of it")
                .register(meters);
        meters.gauge("millrace.sql.waiting", waiting);
        meters.gauge("millrace.sql.running", running, Map::size);
    }

    /**
     * Runs a statement; the result comes when its first rows are near, and then owns its worker until it is closed. To cancel
     * the future takes the statement back.
     *
     * <p>Fails with {@code InvalidParameter} for a statement that is refused, and for a table that there is not or that the
     * caller does not see, which are told alike; with {@code Overloaded} when too many wait, {@code TimedOut}, or
     * {@code Unavailable}.
     */
    public CompletableFuture<SqlRows> run(SqlStatement statement) {
        return submit(new SqlTask(this, statement, false));
    }

    /**
     * What a statement is.
     *
     * @param columns of its result; with parameters that have no values yet they may be of other types than with them
     * @param parameters by number, from 1
     */
    public record Plan(Layout columns, Layout parameters) {}

    /** What a statement is; fails as {@link #run}. No row is read. */
    public CompletableFuture<Plan> plan(SqlStatement statement) {
        var task = new SqlTask(this, statement, true);
        return submit(task).thenApply(none -> {
            try (none) {
                return new Plan(none.layout(), task.parameters());
            }
        });
    }

    private CompletableFuture<SqlRows> submit(SqlTask task) {
        int length = task.statement().sql().length();
        if (length > MOST_SQL) {
            task.fail(new Problem.TooLarge("The statement", length, MOST_SQL).exception());
        } else if (waiting.incrementAndGet() > options.waiting()) {
            waiting.decrementAndGet();
            task.fail(new Problem.Overloaded("statements", options.waiting(), 1).exception());
        } else {
            queue.add(task.statement().owner(), task);
            workers.look();
            if (workers.isClosed()) {
                failWaiting(Workers.stops());
            }
        }
        return task.result();
    }

    private void failWaiting(RuntimeException reason) {
        for (Optional<SqlTask> task = poll(); task.isPresent(); task = poll()) {
            task.get().fail(reason);
        }
    }

    private Optional<SqlTask> poll() {
        Optional<SqlTask> next = queue.poll();
        next.ifPresent(task -> waiting.decrementAndGet());
        return next;
    }

    /** What workers do. */
    private final class Turns implements Workers.Work {
        @Override
        public boolean begin(Worker idle) {
            for (Optional<SqlTask> next = poll(); next.isPresent(); next = poll()) {
                SqlTask task = next.get();
                if (task.isUnwanted()) {
                    task.fail(SqlTask.nobodyWaits());
                } else {
                    Thread.ofPlatform().name("sql-statement").start(() -> run(task, idle));
                    return true;
                }
            }
            return false;
        }

        private void run(SqlTask task, Worker worker) {
            BackgroundPriority.take();
            running.put(task.token(), task);
            boolean usable = false;
            try {
                usable = task.run(worker);
            } finally {
                running.remove(task.token());
                workers.done(worker, usable);
            }
        }

        @Override
        public void fail(RuntimeException reason) {
            failWaiting(reason);
        }

        @Override
        public void scan(JsonObject asked, Frames owned) throws IOException {
            try (owned) {
                SqlTask task = running.get(asked.getString("task", ""));
                if (task != null) {
                    BackgroundPriority.take();
                    task.scan(asked, owned);
                }
            }
        }
    }

    Options options() {
        return options;
    }

    ProductRegistry products() {
        return products;
    }

    BufferAllocator allocator() {
        return allocator;
    }

    /** A statement's worker had to be ended, or died. */
    void killed() {
        killed.increment();
    }

    /** Whether statements wait for their turn. */
    boolean isWaitedFor() {
        return waiting.get() > 0;
    }

    /** How many statements have a worker. */
    int running() {
        return running.size();
    }

    boolean isClosed() {
        return workers.isClosed();
    }

    @Override
    public void close() {
        workers.close();
    }
}
