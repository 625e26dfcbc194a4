package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.codec.ArrowField.Lay;
import dev.millrace.codec.ArrowRecord.Column;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Plain values of an Arrow IPC stream that somebody sent, read as {@link ArrowRecord} does: nothing outside of it. */
public final class ArrowValues {
    private static final String EXPECTED =
            "an Arrow stream with one row of texts, numbers, booleans, times, bytes or nulls.";
    private static final long NANOS = 1_000_000_000;

    private ArrowValues() {}

    /**
     * The values of the only row: numbers of up to 64 bits, floating ones as {@link Double}, booleans, null; all else as text,
     * dates and times as ISO 8601 has them, bytes as {@code \xAA}; empty for a stream without columns.
     *
     * @throws ProblemException with {@code InvalidParameter} for any other stream
     */
    public static List<@Nullable Object> onlyRow(byte[] stream) {
        try {
            ArrowRecord record = ArrowRecord.of(stream, 0, stream.length, Integer.MAX_VALUE, null);
            if (record.rows() != 1) {
                throw new Malformed("It has " + record.rows() + " rows.");
            }
            var values = new ArrayList<@Nullable Object>();
            for (ArrowRecord.Rows rows : record.batches()) {
                for (Column column : rows.count() == 0 ? List.<Column>of() : rows.columns()) {
                    values.add(value(column, 0));
                }
            }
            return values;
        } catch (Malformed broken) {
            throw invalid(broken.reason());
        } catch (ProblemException told) {
            throw told;
        } catch (RuntimeException | StackOverflowError broken) {
            throw invalid("It cannot be read.");
        }
    }

    private static RuntimeException invalid(String reason) {
        return new Problem.InvalidParameter("parameters", reason, EXPECTED).exception();
    }

    private static @Nullable Object value(Column column, int row) {
        ArrowField field = column.field();
        Column dictionary = column.dictionary();
        if (field.lay() == Lay.NONE || column.isNull(row)) {
            return null;
        }
        if (field.values() != null && dictionary != null) {
            long index = column.whole(row, field.signed());
            if (index < 0 || index >= dictionary.length()) {
                throw new Malformed("An index is not in its dictionary.");
            }
            return value(dictionary, (int) index);
        }
        return switch (field.lay()) {
            case BITS -> column.bit(row);
            case BYTES -> {
                int start = column.start(row);
                yield text(field, column.bytes(), column.data() + start, column.start(row + 1) - start);
            }
            case FIXED -> fixed(column, row);
            default -> throw new Malformed("The column " + field.name() + " is nested.");
        };
    }

    private static String text(ArrowField field, byte[] bytes, int from, int length) {
        if (field.scalar().shape() == ScalarType.Shape.TEXT) {
            return new String(bytes, from, length, UTF_8);
        }
        var text = new StringBuilder();
        for (int i = from; i < from + length; i++) {
            text.append("\\x").append(HexFormat.of().withUpperCase().toHexDigits(bytes[i]));
        }
        return text.toString();
    }

    private static Object fixed(Column column, int row) {
        ArrowField field = column.field();
        ScalarType scalar = field.scalar();
        int at = column.data() + row * field.width();
        return switch (scalar.shape()) {
            case UNSIGNED -> {
                long value = column.whole(row, false);
                yield value < 0 ? Long.toUnsignedString(value) : (Object) value;
            }
            case FLOATING ->
                switch (field.width()) {
                    case 8 -> Double.longBitsToDouble(column.whole(row, true));
                    case 4 -> (double) Float.intBitsToFloat((int) column.whole(row, true));
                    default -> (double) Float.float16ToFloat((short) column.whole(row, true));
                };
            case DECIMAL -> new BigDecimal(whole(column.bytes(), at, field.width()), scalar.unit()).toPlainString();
            case DATE -> LocalDate.ofEpochDay(column.whole(row, true)).toString();
            case TIME ->
                LocalTime.ofNanoOfDay(column.whole(row, true) * (NANOS / scalar.unit()))
                        .toString();
            case INSTANT -> moment(column, row, Instant::toString);
            case LOCAL ->
                moment(
                        column,
                        row,
                        time -> LocalDateTime.ofInstant(time, ZoneOffset.UTC).toString());
            case BYTES, UUID -> text(field, column.bytes(), at, field.width());
            default -> column.whole(row, true);
        };
    }

    private static String moment(Column column, int row, Function<Instant, String> form) {
        long perSecond = column.field().scalar().unit();
        long value = column.whole(row, true);
        return form.apply(Instant.ofEpochSecond(
                Math.floorDiv(value, perSecond), Math.floorMod(value, perSecond) * (NANOS / perSecond)));
    }

    private static BigInteger whole(byte[] bytes, int from, int width) {
        byte[] reversed = new byte[width];
        for (int i = 0; i < width; i++) {
            reversed[width - 1 - i] = bytes[from + i];
        }
        return new BigInteger(reversed);
    }
}
