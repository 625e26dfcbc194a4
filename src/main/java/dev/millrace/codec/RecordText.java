package dev.millrace.codec;

import java.math.BigDecimal;
import java.time.temporal.ChronoField;
import java.time.temporal.Temporal;

/** What generated checks ask of single values. No state. */
public final class RecordText {
    private RecordText() {}

    /** The number of code points. */
    public static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /** Whether the text can be UTF-8: no half of a surrogate pair stands alone. */
    public static boolean isUnicode(String text) {
        return text.codePoints()
                .noneMatch(point -> point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE);
    }

    /** Whether a decimal column holds the number with every digit. */
    public static boolean fits(BigDecimal value, int precision, int scale) {
        BigDecimal least = value.stripTrailingZeros();
        return least.signum() == 0
                || least.scale() <= scale && least.precision() - (long) least.scale() <= precision - scale;
    }

    /** Whether a column of microseconds holds the time with every digit, and its year has four. */
    public static boolean isMicros(Temporal time) {
        return time.get(ChronoField.NANO_OF_SECOND) % 1000 == 0 && isYear(time);
    }

    /** Whether the year is one of 0000 to 9999; a time of day has none and is fine. */
    public static boolean isYear(Temporal time) {
        if (time.isSupported(ChronoField.INSTANT_SECONDS)) {
            long second = time.getLong(ChronoField.INSTANT_SECONDS);
            return second >= Bounds.FIRST_SECOND && second < Bounds.END_SECOND;
        }
        return !time.isSupported(ChronoField.YEAR)
                || time.get(ChronoField.YEAR) >= 0 && time.get(ChronoField.YEAR) <= 9999;
    }
}
