package dev.millrace.codec;

import dev.millrace.arrow.BatchWriter;
import dev.millrace.codec.ArrowField.Lay;
import dev.millrace.codec.ArrowMatch.Objects;
import dev.millrace.codec.ArrowMatch.Target;
import dev.millrace.codec.ArrowRecord.Column;
import dev.millrace.codec.FieldPlan.ObjectPlan;
import dev.millrace.contract.Property;
import dev.millrace.contract.UnknownFields;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads records that are whole Arrow IPC streams: every row of every batch in it, column by column. A column that lies in
 * the record as it does in the store is checked by one loop over its values and copied whole; any other goes through the
 * checks value by value. A row that breaks a rule makes a dead letter of the record, whose path begins with the row's
 * number: all rows of a record come in, or none.
 */
final class ArrowDecoder implements RecordDecoder {
    /** What a loop over rows returns when all of them are in, instead of the one that is not. */
    private static final int GOOD = -1;

    /** What it returns when the record as a whole is broken. */
    private static final int BROKEN = -2;

    private final BatchWriter writer;
    private final JsonLimits limits;
    private final JsonDecoder keys;
    private final int maxRows;
    private final ArrowMatch match;
    private final RecordFaults faults = new RecordFaults();
    private final CheckedColumns checked;
    private final ScalarConverter converter;
    private final ObjectPlan root;
    private final byte[] reversed = new byte[32];

    private @Nullable ArrowRecord record;
    private byte[] recordBytes = {};
    private int recordFrom;
    private List<ArrowField> matched = List.of();
    private @Nullable Objects targets;
    private boolean ofKey;

    ArrowDecoder(
            List<Property> columns,
            UnknownFields unknown,
            BatchWriter writer,
            JsonLimits limits,
            JsonDecoder keys,
            int maxRows) {
        this.writer = writer;
        this.limits = limits;
        this.keys = keys;
        this.maxRows = maxRows;
        this.match = new ArrowMatch(faults, unknown == UnknownFields.REJECT);
        this.checked = new CheckedColumns(faults, limits.maxStringBytes());
        this.converter = new ScalarConverter(faults, checked, limits);
        this.root = new ObjectPlan(columns, writer::column);
    }

    @Override
    public int prepare(byte[] bytes, int from, int length, boolean isKey) {
        try {
            return isKey ? 1 : open(bytes, from, from + length).rows();
        } catch (RuntimeException | StackOverflowError broken) {
            return 1; // and the decoding says so
        }
    }

    @Override
    public boolean decode(byte[] bytes, int from, int length) {
        ofKey = false;
        try {
            int broken = attempt(bytes, from, from + length, 0, Integer.MAX_VALUE);
            return broken == GOOD || broken >= 0 && faults.refusedIn(broken);
        } finally {
            recordBytes = new byte[0];
        }
    }

    /** How many rows the record has that {@link #decodeRow} then reads one by one. */
    int openRows(byte[] bytes) {
        return open(bytes, 0, bytes.length).rows();
    }

    /** Reads one row of the record that was opened, as {@link #decode} reads all of them. */
    boolean decodeRow(int number) {
        return attempt(recordBytes, recordFrom, recordBytes.length, number, number + 1) == GOOD;
    }

    /** Reads some rows of a record, or takes all of them back; returns the first broken one, {@link #GOOD} or {@link #BROKEN}. */
    private int attempt(byte[] bytes, int from, int end, int first, int last) {
        int broken = BROKEN;
        try {
            ArrowRecord known = record;
            if (known == null || recordBytes != bytes || recordFrom != from) {
                known = open(bytes, from, end);
            }
            broken = read(known, first, last);
        } catch (Malformed reason) {
            faults.at(reason.rule("arrow"), reason.reason());
        } catch (RuntimeException | StackOverflowError failure) {
            faults.unforeseen(failure);
        } finally {
            if (broken != GOOD) {
                writer.rollback();
            }
        }
        return broken;
    }

    private ArrowRecord open(byte[] bytes, int from, int end) {
        recordBytes = new byte[0];
        ArrowRecord opened = ArrowRecord.of(bytes, from, end, maxRows, record);
        record = opened;
        recordBytes = bytes;
        recordFrom = from;
        return opened;
    }

