package dev.millrace.sql;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Layout;
import dev.millrace.layer.BackgroundPriority;
import dev.millrace.query.RowSource;
import dev.millrace.query.StatementDatabase;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A process that runs one statement after another, each in a database of its own; the server starts and ends it. It sees
 * rows that the server sends it, and nothing else.
 */
public final class WorkerMain {
    private static final int MOST_BYTES = 64 << 20;
    private static final String FIRST = "SELECT count(*) FROM range(10)";

    private final UnixDomainSocketAddress server;
    private final JsonObject settings;
    private final Frames control;
    private final BufferAllocator allocator = new RootAllocator(MOST_BYTES);
    private volatile boolean cancelled;

    private WorkerMain(UnixDomainSocketAddress server, JsonObject settings, Frames control) {
        this.server = server;
        this.settings = settings;
        this.control = control;
    }

    /** Serves the server that listens at a socket, until that closes the connection. */
    public static void main(String[] arguments) throws Exception {
        var server = UnixDomainSocketAddress.of(arguments[0]);
        try (var control = connect(server)) {
            control.send(new JsonObject().put("worker", arguments[1]));
            JsonObject settings = control.json();
            BackgroundPriority.take(); // and all threads that this one starts, DuckDB's among them
            new WorkerMain(server, settings, control).serve();
        }
    }

    private static Frames connect(UnixDomainSocketAddress server) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(server);
        return new Frames(channel);
    }

    /**
     * The next database is opened while the server has nothing to ask: that takes as long as many a statement. So does what a
     * new process does for the first time, which is done before it says that it is ready.
     */
    private void serve() throws IOException, InterruptedException, ExecutionException {
        try (var first = open()) {
            first.parse(FIRST);
            first.prepare(FIRST, "");
            first.run(allocator, (batch, rows) -> {});
        }
        control.send(new JsonObject().put("ready", true));
        while (true) {
            var database = open();
            JsonObject asked = control.json();
            cancelled = false;
            try (database) {
                answer(database, asked);
            }
        }
    }

    private StatementDatabase open() {
        return new StatementDatabase(
                settings.getString("mesh"),
                Path.of(settings.getString("spill")),
                settings.getLong("memory"),
                settings.getLong("spillBytes"),
                settings.getInteger("threads"),
                () -> cancelled);
    }

    /** Parses, is told the tables, prepares, and, where the server says so, runs. */
    private void answer(StatementDatabase database, JsonObject asked)
            throws IOException, InterruptedException, ExecutionException {
        control.send(new JsonObject().put("parsed", database.parse(asked.getString("sql"))));
        JsonObject go = control.json();
        if (go.getJsonArray("tables") == null) {
            return; // it was refused
        }
        try {
            for (Object each : go.getJsonArray("tables")) {
                table(database, go.getString("task"), (JsonObject) each);
            }
            String sql = asked.getString("sql").stripTrailing();
            while (sql.endsWith(";")) {
                sql = sql.substring(0, sql.length() - 1).stripTrailing();
            }
            boolean explain = asked.getBoolean("explain", false);
            String arguments = asked.getString("arguments");
            var prepared = new JsonObject();
            if (asked.getBoolean("plan", false) && !explain) {
                Layout parameters = database.parameters(sql);
                prepared.put("parameters", parameters.schema().toJson());
                if (arguments.isEmpty()) { // they come later
                    arguments = String.join(
                            ", ", Collections.nCopies(parameters.top().size(), "NULL"));
                }
            }
            Layout layout = explain ? database.explain(sql) : database.prepare(sql, arguments);
            control.send(prepared.put("schema", layout.schema().toJson()));
        } catch (StatementDatabase.Failed wrong) {
            control.send(new JsonObject().put("refused", wrong.reason()));
            return;
        }
        if (!asked.getBoolean("plan", false)) {
            run(database);
        }
    }

    /** Runs on a thread of its own, while this one hears whether the server wants no more. */
    private void run(StatementDatabase database) throws IOException, InterruptedException, ExecutionException {
        var work = new FutureTask<Optional<String>>(() -> {
            try {
                database.run(allocator, (batch, rows) -> send(batch, rows));
                return Optional.empty();
            } catch (RuntimeException failure) {
                return Optional.of(String.valueOf(failure.getMessage()));
            }
        });
        Thread thread = Thread.ofPlatform().name("statement").start(work);
        Thread ears = Thread.ofPlatform().daemon().name("ears").start(() -> {
            try {
                // The server says "cancel", or at the end "done", which it must so that the next frame is the next
                // statement's.
                if (control.json().containsKey("cancel")) {
                    cancelled = true;
                    while (thread.isAlive()) {
                        database.cancel();
                        thread.join(50);
                    }
                }
            } catch (IOException | InterruptedException gone) {
                Runtime.getRuntime().halt(1);
            }
        });
        Optional<String> failure = work.get();
        if (failure.isPresent()) {
            control.send(new JsonObject().put("failed", failure.get()));
        } else {
            control.end();
        }
        ears.join();
    }

    private void send(Batch batch, int rows) {
        try (ArrowRecordBatch message = batch.head(batch.layout().top(), rows)) {
            control.send(message);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private void table(StatementDatabase database, String task, JsonObject table) throws IOException {
        Layout layout = Layout.of(Schema.fromJSON(table.getString("columns")));
        int number = table.getInteger("number");
        database.table(
                table.getString("schema"),
                table.getString("name"),
                layout.top(),
                leaves -> new Rows(task, number, layout, leaves));
    }

    /** Rows of a table on their way from the server, whose columns are the top-level ones that have the leaves asked for. */
    private final class Rows implements RowSource {
        private final Frames scan;
        private final Layout layout;
        private int[] selection = {};
        private Optional<Batch> batch = Optional.empty();

        Rows(String task, int table, Layout whole, List<ColumnLayout> leaves) {
            var columns = new ArrayList<Integer>();
            for (int i = 0; i < whole.top().size(); i++) {
                if (whole.top().get(i).leaves().anyMatch(leaves::contains)) {
                    columns.add(i);
                }
            }
            this.layout = Layout.of(new Schema(columns.stream()
                    .map(column -> whole.top().get(column).field())
                    .toList()));
            try {
                this.scan = connect(server);
                scan.send(
                        new JsonObject().put("task", task).put("table", table).put("columns", new JsonArray(columns)));
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }

        @Override
        public boolean next() {
            batch.ifPresent(Batch::release);
            batch = Optional.empty();
            selection = new int[0];
            try {
                Optional<ArrowRecordBatch> message = scan.batch(allocator);
                if (message.isEmpty()) {
                    scan.close();
                    return false;
                }
                selection = IntStream.range(0, message.get().getLength()).toArray();
                batch = Optional.of(Batch.of(layout, message.get()));
                return true;
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }

        @Override
        public Batch batch() {
            return batch.orElseThrow();
        }

        @Override
        public int[] selection() {
            return selection;
        }

        @Override
        public void close() {
            batch.ifPresent(Batch::release);
            scan.close();
        }
    }
}
