package dev.millrace.codec;

import java.math.BigDecimal;
import java.time.temporal.ChronoField;
import java.time.temporal.Temporal;

/** What generated writers and checks ask of single values. No state. */
public final class RecordText {
    private static final String HEX = "0123456789abcdef";

    private RecordText() {}

    /** Appends a field's name in quotes with its colon, and a comma before it where it is not the object's first. */
    public static StringBuilder name(StringBuilder out, String name) {
        return quote(next(out), name).append(':');
    }

    /** Appends a comma unless an object or array has just been opened. */
    public static StringBuilder next(StringBuilder out) {
        char last = out.charAt(out.length() - 1);
        return last == '{' || last == '[' ? out : out.append(',');
    }

    /** Appends a JSON string. */
    public static StringBuilder quote(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < 0x20) {
                out.append("\\u00").append(HEX.charAt(c >>> 4)).append(HEX.charAt(c & 15));
            } else {
                out.append(c);
            }
        }
        return out.append('"');
    }

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
