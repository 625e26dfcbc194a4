package dev.millrace.query;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Storage;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;

/** A filter's value as its column stores it. Stateless. */
final class ValueParser {
    private static final int MAX_SET = 1_000;

    private ValueParser() {}

    /** The operators that a column's type has. */
    static List<Operator> operators(ColumnLayout column) {
        return switch (column.type()) {
            case ArrowType.Bool ignored -> List.of(Operator.EQ, Operator.NE, Operator.NULL);
            case ArrowType.Utf8 ignored -> List.of(Operator.values());
            default ->
                column.storage() == Storage.FIXED && !(column.type() instanceof ArrowType.FixedSizeBinary)
                        ? List.of(
                                Operator.EQ,
                                Operator.NE,
                                Operator.GT,
                                Operator.GTE,
                                Operator.LT,
                                Operator.LTE,
                                Operator.IN,
                                Operator.NULL)
                        : List.of(Operator.NULL);
        };
    }

    /** What a value of the column looks like, for people. */
    static String expected(ColumnLayout column, Operator operator) {
        if (operator == Operator.NULL) {
            return "true or false.";
        }
        String one = switch (column.type()) {
            case ArrowType.Bool ignored -> "true or false";
            case ArrowType.Int integer -> integers(integer);
            case ArrowType.FloatingPoint ignored -> "a number such as 12.5";
            case ArrowType.Decimal ignored -> "a decimal number such as 12.50";
            case ArrowType.Date ignored -> "a date such as 2026-01-31";
            case ArrowType.Time ignored -> "a time such as 13:45:00";
            case ArrowType.Timestamp timestamp ->
                timestamp.getTimezone() == null
                        ? "a timestamp without offset such as 2026-01-31T13:45:00, or a date"
                        : "a timestamp such as 2026-01-31T13:45:00Z, or a date";
            default -> "text";
        };
        return operator == Operator.IN
                ? "up to " + MAX_SET + " values separated by commas, each " + one + "; a comma in a value is \\,."
                : one + ".";
    }

    /** The operand; empty when the text is not what {@link #expected} says. */
    static Optional<Operand> parse(ColumnLayout column, Operator operator, String text) {
        try {
            if (operator == Operator.NULL) {
                return Optional.of(new Operand.Missing(bool(text)));
            }
            List<String> texts = operator == Operator.IN ? split(text) : List.of(text);
            if (texts.size() > MAX_SET) {
                return Optional.empty();
            }
            return Optional.of(
                    switch (column.type()) {
                        case ArrowType.Utf8 ignored ->
                            new Operand.Texts(texts.stream()
                                    .map(value -> value.getBytes(UTF_8))
                                    .toArray(byte[][]::new));
                        case ArrowType.FloatingPoint type ->
                            doubles(
                                    operator,
                                    texts.stream()
                                            .mapToDouble(value -> real(type, value))
                                            .toArray());
                        case ArrowType.Decimal type -> decimals(type, operator, texts);
                        default ->
                            longs(
                                    operator,
                                    texts.stream()
                                            .mapToLong(value -> integer(column.type(), value))
                                            .toArray());
                    });
        } catch (NumberFormatException | DateTimeException | ArithmeticException wrong) {
            return Optional.empty();
        }
    }

    private static Operand longs(Operator operator, long[] values) {
        long value = values[0];
        return switch (operator) {
            case EQ -> new Operand.LongRange(value, value, false);
            case NE -> new Operand.LongRange(value, value, true);
            case GT -> value == Long.MAX_VALUE ? nothing() : new Operand.LongRange(value + 1, Long.MAX_VALUE, false);
            case GTE -> new Operand.LongRange(value, Long.MAX_VALUE, false);
            case LT -> value == Long.MIN_VALUE ? nothing() : new Operand.LongRange(Long.MIN_VALUE, value - 1, false);
            case LTE -> new Operand.LongRange(Long.MIN_VALUE, value, false);
            case IN, PREFIX, NULL -> {
                long[] sorted = values.clone();
                java.util.Arrays.sort(sorted);
                yield new Operand.LongSet(sorted);
            }
        };
    }

    private static Operand nothing() {
        return new Operand.LongRange(Long.MAX_VALUE, Long.MIN_VALUE, false);
    }

    private static Operand doubles(Operator operator, double[] values) {
        double value = values[0];
        return switch (operator) {
            case EQ -> new Operand.DoubleRange(value, value, false);
            case NE -> new Operand.DoubleRange(value, value, true);
            case GT -> new Operand.DoubleRange(Math.nextUp(value), Double.POSITIVE_INFINITY, false);
            case GTE -> new Operand.DoubleRange(value, Double.POSITIVE_INFINITY, false);
            case LT -> new Operand.DoubleRange(Double.NEGATIVE_INFINITY, Math.nextDown(value), false);
            case LTE -> new Operand.DoubleRange(Double.NEGATIVE_INFINITY, value, false);
            case IN, PREFIX, NULL -> new Operand.DoubleSet(values);
        };
    }

    private static Operand decimals(ArrowType.Decimal type, Operator operator, List<String> texts) {
        if (operator == Operator.IN) {
            return new Operand.DecimalSet(
                    texts.stream().map(text -> decimal(type, Operator.EQ, text)).toList());
        }
        return decimal(type, operator, texts.getFirst());
    }

