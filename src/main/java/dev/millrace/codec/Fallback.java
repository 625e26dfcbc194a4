package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Base64;

/** A contract's default, put in the place of a field that a record lacks and checked like any other value. */
interface Fallback {
    /** Appends the default; false with a fault when it breaks a rule. */
    boolean put(CheckedColumns checked, FieldPlan field);

    /** The default that is written so in {@link dev.millrace.contract.Rules#fallback}. */
    static Fallback of(FieldPlan.Kind kind, String text) {
        byte[] utf8 = text.getBytes(UTF_8);
        return switch (kind) {
            case BOOL -> (checked, field) -> checked.bool(field, text.equals("true"));
            case TEXT, ONE_OF -> (checked, field) -> checked.text(field, utf8, 0, utf8.length);
            case UUID -> (checked, field) -> checked.uuid(field, utf8, 0, utf8.length);
            case BINARY -> {
                byte[] value = Base64.getDecoder().decode(text);
                yield (checked, field) -> checked.binary(field, value, 0, value.length);
            }
            case INT, UNSIGNED64, DATE, TIME, TIMESTAMP, EPOCH -> {
                BigInteger value = new BigDecimal(text).toBigInteger();
                boolean unsigned = kind == FieldPlan.Kind.UNSIGNED64;
                long units = value.longValue();
                yield unsigned
                        ? value.bitLength() > 64 || value.signum() < 0
                                ? CheckedColumns::beyondColumn
                                : (checked, field) -> checked.unsigned(field, units)
                        : value.bitLength() > 63
                                ? CheckedColumns::beyondColumn
                                : (checked, field) -> checked.integer(field, units);
            }
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
}
