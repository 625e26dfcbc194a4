package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnWriter;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;

/**
 * Checks values that a parser has read against the rules of their fields and appends them to their columns: the one
 * place where a rule on a single value lives, whatever format the record came in. One thread, the decoder's.
 *
 * <p>Every method appends exactly one value and returns true, or notes the first broken rule in {@link RecordFaults} and
 * returns false; the caller then gives up the record and takes the row back. A struct's fields are written first, then
 * {@link #struct}; a list's elements are written to {@link FieldPlan#item}, then {@link #list} with their number; a map's
 * entries as key and value of {@link FieldPlan#object}, {@link #entry} behind each and {@link #map} behind all. A field
 * that the record lacks is {@link #absent}, one that is null is {@link #none}.
 *
 * <p>Nothing is allocated for a good value, but for a pattern that only a regular expression can check and for rules
 * and decimals beyond 64 bits, and for more than {@value #FEW_ITEMS} items that must differ.
 */
final class CheckedColumns {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final int FEW_ITEMS = 16;
    private static final byte[] HEX = "0123456789abcdef".getBytes(ISO_8859_1);

    private final RecordFaults faults;
    private final int maxTextBytes;
    private final byte[] uuid = new byte[36];

    CheckedColumns(RecordFaults faults, int maxTextBytes) {
        this.faults = faults;
        this.maxTextBytes = maxTextBytes;
    }

    /** A null that stands in the record. */
    boolean none(FieldPlan field) {
        if (field.required) {
            return faults.refuse("required", "The value is null.");
        }
        field.out.putNull();
        return true;
    }

    /** A field that the record does not have. */
    boolean absent(FieldPlan field) {
        if (field.fallback != null) {
            return field.fallback.put(this, field);
        }
        if (field.required) {
            return faults.refuse("required", "The field is missing.");
        }
        field.out.putNull();
        return true;
    }

    /** Fields that the record does not have; the first that breaks a rule ends it, its path noted. */
    boolean absent(FieldPlan[] fields) {
        for (FieldPlan field : fields) {
            if (!absent(field)) {
                return faults.refusedIn(field.name);
            }
        }
        return true;
    }

    boolean bool(FieldPlan field, boolean value) {
        if (field.furtherRules && fails(field, field.bounds.further(value ? 1 : 0))) {
            return false;
        }
        field.out.putBit(value);
        return true;
    }

    /**
     * A whole number of a signed column, or of an unsigned one of at most 32 bits; a date's days since 1970-01-01, or a time
     * or timestamp in the column's unit.
     */
    boolean integer(FieldPlan field, long value) {
        if (value < field.min || value > field.max) {
            return outOfRange(field, value < field.min, value < field.bounds.typeMin || value > field.bounds.typeMax);
        }
        if (field.furtherRules && fails(field, field.bounds.further(value))) {
            return false;
        }
        switch (field.width) {
            case 8 -> field.out.putInt64(value);
            case 4 -> field.out.putInt32((int) value);
            case 2 -> field.out.putInt16((short) value);
            default -> field.out.putInt8((byte) value);
        }
        return true;
    }

    /** An unsigned whole number of 64 bits. */
    boolean unsigned(FieldPlan field, long value) {
        boolean below = Long.compareUnsigned(value, field.min) < 0;
        if (below || Long.compareUnsigned(value, field.max) > 0) {
            return outOfRange(field, below, false);
        }
        if (field.furtherRules && fails(field, field.bounds.further(value))) {
            return false;
        }
        field.out.putInt64(value);
        return true;
    }

    /** A whole number that no column of the field's type can hold. */
    boolean beyondColumn(FieldPlan field) {
        return switch (field.kind) {
            case TIME -> faults.refuse("type", "Expected a time of day.");
            case DATE, TIMESTAMP, EPOCH -> faults.refuse("type", "Expected a year from 0000 to 9999.");
            default -> faults.beyond(field.width * 8);
        };
    }

    boolean float64(FieldPlan field, double value) {
        if (!(value >= field.floatMin && value <= field.floatMax)) {
            return outOfRange(field, value < field.floatMin, !Double.isFinite(value));
        }
        if (field.furtherRules && fails(field, field.bounds.further(value, value))) {
            return false;
        }
        field.out.putFloat64(value);
        return true;
    }

    boolean float32(FieldPlan field, float value) {
        if (!(value >= field.floatMin && value <= field.floatMax)) {
            return outOfRange(field, value < field.floatMin, !Float.isFinite(value));
        }
        if (field.furtherRules
                && fails(field, field.bounds.further(value, Double.parseDouble(Float.toString(value))))) {
            return false;
        }
        field.out.putFloat32(value);
        return true;
    }

