package dev.millrace.text;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.RowEncoder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes rows as JSON objects straight from the columns' buffers; nothing becomes an object on the way. One thread an
 * encoder; rows of any batches with the selected columns.
 *
 * <p>The forms of values: null as {@code null}; floats in the shortest form that reads back equal, always with a point
 * or an exponent, NaN and infinities as {@code null}; decimals with all digits of their scale; texts as they are but for
 * what RFC 8259 must escape; binary in base64; dates {@code 2001-01-31}; times {@code 12:34:56}, with three, six or nine
 * digits of fraction, by the column's unit, where it is not zero; timestamps {@code 2001-01-31T12:34:56}, fraction
 * likewise, and {@code Z} behind where the column has a zone. Years outside 0000 to 9999 get a sign and six digits.
 *
 * <p>With numbers as strings, every 64-bit integer and every decimal is a string, whatever its value, so that a reader
 * with doubles only never meets a column of two types.
 */
public final class JsonEncoder implements RowEncoder {
    private static final int NULL = 0x6c6c756e;

    private final List<ColumnLayout> selected;
    private final JsonField[] nodes;
    private final int fixedBytes;
    private final ValueWriter values = new ValueWriter();
    private @Nullable Batch bound;
    private Column[] columns = {};

    /** Encodes these columns, in this order; a struct may be narrowed to some of its fields. */
    public static JsonEncoder of(List<ColumnLayout> selected, boolean numbersAsStrings) {
        return new JsonEncoder(List.copyOf(selected), numbersAsStrings);
    }

    private JsonEncoder(List<ColumnLayout> selected, boolean numbersAsStrings) {
        this.selected = selected;
        this.nodes = JsonField.all(selected, numbersAsStrings);
        this.fixedBytes = JsonField.fixedBytes(nodes);
    }

    /** Writes one row as an object. */
    @Override
    public void row(Batch batch, int row, ByteSink sink) {
        Column[] from = columns(batch);
        sink.reserve(fixedBytes);
        for (int i = 0; i < nodes.length; i++) {
            field(nodes[i], from[i], row, sink);
        }
        end(nodes.length, sink);
    }

    /** The selected columns of a batch. */
    Column[] columns(Batch batch) {
        if (batch != bound) {
            bind(batch);
        }
        return columns;
    }

    JsonField field(int index) {
        return nodes[index];
    }

    /** What must be reserved before {@link #value}. */
    int fixedBytes() {
        return fixedBytes;
    }

    /** The columns of one batch after the other; only its identity is kept of the batch, never its memory. */
    private void bind(Batch batch) {
        columns = selected.stream().map(batch::selected).toArray(Column[]::new);
        bound = batch;
    }

    private static void end(int fields, ByteSink sink) {
        if (fields == 0) {
            sink.put((byte) '{');
        }
        sink.put((byte) '}');
    }

    private void field(JsonField node, Column column, int row, ByteSink sink) {
        boolean missing = node.nullable && column.isNull(row);
        node.name(sink, !missing);
        if (missing) {
            sink.putWord(NULL, 4);
        } else {
            value(node, column, row, sink);
        }
    }

    private void item(JsonField node, Column column, int row, ByteSink sink) {
        if (node.nullable && column.isNull(row)) {
            sink.putWord(NULL, 4);
            return;
        }
        if (node.form == JsonField.Form.TEXT) {
            sink.put((byte) '"');
        }
        value(node, column, row, sink);
    }

    /** A value that is there; the opening quote of a text is written already. */
    void value(JsonField node, Column column, int row, ByteSink sink) {
        switch (node.usual) {
            case JsonField.TEXT -> text(column, row, fixedBytes, false, sink);
            case JsonField.FLOAT64 -> float64(node, column.float64(row), sink);
            case JsonField.INT64 -> sink.putDecimal(column.int64(row));
            case JsonField.INT32 -> sink.putDecimal(column.int32(row));
            case JsonField.TIMESTAMP -> values.timestamp(column.int64(row), node.perSecond, node.zoned, sink);
            case JsonField.STRUCT -> struct(node.children, column, row, sink);
            case JsonField.LIST -> list(node, column, row, sink);
            default -> rarer(node, column, row, sink);
        }
    }

    private void float64(JsonField node, double value, ByteSink sink) {
        if (node.hundredths) {
            if (values.hundredths(value, sink)) {
                return;
            }
            // Asked of zero and of negative amounts too, which say nothing about the column.
            node.hundredths = value <= 0;
        }
        values.float64(value, sink);
    }