    /** Compared exactly, whatever number of digits the value has: bounds between two storable values move inwards. */
    private static Operand.DecimalRange decimal(ArrowType.Decimal type, Operator operator, String text) {
        if (text.length() > 100) {
            throw new NumberFormatException(text);
        }
        BigDecimal number = new BigDecimal(text);
        if (Math.abs((long) number.scale()) > 200) {
            throw new NumberFormatException(text);
        }
        BigDecimal scaled = number.scaleByPowerOfTen(type.getScale());
        int bits = type.getBitWidth();
        BigInteger floor =
                DecimalLoop.clamp(scaled.setScale(0, RoundingMode.FLOOR).toBigIntegerExact(), bits);
        BigInteger ceiling =
                DecimalLoop.clamp(scaled.setScale(0, RoundingMode.CEILING).toBigIntegerExact(), bits);
        BigInteger least = BigInteger.ONE.shiftLeft(bits - 1).negate();
        BigInteger most = least.not();
        BigInteger one = BigInteger.ONE;
        return switch (operator) {
            // Without an equal storable value the range from ceiling to floor is empty.
            case EQ, IN, PREFIX, NULL -> new Operand.DecimalRange(ceiling, floor, false);
            case NE -> new Operand.DecimalRange(ceiling, floor, true);
            case GT -> new Operand.DecimalRange(DecimalLoop.clamp(floor.add(one), bits), most, false);
            case GTE -> new Operand.DecimalRange(ceiling, most, false);
            case LT -> new Operand.DecimalRange(least, DecimalLoop.clamp(ceiling.subtract(one), bits), false);
            case LTE -> new Operand.DecimalRange(least, floor, false);
        };
    }

    private static double real(ArrowType.FloatingPoint type, String text) {
        if (!text.matches("[+-]?(\\d{1,400}\\.?\\d{0,400}|\\.\\d{1,400})([eE][+-]?\\d{1,4})?")) {
            throw new NumberFormatException(text);
        }
        double value = type.getPrecision() == FloatingPointPrecision.SINGLE
                ? Float.parseFloat(text)
                : Double.parseDouble(text);
        if (Double.isInfinite(value)) {
            throw new NumberFormatException(text);
        }
        return value;
    }

    private static long integer(ArrowType type, String text) {
        return switch (type) {
            case ArrowType.Bool ignored -> bool(text) ? 1 : 0;
            case ArrowType.Int integer -> bounded(integer, text);
            case ArrowType.Date date -> {
                long day = LocalDate.parse(text).toEpochDay();
                yield date.getUnit() == DateUnit.DAY ? day : Math.multiplyExact(day, 86_400_000L);
            }
            case ArrowType.Time time -> exact(LocalTime.parse(text).toNanoOfDay(), nanos(time.getUnit()));
            case ArrowType.Timestamp timestamp -> {
                Instant instant = instant(text, timestamp.getTimezone() != null);
                long perUnit = nanos(timestamp.getUnit());
                yield Math.addExact(
                        Math.multiplyExact(instant.getEpochSecond(), 1_000_000_000L / perUnit),
                        exact(instant.getNano(), perUnit));
            }
            default -> throw new NumberFormatException("no filter on " + type);
        };
    }

    private static Instant instant(String text, boolean zoned) {
        if (text.indexOf('T') < 0) {
            return LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
        }
        return zoned
                ? OffsetDateTime.parse(text).toInstant()
                : LocalDateTime.parse(text).toInstant(ZoneOffset.UTC);
    }

    private static long bounded(ArrowType.Int type, String text) {
        int bits = type.getBitWidth();
        if (!type.getIsSigned() && bits == 64) {
            // The loops flip the top bit of such columns, so that signed comparison orders them.
            return Long.parseUnsignedLong(text) ^ Long.MIN_VALUE;
        }
        // A value that the column cannot hold is a fair question all the same, for example delay[lt]=1000000 on 16
        // bits.
        return Long.parseLong(text);
    }

    private static long nanos(TimeUnit unit) {
        return switch (unit) {
            case SECOND -> 1_000_000_000;
            case MILLISECOND -> 1_000_000;
            case MICROSECOND -> 1_000;
            case NANOSECOND -> 1;
        };
    }

    private static long exact(long nanos, long perUnit) {
        if (nanos % perUnit != 0) {
            throw new ArithmeticException("more digits than the column keeps");
        }
        return nanos / perUnit;
    }

    private static String integers(ArrowType.Int type) {
        return type.getIsSigned() ? "a whole number such as 60" : "a whole number of at least 0, such as 60";
    }

    private static boolean bool(String text) {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new NumberFormatException(text);
        };
    }

    private static List<String> split(String text) {
        List<String> parts = new ArrayList<>();
        StringBuilder part = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && i + 1 < text.length() && (text.charAt(i + 1) == ',' || text.charAt(i + 1) == '\\')) {
                part.append(text.charAt(++i));
            } else if (c == ',') {
                parts.add(part.toString());
                part.setLength(0);
            } else {
                part.append(c);
            }
        }
        parts.add(part.toString());
        return parts;
    }
}