    /** A decimal of the column's own scale, its unscaled value below 2^64 in magnitude. */
    boolean decimal(FieldPlan field, long magnitude, boolean negative) {
        if (field.precision < 20 && Long.compareUnsigned(magnitude, JsonNumber.POWERS[field.precision]) >= 0) {
            return tooManyDigits(field);
        }
        if (field.ruled && (magnitude < 0 || field.bounds.exact)) {
            BigInteger unsigned = new BigInteger(Long.toUnsignedString(magnitude));
            return decimal(field, new BigDecimal(negative ? unsigned.negate() : unsigned, field.scale));
        }
        long value = negative ? -magnitude : magnitude;
        if (field.ruled) {
            if (value < field.min || value > field.max) {
                return outOfRange(field, value < field.min, false);
            }
            if (field.furtherRules && fails(field, field.bounds.further(value))) {
                return false;
            }
        }
        field.out.putDecimal(value, negative && value != 0 ? -1 : 0);
        return true;
    }

    /** Any decimal; its scale is of a size that makes arithmetic cheap. */
    boolean decimal(FieldPlan field, BigDecimal value) {
        if (value.stripTrailingZeros().scale() > field.scale) {
            return tooManyDigits(field);
        }
        BigDecimal scaled = value.setScale(field.scale);
        if (scaled.precision() > field.precision) {
            return tooManyDigits(field);
        }
        if (field.ruled && fails(field, field.bounds.further(scaled))) {
            return false;
        }
        field.out.putDecimal(scaled.unscaledValue());
        return true;
    }

    boolean tooManyDigits(FieldPlan field) {
        return faults.refuse(
                "type",
                "Expected at most " + field.precision + " digits, " + field.scale + " of them behind the point.");
    }

    /** Bytes that should be a text in UTF-8. */
    boolean text(FieldPlan field, byte[] bytes, int from, int length) {
        int codePoints = JsonText.codePoints(bytes, from, from + length);
        return codePoints < 0
                ? faults.refuse("type", "The text is not UTF-8.")
                : text(field, bytes, from, length, codePoints);
    }

    /** A text in well-formed UTF-8 of so many code points. */
    boolean text(FieldPlan field, byte[] bytes, int from, int length, int codePoints) {
        if (field.kind == FieldPlan.Kind.ONE_OF && field.values != null) {
            int number = field.values.find(bytes, from, length);
            if ((number < 0 || field.textRules) && !textFits(field, bytes, from, length, codePoints)) {
                return false;
            }
            field.out.putFixed(number);
            return true;
        }
        if (!textFits(field, bytes, from, length, codePoints)) {
            return false;
        }
        field.out.putBytes(bytes, from, length);
        return true;
    }

    /** Whether the text, whose bytes the caller appends to the column itself, keeps the rules. */
    boolean textFits(FieldPlan field, byte[] bytes, int from, int length, int codePoints) {
        if (length > maxTextBytes) {
            return faults.refuse("size", "The string is too long.");
        }
        if (codePoints < field.minLength) {
            return faults.refuse("minLength", "Expected at least " + field.minLength + " characters.");
        }
        if (codePoints > field.maxLength) {
            return faults.refuse("maxLength", "Expected at most " + field.maxLength + " characters.");
        }
        if (field.values != null && field.values.find(bytes, from, length) < 0) {
            return notAllowed();
        }
        if (field.format != null && !field.format.fits(bytes, from, length)) {
            return faults.refuse("format", "Expected a text of the format " + field.format.text() + ".");
        }
        return field.pattern == null
                || switch (field.pattern.find(bytes, from, length)) {
                    case FOUND -> true;
                    case ABSENT -> faults.refuse("pattern", "The text does not match the contract's pattern.");
                    case TOO_HARD ->
                        faults.refuse("pattern", "The text is too long or too intricate for the contract's pattern.");
                };
    }

    /** The usual text of a UUID. */
    boolean uuid(FieldPlan field, byte[] text, int from, int length) {
        return isUuid(text, from, length)
                ? text(field, text, from, length, length)
                : faults.refuse("type", "Expected a UUID.");
    }

    /** The 128 bits of a UUID, most significant first. */
    boolean uuid(FieldPlan field, long high, long low) {
        for (int digit = 0, at = 0; digit < 32; digit++, at++) {
            if (at == 8 || at == 13 || at == 18 || at == 23) {
                uuid[at++] = '-';
            }
            long half = digit < 16 ? high : low;
            uuid[at] = HEX[(int) (half >>> (60 - ((digit & 15) << 2))) & 15];
        }
        return text(field, uuid, 0, 36, 36);
    }

