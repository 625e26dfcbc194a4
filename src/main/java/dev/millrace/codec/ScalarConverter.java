package dev.millrace.codec;

import java.math.BigDecimal;
import java.math.BigInteger;

/**
 * Takes single values of binary formats to fields: the one table of what fits what, and the arithmetic between units and
 * scales. One thread, the decoder's. Whoever gives a value has asked {@link #fits} before.
 */
final class ScalarConverter {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final int MAX_DECIMAL_BYTES = 64;
    private static final int MAX_SCALE = 1000;
    private static final int MAX_PLAIN = 256;

    final RecordFaults faults;
    final CheckedColumns checked;
    private final ScalarReader json;
    /** A quote, a text, and zeros behind it as the readers of JSON want them. */
    private final byte[] plain = new byte[MAX_PLAIN + 34];

    ScalarConverter(RecordFaults faults, CheckedColumns checked, JsonLimits limits) {
        this.faults = faults;
        this.checked = checked;
        this.json = new ScalarReader(faults, new JsonScalars(faults, limits), checked);
    }

    /** Whether values of a schema's type can become values of the field; each may still break a rule. */
    static boolean fits(FieldPlan field, ScalarType from) {
        return switch (from.shape()) {
            case BOOL -> field.kind == FieldPlan.Kind.BOOL;
            case SIGNED, UNSIGNED -> field.isNumber() || field.kind == FieldPlan.Kind.EPOCH;
            case FLOATING ->
                field.kind == FieldPlan.Kind.FLOAT64 || field.kind == FieldPlan.Kind.FLOAT32 && from.unit() == 32;
            case DECIMAL ->
                from.unit() <= MAX_SCALE
                        && (field.kind == FieldPlan.Kind.DECIMAL
                                || from.unit() == 0
                                        && (field.kind == FieldPlan.Kind.INT
                                                || field.kind == FieldPlan.Kind.UNSIGNED64));
            case TEXT ->
                switch (field.kind) {
                    case TEXT, ONE_OF, UUID, DATE, TIME, TIMESTAMP, DECIMAL -> true;
                    default -> false;
                };
            case BYTES -> field.kind == FieldPlan.Kind.BINARY;
            case UUID -> field.kind == FieldPlan.Kind.UUID || field.kind == FieldPlan.Kind.BINARY;
            case DATE -> field.kind == FieldPlan.Kind.DATE || field.kind == FieldPlan.Kind.EPOCH && !field.zoned;
            case TIME -> field.kind == FieldPlan.Kind.TIME;
            case INSTANT ->
                field.zoned && (field.kind == FieldPlan.Kind.EPOCH || field.kind == FieldPlan.Kind.TIMESTAMP);
            case LOCAL -> field.kind == FieldPlan.Kind.TIMESTAMP && !field.zoned;
        };
    }

    /** A value that is a whole number: a truth value, an integer, a small unscaled decimal, a day or a time. */
    boolean whole(FieldPlan field, ScalarType from, long value) {
        return switch (from.shape()) {
            case BOOL -> checked.bool(field, value != 0);
            case SIGNED -> number(field, value, value < 0);
            case UNSIGNED ->
                value >= 0
                        ? number(field, value, false)
                        : number(field, new BigInteger(Long.toUnsignedString(value)), 0);
            case DECIMAL -> decimal(field, value, from.unit());
            case DATE -> checked.integer(field, value);
            case TIME ->
                from.unit() == field.perSecond
                        ? checked.integer(field, value)
                        : checked.time(field, Math.floorDiv(value, from.unit()), nanos(value, from.unit()));
            case INSTANT, LOCAL ->
                from.unit() == field.perSecond
                        ? checked.integer(field, value)
                        : checked.timestamp(field, Math.floorDiv(value, from.unit()), nanos(value, from.unit()));
            case FLOATING, TEXT, BYTES, UUID ->
                throw new IllegalStateException(from.shape().name());
        };
    }

    private static long nanos(long value, int perSecond) {
        return Math.floorMod(value, (long) perSecond) * (NANOS_PER_SECOND / perSecond);
    }

    private boolean number(FieldPlan field, long value, boolean negative) {
        return switch (field.kind) {
            case INT -> checked.integer(field, value);
            case UNSIGNED64 -> negative ? checked.beyondColumn(field) : checked.unsigned(field, value);
            case FLOAT32 -> checked.float32(field, value);
            case FLOAT64 -> checked.float64(field, value);
            case DECIMAL -> decimal(field, value, 0);
            case EPOCH -> {
                long scaled = value * JsonNumber.POWERS[field.epochScale];
                yield scaled / JsonNumber.POWERS[field.epochScale] == value
                        ? checked.integer(field, scaled)
                        : faults.refuse("type", "The number of time since 1970 is too large.");
            }
            default -> throw new IllegalStateException(field.kind.name());
        };
    }

