package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigDecimal;
import java.util.Base64;

/** A contract's default, put in the place of a field that a record lacks and checked like any other value. */
interface Fallback {
    /** Appends the default; false with a fault when it breaks a rule. */
    boolean put(CheckedColumns checked, FieldPlan field);

    /** The default that is written so in {@link dev.millrace.contract.Rules#fallback}. */
    static Fallback of(FieldPlan.Kind kind, String text) {
        return switch (kind) {
            case BOOL -> (checked, field) -> checked.bool(field, text.equals("true"));
            case TEXT, ONE_OF -> bytes(text.getBytes(UTF_8), CheckedColumns::text);
            case UUID -> bytes(text.getBytes(UTF_8), CheckedColumns::uuid);
            case BINARY -> bytes(Base64.getDecoder().decode(text), CheckedColumns::binary);
            case UNSIGNED64 -> whole(text, 64, CheckedColumns::unsigned);
            case INT, DATE, TIME, TIMESTAMP, EPOCH -> whole(text, 63, CheckedColumns::integer);
            case DECIMAL -> {
                BigDecimal value = new BigDecimal(text);
                yield (checked, field) -> checked.decimal(field, value);
            }
            case FLOAT32 -> {
                float value = Float.parseFloat(text);
                yield (checked, field) -> checked.float32(field, value);
            }
            case FLOAT64 -> {
                double value = Double.parseDouble(text);
                yield (checked, field) -> checked.float64(field, value);
            }
            case STRUCT, LIST, MAP -> throw new IllegalArgumentException("a default of an object, array or map");
        };
    }

    private static Fallback bytes(byte[] value, Bytes target) {
        return (checked, field) -> target.put(checked, field, value, 0, value.length);
    }

    private static Fallback whole(String text, int bits, Whole target) {
        BigDecimal value = new BigDecimal(text);
        long units = value.longValue();
        return value.toBigInteger().bitLength() > bits || bits == 64 && value.signum() < 0
                ? CheckedColumns::beyondColumn
                : (checked, field) -> target.put(checked, field, units);
    }

    /** A method of {@link CheckedColumns} that takes bytes. */
    interface Bytes {
        boolean put(CheckedColumns checked, FieldPlan field, byte[] bytes, int from, int length);
    }

    /** A method of {@link CheckedColumns} that takes a whole number. */
    interface Whole {
        boolean put(CheckedColumns checked, FieldPlan field, long value);
    }
}
