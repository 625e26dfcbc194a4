package dev.millrace.text;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.RowEncoder;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Writes rows as CSV (RFC 4180) straight from the columns' buffers: a header line, comma, CRLF. One thread an encoder.
 *
 * <p>Null is an empty field and the empty text is {@code ""}, so that readers can tell them apart; texts, dates, times and
 * base64 stand in quotes, numbers and booleans do not. Values have the forms of {@link JsonEncoder}, but NaN and
 * infinities are {@code NaN}, {@code Infinity} and {@code -Infinity}; structs, lists and maps are their JSON as a text.
 */
public final class CsvEncoder implements RowEncoder {
    private static final int FIELD_BYTES = 128;

    private final byte[] header;
    private final JsonEncoder json;

    /** Encodes these columns, in this order, top-level or within structs; a field is null where its struct is. */
    public CsvEncoder(List<ColumnLayout> selected) {
        this.json = JsonEncoder.of(selected, false);
        this.header = selected.stream()
                .map(column -> '"' + column.path().replace("\"", "\"\"") + '"')
                .collect(Collectors.joining(",", "", "\r\n"))
                .getBytes(UTF_8);
    }

    /** Writes the names of the columns. */
    @Override
    public void header(ByteSink sink) {
        sink.reserve(header.length);
        sink.put(header);
    }

    /** Writes one row. */
    @Override
    public void row(Batch batch, int row, ByteSink sink) {
        Column[] columns = json.columns(batch);
        for (int i = 0; i < columns.length; i++) {
            sink.reserve(FIELD_BYTES);
            if (i > 0) {
                sink.put((byte) ',');
            }
            JsonField field = json.field(i);
            if (!field.nullable || !columns[i].isNull(row)) {
                value(field, columns[i], row, sink);
            }
        }
        sink.reserve(8);
        sink.putWord('\r' | '\n' << 8, 2);
    }

    private void value(JsonField field, Column column, int row, ByteSink sink) {
        switch (field.form) {
            case TEXT -> {
                sink.put((byte) '"');
                JsonEncoder.text(column, row, FIELD_BYTES, true, sink);
            }
            case STRUCT, LIST, MAP -> {
                sink.put((byte) '"');
                int from = sink.position();
                json.value(field, column, row, sink);
                sink.doubleQuotes(from);
                sink.reserve(1);
                sink.put((byte) '"');
            }
            case FLOAT64 -> number(field, column.float64(row), column, row, sink);
            case FLOAT32 -> number(field, column.float32(row), column, row, sink);
            default -> {
                sink.reserve(json.fixedBytes());
                json.value(field, column, row, sink);
            }
        }
    }

    private void number(JsonField field, double value, Column column, int row, ByteSink sink) {
        sink.reserve(json.fixedBytes());
        if (Double.isFinite(value)) {
            json.value(field, column, row, sink);
        } else {
            sink.put(Double.toString(value).getBytes(UTF_8));
        }
    }
}
