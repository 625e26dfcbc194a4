package dev.millrace.quality;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Hash;
import dev.millrace.arrow.Storage;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.jspecify.annotations.Nullable;

/** What a leaf column's values are as hashes, numbers and times. No state. */
final class Values {
    private static final double TWO_TO_64 = 0x1p64;

    private Values() {}

    /** A number of a row that has a value. */
    interface Number {
        double of(Column column, int row);
    }

    /** Epoch milliseconds of a row that has a value. */
    interface Time {
        long of(Column column, int row);
    }

    /** Whether {@link Column#hash} tells one value of the column from another. */
    static boolean isScalar(ColumnLayout layout) {
        return layout.storage() == Storage.BIT
                || layout.storage() == Storage.BYTES
                || (layout.storage() == Storage.FIXED
                        && (Integer.bitCount(layout.width()) == 1 && layout.width() <= 16));
    }

    /** How to read a column as numbers; empty where it holds none. */
    static Optional<Number> number(ColumnLayout layout) {
        return Optional.ofNullable(numberOrNull(layout.type()));
    }

    private static @Nullable Number numberOrNull(ArrowType type) {
        return switch (type) {
            case ArrowType.Int integer when integer.getIsSigned() -> (column, row) -> column.fixed(row);
            case ArrowType.Int integer
            when integer.getBitWidth() == 64 ->
                (column, row) -> column.int64(row) < 0 ? column.int64(row) + TWO_TO_64 : column.int64(row);
            case ArrowType.Int integer -> {
                long mask = (1L << integer.getBitWidth()) - 1;
                yield (column, row) -> column.fixed(row) & mask;
            }
            case ArrowType.FloatingPoint floating ->
                floating.getPrecision() == FloatingPointPrecision.SINGLE
                        ? Column::float32
                        : floating.getPrecision() == FloatingPointPrecision.DOUBLE ? Column::float64 : null;
            case ArrowType.Decimal decimal
            when decimal.getBitWidth() == 128 -> {
                double unit = Math.pow(10, decimal.getScale());
                yield (column, row) -> {
                    long low = column.decimalLow(row);
                    return (column.decimalHigh(row) * TWO_TO_64 + (low < 0 ? low + TWO_TO_64 : low)) / unit;
                };
            }
            case ArrowType.Timestamp ignored -> (column, row) -> column.int64(row);
            case ArrowType.Date ignored -> (column, row) -> column.fixed(row);
            case ArrowType.Time ignored -> (column, row) -> column.fixed(row);
            default -> null;
        };
    }

    /** How to read a column as event times; empty where it holds none. */
    static Optional<Time> time(ColumnLayout layout) {
        return switch (layout.type()) {
            case ArrowType.Timestamp timestamp -> {
                TimeUnit unit = unit(timestamp.getUnit());
                long perMilli = unit.convert(1, TimeUnit.MILLISECONDS);
                yield Optional.of(
                        perMilli > 0
                                ? (column, row) -> Math.floorDiv(column.int64(row), perMilli)
                                : (column, row) -> unit.toMillis(column.int64(row)));
            }
            case ArrowType.Date date ->
                Optional.of(
                        date.getUnit() == DateUnit.DAY
                                ? (column, row) -> TimeUnit.DAYS.toMillis(column.fixed(row))
                                : (column, row) -> column.fixed(row));
            default -> Optional.empty();
        };
    }

    private static TimeUnit unit(org.apache.arrow.vector.types.TimeUnit unit) {
        return switch (unit) {
            case SECOND -> TimeUnit.SECONDS;
            case MILLISECOND -> TimeUnit.MILLISECONDS;
            case MICROSECOND -> TimeUnit.MICROSECONDS;
            case NANOSECOND -> TimeUnit.NANOSECONDS;
        };
    }

