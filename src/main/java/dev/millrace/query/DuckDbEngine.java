package dev.millrace.query;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.duckdb.DuckDBChunkedResult;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBDataChunkWriter;
import org.duckdb.DuckDBFunctions;
import org.duckdb.DuckDBLogicalType;
import org.duckdb.DuckDBPreparedStatement;
import org.duckdb.DuckDBTableFunction;
import org.duckdb.DuckDBTableFunctionBindInfo;
import org.duckdb.DuckDBTableFunctionCallInfo;
import org.duckdb.DuckDBTableFunctionInitInfo;
import org.jspecify.annotations.Nullable;

/**
 * One embedded DuckDB in memory, opened at the first question, which runs SQL of our own over the rows of a {@link
 * RowSource}: filters are applied and files passed over before DuckDB sees a row, and only the columns that a statement
 * names are copied. It knows no other data, opens no file but ours and loads nothing from the network.
 *
 * <p>Every question has a connection of its own and is asked on a worker thread, which blocks; any number of threads.
 * Between two chunks of 2,048 rows it looks whether the answer is still wanted.
 */
public final class DuckDbEngine implements AutoCloseable {
    private static final long LOOK_EVERY = 64;

    private final Limits limits;
    private final Map<Long, Question> questions = new ConcurrentHashMap<>();
    private final AtomicLong numbers = new AtomicLong();
    private @Nullable DuckDBConnection database;

    /**
     * @param folder its own, for files that are being answered and for what does not fit its memory; emptied at the start
     * @param memoryBytes what DuckDB may take
     * @param threads how many threads one question may use, of all
     * @param maxGroups most groups of an answer
     * @param spoolBytes most bytes of the files in the folder together
     */
    public record Limits(Path folder, long memoryBytes, int threads, int maxGroups, long spoolBytes) {}

    /** Makes the folder, or empties it. */
    public DuckDbEngine(Limits limits) {
        this.limits = limits;
        try {
            Files.createDirectories(limits.folder());
            forEachFile(limits.folder(), Files::delete);
        } catch (IOException | UncheckedIOException failure) {
            throw new Problem.CannotStart("The folder " + limits.folder() + " cannot be used: " + failure.getMessage())
                    .exception();
        }
    }

    /** Most groups of an answer. */
    int maxGroups() {
        return limits.maxGroups();
    }

    /** What reads an answer, a chunk at a time. */
    interface Reading {
        void read(DuckDBChunkedResult result) throws SQLException;
    }

    /**
     * Asks for the answer to a statement, in which {@code $rows} stands for the rows, with a column {@code c0}, {@code c1}… for
     * each of {@code columns}, top-level or nested in structs.
     *
     * @param rows borrowed; read to its end, or until the statement needs no more
     * @param stop whether nobody waits for the answer any more
     */
    void ask(RowSource rows, List<ColumnLayout> columns, BooleanSupplier stop, String sql, Reading reading) {
        run(new Question(rows, columns, stop, Optional.empty()), sql, (statement, text) -> {
            try (DuckDBPreparedStatement prepared =
                            (DuckDBPreparedStatement) statement.getConnection().prepareStatement(text);
                    DuckDBChunkedResult result = prepared.query()) {
                reading.read(result);
            }
        });
    }

    /**
     * Writes rows into a Parquet file of the folder (zstd), which the caller deletes.
     *
     * @param rows borrowed
     * @param limit most rows
     * @throws ProblemException {@code Unavailable} beyond the folder's bound, or without memory or disk
     */
    public ParquetFile parquet(RowSource rows, List<ColumnLayout> columns, long limit, BooleanSupplier stop) {
        Path file = limits.folder().resolve(UUID.randomUUID() + ".parquet");
        var select = new ArrayList<String>();
        for (int i = 0; i < columns.size(); i++) {
            if (!DuckDbVectors.takes(columns.get(i))) {
                throw new Problem.InvalidParameter(
                                "format",
                                "Parquet files are not made of nested columns, and '"
                                        + columns.get(i).path() + "' is one.",
                                "a select of plain columns; or arrow, which has them all.")
                        .exception();
            }
            select.add(DuckDbVectors.typed("c" + i, columns.get(i)) + " AS "
                    + quoted(columns.get(i).path()));
        }
        String sql = "COPY (SELECT " + String.join(", ", select) + " FROM $rows LIMIT " + limit + ") TO '"
                + file.toString().replace("'", "''") + "' (FORMAT parquet, COMPRESSION zstd)";
        boolean written = false;
        try {
            run(new Question(rows, columns, stop, Optional.of(limits)), sql, Statement::execute);
            ParquetFile made = ParquetFile.of(file);
            written = true;
            return made;
        } finally {
            if (!written) {
                delete(file);
            }
        }
    }

