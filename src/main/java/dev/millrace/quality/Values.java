package dev.millrace.quality;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Hash;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;

/** What a leaf column's values are as numbers, times and hashes. No state. */
final class Values {
    private static final double TWO_TO_64 = 0x1p64;
    private static final double DAY_MILLIS = 86_400_000;

    private Values() {}

    /** The number of a row that has a value; of a day or timestamp epoch milliseconds. */
    interface Number {
        double of(Column column, int row);
    }

    /** Whether {@link Column#hash} tells one value of the column from another. */
    static boolean isScalar(ColumnLayout layout) {
        return switch (layout.storage()) {
            case BIT, FIXED, DICTIONARY, BYTES -> true;
            case STRUCT, LIST, VECTOR -> false;
        };
    }

    /** Whether the column's numbers are epoch milliseconds. */
    static boolean isTime(ColumnLayout layout) {
        return layout.type() instanceof ArrowType.Timestamp || layout.type() instanceof ArrowType.Date;
    }

    /** How to read a column as numbers; empty where it holds none. */
    static Optional<Number> number(ColumnLayout layout) {
        return switch (layout.type()) {
            case ArrowType.Int integer when integer.getIsSigned() -> Optional.of(Column::fixed);
            case ArrowType.Int integer -> {
                double span = Math.pow(2, integer.getBitWidth());
                yield Optional.of((column, row) -> column.fixed(row) + (column.fixed(row) < 0 ? span : 0));
            }
            case ArrowType.FloatingPoint floating ->
                Optional.of(
                        floating.getPrecision() == FloatingPointPrecision.SINGLE ? Column::float32 : Column::float64);
            case ArrowType.Decimal decimal -> {
                double unit = Math.pow(10, decimal.getScale());
                yield Optional.of((column, row) -> unscaled(column, row) / unit);
            }
            case ArrowType.Timestamp timestamp -> {
                double factor = timestamp.getUnit() == TimeUnit.SECOND ? 1e3 : 1;
                double perMilli = perMilli(timestamp.getUnit());
                yield Optional.of((column, row) -> Math.floor(column.int64(row) * factor / perMilli));
            }
            case ArrowType.Date date -> {
                double millis = date.getUnit() == DateUnit.DAY ? DAY_MILLIS : 1;
                yield Optional.of((column, row) -> column.fixed(row) * millis);
            }
            default -> Optional.empty();
        };
    }

    private static double unscaled(Column column, int row) {
        int top = column.words() - 1;
        // Words that only repeat the sign would cancel out the digits of small negative numbers.
        while (top > 0 && column.word(row, top) == column.word(row, top - 1) >> 63) {
            top--;
        }
        double sum = column.word(row, top);
        for (int word = top - 1; word >= 0; word--) {
            long digits = column.word(row, word);
            sum = sum * TWO_TO_64 + digits + (digits < 0 ? TWO_TO_64 : 0);
        }
        return sum;
    }

    private static double perMilli(TimeUnit unit) {
        return switch (unit) {
            case SECOND, MILLISECOND -> 1;
            case MICROSECOND -> 1e3;
            case NANOSECOND -> 1e6;
        };
    }

    /** A column's number as people know it: itself, or the ISO 8601 text of a time. */
    static Object shown(ColumnLayout layout, double number) {
        return isTime(layout) ? Instant.ofEpochMilli((long) number).toString() : number;
    }

    /** Whether {@link #hash} knows the column's type. */
    static boolean canBeListed(ColumnLayout layout) {
        return layout.type() instanceof ArrowType.Utf8
                || layout.type() instanceof ArrowType.Bool
                || layout.type() instanceof ArrowType.Int
                || layout.type() instanceof ArrowType.Decimal;
    }

    /** The hash that {@link Column#hash} gives for a value written as text; empty where the column cannot hold it. */
    static Optional<Long> hash(ColumnLayout layout, String text) {
        try {
            return switch (layout.type()) {
                case ArrowType.Bool ignored ->
                    List.of("true", "false").contains(text)
                            ? Optional.of(Hash.of(text.equals("true") ? 1 : 0))
                            : Optional.empty();
                case ArrowType.Int integer -> {
                    BigInteger whole = new BigDecimal(text).toBigIntegerExact();
                    int unused = 64 - integer.getBitWidth();
                    boolean fits = whole.bitLength() < 64 - unused + (integer.getIsSigned() ? 0 : 1);
                    yield fits ? Optional.of(Hash.of(whole.longValue() << unused >> unused)) : Optional.empty();
                }
                case ArrowType.Decimal decimal -> {
                    BigInteger unscaled =
                            new BigDecimal(text).setScale(decimal.getScale()).unscaledValue();
                    long hash = Hash.of(unscaled.longValue());
                    for (int word = 1; word < layout.width() >>> 3; word++) {
                        hash = Hash.combine(
                                hash, Hash.of(unscaled.shiftRight(64 * word).longValue()));
                    }
                    yield Optional.of(hash);
                }
                default -> {
                    byte[] bytes = text.getBytes(UTF_8);
                    yield Optional.of(Hash.of(bytes, 0, bytes.length));
                }
            };
        } catch (ArithmeticException | NumberFormatException notOfThisColumn) {
            return Optional.empty();
        }
    }
}