    @Override
    public boolean decodeKey(byte[] key) {
        ofKey = true;
        return keys.decodeKey(key);
    }

    @Override
    public int rows() {
        return ofKey || record == null ? 1 : record.rows();
    }

    @Override
    public RecordRules rules() {
        return keys.rules();
    }

    @Override
    public Violation violation() {
        return ofKey ? keys.violation() : faults.violation();
    }

    private int read(ArrowRecord from, int first, int last) {
        Objects into = targets(from);
        if (into == null) {
            return BROKEN;
        }
        int before = 0;
        for (ArrowRecord.Rows rows : from.batches()) {
            int begin = Math.max(0, first - before);
            int count = Math.min(rows.count(), last - before) - begin;
            int broken = count <= 0 ? GOOD : append(into, rows.columns(), begin, count);
            if (broken != GOOD) {
                return before + broken;
            }
            before += rows.count();
        }
        for (int row = first; row < Math.min(last, before); row++) {
            if (!rules().hold(faults, row - first)) {
                return row;
            }
        }
        return GOOD;
    }

    private @Nullable Objects targets(ArrowRecord from) {
        if (matched != from.fields()) {
            faults.clear();
            targets = match.match(from.fields(), root);
            matched = targets == null ? List.of() : from.fields();
        }
        return targets;
    }

    /** Appends rows of several columns to as many fields; returns the first broken one, its path noted, or {@link #GOOD}. */
    private int append(Objects into, List<Column> columns, int from, int count) {
        for (Target target : into.present()) {
            int broken = append(target, columns.get(target.column()), from, count);
            if (broken != GOOD) {
                faults.in(target.field().name);
                return broken;
            }
        }
        for (FieldPlan field : into.absent()) {
            for (int i = 0; i < count; i++) {
                if (!checked.absent(field)) {
                    faults.in(field.name);
                    return from + i;
                }
            }
        }
        return GOOD;
    }

    private int append(Target target, Column column, int from, int count) {
        boolean complete = !column.hasNulls(from, from + count);
        if (complete && count > 0 && copied(target, column, from, count)) {
            return GOOD;
        }
        if (complete && target.from().lay() == Lay.STRUCT) {
            int broken = append(target.children(), column.children(), from, count);
            for (int i = 0; broken == GOOD && i < count; i++) {
                broken = checked.struct(target.field()) ? GOOD : from + i;
            }
            return broken;
        }
        for (int row = from; row < from + count; row++) {
            if (!value(target, column, row)) {
                return row;
            }
        }
        return GOOD;
    }

    /** Checks values by one loop and copies them; false where one is broken or the loop cannot tell. */
    private boolean copied(Target target, Column column, int from, int count) {
        FieldPlan field = target.field();
        byte[] b = column.bytes();
        int at = column.data() + from * target.from().width();
        boolean good = true;
        switch (target.whole()) {
            case LONGS -> {
                long min = field.min;
                long max = field.max;
                for (int i = 0; i < count; i++) {
                    long value = Words.at(b, at + (i << 3));
                    good &= value >= min & value <= max;
                }
            }
            case INTS -> {
                for (int i = 0; i < count; i++) {
                    long value = Words.halfAt(b, at + (i << 2));
                    good &= value >= field.min & value <= field.max;
                }
            }
            case DOUBLES -> {
                for (int i = 0; i < count; i++) {
                    double value = Double.longBitsToDouble(Words.at(b, at + (i << 3)));
                    good &= value >= field.floatMin & value <= field.floatMax;
                }
            }
            case FLOATS -> {
                for (int i = 0; i < count; i++) {
                    float value = Float.intBitsToFloat(Words.halfAt(b, at + (i << 2)));
                    good &= value >= field.floatMin & value <= field.floatMax;
                }
            }
            case TEXTS -> {
                good = areTexts(column, from, count);
                if (good) {
                    field.out.putAllBytes(b, column.offsets() + (from << 2), column.data(), count);
                }
                return good;
            }
            case NOT -> {
                return false;
            }
        }
        if (good) {
            field.out.putAll(b, at, count);
        }
        return good;
    }

