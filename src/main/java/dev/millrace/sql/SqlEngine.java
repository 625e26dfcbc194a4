package dev.millrace.sql;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Layout;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.layer.BackgroundPriority;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.query.ArrowBatches;
import dev.millrace.query.Filter;
import dev.millrace.query.Reading;
import dev.millrace.query.RowsQuery;
import dev.millrace.query.View;
import dev.millrace.store.Position;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.types.pojo.Schema;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs statements of users over what their views show, each in a worker process, some at a time, the others in turns of their
 * clients. A port calls {@link #run}, takes the rows that come, and closes them; it needs to know nothing else.
 *
 * <p>A worker parses the statement; this judges it ({@link Judgement}), opens a reading of each view that it names, and tells
 * the worker their columns. When the worker reads a table, it asks for the columns it needs, and gets the view's batches over
 * a socket. A worker that takes too long, too much memory, or does not end when it is told to, is killed, and another one
 * started; so is one that dies. Any thread.
 */
public final class SqlEngine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SqlEngine.class);
    private static final String WORKER = "sql-";
    private static final long START_MILLIS = 20_000;
    private static final long CANCEL_MILLIS = 1_000;
    private static final long LOOK_MILLIS = 100;
    private static final int MOST_SQL = 64 << 10;
    private static final int SCAN_BATCH_BYTES = 256 << 10;
    private static final int MOST_SOCKET_PATH = 90;

    /** What DuckDB and the JVM of a worker take beside the memory of a statement. */
    private static final long WORKER_BYTES = 384L << 20;

    /**
     * @param folder its own: the library, what does not fit a worker's memory
     * @param workers how many statements run at a time
     * @param memoryBytes of one statement
     * @param spillBytes of one statement, on the disk
     * @param timeout of one statement, from its turn on
     * @param waiting most statements that wait for their turn
     */
    public record Options(Path folder, int workers, long memoryBytes, long spillBytes, Duration timeout, int waiting) {}

    private final Options options;
    private final ProductRegistry products;
    private final BufferAllocator allocator;
    private final Counter killed;
    private final Map<String, Worker> workers = new ConcurrentHashMap<>();
    private final Map<String, Task> tasks = new ConcurrentHashMap<>();
    private final Map<String, Deque<Task>> queues = new LinkedHashMap<>();
    private final Deque<Worker> idle = new ArrayDeque<>();
    private final AtomicInteger names = new AtomicInteger();
    private int waiting;
    private volatile boolean closed;
    private Optional<ServerSocketChannel> listening = Optional.empty();
    private Path socket = Path.of("");

    /** @param allocator borrowed, pays for batches under way; of the same root as the stores' */
    public SqlEngine(Options options, ProductRegistry products, BufferAllocator allocator, MeterRegistry meters) {
        this.options = options;
        this.products = products;
        this.allocator = allocator;
        this.killed = Counter.builder("millrace.sql.workers.killed")
                .description("Workers that were ended because of their statement, or died of it")
                .register(meters);
        meters.gauge("millrace.sql.waiting", this, engine -> engine.waiting);
        meters.gauge("millrace.sql.running", tasks, Map::size);
    }

    /**
     * Runs a statement; the result comes when its first rows are near, and then owns its worker until it is closed.
     *
     * <p>Fails with {@code InvalidParameter} for a statement that is refused, {@code NotFound} for a table that the caller does
     * not see, {@code Overloaded} when too many wait, {@code TimedOut}, or {@code Unavailable}.
     */
    public CompletableFuture<SqlRows> run(SqlStatement statement) {
        return submit(new Task(statement, false));
    }

    /** The columns that a statement's result has; fails as {@link #run}. No row is read. */
    public CompletableFuture<Layout> plan(SqlStatement statement) {
        return submit(new Task(statement, true)).thenApply(none -> {
            try (none) {
                return none.layout();
            }
        });
    }

    private CompletableFuture<SqlRows> submit(Task task) {
        SqlStatement statement = task.statement;
        if (statement.sql().length() > MOST_SQL) {
            task.result.completeExceptionally(
                    new Problem.TooLarge("The statement", statement.sql().length(), MOST_SQL).exception());
            return task.result;
        }
        try {
            synchronized (this) {
                if (closed) {
                    throw stops();
                }
                open();
                if (waiting >= options.waiting()) {
                    throw new Problem.Overloaded("statements", options.waiting(), 1).exception();
                }
                queues.computeIfAbsent(statement.client(), client -> new ArrayDeque<>())
                        .add(task);
                waiting++;
            }
            dispatch();
        } catch (IOException failure) {
            task.result.completeExceptionally(
                    new Problem.Unavailable("SQL", "its workers cannot be started.").exception());
            LOG.error("SQL has no workers", failure);
        } catch (ProblemException refused) {
            task.result.completeExceptionally(refused);
        }
        return task.result;
    }

    private static RuntimeException stops() {
        return new Problem.Unavailable("SQL", "the server stops.").exception();
    }

    /** Starts listening and the workers, the first time. */
    private void open() throws IOException {
        if (listening.isPresent()) {
            return;
        }
        Path folder = Files.createDirectories(options.folder());
        try (Stream<Path> left = Files.list(folder)) {
            left.filter(path -> path.getFileName().toString().startsWith(WORKER))
                    .forEach(SqlEngine::delete);
        }
        Path sockets =
                folder.toString().length() > MOST_SOCKET_PATH ? Files.createTempDirectory("millrace-sql") : folder;
        if (Files.getFileStore(sockets).supportsFileAttributeView("posix")) {
            Files.setPosixFilePermissions(sockets, PosixFilePermissions.fromString("rwx------"));
        }
        socket = sockets.resolve("workers.sock");
        Files.deleteIfExists(socket);
        library(folder);
        var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        listening = Optional.of(server);
        Thread.ofPlatform().daemon().name("sql-accept").start(() -> accept(server));
        for (int i = 0; i < options.workers(); i++) {
            startWorker();
        }
    }

    /** Unpacks DuckDB's library once: each process would else unpack its own, and leave it behind when it is killed. */
    private static void library(Path folder) throws IOException {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String os = system.contains("mac") ? "macos" : system.contains("windows") ? "windows" : "linux";
        String cpu = System.getProperty("os.arch").replace("x86_64", "amd64").replace("aarch64", "arm64");
        Path library = folder.resolve(System.mapLibraryName("duckdb_java"));
        try (InputStream in = SqlEngine.class.getResourceAsStream("/libduckdb_java.so_" + os + "_" + cpu)) {
            if (in != null && !Files.exists(library)) {
                Path part = Files.createTempFile(folder, "library", ".part");
                Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
                Files.move(part, library, StandardCopyOption.ATOMIC_MOVE);
            }
        }
    }

    private synchronized void startWorker() {
        if (closed) {
            return;
        }
        try {
            Worker worker = Worker.start(
                    WORKER + names.incrementAndGet() + "-" + UUID.randomUUID(),
                    socket,
                    options.folder(),
                    options.memoryBytes() + WORKER_BYTES);
            workers.put(worker.name(), worker);
            idle.add(worker);
        } catch (IOException failure) {
            LOG.error("A worker of SQL cannot be started", failure);
        }
    }

    private void accept(ServerSocketChannel server) {
        while (true) {
            try {
                var frames = new Frames(server.accept());
                Thread.ofPlatform().daemon().name("sql-scan").start(() -> connected(frames));
            } catch (ClosedChannelException end) {
                return;
            } catch (IOException failure) {
                LOG.warn("A worker of SQL could not connect", failure);
            }
        }
    }

    /** A worker's own connection, or one on which it scans a table; a scan runs here. */
    private void connected(Frames frames) {
        try {
            JsonObject first = frames.json();
            Worker worker = workers.get(first.getString("worker", ""));
            Task task = tasks.get(first.getString("task", ""));
            if (worker != null) {
                Path spill = Files.createDirectories(options.folder().resolve(worker.name()));
                frames.send(new JsonObject()
                        .put("mesh", products.mesh())
                        .put("spill", spill.toString())
                        .put("memory", options.memoryBytes())
                        .put("spillBytes", options.spillBytes())
                        .put("threads", Math.max(1, Runtime.getRuntime().availableProcessors() - 1)));
                worker.connected(frames);
            } else if (task != null) {
                BackgroundPriority.take();
                try (frames) {
                    task.scan(first, frames);
                }
            } else {
                frames.close();
            }
        } catch (IOException | UncheckedIOException gone) {
            LOG.debug("A connection of a worker ended", gone);
        }
    }

    /** Gives idle workers the tasks whose turn it is: of the client that has waited longest for one, its oldest. */
    private void dispatch() {
        while (true) {
            Worker worker;
            Task task;
            synchronized (this) {
                if (idle.isEmpty() || queues.isEmpty()) {
                    return;
                }
                worker = idle.poll();
                if (!worker.isAlive()) {
                    replace(worker);
                    continue;
                }
                String client = queues.keySet().iterator().next();
                Deque<Task> queue = Objects.requireNonNull(queues.remove(client));
                task = Objects.requireNonNull(queue.poll());
                if (!queue.isEmpty()) {
                    queues.put(client, queue); // at the end
                }
                waiting--;
            }
            if (task.result.isDone()) { // nobody waits
                synchronized (this) {
                    idle.addFirst(worker);
                }
            } else {
                Thread.ofPlatform().name("sql-statement").start(() -> task.run(worker));
            }
        }
    }

    /** Takes a worker back, if it may be used again, or starts another. */
    private void done(Worker worker, boolean usable) {
        if (usable && worker.isAlive() && !closed) {
            synchronized (this) {
                idle.add(worker);
            }
        } else {
            replace(worker);
        }
        dispatch();
    }

    private void replace(Worker worker) {
        workers.remove(worker.name());
        worker.close();
        delete(options.folder().resolve(worker.name()));
        startWorker();
    }

    /** Deletes what did not fit a worker's memory. */
    private static void delete(Path spill) {
        try (Stream<Path> files = Files.exists(spill) ? Files.walk(spill) : Stream.empty()) {
            for (Path file : files.toList().reversed()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException stays) {
            LOG.warn("{} stays until the next start", spill, stays);
        }
    }

    @Override
    public void close() {
        List<Task> left = new ArrayList<>();
        synchronized (this) {
            closed = true;
            queues.values().forEach(left::addAll);
            queues.clear();
        }
        left.forEach(task -> task.result.completeExceptionally(stops()));
        workers.values().forEach(Worker::close);
        workers.keySet().forEach(name -> delete(options.folder().resolve(name)));
        listening.ifPresent(server -> {
            try {
                server.close();
                Files.deleteIfExists(socket);
            } catch (IOException failure) {
                LOG.warn("The socket of SQL's workers did not close", failure);
            }
        });
    }

    /** A table of a statement: a view's reading. */
    private record Source(String schema, String name, View view, Reading reading) {}

    private final class Task {
        private final SqlStatement statement;
        private final boolean plan;
        private final String token = UUID.randomUUID().toString();
        private final CompletableFuture<SqlRows> result = new CompletableFuture<>();
        private final List<Source> sources = new ArrayList<>();
        private final AtomicInteger scans = new AtomicInteger();
        private volatile boolean over;
        private volatile boolean ran;
        private boolean told;
        private volatile Optional<Throwable> broken = Optional.empty();
        private volatile String ended = "";

        Task(SqlStatement statement, boolean plan) {
            this.statement = statement;
            this.plan = plan;
        }

        void run(Worker worker) {
            BackgroundPriority.take();
            boolean usable = false;
            tasks.put(token, this);
            Thread watch = Thread.ofPlatform().daemon().name("sql-watch").unstarted(() -> watch(worker));
            try {
                Frames control = worker.control(START_MILLIS);
                watch.start();
                usable = ask(control);
            } catch (IOException died) {
                LOG.warn(
                        "A worker of SQL {}: {}",
                        ended.isEmpty() ? "died" : "was ended",
                        ended.isEmpty() ? died : ended);
                killed.increment();
                fail(
                        ended.isEmpty()
                                ? new Problem.Unavailable("The answer", "the process that ran the statement died.")
                                        .exception()
                                : ended.equals(TIME)
                                        ? new Problem.TimedOut(
                                                        "The statement",
                                                        options.timeout().toMillis())
                                                .exception()
                                        : new Problem.Unavailable("The answer", ended).exception());
            } catch (ProblemException refused) {
                fail(refused);
                usable = true;
            } catch (RuntimeException | Error failure) {
                LOG.error("A statement failed", failure);
                fail(new Problem.Unavailable("The answer", "of a fault of the server's.").exception());
            } catch (InterruptedException stopped) {
                fail(stops());
            } finally {
                over = true;
                watch.interrupt();
                tasks.remove(token);
                closeWhenScanned();
                done(worker, usable);
            }
        }

        private static final String TIME = "time";

        /** Ends the worker when it takes too long or too much. */
        private void watch(Worker worker) {
            long end = System.nanoTime() + options.timeout().toNanos();
            long cancelAt = Long.MAX_VALUE;
            try {
                while (!over) {
                    Thread.sleep(LOOK_MILLIS);
                    long now = System.nanoTime();
                    if (isUnwanted() && cancelAt == Long.MAX_VALUE) {
                        cancelAt = now + Duration.ofMillis(CANCEL_MILLIS).toNanos();
                        if (ran) {
                            tell(worker.control(1), "cancel");
                        }
                    }
                    String reason = now > end
                            ? TIME
                            : now > cancelAt
                                    ? "nobody waits for it any more."
                                    : worker.residentBytes() > options.memoryBytes() + WORKER_BYTES
                                            ? "it needs more memory than a statement has. Ask for less."
                                            : "";
                    if (!reason.isEmpty() && !over) {
                        ended = reason;
                        worker.close();
                        return;
                    }
                }
            } catch (InterruptedException | IOException end_) {
                // it has ended
            }
        }

        private boolean isUnwanted() {
            return statement.gone().getAsBoolean()
                    || result.isCancelled()
                    || result.isDone()
                            && !result.isCompletedExceptionally()
                            && result.join().isClosed();
        }

        private void fail(RuntimeException failure) {
            if (!result.completeExceptionally(failure) && !result.isCompletedExceptionally()) {
                try {
                    result.join().end(Optional.of(failure));
                } catch (InterruptedException stopped) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        /** Asks a worker; answers whether it is ready for the next statement. */
        private boolean ask(Frames worker) throws IOException, InterruptedException {
            String sql = statement.sql().strip();
            boolean explain = sql.regionMatches(true, 0, "EXPLAIN ", 0, 8);
            String select = explain ? sql.substring(8).strip() : sql;
            worker.send(new JsonObject()
                    .put("sql", select)
                    .put("arguments", statement.arguments())
                    .put("explain", explain)
                    .put("plan", plan));
            JsonObject parsed = worker.json();
            List<JsonObject> tables;
            try {
                tables = open(Judgement.of(parsed.getString("parsed")));
            } catch (RuntimeException refused) {
                worker.send(new JsonObject());
                throw refused;
            }
            worker.send(new JsonObject().put("task", token).put("tables", new JsonArray(tables)));
            JsonObject prepared = worker.json();
            if (prepared.containsKey("refused")) {
                throw Judgement.refused(prepared.getString("refused"), "a statement that DuckDB takes.");
            }
            Layout layout = Layout.of(Schema.fromJSON(prepared.getString("schema")));
            var positions = new TreeMap<String, Position>();
            sources.forEach(source ->
                    positions.put(source.view().product(), source.reading().position()));
            var rows = new SqlRows(layout, positions, () -> {});
            if (plan) {
                rows.end(Optional.empty());
                result.complete(rows);
                return true;
            }
            ran = true;
            if (!result.complete(rows)) {
                rows.close();
            }
            take(worker, rows);
            return true;
        }

        private void take(Frames worker, SqlRows rows) throws IOException, InterruptedException {
            try {
                for (Optional<ArrowRecordBatch> batch = worker.batch(allocator);
                        batch.isPresent();
                        batch = worker.batch(allocator)) {
                    int length = batch.get().getLength();
                    rows.give(Batch.of(rows.layout(), batch.get()), length);
                }
                tell(worker, "done");
                rows.end(Optional.empty());
            } catch (Frames.Told said) {
                tell(worker, "done");
                rows.end(Optional.of(broken.map(SqlEngine::scanFailed)
                        .orElseGet(() -> failed(said.said().getString("failed", "")))));
            }
        }

        /** Says the one word that a worker hears while it runs a statement. */
        private synchronized void tell(Frames worker, String word) throws IOException {
            if (!told) {
                told = true;
                worker.send(new JsonObject().put(word, true));
            }
        }

        /** The views' readings, all at once, and what a worker must know of them. */
        private List<JsonObject> open(Judgement judgement) {
            Map<String, Product> found = new LinkedHashMap<>();
            for (Judgement.Table table : judgement.tables()) {
                Product product = find(table);
                found.put(product.qualifiedName(), product);
            }
            if (judgement.catalogue()) {
                products.all(statement.caller()).stream()
                        .flatMap(product -> Stream.concat(Stream.of(product), product.deadLetters().stream()))
                        .filter(product -> product.seenBy(statement.caller()).isPresent())
                        .forEach(product -> found.putIfAbsent(product.qualifiedName(), product));
            }
            for (String name : statement.positions().keySet()) {
                if (!found.containsKey(name)) {
                    throw new Problem.InvalidParameter(
                                    "positions", "the statement does not name " + name + ".", "products that it names.")
                            .exception();
                }
            }
            var tables = new ArrayList<JsonObject>();
            for (Product product : found.values()) {
                View view = product.as(statement.caller());
                Position at = statement.positions().get(product.qualifiedName());
                sources.add(
                        new Source(product.domain(), product.name(), view, at == null ? view.open() : view.open(at)));
                tables.add(new JsonObject()
                        .put("number", tables.size())
                        .put("schema", product.domain())
                        .put("name", product.name())
                        .put("columns", schema(view.shape().columns()).toJson()));
            }
            return tables;
        }

        private Product find(Judgement.Table table) {
            boolean ours = table.catalog().isEmpty() || table.catalog().equalsIgnoreCase(products.mesh());
            Optional<Product> product = !ours
                    ? Optional.empty()
                    : table.schema().isEmpty()
                            ? Optional.empty()
                            : products.find(
                                    table.schema().toLowerCase(Locale.ROOT),
                                    table.name().toLowerCase(Locale.ROOT));
            return product.filter(each -> each.seenBy(statement.caller()).isPresent())
                    .orElseThrow(() -> Judgement.refused(
                            "there is no table " + table + ".",
                            Judgement.like(
                                    table.toString(),
                                    products.all(statement.caller()).stream()
                                            .map(Product::qualifiedName)
                                            .toList())));
        }

        /** Writes what a worker scans: the view's batches, with the columns that the statement reads. */
        void scan(JsonObject asked, Frames to) throws IOException {
            scans.incrementAndGet();
            try {
                if (over) {
                    return;
                }
                Source source = sources.get(asked.getInteger("table"));
                List<ColumnLayout> all = source.view().shape().columns();
                List<ColumnLayout> columns = asked.getJsonArray("columns").stream()
                        .map(number -> all.get((Integer) number))
                        .toList();
                try (var batches = new ArrowBatches(
                        source.reading().scan(RowsQuery.scan(columns, Filter.ALL)),
                        columns,
                        Long.MAX_VALUE,
                        SCAN_BATCH_BYTES,
                        allocator)) {
                    for (Optional<ArrowRecordBatch> next = batches.next(() -> over);
                            next.isPresent();
                            next = batches.next(() -> over)) {
                        try (ArrowRecordBatch batch = next.get()) {
                            to.send(batch);
                        }
                    }
                }
                to.end();
            } catch (RuntimeException | Error failure) {
                if (!over) {
                    broken = Optional.of(failure);
                    to.send(new JsonObject().put("failed", "the scan"));
                }
            } finally {
                scans.decrementAndGet();
                if (over) {
                    closeWhenScanned();
                }
            }
        }

        /** Readings are closed when the statement is over and no scan reads them any more. */
        private synchronized void closeWhenScanned() {
            if (scans.get() == 0) {
                sources.forEach(source -> source.reading().close());
                sources.clear();
            }
        }
    }

    private static Schema schema(List<ColumnLayout> columns) {
        return new Schema(columns.stream().map(ColumnLayout::field).toList());
    }

    private static RuntimeException scanFailed(Throwable failure) {
        if (failure instanceof ProblemException told) {
            return told;
        }
        LOG.error("Rows could not be given to a statement", failure);
        return new Problem.Unavailable("The answer", "rows of it could not be read.").exception();
    }

    /**
     * What a statement failed with once it read rows: DuckDB's messages then quote values, which may be of rows that the
     * statement itself would not have shown; so only their kind is told.
     */
    static RuntimeException failed(String reason) {
        return switch (reason.split(":", 2)[0]) {
            case "Out of Memory Error" ->
                new Problem.Unavailable("The answer", "it needs more memory than a statement has. Ask for less.")
                        .exception();
            case "INTERRUPT Error" ->
                new Problem.Unavailable("The answer", "nobody waits for it any more.").exception();
            case "Conversion Error" ->
                failed(
                        "a value cannot be read as the type that the statement asks for",
                        "try_cast, which gives null then.");
            case "Out of Range Error" -> failed("a result is out of its type's range", "a larger type.");
            case "Invalid Input Error" ->
                failed(
                        "a function was given a value that it does not take",
                        "values that the statement's functions take.");
            default -> failed("it failed while it ran", "a statement that every row bears.");
        };
    }

    private static RuntimeException failed(String what, String expected) {
        return Judgement.refused(what + ".", expected);
    }
}
