package dev.millrace.sql;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Layout;
import dev.millrace.domain.Product;
import dev.millrace.problem.Nearest;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.query.ArrowBatches;
import dev.millrace.query.Filter;
import dev.millrace.query.Reading;
import dev.millrace.query.RowsQuery;
import dev.millrace.query.View;
import dev.millrace.store.Position;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.types.pojo.Schema;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One statement, from its turn on: its talk with a worker, the readings that it holds, and a thread that looks whether it
 * takes too long or too much, or nobody wants it any more. Readings go as soon as one of these is so, whatever the worker does.
 */
final class SqlTask {
    private static final Logger LOG = LoggerFactory.getLogger(SqlTask.class);
    private static final long CANCEL_MILLIS = 1_000;
    private static final long LOOK_MILLIS = 20;
    private static final int SCAN_BATCH_BYTES = 256 << 10;

    /** A table of a statement. */
    private record Source(View view, Reading reading, Filter filter) {}

    private final SqlEngine engine;
    private final SqlStatement statement;
    private final boolean plan;
    private final String token = UUID.randomUUID().toString();
    private final CompletableFuture<SqlRows> result = new CompletableFuture<>();
    private final List<Source> sources = new ArrayList<>();
    private final AtomicInteger scans = new AtomicInteger();
    private volatile boolean over;
    private volatile boolean ran;
    private boolean told;
    private boolean finished;
    private volatile Optional<Throwable> broken = Optional.empty();
    private volatile Optional<RuntimeException> ended = Optional.empty();
    private volatile long clientNanos;
    private volatile long clientSince;
    private volatile Layout parameters = Layout.of(new Schema(List.of()));

    /** @param plan whether only the result's columns are asked for */
    SqlTask(SqlEngine engine, SqlStatement statement, boolean plan) {
        this.engine = engine;
        this.statement = statement;
        this.plan = plan;
    }

    SqlStatement statement() {
        return statement;
    }

    CompletableFuture<SqlRows> result() {
        return result;
    }

    /** What its parameters are to be, once it is planned. */
    Layout parameters() {
        return parameters;
    }

    /** What a worker names it by where it scans. */
    String token() {
        return token;
    }

    static RuntimeException nobodyWaits() {
        return new Problem.Unavailable("The answer", "nobody waits for it any more.").exception();
    }

    /** Whether nobody waits for it any more; any thread. */
    boolean isUnwanted() {
        return statement.gone().getAsBoolean()
                || result.isCancelled()
                || result.isDone()
                        && !result.isCompletedExceptionally()
                        && result.join().isClosed();
    }