    /**
     * A file that was written.
     *
     * @param tag the same for the same bytes: a strong entity tag, in quotes
     */
    public record ParquetFile(Path path, long sizeBytes, String tag) {
        static ParquetFile of(Path path) {
            try (var bytes = new DigestInputStream(Files.newInputStream(path), MessageDigest.getInstance("SHA-256"))) {
                long size = bytes.transferTo(OutputStream.nullOutputStream());
                byte[] digest = bytes.getMessageDigest().digest();
                return new ParquetFile(path, size, '"' + HexFormat.of().formatHex(digest, 0, 16) + '"');
            } catch (IOException unreadable) {
                throw new UncheckedIOException(unreadable);
            } catch (NoSuchAlgorithmException everyJdkHasIt) {
                throw new IllegalStateException(everyJdkHasIt);
            }
        }
    }

    /** Deletes a file that {@link #parquet} wrote; answers whether it was there. */
    public static boolean delete(Path file) {
        try {
            return Files.deleteIfExists(file);
        } catch (IOException stays) {
            throw new UncheckedIOException(stays); // until the next start
        }
    }

    static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    private interface Running {
        void run(Statement statement, String sql) throws SQLException;
    }

    private void run(Question question, String sql, Running running) {
        long number = numbers.incrementAndGet();
        questions.put(number, question);
        try (Connection connection = database().duplicate();
                Statement statement = connection.createStatement()) {
            running.run(statement, sql.replace("$rows", "millrace_rows(" + number + "::BIGINT)"));
        } catch (SQLException failure) {
            RuntimeException own = question.failure;
            if (own != null) {
                throw own;
            }
            String reason = String.valueOf(failure.getMessage());
            if (reason.contains("Out of Memory") || reason.contains("max_temp_directory_size")) {
                throw new Problem.Unavailable(
                                "The answer", "it needs more memory than a query has. Ask for less, or try again.")
                        .exception();
            }
            if (reason.contains("Out of Range") || reason.contains("Overflow")) {
                throw new Problem.InvalidParameter("agg", "a sum has more than 38 digits.", "fewer rows, or avg.")
                        .exception();
            }
            throw new IllegalStateException(failure);
        } finally {
            questions.remove(number);
        }
    }

    private synchronized DuckDBConnection database() throws SQLException {
        DuckDBConnection opened = database;
        if (opened == null) {
            var settings = new Properties();
            settings.setProperty("memory_limit", limits.memoryBytes() + "B");
            settings.setProperty("threads", Integer.toString(limits.threads()));
            settings.setProperty(
                    "temp_directory", limits.folder().resolve("temp").toString());
            settings.setProperty("max_temp_directory_size", limits.spoolBytes() + "B");
            settings.setProperty("autoinstall_known_extensions", "false");
            settings.setProperty("autoload_known_extensions", "false");
            settings.setProperty("allow_community_extensions", "false");
            opened = (DuckDBConnection) DriverManager.getConnection("jdbc:duckdb:", settings);
            try (Statement statement = opened.createStatement()) {
                DuckDBFunctions.tableFunction()
                        .withName("millrace_rows")
                        .withParameter(org.duckdb.DuckDBColumnType.BIGINT)
                        .withProjectionPushdown()
                        .withFunction(new Rows(questions))
                        .register(opened);
                statement.execute("SET allowed_directories = ['"
                        + limits.folder().toString().replace("'", "''") + "']");
                statement.execute("SET enable_external_access = false");
                statement.execute("SET lock_configuration = true");
                database = opened;
            } finally {
                if (database == null) {
                    opened.close();
                }
            }
        }
        return opened;
    }

