package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.arrow.Batch;
import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
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
public final class JsonEncoder {
    private static final int NULL = 0x6c6c756e;

    // The usual forms as numbers: a switch over an enum costs one more dependent load a value.
    private static final int RARER = 0;
    private static final int TEXT = 1;
    private static final int FLOAT64 = 2;
    private static final int INT64 = 3;
    private static final int INT32 = 4;
    private static final int TIMESTAMP = 5;
    private static final int STRUCT = 6;
    private static final int LIST = 7;

    private final List<ColumnLayout> selected;
    private final Node[] nodes;
    private final int fixedBytes;
    private final ValueWriter values = new ValueWriter();
    private @Nullable Batch bound;
    private Column[] columns = {};

    /** Encodes these top-level columns, in this order. */
    public static JsonEncoder of(List<ColumnLayout> selected, boolean numbersAsStrings) {
        return new JsonEncoder(List.copyOf(selected), numbersAsStrings);
    }

    private JsonEncoder(List<ColumnLayout> selected, boolean numbersAsStrings) {
        this.selected = selected;
        this.nodes = nodes(selected, numbersAsStrings);
        this.fixedBytes = fixedBytes(nodes);
    }

    /** Writes one row as an object. */
    public void row(Batch batch, int row, ByteSink sink) {
        if (batch != bound) {
            bind(batch);
        }
        Column[] from = columns;
        sink.reserve(fixedBytes);
        for (int i = 0; i < nodes.length; i++) {
            field(nodes[i], from[i], row, sink);
        }
        end(nodes.length, sink);
    }

    /** The columns of one batch after the other; only its identity is kept of the batch, never its memory. */
    private void bind(Batch batch) {
        Column[] found = new Column[selected.size()];
        for (int i = 0; i < found.length; i++) {
            int number = batch.layout().top().indexOf(selected.get(i));
            if (number < 0) {
                throw new IllegalArgumentException(
                        "no column " + selected.get(i).path());
            }
            found[i] = batch.column(number);
        }
        columns = found;
        bound = batch;
    }

    private static void end(int fields, ByteSink sink) {
        if (fields == 0) {
            sink.put((byte) '{');
        }
        sink.put((byte) '}');
    }

    private void field(Node node, Column column, int row, ByteSink sink) {
        boolean missing = node.nullable && column.isNull(row);
        node.name(sink, !missing);
        if (missing) {
            sink.putWord(NULL, 4);
        } else {
            value(node, column, row, sink);
        }
    }

    private void item(Node node, Column column, int row, ByteSink sink) {
        if (node.nullable && column.isNull(row)) {
            sink.putWord(NULL, 4);
            return;
        }
        if (node.form == Form.TEXT) {
            sink.put((byte) '"');
        }
        value(node, column, row, sink);
    }

    /** A value that is there; the opening quote of a text is written already. */
    private void value(Node node, Column column, int row, ByteSink sink) {
        switch (node.usual) {
            case TEXT -> text(column, row, sink);
            case FLOAT64 -> float64(node, column.float64(row), sink);
            case INT64 -> sink.putDecimal(column.int64(row));
            case INT32 -> sink.putDecimal(column.int32(row));
            case TIMESTAMP -> values.timestamp(column.int64(row), node.perSecond, node.zoned, sink);
            case STRUCT -> struct(node.children, column, row, sink);
            case LIST -> list(node, column, row, sink);
            default -> rarer(node, column, row, sink);
        }
    }

