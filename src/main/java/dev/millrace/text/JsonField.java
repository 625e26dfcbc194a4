package dev.millrace.text;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Kind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/** A column as {@link JsonEncoder} writes it, compiled. One encoder's own. */
final class JsonField {
    // The usual forms as numbers: a switch over an enum costs one more dependent load a value.
    static final int RARER = 0;
    static final int TEXT = 1;
    static final int FLOAT64 = 2;
    static final int INT64 = 3;
    static final int INT32 = 4;
    static final int TIMESTAMP = 5;
    static final int STRUCT = 6;
    static final int LIST = 7;

    /** How a value is written. */
    enum Form {
        BOOL,
        /** A whole number of fewer bits than its column's {@link #mask} and a word have. */
        SMALL,
        INT32,
        INT64,
        INT64_MILLIS,
        UINT64,
        FLOAT32,
        FLOAT64,
        DECIMAL,
        TEXT,
        BINARY,
        DATE,
        TIME,
        TIMESTAMP,
        STRUCT,
        LIST,
        MAP
    }

    final Form form;
    /** Whether quotes stand around what the form writes. */
    final boolean quoted;

    final boolean nullable;
    final JsonField[] children;
    final long perSecond;
    final boolean zoned;
    /** The bits of a small number that count. */
    final long mask;

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

    JsonField(ColumnLayout column, char opening, boolean numbersAsStrings) {
        this.form = form(column);
        this.quoted = switch (form) {
            case INT64, UINT64, DECIMAL -> numbersAsStrings;
            case BINARY, DATE -> true;
            default -> false;
        };
        this.usual = switch (form) {
            case TEXT -> TEXT;
            case FLOAT64 -> FLOAT64;
            case INT64 -> quoted ? RARER : INT64;
            case INT32 -> INT32;
            case TIMESTAMP -> TIMESTAMP;
            case STRUCT -> STRUCT;
            case LIST -> LIST;
            default -> RARER;
        };
        this.nullable = column.nullable();
        this.children = switch (form) {
            case LIST -> new JsonField[] {new JsonField(column.children().getFirst(), ',', numbersAsStrings)};
            case MAP ->
                new JsonField[] {
                    new JsonField(column.children().getFirst().children().getFirst(), ',', false),
                    new JsonField(column.children().getFirst().children().getLast(), ',', numbersAsStrings)
                };
            default -> all(column.children(), numbersAsStrings);
        };
        this.perSecond = switch (column.kind()) {
            case Kind.Time(Kind.Unit unit) -> unit.perSecond();
            case Kind.Timestamp(Kind.Unit unit, var _) -> unit.perSecond();
            default -> 0;
        };
        this.zoned = column.kind() instanceof Kind.Timestamp(var _, boolean withZone) && withZone;
        this.mask = column.kind() instanceof Kind.Int(int bits, boolean signed) && !signed ? -1L >>> 64 - bits : -1;
        this.scale = column.kind() instanceof Kind.Decimal decimal ? decimal.scale() : 0;
        this.name = JsonQuotes.quote(new StringBuilder().append(opening), column.name())
                .append(form == Form.TEXT ? ":\"" : ":")
                .toString()
                .getBytes(UTF_8);
        this.quotes = form == Form.TEXT ? 1 : 0;
        byte[] padded = Arrays.copyOf(name, Math.max(16, name.length));
        ByteBuffer words = ByteBuffer.wrap(padded).order(ByteOrder.LITTLE_ENDIAN);
        this.nameFirst = words.getLong(0);
        this.nameSecond = words.getLong(8);
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

    private static Form form(ColumnLayout column) {
        return switch (column.kind()) {
            case Kind.Bool _ -> Form.BOOL;
            case Kind.Int _ when column.field().getMetadata().containsKey(ArrowSchemas.DIGITS) -> Form.INT64_MILLIS;
            case Kind.Int(int bits, boolean signed) ->
                switch (bits) {
                    case 32 -> signed ? Form.INT32 : Form.SMALL;
                    case 64 -> signed ? Form.INT64 : Form.UINT64;
                    default -> Form.SMALL;
                };
            case Kind.Real(int bits) -> bits == 32 ? Form.FLOAT32 : Form.FLOAT64;
            case Kind.Decimal _ -> Form.DECIMAL;
            case Kind.Text _ -> Form.TEXT;
            case Kind.Binary _ -> Form.BINARY;
            case Kind.Date _ -> Form.DATE;
            case Kind.Time _ -> Form.TIME;
            case Kind.Timestamp _ -> Form.TIMESTAMP;
            case Kind.Struct _ -> Form.STRUCT;
            case Kind.ListOf _, Kind.VectorOf _ -> Form.LIST;
            case Kind.MapOf _ -> Form.MAP;
        };
    }

    static JsonField[] all(List<ColumnLayout> columns, boolean numbersAsStrings) {
        JsonField[] nodes = new JsonField[columns.size()];
        for (int i = 0; i < nodes.length; i++) {
            nodes[i] = new JsonField(columns.get(i), i == 0 ? '{' : ',', numbersAsStrings);
        }
        return nodes;
    }

    static int fixedBytes(JsonField[] nodes) {
        int sum = 16;
        for (JsonField node : nodes) {
            sum += node.name.length + 16 + node.valueBytes();
        }
        return sum;
    }
}
