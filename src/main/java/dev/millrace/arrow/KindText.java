package dev.millrace.arrow;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.regex.Pattern;

/** What a text stands for among the values of a {@link Kind}. Immutable. */
public sealed interface KindText {
    /**
     * A bit, a number, a date or a time in the column's unit, a decimal unscaled; it need not fit into the column.
     *
     * @param floor the greatest number of units that is not above what the text says
     * @param exact whether it is what the text says
     */
    record Whole(BigInteger floor, boolean exact) implements KindText {}

    /** A floating-point number of the column's width; finite. */
    record Real(double value) implements KindText {}

    /** A text in UTF-8, or bytes. */
    @SuppressWarnings("ArrayRecordComponent") // read by loops; never compared as a whole
    record Bytes(byte[] bytes) implements KindText {}

    /** Nothing: what is wrong with the text, as what follows it in a sentence. */
    record Wrong(String reason) implements KindText {}

    /** Most digits of a decimal on either side of its point. */
    int MAX_NUMBER = 400;

    long DAY_SECONDS = 86_400;
    Wrong NO_VALUE = new Wrong("is no value for this column.");
    Pattern INTEGER = Pattern.compile("[+-]?\\d{1,100}");
    Pattern NUMBER = Pattern.compile("[+-]?(\\d{1,400}\\.?\\d{0,400}|\\.\\d{1,400})([eE][+-]?\\d{1,4})?");

    static KindText read(Kind kind, String text) {
        try {
            return switch (kind) {
                case Kind.Bool _ ->
                    switch (text) {
                        case "true" -> exact(1);
                        case "false" -> exact(0);
                        default -> NO_VALUE;
                    };
                case Kind.Int _ -> INTEGER.matcher(text).matches() ? exact(new BigInteger(text)) : NO_VALUE;
                case Kind.Real(int bits) -> real(text, bits);
                case Kind.Decimal(var _, int scale, var _) -> decimal(text, scale);
                case Kind.Text _ -> utf8(text);
                case Kind.Binary _ -> new Bytes(Base64.getDecoder().decode(text));
                case Kind.Date _ -> exact(LocalDate.parse(text).toEpochDay());
                case Kind.Time(Kind.Unit unit) -> {
                    LocalTime time = LocalTime.parse(text);
                    yield clock(time.toSecondOfDay(), time.getNano(), unit);
                }
                case Kind.Timestamp(Kind.Unit unit, boolean zoned) -> timestamp(text, zoned, unit);
                case Kind.Struct _, Kind.ListOf _, Kind.MapOf _, Kind.VectorOf _ -> NO_VALUE;
            };
        } catch (DateTimeException | IllegalArgumentException notOfThisKind) {
            return NO_VALUE;
        }
    }

    private static Whole exact(long value) {
        return exact(BigInteger.valueOf(value));
    }

    private static Whole exact(BigInteger value) {
        return new Whole(value, true);
    }

    private static KindText real(String text, int bits) {
        if (!NUMBER.matcher(text).matches()) {
            return NO_VALUE;
        }
        double value = bits == 32 ? Float.parseFloat(text) : Double.parseDouble(text);
        return Double.isInfinite(value) ? NO_VALUE : new Real(value);
    }

    private static KindText decimal(String text, int scale) {
        if (!NUMBER.matcher(text).matches()) {
            return NO_VALUE;
        }
        BigDecimal number = new BigDecimal(text);
        if (Math.abs((long) number.scale()) > MAX_NUMBER) {
            return NO_VALUE;
        }
        BigDecimal units = number.scaleByPowerOfTen(scale);
        BigDecimal floor = units.setScale(0, RoundingMode.FLOOR);
        return new Whole(floor.toBigIntegerExact(), floor.compareTo(units) == 0);
    }

    /** A text of half a surrogate pair would become another one on its way. */
    private static KindText utf8(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                if (Character.isLowSurrogate(c)
                        || i + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    return NO_VALUE;
                }
                i++;
            }
        }
        return new Bytes(text.getBytes(UTF_8));
    }

    private static Whole clock(long seconds, int nanos, Kind.Unit unit) {
        BigInteger units = BigInteger.valueOf(seconds)
                .multiply(BigInteger.valueOf(unit.perSecond()))
                .add(BigInteger.valueOf(nanos / unit.nanos()));
        return new Whole(units, nanos % unit.nanos() == 0);
    }

    private static Whole timestamp(String text, boolean zoned, Kind.Unit unit) {
        if (text.indexOf('T') < 0 && text.indexOf('t') < 0) {
            return clock(LocalDate.parse(text).toEpochDay() * DAY_SECONDS, 0, unit);
        }
        if (zoned) {
            OffsetDateTime instant = OffsetDateTime.parse(text);
            return clock(instant.toEpochSecond(), instant.getNano(), unit);
        }
        LocalDateTime local = LocalDateTime.parse(text);
        return clock(local.toEpochSecond(ZoneOffset.UTC), local.getNano(), unit);
    }

    /** The least value of a column. */
    static BigInteger least(Kind kind) {
        return isUnsigned(kind)
                ? BigInteger.ZERO
                : BigInteger.ONE.shiftLeft(bits(kind) - 1).negate();
    }

    /** The greatest value of a column. */
    static BigInteger greatest(Kind kind) {
        return isUnsigned(kind)
                ? BigInteger.ONE.shiftLeft(bits(kind)).subtract(BigInteger.ONE)
                : least(kind).not();
    }

    private static boolean isUnsigned(Kind kind) {
        return kind instanceof Kind.Bool || kind instanceof Kind.Int(var _, boolean signed) && !signed;
    }

    private static int bits(Kind kind) {
        return kind instanceof Kind.Bool ? 1 : kind.width() * Byte.SIZE;
    }
}