    /** A number beyond a signed long, or a decimal of any size. */
    private boolean number(FieldPlan field, BigInteger unscaled, int scale) {
        return switch (field.kind) {
            case UNSIGNED64 ->
                unscaled.signum() < 0 || unscaled.bitLength() > 64
                        ? checked.beyondColumn(field)
                        : checked.unsigned(field, unscaled.longValue());
            case INT ->
                unscaled.bitLength() > 63 ? checked.beyondColumn(field) : checked.integer(field, unscaled.longValue());
            case FLOAT32 -> checked.float32(field, unscaled.floatValue());
            case FLOAT64 -> checked.float64(field, unscaled.doubleValue());
            case DECIMAL -> checked.decimal(field, new BigDecimal(unscaled, scale));
            default -> faults.refuse("type", "The number of time since 1970 is too large.");
        };
    }

    private boolean decimal(FieldPlan field, long unscaled, int scale) {
        if (field.kind != FieldPlan.Kind.DECIMAL) {
            return number(field, unscaled, unscaled < 0);
        }
        int shift = field.scale - scale;
        if (shift >= 0 && shift < JsonNumber.POWERS.length && unscaled != Long.MIN_VALUE) {
            long magnitude = Math.abs(unscaled);
            if (Math.multiplyHigh(magnitude, JsonNumber.POWERS[shift]) == 0
                    && magnitude * JsonNumber.POWERS[shift] >= 0) {
                return checked.decimal(field, magnitude * JsonNumber.POWERS[shift], unscaled < 0);
            }
        }
        return checked.decimal(field, BigDecimal.valueOf(unscaled, scale));
    }

    boolean floating(FieldPlan field, double value) {
        return field.kind == FieldPlan.Kind.FLOAT32
                ? checked.float32(field, (float) value)
                : checked.float64(field, value);
    }

    /** A text, binary value, UUID of 16 bytes, or unscaled decimal in two's complement, highest byte first. */
    boolean bytes(FieldPlan field, ScalarType from, byte[] b, int at, int length) {
        return switch (from.shape()) {
            case BYTES -> checked.binary(field, b, at, length);
            case UUID ->
                field.kind == FieldPlan.Kind.BINARY
                        ? checked.binary(field, b, at, length)
                        : checked.uuid(
                                field, Long.reverseBytes(Words.at(b, at)), Long.reverseBytes(Words.at(b, at + 8)));
            case DECIMAL -> {
                if (length == 0 || length > MAX_DECIMAL_BYTES) {
                    yield faults.refuse("type", "Expected a decimal of 1 to " + MAX_DECIMAL_BYTES + " bytes.");
                }
                if (length > 8) {
                    yield number(field, new BigInteger(b, at, length), from.unit());
                }
                long value = b[at];
                for (int i = 1; i < length; i++) {
                    value = value << 8 | b[at + i] & 0xFF;
                }
                yield decimal(field, value, from.unit());
            }
            default ->
                switch (field.kind) {
                    case TEXT, ONE_OF -> checked.text(field, b, at, length);
                    case UUID -> checked.uuid(field, b, at, length);
                    default -> plain(field, b, at, length);
                };
        };
    }

    /** A map's key as a text, which JSON, Avro and others have in place of numbers. */
    boolean key(FieldPlan field, byte[] b, int from, int length) {
        if (!field.isNumber()) {
            return json.key(field, b, from, length);
        }
        if (length > MAX_PLAIN) {
            return faults.refuse("type", "The text is too long for a number.");
        }
        System.arraycopy(b, from, plain, 0, length);
        java.util.Arrays.fill(plain, length, length + 34, (byte) 0);
        return json.key(field, plain, 0, length);
    }

    /** The text that stands for the value in JSON, there between quotes when it is no number. */
    private boolean plain(FieldPlan field, byte[] b, int from, int length) {
        if (length > MAX_PLAIN) {
            return faults.refuse("type", "The text is too long for a value of its field.");
        }
        plain[0] = '"';
        System.arraycopy(b, from, plain, 1, length);
        java.util.Arrays.fill(plain, length + 1, length + 34, (byte) 0);
        int end = length + 1;
        if (field.kind != FieldPlan.Kind.DECIMAL) {
            plain[end++] = '"';
        }
        int at = field.kind == FieldPlan.Kind.DECIMAL ? json.decimal(field, plain, 1) : json.moment(field, plain, 0);
        // A number that ends early has been appended already; the record is taken back.
        return at == end || at >= 0 && faults.refuse("type", "Something stands behind the value.");
    }
}