    /** Apart, so that the usual forms fit into one piece of machine code with their callers. */
    private void rarer(JsonField node, Column column, int row, ByteSink sink) {
        if (node.quoted) {
            sink.put((byte) '"');
        }
        switch (node.form) {
            case TEXT, FLOAT64, INT32, TIMESTAMP, STRUCT, LIST -> throw new IllegalStateException();
            case MAP -> map(node, column, row, sink);
            case BOOL -> {
                boolean value = column.bit(row);
                sink.putWord(value ? 0x65757274L : 0x65736c6166L, value ? 4 : 5);
            }
            case SMALL -> sink.putDecimal(column.fixed(row) & node.mask);
            case INT64 -> sink.putDecimal(column.int64(row));
            case UINT64 -> sink.putUnsigned(column.int64(row));
            case INT64_MILLIS -> {
                sink.putDecimal(column.int64(row));
                sink.putWord('e' | '-' << 8 | '3' << 16, 3);
            }
            case FLOAT32 -> values.float32(column.float32(row), sink);
            case DECIMAL -> values.decimal(column, row, node.scale, sink);
            case BINARY -> {
                int from = column.start(row);
                int to = column.end(row);
                sink.reserve(Math.addExact((to - from + 2) / 3 * 4 + 16, fixedBytes));
                sink.putBase64(column, from, to);
            }
            case DATE -> values.date(column.int32(row), sink);
            case TIME -> values.time(column.fixed(row), node.perSecond, sink);
        }
        if (node.quoted) {
            sink.put((byte) '"');
        }
    }

    private void struct(JsonField[] children, Column column, int row, ByteSink sink) {
        for (int i = 0; i < children.length; i++) {
            field(children[i], column.child(i), row, sink);
        }
        end(children.length, sink);
    }

    private void list(JsonField node, Column column, int row, ByteSink sink) {
        Column items = column.child(0);
        JsonField item = node.children[0];
        long range = column.range(row);
        int from = (int) range;
        int to = (int) (range >>> 32);
        sink.put((byte) '[');
        for (int i = from; i < to; i++) {
            sink.reserve(fixedBytes);
            if (i > from) {
                sink.put((byte) ',');
            }
            item(item, items, i, sink);
        }
        sink.reserve(fixedBytes);
        sink.put((byte) ']');
    }

    private void map(JsonField node, Column column, int row, ByteSink sink) {
        Column keys = column.child(0).child(0);
        Column values = column.child(0).child(1);
        JsonField key = node.children[0];
        boolean bare = key.form != JsonField.Form.TEXT;
        long range = column.range(row);
        int from = (int) range;
        int to = (int) (range >>> 32);
        sink.put((byte) '{');
        for (int i = from; i < to; i++) {
            sink.reserve(fixedBytes);
            if (i > from) {
                sink.put((byte) ',');
            }
            if (bare) {
                sink.put((byte) '"');
            }
            item(key, keys, i, sink);
            if (bare) {
                sink.put((byte) '"');
            }
            sink.put((byte) ':');
            item(node.children[1], values, i, sink);
        }
        sink.reserve(fixedBytes);
        sink.put((byte) '}');
    }

    /**
     * Writes a text and the quote that closes it.
     *
     * @param slack what is reserved behind it
     * @param doubled whether a quote within is written twice and nothing else escaped, as CSV has it
     */
    static void text(Column column, int row, int slack, boolean doubled, ByteSink sink) {
        long range = column.range(row);
        int from = (int) range;
        int to = (int) (range >>> 32);
        sink.reserve(Math.addExact(to - from + 16, slack));
        int at = sink.putUnescaped(column, from, to);
        while (at < to) {
            sink.reserve(Math.addExact(to - at + 32, slack));
            byte value = column.byteAt(at);
            if (!doubled) {
                escape(value, sink);
            } else {
                sink.putWord(value | (long) value << 8, value == '"' ? 2 : 1);
            }
            at = sink.putUnescaped(column, at + 1, to);
        }
        sink.put((byte) '"');
    }

    private static void escape(byte value, ByteSink sink) {
        sink.put((byte) '\\');
        switch (value) {
            case '"', '\\' -> sink.put(value);
            case '\b' -> sink.put((byte) 'b');
            case '\f' -> sink.put((byte) 'f');
            case '\n' -> sink.put((byte) 'n');
            case '\r' -> sink.put((byte) 'r');
            case '\t' -> sink.put((byte) 't');
            default -> {
                sink.putWord('u' | '0' << 8 | '0' << 16, 3);
                sink.put((byte) ('0' + (value >>> 4)));
                sink.put((byte) Character.forDigit(value & 15, 16));
            }
        }
    }
}
