package dev.millrace.query;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.duckdb.DuckDBChunkedResult;
import org.duckdb.DuckDBPreparedStatement;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One embedded DuckDB in memory, opened at the first question, which runs SQL of our own over the rows of a {@link
 * RowSource}: filters are applied and files passed over before DuckDB sees a row, and only the columns that a statement
 * names are copied. It knows no other data, opens no file but ours and loads nothing from the network.
 *
 * <p>Every question has a connection of its own and is asked on a worker thread, which blocks; any number of threads.
 * Between two chunks of 2,048 rows it looks whether the answer is still wanted; {@link #cancelUnwanted} ends a statement
 * that no longer asks for rows. A statement that does not even end then is left behind with its database by {@link #renew}.
 */
public final class DuckDbEngine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DuckDbEngine.class);
    private static final long LOOK_EVERY = 64;

    /** What the system says of a write for which there is no room: ENOSPC, EDQUOT, EFBIG. */
    private static final List<String> NO_ROOM =
            List.of("No space left on device", "Disk quota exceeded", "File too large");

    private static final long LOOK_MILLIS = 10;
    private static final Duration LAST_WAIT = Duration.ofSeconds(2);

    private final Limits limits;
    private final Set<Asked> underWay = ConcurrentHashMap.newKeySet();
    private volatile DuckDbDatabase current;
    private volatile boolean closed;

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
        this.current = new DuckDbDatabase(limits, 0);
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
        run(
                new DuckDbRows.Question(projected -> rows, columns, () -> closed || stop.getAsBoolean(), () -> {}),
                (asked, table) -> {
                    try (var prepared =
                            (DuckDBPreparedStatement) asked.connection.prepareStatement(sql.replace("$rows", table))) {
                        asked.statement = prepared;
                        try (DuckDBChunkedResult result = prepared.query()) {
                            reading.read(result);
                        }
                    }
                });
    }

    /**
     * Writes rows into a Parquet file of the folder (zstd), which the caller deletes.
     *
     * @param rows borrowed
     * @throws ProblemException {@code Unavailable} beyond the folder's bound, or without memory or disk
     */
    public StoredFile parquet(RowSource rows, List<ColumnLayout> columns, long limit, BooleanSupplier stop) {
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
            var question = new DuckDbRows.Question(
                    projected -> rows, columns, () -> closed || stop.getAsBoolean(), new Spool(limits));
            run(question, (asked, table) -> {
                try (Statement statement = asked.connection.createStatement()) {
                    asked.statement = statement;
                    statement.execute(sql.replace("$rows", table));
                }
            });
            StoredFile made = StoredFile.of(file);
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
    public record StoredFile(Path path, long sizeBytes, String tag) {
        static StoredFile of(Path path) {
            try (var bytes = new DigestInputStream(Files.newInputStream(path), MessageDigest.getInstance("SHA-256"))) {
                long size = bytes.transferTo(OutputStream.nullOutputStream());
                byte[] digest = bytes.getMessageDigest().digest();
                return new StoredFile(path, size, '"' + HexFormat.of().formatHex(digest, 0, 16) + '"');
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
        void run(Asked asked, String table) throws SQLException;
    }

    /** A question with its connection, and its statement once there is one. */
    private static final class Asked {
        private final DuckDbRows.Question question;
        private final Connection connection;
        private final AtomicBoolean cancelling = new AtomicBoolean();
        private volatile @Nullable Statement statement;

        Asked(DuckDbRows.Question question, Connection connection) {
            this.question = question;
            this.connection = connection;
        }

        /** On a thread of its own, since it waits for a lock that the statement may hold. */
        void cancel() {
            Statement running = statement;
            if (running != null && cancelling.compareAndSet(false, true)) {
                Thread.ofVirtual().name("cancel").start(() -> {
                    try {
                        running.cancel();
                    } catch (SQLException ended) {
                        LOG.debug("A statement had ended before it was cancelled", ended);
                    } finally {
                        cancelling.set(false);
                    }
                });
            }
        }
    }

    private void run(DuckDbRows.Question question, Running running) {
        DuckDbDatabase database = take();
        long number = database.rows().add(question);
        try (Connection connection = database.open().duplicate()) {
            var asked = new Asked(question, connection);
            underWay.add(asked);
            try {
                running.run(asked, DuckDbRows.table(number));
            } finally {
                underWay.remove(asked);
            }
            question.rethrow();
            if (!question.isBound()) {
                throw new IllegalStateException("The statement has not read its rows");
            }
        } catch (SQLException failure) {
            question.rethrow();
            throw question.unwanted() ? DuckDbRows.Question.nobodyWaits() : failed(failure);
        } finally {
            database.rows().remove(number);
            database.release();
        }
    }

    /** What a statement of ours failed with, which is never its own fault. */
    static RuntimeException failed(SQLException failure) {
        String reason = String.valueOf(failure.getMessage());
        if (NO_ROOM.stream().anyMatch(reason::contains)) {
            return new Problem.Unavailable(
                            "The answer", "there is no room on the server's disk for it. Ask for less, or try again.")
                    .exception();
        }
        if (reason.contains("Out of Memory") || reason.contains("max_temp_directory_size")) {
            return new Problem.Unavailable(
                            "The answer", "it needs more memory than a query has. Ask for less, or try again.")
                    .exception();
        }
        if (reason.contains("Out of Range") || reason.contains("Overflow")) {
            return new Problem.InvalidParameter("agg", "a sum has more than 38 digits.", "fewer rows, or avg.")
                    .exception();
        }
        return new IllegalStateException(failure);
    }

    /** Ends statements whose answers nobody waits for any more; to be called now and then, on any thread. */
    public void cancelUnwanted() {
        for (Asked asked : underWay) {
            if (asked.question.unwanted()) {
                asked.cancel();
            }
        }
    }

    /**
     * Leaves the database behind, with the questions that are asked of it, and opens another at the next question; the old
     * one is closed when its last question has ended, which may be never. Any thread; does not wait.
     */
    public synchronized void renew() {
        DuckDbDatabase left = current;
        current = left.next();
        LOG.warn("DuckDB is opened anew; {} statements are left behind with the old one", left.questions());
        left.release();
    }

    private DuckDbDatabase take() {
        while (!closed) {
            DuckDbDatabase database = current;
            if (database.retain()) {
                return database;
            }
        }
        throw new Problem.Unavailable("The answer", "the server stops.").exception();
    }

    /** Ends what is under way, then the database; one that does not end is left to the end of the process. */
    @Override
    public void close() {
        closed = true;
        cancelUnwanted();
        DuckDbDatabase last = current;
        last.release();
        try {
            for (long waited = 0; !last.awaitEnd(LOOK_MILLIS); waited += LOOK_MILLIS) {
                if (waited >= LAST_WAIT.toMillis()) {
                    LOG.warn("A statement in DuckDB does not end; it is left to the end of the process");
                    return;
                }
                cancelUnwanted();
            }
            forEachFile(limits.folder(), Files::delete);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Looks, now and then, whether the files of the folder have more bytes together than they may. */
    private static final class Spool implements Runnable {
        private final Limits limits;
        private long looks;

        Spool(Limits limits) {
            this.limits = limits;
        }

        @Override
        public void run() {
            if (looks++ % LOOK_EVERY != 0) {
                return;
            }
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
        } catch (DirectoryIteratorException failure) {
            throw failure.getCause();
        }
    }
}