    /** Ends the database; no question may be under way. */
    @Override
    public synchronized void close() {
        DuckDBConnection opened = database;
        database = null;
        try {
            if (opened != null) {
                opened.close();
            }
            forEachFile(limits.folder(), Files::delete);
        } catch (SQLException | IOException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private interface OnFile {
        void at(Path file) throws IOException;
    }

    private static void forEachFile(Path folder, OnFile action) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                if (Files.isDirectory(file)) {
                    forEachFile(file, action);
                } else {
                    action.at(file);
                }
            }
        }
    }

    /** Rows on their way into one statement. One thread at a time. */
    private static final class Question {
        private final RowSource rows;
        private final List<ColumnLayout> columns;
        private final BooleanSupplier stop;
        private final Optional<Limits> files;
        private long looks;
        private int at;
        private @Nullable Batch batch;
        private List<List<Column>> paths = List.of();
        private volatile @Nullable RuntimeException failure;

        /** @param files what bounds the folder when this makes a file of it */
        Question(RowSource rows, List<ColumnLayout> columns, BooleanSupplier stop, Optional<Limits> files) {
            this.rows = rows;
            this.columns = columns;
            this.stop = stop;
            this.files = files;
        }

        synchronized int fill(int[] projected, DuckDBDataChunkWriter chunk) {
            try {
                look();
                while (at == rows.count()) {
                    at = 0;
                    if (!rows.next()) {
                        return 0;
                    }
                    look();
                }
                if (rows.batch() != batch) {
                    batch = rows.batch();
                    paths = columns.stream()
                            .map(column -> rows.batch().path(column.path()))
                            .toList();
                }
                int count = (int) Math.min(chunk.capacity(), rows.count() - at);
                for (int i = 0; i < projected.length; i++) {
                    if (projected[i] < paths.size()) {
                        DuckDbVectors.write(chunk, i, paths.get(projected[i]), rows.selection(), at, count);
                    }
                }
                at += count;
                return count;
            } catch (RuntimeException thrown) {
                failure = thrown;
                throw thrown;
            }
        }

        private void look() {
            if (stop.getAsBoolean()) {
                throw new Problem.Unavailable("The answer", "nobody waits for it any more.").exception();
            }
            if (files.isPresent() && looks++ % LOOK_EVERY == 0) {
                Limits limits = files.get();
                long[] bytes = {0};
                try {
                    forEachFile(limits.folder(), file -> bytes[0] += Files.size(file));
                } catch (IOException gone) {
                    return; // deleted while it was looked at
                }
                if (bytes[0] > limits.spoolBytes()) {
                    throw new Problem.Unavailable(
                                    "The file",
                                    "files that are being answered have more than " + limits.spoolBytes()
                                            + " bytes together. Ask for less, or try again.")
                            .exception();
                }
            }
        }
    }

    /** A scan of a question: its columns in the order of DuckDB's vectors. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Scan(Question question, int[] projected) {}

    private record Rows(Map<Long, Question> questions) implements DuckDBTableFunction<Question, Scan, Object> {
        @Override
        public Question bind(DuckDBTableFunctionBindInfo info) throws Exception {
            Question question = questions.get(info.getParameter(0).getLong());
            if (question == null) {
                throw new IllegalStateException("no such rows");
            }
            for (int i = 0; i < question.columns.size(); i++) {
                try (DuckDBLogicalType type = DuckDbVectors.type(question.columns.get(i))) {
                    info.addResultColumn("c" + i, type);
                }
            }
            if (question.columns.isEmpty()) {
                info.addResultColumn("none", Boolean.class);
            }
            return question;
        }

        @Override
        public Scan init(DuckDBTableFunctionInitInfo info) {
            info.setMaxThreads(1);
            int[] projected = new int[(int) info.getColumnCount()];
            for (int i = 0; i < projected.length; i++) {
                long index = info.getColumnIndex(i);
                projected[i] = index < 0 || index > Integer.MAX_VALUE ? Integer.MAX_VALUE : (int) index;
            }
            return new Scan(info.getBindData(), projected);
        }

        @Override
        public long apply(DuckDBTableFunctionCallInfo info, DuckDBDataChunkWriter chunk) {
            Scan scan = info.getInitData();
            return scan.question().fill(scan.projected(), chunk);
        }
    }
}