    /** Whether all is UTF-8, no text begins within a character, and none can be too long. */
    private boolean areTexts(Column column, int from, int count) {
        byte[] b = column.bytes();
        int start = column.data() + column.start(from);
        int end = column.data() + column.start(from + count);
        if (end - start > limits.maxStringBytes()) {
            return false;
        }
        int characters = JsonText.codePoints(b, start, end);
        boolean ascii = characters == end - start;
        for (int row = from; !ascii && row < from + count; row++) {
            int first = column.data() + column.start(row);
            if (first < end && (b[first] & 0xC0) == 0x80) {
                return false;
            }
        }
        return characters >= 0;
    }

    private boolean value(Target target, Column column, int row) {
        FieldPlan field = target.field();
        ArrowField from = target.from();
        if (from.lay() == Lay.NONE || column.isNull(row)) {
            return checked.none(field);
        }
        Column dictionary = column.dictionary();
        if (from.values() != null && dictionary != null) {
            long index = column.whole(row, from.signed());
            if (index < 0 || index >= dictionary.length()) {
                throw new Malformed("An index of the column " + from.name() + " is not in its dictionary.");
            }
            return value(target.children().present().getFirst(), dictionary, (int) index);
        }
        return switch (from.lay()) {
            case NONE -> checked.none(field);
            case BITS -> converter.whole(field, from.scalar(), column.bit(row) ? 1 : 0);
            case FIXED -> fixed(field, column, row);
            case BYTES -> {
                int start = column.start(row);
                int length = column.start(row + 1) - start;
                yield converter.bytes(field, from.scalar(), column.bytes(), column.data() + start, length);
            }
            case LIST, VECTOR -> {
                int start = column.start(row);
                int count = column.start(row + 1) - start;
                if (field.kind == FieldPlan.Kind.MAP) {
                    yield map(target, column.children().getFirst(), start, count);
                }
                int broken = append(
                        target.children().present().getFirst(),
                        column.children().getFirst(),
                        start,
                        count);
                yield broken == GOOD ? checked.list(field, count) : faults.refusedIn(broken - start);
            }
            case STRUCT -> append(target.children(), column.children(), row, 1) == GOOD && checked.struct(field);
        };
    }

    private boolean map(Target target, Column entries, int start, int count) {
        if (entries.hasNulls(start, start + count)) {
            throw new Malformed("An entry of a map is null.");
        }
        if (append(target.children(), entries.children(), start, count) != GOOD) {
            return false;
        }
        for (int i = 0; i < count; i++) {
            checked.entry(target.field());
        }
        return checked.map(target.field(), count);
    }

    private boolean fixed(FieldPlan field, Column column, int row) {
        ScalarType scalar = column.field().scalar();
        int width = column.field().width();
        int at = column.data() + row * width;
        return switch (scalar.shape()) {
            case FLOATING ->
                converter.floating(
                        field,
                        switch (width) {
                            case 8 -> Double.longBitsToDouble(column.whole(row, true));
                            case 4 -> Float.intBitsToFloat((int) column.whole(row, true));
                            default -> Float.float16ToFloat((short) column.whole(row, true));
                        });
            case BYTES, UUID -> converter.bytes(field, scalar, column.bytes(), at, width);
            case DECIMAL -> {
                if (width <= 8) {
                    yield converter.whole(field, scalar, column.whole(row, true));
                }
                long low = Words.at(column.bytes(), at);
                boolean small = true;
                for (int word = 8; word < width; word += 8) {
                    small &= Words.at(column.bytes(), at + word) == low >> 63;
                }
                if (small) {
                    yield converter.whole(field, scalar, low);
                }
                for (int i = 0; i < width; i++) {
                    reversed[width - 1 - i] = column.bytes()[at + i];
                }
                yield converter.bytes(field, scalar, reversed, 0, width);
            }
            case UNSIGNED -> converter.whole(field, scalar, column.whole(row, false));
            default -> converter.whole(field, scalar, column.whole(row, true));
        };
    }
}