    /** Tells who waits; any thread. */
    void fail(RuntimeException failure) {
        if (!result.completeExceptionally(failure) && !result.isCompletedExceptionally()) {
            try {
                result.join().end(Optional.of(failure));
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Runs it; answers whether the worker may be used again. */
    boolean run(Worker worker) {
        Thread.ofPlatform().daemon().name("sql-watch").start(() -> watch(worker));
        try {
            return ask(worker.control());
        } catch (IOException died) {
            if (engine.isClosed()) {
                fail(Workers.stops());
                return false;
            }
            engine.killed();
            RuntimeException reason = ended.orElseGet(() ->
                    new Problem.Unavailable("The answer", "the process that ran the statement died.").exception());
            LOG.warn("A worker of SQL ended: {}", ended.isEmpty() ? died : reason.getMessage());
            fail(reason);
            return false;
        } catch (ProblemException refused) {
            fail(refused);
            return true;
        } catch (RuntimeException | Error failure) {
            LOG.error("A statement failed", failure);
            fail(new Problem.Unavailable("The answer", "of a fault of the server's.").exception());
            return false;
        } catch (InterruptedException stopped) {
            fail(Workers.stops());
            return false;
        } finally {
            over = true;
            finish();
            closeWhenScanned();
        }
    }

    private synchronized void finish() {
        finished = true;
        notifyAll();
    }

    /** Waits a little; whether it goes on. No interrupt: that would close the connection which the watch may be writing to. */
    private synchronized boolean goesOn() throws InterruptedException {
        if (!finished) {
            wait(LOOK_MILLIS);
        }
        return !finished;
    }

    private synchronized void kill(Worker worker, RuntimeException reason) {
        if (!finished) { // else it is another statement's already
            ended = Optional.of(reason);
            over = true;
            worker.close();
        }
    }

    /** Ends the statement when nobody wants it any more, and the worker when that or anything else takes too long or too much. */
    private void watch(Worker worker) {
        long began = System.nanoTime();
        long cancelAt = Long.MAX_VALUE;
        try {
            while (goesOn()) {
                long now = System.nanoTime();
                if (cancelAt == Long.MAX_VALUE && isUnwanted()) {
                    cancelAt = now + Duration.ofMillis(CANCEL_MILLIS).toNanos();
                    over = true; // no scan goes on
                    if (ran) {
                        tell(worker.control(), "cancel");
                    }
                    closeWhenScanned();
                }
                reason(worker, began, now, cancelAt).ifPresent(reason -> kill(worker, reason));
            }
        } catch (InterruptedException | IOException end) {
            // it has ended
        }
    }

    private Optional<RuntimeException> reason(Worker worker, long began, long now, long cancelAt) {
        long timeout = engine.options().timeout().toNanos();
        long since = clientSince;
        long client = clientNanos + (since == 0 ? 0 : now - since);
        if (now - began - client > timeout || now - began > timeout && engine.isWaitedFor()) {
            return Optional.of(new Problem.TimedOut(
                            "The statement", engine.options().timeout().toMillis())
                    .exception());
        }
        if (now > cancelAt) {
            return Optional.of(nobodyWaits());
        }
        return worker.residentBytes() > engine.options().memoryBytes() + Workers.WORKER_BYTES
                ? Optional.of(tooMuchMemory())
                : Optional.empty();
    }

    private static RuntimeException tooMuchMemory() {
        return new Problem.Unavailable("The answer", "it needs more memory than a statement has. Ask for less.")
                .exception();
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
        var rows = new SqlRows(layout, positions());
        if (plan) {
            parameters = parameters(prepared);
            rows.end(Optional.empty());
            result.complete(rows);
            return true;
        }
        ran = true;
        if (!result.complete(rows)) {
            rows.close();
        }
        if (over) {
            tell(worker, "cancel");
        }
        take(worker, rows);
        return true;
    }

    private static Layout parameters(JsonObject prepared) throws IOException {
        return Layout.of(
                prepared.containsKey("parameters")
                        ? Schema.fromJSON(prepared.getString("parameters"))
                        : new Schema(List.of()));
    }

    private synchronized Map<String, Position> positions() {
        var positions = new TreeMap<String, Position>();
        sources.forEach(source ->
                positions.put(source.view().product(), source.reading().position()));
        return positions;
    }

    private void take(Frames worker, SqlRows rows) throws IOException, InterruptedException {
        try {
            for (Optional<ArrowRecordBatch> batch = worker.batch(engine.allocator());
                    batch.isPresent();
                    batch = worker.batch(engine.allocator())) {
                int length = batch.get().getLength();
                long since = System.nanoTime();
                clientSince = since;
                rows.give(Batch.of(rows.layout(), batch.get()), length);
                clientNanos += System.nanoTime() - since;
                clientSince = 0;
            }
            tell(worker, "done");
            rows.end(Optional.empty());
        } catch (Frames.Told said) {
            tell(worker, "done");
            rows.end(Optional.of(broken.map(SqlTask::scanFailed)
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
    private synchronized List<JsonObject> open(Judgement judgement) {
        Map<String, Product> found = new LinkedHashMap<>();
        for (Judgement.Table table : judgement.tables()) {
            Product product = find(table);
            found.put(product.qualifiedName(), product);
        }
        if (judgement.catalogue()) {
            engine.products()
                    .read(statement.caller())
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
            Filter filter = Pushdown.filter(
                    judgement.pushed().getOrDefault(product.qualifiedName(), List.of()),
                    view.shape().columns());
            sources.add(new Source(view, at == null ? view.open() : view.open(at), filter));
            tables.add(new JsonObject()
                    .put("number", tables.size())
                    .put("schema", product.domain())
                    .put("name", product.name())
                    .put("columns", schema(view.shape().columns()).toJson()));
        }
        return tables;
    }

    private Product find(Judgement.Table table) {
        boolean ours = table.catalog().isEmpty()
                || table.catalog().equalsIgnoreCase(engine.products().mesh());
        Optional<Product> product = !ours || table.schema().isEmpty()
                ? Optional.empty()
                : engine.products()
                        .find(
                                table.schema().toLowerCase(Locale.ROOT),
                                table.name().toLowerCase(Locale.ROOT));
        return product.filter(each -> each.seenBy(statement.caller()).isPresent())
                .orElseThrow(() -> Judgement.refused(
                        "there is no table " + table + ".",
                        Nearest.to(
                                        table.toString(),
                                        engine.products().all(statement.caller()).stream()
                                                .map(Product::qualifiedName)
                                                .toList())
                                .map(near -> "a table that there is, such as " + near + ".")
                                .orElse("a table that there is, as domain.product.")));
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
                    source.reading().scan(RowsQuery.scan(columns, source.filter())),
                    columns,
                    Long.MAX_VALUE,
                    SCAN_BATCH_BYTES,
                    engine.allocator())) {
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
    private static RuntimeException failed(String reason) {
        return switch (reason.split(":", 2)[0]) {
            case "Out of Memory Error" -> tooMuchMemory();
            case "INTERRUPT Error" -> nobodyWaits();
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
