package dev.millrace.http;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.query.DuckDbEngine;
import dev.millrace.query.QueryEngine;
import dev.millrace.query.RowCount;
import dev.millrace.query.RowSource;
import dev.millrace.query.RowsQuery;
import dev.millrace.text.JsonEncoder;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.arrow.vector.types.pojo.Schema;

/** A form of rows: one class, and one line of {@link #all()}. Immutable; any thread. */
interface RowFormat extends Format {
    /** What the server offers, the usual one first. No constant: a form that is made first would make it without itself. */
    static List<RowFormat> all() {
        return List.of(TextFormat.JSON, TextFormat.NDJSON, TextFormat.CSV, new ArrowFormat(), new ParquetFormat());
    }

    /**
     * Rows on their way into a form.
     *
     * @param rows owned by who writes them
     * @param named the columns as the request names them, fields of columns on their own; of groups, the answer's
     * @param schema of the answer's columns, with metadata
     * @param kept an encoder of all columns that the calling thread may use
     * @param gone whether nobody waits any more
     */
    record Rows(
            RowSource rows,
            RowsQuery query,
            Supplier<List<ColumnLayout>> named,
            Supplier<Schema> schema,
            long limit,
            Negotiation<RowFormat> wanted,
            CharSequence position,
            Optional<RowCount> count,
            TextRows.Onward onward,
            Optional<JsonEncoder> kept,
            QueryEngine engine,
            BooleanSupplier gone) {}

    /** Whether an answer without a limit has all rows: a form in which there is no room for a cursor. */
    boolean isExport();

    /** Whether a small page may be written on an event loop. */
    default boolean isQuick() {
        return false;
    }

    /** Names of its own compressions, for the parameter {@code codec}; what has one gets no content coding. */
    default List<String> codecs() {
        return List.of();
    }

    /** Whether it is compressed already, so that a content coding gains nothing. */
    default boolean isCompressed() {
        return false;
    }

    /** What writes rows, which it owns, a buffer at a time. */
    RowWriter writer(Rows rows);

    /** What is written where an answer breaks off, in its own form; empty where only a cut connection says so. */
    default Optional<String> broken(JsonObject problem) {
        return Optional.empty();
    }

    /** Writes rows, which it owns, as a file, on a worker; for a form that {@link #isFile()}. */
    default DuckDbEngine.StoredFile file(Rows rows) {
        throw new IllegalStateException(token() + " is no file");
    }

    /** Whether an answer is a file, of which ranges can be asked for, and not a stream. */
    default boolean isFile() {
        return false;
    }
}
