package dev.millrace.query;

import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.duckdb.DuckDBConnection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An embedded DuckDB in memory, opened at its first question; closed by who uses it last, the engine among them, so that one
 * whose statements never end can be left behind. Any thread.
 */
final class DuckDbDatabase {
    private static final Logger LOG = LoggerFactory.getLogger(DuckDbDatabase.class);

    private final DuckDbEngine.Limits limits;
    private final int number;
    private final DuckDbRows rows = new DuckDbRows();
    private final AtomicInteger uses = new AtomicInteger(1);
    private final CountDownLatch ended = new CountDownLatch(1);
    private @Nullable DuckDBConnection connection;

    DuckDbDatabase(DuckDbEngine.Limits limits, int number) {
        this.limits = limits;
        this.number = number;
    }

    /** The one that takes this one's place. */
    DuckDbDatabase next() {
        return new DuckDbDatabase(limits, number + 1);
    }

    DuckDbRows rows() {
        return rows;
    }

    /** How many questions are asked of it. */
    int questions() {
        return uses.get() - 1;
    }

    /** Takes part in its use; false when it is closed. */
    boolean retain() {
        return uses.getAndUpdate(now -> now == 0 ? 0 : now + 1) > 0;
    }

    /** Ends a use of it. */
    void release() {
        if (uses.decrementAndGet() == 0) {
            try {
                close();
            } catch (SQLException failure) {
                LOG.error("DuckDB did not close", failure);
            } finally {
                ended.countDown();
            }
        }
    }

    /** Waits until it is closed, at most {@code millis}; answers whether it is. */
    boolean awaitEnd(long millis) throws InterruptedException {
        return ended.await(millis, TimeUnit.MILLISECONDS);
    }

    /** A connection to a new database in memory, which loads nothing; whoever has made it ready closes it to files and changes. */
    static DuckDBConnection connect(long memoryBytes, int threads, Path spill, long spillBytes) throws SQLException {
        var settings = new Properties();
        settings.setProperty("memory_limit", memoryBytes + "B");
        settings.setProperty("threads", Integer.toString(threads));
        settings.setProperty("temp_directory", spill.toString());
        settings.setProperty("max_temp_directory_size", spillBytes + "B");
        settings.setProperty("autoinstall_known_extensions", "false");
        settings.setProperty("autoload_known_extensions", "false");
        settings.setProperty("allow_community_extensions", "false");
        return (DuckDBConnection) DriverManager.getConnection("jdbc:duckdb:", settings);
    }

    /** Lets a database look at no file any more, but in allowed folders, and change no setting. */
    static void lock(DuckDBConnection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET enable_external_access = false");
            statement.execute("SET lock_configuration = true");
        }
    }

    synchronized DuckDBConnection open() throws SQLException {
        DuckDBConnection opened = connection;
        if (opened == null) {
            String folder = limits.folder().toString();
            opened = connect(
                    limits.memoryBytes(),
                    limits.threads(),
                    limits.folder().resolve("temp-" + number),
                    limits.spoolBytes());
            try (Statement statement = opened.createStatement()) {
                rows.register(opened);
                statement.execute("SET allowed_directories = ['" + folder.replace("'", "''") + "']");
                lock(opened);
                connection = opened;
            } finally {
                if (connection == null) {
                    opened.close();
                }
            }
        }
        return opened;
    }

    private synchronized void close() throws SQLException {
        if (connection != null) {
            connection.close();
        }
    }
}