    /** A column's number as people know it: itself, or the ISO 8601 text of a day or time. */
    static Object shown(ColumnLayout layout, double number) {
        try {
            return switch (layout.type()) {
                case ArrowType.Timestamp timestamp -> {
                    long nanos = unit(timestamp.getUnit()).toNanos(1);
                    BigDecimal seconds = BigDecimal.valueOf((long) number).multiply(BigDecimal.valueOf(nanos, 9));
                    Instant instant = Instant.ofEpochSecond(
                            seconds.setScale(0, java.math.RoundingMode.FLOOR).longValue(),
                            seconds.remainder(BigDecimal.ONE)
                                    .add(BigDecimal.ONE)
                                    .remainder(BigDecimal.ONE)
                                    .movePointRight(9)
                                    .longValue());
                    yield timestamp.getTimezone() == null
                            ? instant.atOffset(ZoneOffset.UTC).toLocalDateTime().toString()
                            : instant.toString();
                }
                case ArrowType.Date date ->
                    LocalDate.ofEpochDay(
                                    date.getUnit() == DateUnit.DAY
                                            ? (long) number
                                            : Math.floorDiv((long) number, TimeUnit.DAYS.toMillis(1)))
                            .toString();
                case ArrowType.Time time ->
                    LocalTime.ofNanoOfDay(unit(time.getUnit()).toNanos((long) number))
                            .toString();
                default -> number;
            };
        } catch (DateTimeException tooFar) {
            return number;
        }
    }

    /** The hash that {@link Column#hash} gives for a value written as text; empty where the column cannot hold it. */
    static Optional<Long> hash(ColumnLayout layout, String text) {
        try {
            return switch (layout.type()) {
                case ArrowType.Utf8 ignored -> {
                    byte[] bytes = text.getBytes(UTF_8);
                    yield Optional.of(Hash.of(bytes, 0, bytes.length));
                }
                case ArrowType.Bool ignored ->
                    List.of("true", "false").contains(text)
                            ? Optional.of(Hash.of(text.equals("true") ? 1 : 0))
                            : Optional.empty();
                case ArrowType.Int integer -> {
                    BigInteger whole = new BigDecimal(text).toBigIntegerExact();
                    int bits = integer.getBitWidth();
                    boolean fits = integer.getIsSigned()
                            ? whole.bitLength() < bits
                            : whole.signum() >= 0 && whole.bitLength() <= bits;
                    yield fits
                            ? Optional.of(Hash.of(whole.longValue() << (64 - bits) >> (64 - bits)))
                            : Optional.empty();
                }
                case ArrowType.FloatingPoint floating ->
                    Optional.of(Hash.of(
                            floating.getPrecision() == FloatingPointPrecision.SINGLE
                                    ? Float.floatToIntBits(Float.parseFloat(text))
                                    : Double.doubleToLongBits(Double.parseDouble(text))));
                case ArrowType.Decimal decimal -> {
                    BigInteger unscaled =
                            new BigDecimal(text).setScale(decimal.getScale()).unscaledValue();
                    yield Optional.of(Hash.combine(
                            Hash.of(unscaled.longValue()),
                            Hash.of(unscaled.shiftRight(64).longValue())));
                }
                case ArrowType.Date date ->
                    date.getUnit() == DateUnit.DAY
                            ? Optional.of(Hash.of(LocalDate.parse(text).toEpochDay()))
                            : Optional.empty();
                default -> Optional.empty();
            };
        } catch (NumberFormatException | ArithmeticException | DateTimeException notOfThisColumn) {
            return Optional.empty();
        }
    }

    /** Whether {@link #hash} knows the column's type. */
    static boolean canBeListed(ColumnLayout layout) {
        return switch (layout.type()) {
            case ArrowType.Utf8 ignored -> true;
            case ArrowType.Bool ignored -> true;
            case ArrowType.Int ignored -> true;
            case ArrowType.FloatingPoint ignored -> true;
            case ArrowType.Decimal ignored -> layout.width() == 16;
            case ArrowType.Date date -> date.getUnit() == DateUnit.DAY;
            default -> false;
        };
    }
}