    static boolean isUuid(byte[] b, int from, int length) {
        if (length != 36) {
            return false;
        }
        for (int i = 0; i < 36; i++) {
            byte c = b[from + i];
            boolean fine = i == 8 || i == 13 || i == 18 || i == 23 ? c == '-' : c >= 0 && Character.digit(c, 16) >= 0;
            if (!fine) {
                return false;
            }
        }
        return true;
    }

    boolean binary(FieldPlan field, byte[] bytes, int from, int length) {
        if (length < field.minLength || length > field.maxLength) {
            return faults.refuse(
                    length < field.minLength ? "minLength" : "maxLength", "The number of bytes is not allowed.");
        }
        if (field.values != null && field.values.find(bytes, from, length) < 0) {
            return notAllowed();
        }
        field.out.putBytes(bytes, from, length);
        return true;
    }

    /** A time of day. */
    boolean time(FieldPlan field, long secondOfDay, long nanos) {
        long fraction = fraction(field, nanos);
        return fraction < 0 ? tooFine() : integer(field, secondOfDay * field.perSecond + fraction);
    }

    /** A moment since 1970-01-01T00:00, UTC when the field is zoned and local otherwise. */
    boolean timestamp(FieldPlan field, long epochSeconds, long nanos) {
        long fraction = fraction(field, nanos);
        if (fraction < 0) {
            return tooFine();
        }
        long value = epochSeconds * field.perSecond + fraction;
        if (Math.floorDiv(value, field.perSecond) != epochSeconds) {
            return faults.refuse("type", "The timestamp is beyond the column's 64 bits.");
        }
        return integer(field, value);
    }

    private static long fraction(FieldPlan field, long nanos) {
        long size = NANOS_PER_SECOND / field.perSecond;
        return nanos % size == 0 ? nanos / size : -1;
    }

    private boolean tooFine() {
        return faults.refuse("type", "The fraction of the second has more digits than the column.");
    }

    /** Ends an object whose fields all have their value. */
    boolean struct(FieldPlan field) {
        field.out.endStruct();
        return true;
    }

    /** Ends a list of so many elements, written to its item. */
    boolean list(FieldPlan field, int count) {
        if (count < field.minItems) {
            return faults.refuse("minItems", "Expected at least " + field.minItems + " items.");
        }
        if (count > field.maxItems) {
            return faults.refuse("maxItems", "Expected at most " + field.maxItems + " items.");
        }
        if (field.uniqueItems && count > 1 && !areUnique(field.out.child(0), count)) {
            return faults.refuse("uniqueItems", "Two items are the same.");
        }
        field.out.endList();
        return true;
    }

    /** Ends an entry of a map; that its key is not there yet is the caller's duty. */
    boolean entry(FieldPlan map) {
        map.out.child(0).endStruct();
        return true;
    }

    /** Ends a map of so many entries whose keys may not differ yet. */
    boolean map(FieldPlan field, int count) {
        if (count > 1 && !areUnique(field.out.child(0).child(0), count)) {
            return faults.refuse("type", "A map has a key twice.");
        }
        return map(field);
    }

    /** Ends a map. */
    boolean map(FieldPlan field) {
        field.out.endList();
        return true;
    }

    private static boolean areUnique(ColumnWriter items, int count) {
        Column values = items.view();
        int first = items.count() - count;
        if (count > FEW_ITEMS) {
            Integer[] order = new Integer[count];
            Arrays.setAll(order, i -> first + i);
            Arrays.sort(order, values::compare);
            for (int i = 1; i < count; i++) {
                if (values.compare(order[i - 1], order[i]) == 0) {
                    return false;
                }
            }
            return true;
        }
        for (int i = first + 1; i < first + count; i++) {
            for (int j = first; j < i; j++) {
                if (values.compare(i, j) == 0) {
                    return false;
                }
            }
        }
        return true;
    }

    private boolean outOfRange(FieldPlan field, boolean below, boolean ofType) {
        if (ofType) {
            return beyondColumn(field);
        }
        return below
                ? faults.refuse("minimum", "The value is less than the contract allows.")
                : faults.refuse("maximum", "The value is greater than the contract allows.");
    }

    private boolean notAllowed() {
        return faults.refuse("enum", "The value is not one of those that the contract allows.");
    }

    private boolean fails(FieldPlan field, Bounds.Verdict verdict) {
        return !switch (verdict) {
            case FINE -> true;
            case BELOW -> outOfRange(field, true, false);
            case ABOVE -> outOfRange(field, false, false);
            case NO_MULTIPLE -> faults.refuse("multipleOf", "Expected a multiple of " + field.bounds.multipleOf + ".");
            case NOT_ALLOWED -> notAllowed();
        };
    }
}
