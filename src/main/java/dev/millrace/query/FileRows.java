package dev.millrace.query;

import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Properties;

/**
 * The rows that a statement makes of a file, one after the other, read by an embedded DuckDB.
 *
 * <p>A cursor: {@link #next} moves to the next row, whose values {@link #text} reads. Rows are streamed, so a file of any
 * length needs the memory of a few batches. It reads files and blocks: call it on a worker or virtual thread, one at a
 * time. The caller owns and closes it.
 */
public final class FileRows implements AutoCloseable {
    private final String file;
    private final Connection connection;
    private final PreparedStatement statement;
    private final ResultSet rows;

    /**
     * The rows of a statement in DuckDB's SQL, whose only parameter is the file's name.
     *
     * @throws ProblemException {@link Problem.CannotStart} when it cannot be read
     */
    public FileRows(Path file, String sql) {
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

    /** Moves to the next row; false when there is none. */
    public boolean next() {
        return read(rows::next);
    }

    /** The text in this row, columns counted from 0; it is not null. */
    public String text(int column) {
        return read(() -> rows.getString(column + 1));
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
