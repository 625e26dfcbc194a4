package dev.millrace.query;

import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDateTime;
import java.util.Optional;
import java.util.Properties;

/**
 * The rows of a Parquet or CSV file, one after the other in the file's order, read by an embedded DuckDB.
 *
 * <p>A cursor: {@link #next} moves to the next row and the accessors read it, columns counted from 0 in the file's
 * order. Rows are streamed, so a file of any length needs the memory of a few batches. It reads files and blocks: call
 * it on a worker or virtual thread, one at a time. The caller owns and closes it.
 */
public final class FileRows implements AutoCloseable {
    private final String file;
    private final Connection connection;
    private final PreparedStatement statement;
    private final ResultSet rows;

    private FileRows(Path file, String sql) {
        this.file = file.toString();
        try {
            Properties settings = new Properties();
            settings.setProperty("jdbc_stream_results", "true");
            settings.setProperty("threads", "1");
            settings.setProperty("memory_limit", "256MB");
            settings.setProperty("autoinstall_known_extensions", "false");
            connection = DriverManager.getConnection("jdbc:duckdb:", settings);
            try {
                statement = connection.prepareStatement(sql);
                statement.setString(1, this.file);
                rows = statement.executeQuery();
            } catch (SQLException e) {
                connection.close(); // closes the statement too
                throw e;
            }
        } catch (SQLException e) {
            throw unreadable(e);
        }
    }

    /**
     * The rows of a Parquet file, with its own types.
     *
     * @throws ProblemException {@link Problem.CannotStart} when it cannot be read
     */
    public static FileRows parquet(Path file) {
        return new FileRows(file, "SELECT * FROM read_parquet(?)");
    }

    /**
     * The rows of a CSV file (RFC 4180, UTF-8, with a header line), every column as text as the file has it; only {@code \N} is null.
     *
     * @throws ProblemException {@link Problem.CannotStart} when it cannot be read
     */
    public static FileRows csv(Path file) {
        return new FileRows(
                file,
                "SELECT * FROM read_csv(?, header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"',"
                        + " nullstr = '\\N')");
    }

    /** How many rows a Parquet file has, from its footer. */
    public static long parquetCount(Path file) {
        try (FileRows count = new FileRows(file, "SELECT count(*) FROM read_parquet(?)")) {
            count.next();
            return count.integer(0);
        }
    }

    /** Moves to the next row; false when there is none. */
    public boolean next() {
        return read(rows::next);
    }

    /** The integer in this row; 0 for a null. */
    public long integer(int column) {
        return read(() -> rows.getLong(column + 1));
    }

    /** The text in this row; empty for a null. */
    public Optional<String> text(int column) {
        return read(() -> Optional.ofNullable(rows.getString(column + 1)));
    }

    /** The timestamp without zone in this row; empty for a null. */
    public Optional<LocalDateTime> timestamp(int column) {
        return read(() -> Optional.ofNullable(rows.getObject(column + 1, LocalDateTime.class)));
    }

    private interface Read<T> {
        T get() throws SQLException;
    }

    private <T> T read(Read<T> read) {
        try {
            return read.get();
        } catch (SQLException e) {
            throw unreadable(e);
        }
    }

    private ProblemException unreadable(SQLException cause) {
        return new ProblemException(
                new Problem.CannotStart("The file " + file + " cannot be read: " + cause.getMessage()));
    }

    /** Ends the reading and frees the database. */
    @Override
    public void close() {
        try (Connection connected = connection;
                PreparedStatement prepared = statement;
                ResultSet open = rows) {
            // closed in this order: rows, statement, connection
        } catch (SQLException e) {
            throw unreadable(e);
        }
    }
}