    private void float64(Node node, double value, ByteSink sink) {
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
    private void rarer(Node node, Column column, int row, ByteSink sink) {
        switch (node.form) {
            case TEXT, FLOAT64, INT64, INT32, TIMESTAMP, STRUCT, LIST -> throw new IllegalStateException();
            case MAP -> map(node, column, row, sink);
            case BOOL -> {
                boolean value = column.bit(row);
                sink.putWord(value ? 0x65757274L : 0x65736c6166L, value ? 4 : 5);
            }
            case INT16 -> sink.putDecimal(column.int16(row));
            case INT8 -> sink.putDecimal(column.int8(row));
            case UINT64 -> sink.putUnsigned(column.int64(row));
            case UINT32 -> sink.putDecimal(column.int32(row) & 0xFFFFFFFFL);
            case UINT16 -> sink.putDecimal(column.int16(row) & 0xFFFF);
            case UINT8 -> sink.putDecimal(column.int8(row) & 0xFF);
            case INT64_MILLIS -> {
                sink.putDecimal(column.int64(row));
                sink.putWord('e' | '-' << 8 | '3' << 16, 3);
            }
            case INT64_TEXT -> {
                sink.put((byte) '"');
                sink.putDecimal(column.int64(row));
                sink.put((byte) '"');
            }
            case UINT64_TEXT -> {
                sink.put((byte) '"');
                sink.putUnsigned(column.int64(row));
                sink.put((byte) '"');
            }
            case FLOAT32 -> values.float32(column.float32(row), sink);
            case DECIMAL -> values.decimal(column, row, node.scale, sink);
            case DECIMAL_TEXT -> {
                sink.put((byte) '"');
                values.decimal(column, row, node.scale, sink);
                sink.put((byte) '"');
            }
            case BINARY -> {
                int from = column.start(row);
                int to = column.end(row);
                sink.reserve(Math.addExact((to - from + 2) / 3 * 4 + 16, fixedBytes));
                sink.put((byte) '"');
                sink.putBase64(column, from, to);
                sink.put((byte) '"');
            }
            case DATE -> {
                sink.put((byte) '"');
                values.date(node.perSecond == 0 ? column.int32(row) : column.int64(row) / 86_400_000, sink);
                sink.put((byte) '"');
            }
            case TIME -> values.time(node.timeIs32 ? column.int32(row) : column.int64(row), node.perSecond, sink);
        }
    }

    private void struct(Node[] children, Column column, int row, ByteSink sink) {
        for (int i = 0; i < children.length; i++) {
            field(children[i], column.child(i), row, sink);
        }
        end(children.length, sink);
    }

    private void list(Node node, Column column, int row, ByteSink sink) {
        Column items = column.child(0);
        Node item = node.children[0];
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

    private void map(Node node, Column column, int row, ByteSink sink) {
        Column keys = column.child(0).child(0);
        Column values = column.child(0).child(1);
        Node key = node.children[0];
        boolean bare = key.form != Form.TEXT;
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

    private void text(Column column, int row, ByteSink sink) {
        long range = column.range(row);
        int from = (int) range;
        int to = (int) (range >>> 32);
        sink.reserve(Math.addExact(to - from + 16, fixedBytes));
        int at = sink.putUnescaped(column, from, to);
        while (at < to) {
            sink.reserve(Math.addExact(to - at + 32, fixedBytes));
            escape(column.byteAt(at), sink);
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

    private static Node[] nodes(List<ColumnLayout> columns, boolean numbersAsStrings) {
        Node[] nodes = new Node[columns.size()];
        for (int i = 0; i < nodes.length; i++) {
            nodes[i] = new Node(columns.get(i), i == 0 ? '{' : ',', numbersAsStrings);
        }
        return nodes;
    }

    private static int fixedBytes(Node[] nodes) {
        int sum = 16;
        for (Node node : nodes) {
            sum += node.name.length + 16 + node.valueBytes();
        }
        return sum;
    }

    /** How a value is written. */
    private enum Form {
        BOOL,
        INT8,
        INT16,
        INT32,
        INT64,
        INT64_MILLIS,
        INT64_TEXT,
        UINT8,
        UINT16,
        UINT32,
        UINT64,
        UINT64_TEXT,
        FLOAT32,
        FLOAT64,
        DECIMAL,
        DECIMAL_TEXT,
        TEXT,
        BINARY,
        DATE,
        TIME,
        TIMESTAMP,
        STRUCT,
        LIST,
        MAP
    }

    /** A column, compiled. */
    private static final class Node {
        final Form form;
        final boolean nullable;
        final Node[] children;
        final long perSecond;
        final boolean zoned;
        final boolean timeIs32;
        final int scale;
        /** What opens the field: a brace or a comma, the name in quotes, a colon, the quote that opens a text. */
        final byte[] name;

        /** The form, where it is one of the usual. */
        final int usual;

        /** Whether all amounts so far were whole hundredths, so that the next is tried as one first. */
        boolean hundredths = true;

        private final int quotes;
        private final long nameFirst;
        private final long nameSecond;

        Node(ColumnLayout column, char opening, boolean numbersAsStrings) {
            this.form = form(column, numbersAsStrings);
            this.usual = switch (form) {
                case TEXT -> JsonEncoder.TEXT;
                case FLOAT64 -> JsonEncoder.FLOAT64;
                case INT64 -> JsonEncoder.INT64;
                case INT32 -> JsonEncoder.INT32;
                case TIMESTAMP -> JsonEncoder.TIMESTAMP;
                case STRUCT -> JsonEncoder.STRUCT;
                case LIST -> JsonEncoder.LIST;
                default -> RARER;
            };
            this.nullable = column.nullable();
            this.children = switch (form) {
                case LIST -> new Node[] {new Node(column.children().getFirst(), ',', numbersAsStrings)};
                case MAP ->
                    new Node[] {
                        new Node(column.children().getFirst().children().getFirst(), ',', false),
                        new Node(column.children().getFirst().children().getLast(), ',', numbersAsStrings)
                    };
                default -> nodes(column.children(), numbersAsStrings);
            };
            this.perSecond = perSecond(column.type());
            this.zoned = column.type() instanceof ArrowType.Timestamp timestamp && timestamp.getTimezone() != null;
            this.timeIs32 = column.width() == 4;
            this.scale = column.type() instanceof ArrowType.Decimal decimal ? decimal.getScale() : 0;
            this.name = (opening + quoted(column.name()) + ":" + (form == Form.TEXT ? "\"" : "")).getBytes(UTF_8);
            this.quotes = form == Form.TEXT ? 1 : 0;
            byte[] padded = Arrays.copyOf(name, Math.max(16, name.length));
            this.nameFirst = Words.at(padded, 0);
            this.nameSecond = Words.at(padded, 8);
        }

        /** Writes the name; {@code quoted} with the quote of a text. */
        void name(ByteSink sink, boolean quoted) {
            int length = quoted ? name.length : name.length - quotes;
            if (length <= 8) {
                sink.putWord(nameFirst, length);
            } else if (length <= 16) {
                sink.putWord(nameFirst, 8);
                sink.putWord(nameSecond, length - 8);
            } else {
                sink.put(name, 0, length);
            }
        }

        /** The most bytes of a value, text and further list items aside, and of slack behind it. */
        int valueBytes() {
            return switch (form) {
                case STRUCT, LIST, MAP -> fixedBytes(children);
                default -> 96;
            };
        }

        private static String quoted(String name) {
            StringBuilder quoted = new StringBuilder("\"");
            for (int i = 0; i < name.length(); i++) {
                char c = name.charAt(i);
                if (c < 0x20) {
                    quoted.append(String.format("\\u%04x", (int) c));
                } else {
                    quoted.append(c == '"' || c == '\\' ? "\\" : "").append(c);
                }
            }
            return quoted.append('"').toString();
        }

        private static long perSecond(ArrowType type) {
            return switch (type) {
                case ArrowType.Timestamp timestamp -> perSecond(timestamp.getUnit());
                case ArrowType.Time time -> perSecond(time.getUnit());
                case ArrowType.Date date -> date.getUnit() == org.apache.arrow.vector.types.DateUnit.DAY ? 0 : 1_000;
                default -> 0;
            };
        }

        private static long perSecond(org.apache.arrow.vector.types.TimeUnit unit) {
            return switch (unit) {
                case SECOND -> 1;
                case MILLISECOND -> 1_000;
                case MICROSECOND -> 1_000_000;
                case NANOSECOND -> 1_000_000_000;
            };
        }

        private static Form form(ColumnLayout column, boolean numbersAsStrings) {
            return switch (column.type()) {
                case ArrowType.Bool ignored -> Form.BOOL;
                case ArrowType.Int _
                when column.field().getMetadata().containsKey(ArrowSchemas.DIGITS) -> Form.INT64_MILLIS;
                case ArrowType.Int integer -> integer(integer, numbersAsStrings);
                case ArrowType.FloatingPoint number ->
                    number.getPrecision() == FloatingPointPrecision.SINGLE ? Form.FLOAT32 : Form.FLOAT64;
                case ArrowType.Decimal ignored -> numbersAsStrings ? Form.DECIMAL_TEXT : Form.DECIMAL;
                case ArrowType.Utf8 ignored -> Form.TEXT;
                case ArrowType.Binary ignored -> Form.BINARY;
                case ArrowType.Date ignored -> Form.DATE;
                case ArrowType.Time ignored -> Form.TIME;
                case ArrowType.Timestamp ignored -> Form.TIMESTAMP;
                case ArrowType.Struct ignored -> Form.STRUCT;
                case ArrowType.List _, ArrowType.FixedSizeList _ -> Form.LIST;
                case ArrowType.Map _ -> Form.MAP;
                default ->
                    throw new IllegalArgumentException(
                            "Column " + column.path() + ": type " + column.type() + " has no JSON form.");
            };
        }

        private static Form integer(ArrowType.Int integer, boolean numbersAsStrings) {
            boolean signed = integer.getIsSigned();
            return switch (integer.getBitWidth()) {
                case 8 -> signed ? Form.INT8 : Form.UINT8;
                case 16 -> signed ? Form.INT16 : Form.UINT16;
                case 32 -> signed ? Form.INT32 : Form.UINT32;
                default ->
                    numbersAsStrings ? signed ? Form.INT64_TEXT : Form.UINT64_TEXT : signed ? Form.INT64 : Form.UINT64;
            };
        }
    }
}
