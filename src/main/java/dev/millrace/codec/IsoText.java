package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.zone.ZoneRules;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads ISO 8601 dates and times (the profile of RFC 3339, years 0000 to 9999, with a comma for the point, or the name
 * of a zone for the offset, too) from a quoted text. One thread; the
 * result is valid until the next read. Positions are behind the closing quote; {@link #NO} is no such text, without a
 * reason, since an escape may still hide it.
 *
 * <p>Days are counted by Hinnant's "chrono-compatible low-level date algorithms".
 */
final class IsoText {
    static final int NO = -2;

    private static final int LONGEST_ZONE = 60;
    private static final Pattern ZONE =
            Pattern.compile("(?:GMT|UTC)?(?<offset>Z|[+-]\\d\\d(?::?\\d\\d)?)(?:\\[[A-Za-z0-9/_+-]+])?"
                    + "|\\[(?<region>[A-Za-z][A-Za-z0-9/_+-]*)]|(?<name>[A-Za-z][A-Za-z0-9/_+-]*)");

    private static final long DATE = word("0000-00-");
    private static final long DATE_LIMITS = limits("0000-00-");
    private static final long TIME = word("00:00:00");
    private static final long TIME_LIMITS = limits("00:00:00");

    private long days;
    private long secondOfDay;
    private long nanos;
    private long offsetSeconds;
    private boolean hasOffset;

    /** Days since 1970-01-01 of the date read last. */
    long days() {
        return days;
    }

    /** Whether the timestamp read last names an offset or {@code Z}. */
    boolean hasOffset() {
        return hasOffset;
    }

    /** Seconds since 1970-01-01T00:00Z of the timestamp read last; local where it has no offset. */
    long epochSeconds() {
        return days * 86_400 + secondOfDay - offsetSeconds;
    }

    /** Second of the day of the time read last. */
    long secondOfDay() {
        return secondOfDay;
    }

    /** The fraction of the second read last. */
    long nanos() {
        return nanos;
    }

    /** Reads a text of that kind. */
    int read(FieldPlan.Kind kind, byte[] b, int from) {
        return switch (kind) {
            case DATE -> date(b, from);
            case TIME -> time(b, from);
            default -> timestamp(b, from);
        };
    }

    /** Reads {@code 2001-01-31"}. */
    int date(byte[] b, int from) {
        int at = day(b, from);
        return at < 0 || b[at] != '"' ? NO : at + 1;
    }

    /** Reads {@code 12:34:56.789"}; seconds may be left out. */
    int time(byte[] b, int from) {
        int at = clock(b, from);
        return at < 0 || b[at] != '"' ? NO : at + 1;
    }

    /** Reads {@code 2001-01-31T12:34:56.789Z"}, with a space for the T or an offset for the Z or without it. */
    int timestamp(byte[] b, int from) {
        int at = day(b, from);
        if (at < 0 || (b[at] | 0x20) != 't' && b[at] != ' ') {
            return NO;
        }
        at = clock(b, at + 1);
        if (at < 0) {
            return NO;
        }
        offsetSeconds = 0;
        hasOffset = b[at] != '"';
        if (hasOffset) {
            int start = at;
            at = (b[at] | 0x20) == 'z' ? at + 1 : offset(b, at);
            if (at < 0 || b[at] != '"') {
                at = zone(b, start);
            }
        }
        return at < 0 || b[at] != '"' ? NO : at + 1;
    }

    /** Reads {@code 2001-01-31"} as the timestamp of its midnight. */
    int midnight(byte[] b, int from) {
        secondOfDay = 0;
        nanos = 0;
        offsetSeconds = 0;
        hasOffset = false;
        return date(b, from);
    }

    /** Takes the timestamp read last, which names no zone, for one of this; in a gap of the clock it is as before it. */
    void within(ZoneRules zone) {
        if (!zone.isFixedOffset()) {
            LocalDateTime local = LocalDateTime.ofEpochSecond(days * 86_400 + secondOfDay, 0, ZoneOffset.UTC);
            offsetSeconds = zone.getOffset(local).getTotalSeconds();
        } else {
            offsetSeconds = zone.getOffset(Instant.EPOCH).getTotalSeconds();
        }
    }

    /**
     * Reads a zone's name, as {@code Europe/Berlin}, {@code [Europe/Berlin]}, the latter behind an offset, too, which
     * then counts, or an offset, with a space before either.
     */
    private int zone(byte[] b, int from) {
        int start = b[from] == ' ' ? from + 1 : from;
        int at = start;
        while (at - start < LONGEST_ZONE && b[at] > ' ' && b[at] != '"' && b[at] != '\\') {
            at++;
        }
        Matcher zone = ZONE.matcher(new String(b, start, at - start, ISO_8859_1));
        if (!zone.matches()) {
            return NO;
        }
        try {
            String offset = zone.group("offset");
            String region = zone.group("region") == null ? zone.group("name") : zone.group("region");
            within((offset == null ? ZoneId.of(region) : ZoneOffset.of(offset)).getRules());
            return at;
        } catch (DateTimeException unknown) {
            return NO;
        }
    }

    private int day(byte[] b, int at) {
        long x = Words.at(b, at) ^ DATE;
        int tens = b[at + 8] - '0';
        int ones = b[at + 9] - '0';
        if (!Words.within(x, DATE_LIMITS) || (tens | ones) < 0 || tens > 3 || ones > 9) {
            return NO;
        }
        int year = (int) (x & 0xF) * 1000
                + (int) (x >>> 8 & 0xF) * 100
                + (int) (x >>> 16 & 0xF) * 10
                + (int) (x >>> 24 & 0xF);
        int month = (int) (x >>> 40 & 0xF) * 10 + (int) (x >>> 48 & 0xF);
        int day = tens * 10 + ones;
        if (month < 1 || month > 12 || day < 1 || day > 28 && day > lengthOfMonth(year, month)) {
            return NO;
        }
        days = epochDay(year, month, day);
        return at + 10;
    }

    private int clock(byte[] b, int at) {
        long x = Words.at(b, at) ^ TIME;
        int end = at + 8;
        if (!Words.within(x, TIME_LIMITS)) {
            // Without seconds: the first five bytes alone.
            long hours = x & 0xFFFFFFFFFFL;
            if (!Words.within(hours, TIME_LIMITS) || b[at + 5] == ':') {
                return NO;
            }
            x = hours;
            end = at + 5;
        }
        int hour = (int) (x & 0xF) * 10 + (int) (x >>> 8 & 0xF);
        int minute = (int) (x >>> 24 & 0xF) * 10 + (int) (x >>> 32 & 0xF);
        int second = (int) (x >>> 48 & 0xF) * 10 + (int) (x >>> 56 & 0xF);
        if (hour > 23 || minute > 59 || second > 59) {
            return NO;
        }
        secondOfDay = hour * 3600L + minute * 60L + second;
        nanos = 0;
        return (b[end] == '.' || b[end] == ',') && end == at + 8 ? fractionDigits(b, end + 1) : end;
    }

    private int fractionDigits(byte[] b, int from) {
        int at = from;
        long value = 0;
        for (int digit; (digit = b[at] - '0') >= 0 && digit <= 9 && at - from < 9; at++) {
            value = value * 10 + digit;
        }
        if (at == from) {
            return NO;
        }
        nanos = value * JsonNumber.POWERS[9 - (at - from)];
        return at;
    }

    private int offset(byte[] b, int at) {
        int sign = b[at] == '+' ? 1 : b[at] == '-' ? -1 : 0;
        int hours = two(b, at + 1);
        if (sign == 0 || hours < 0 || hours > 18) {
            return NO;
        }
        int next = at + 3;
        int minutes = 0;
        if (b[next] != '"') {
            next += b[next] == ':' ? 1 : 0;
            minutes = two(b, next);
            if (minutes < 0 || minutes > 59) {
                return NO;
            }
            next += 2;
        }
        offsetSeconds = sign * (hours * 3600L + minutes * 60L);
        return next;
    }

    private static int two(byte[] b, int at) {
        int tens = b[at] - '0';
        int ones = b[at + 1] - '0';
        return (tens | ones) < 0 || tens > 9 || ones > 9 ? -1 : tens * 10 + ones;
    }

    private static int lengthOfMonth(int year, int month) {
        if (month == 2) {
            return (year & 3) == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
        }
        return 30 + ((month + (month >>> 3)) & 1);
    }

    private static long epochDay(int year, int month, int day) {
        int y = month <= 2 ? year - 1 : year;
        int era = Math.floorDiv(y, 400);
        int yearOfEra = y - era * 400;
        int dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
        int dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
        return era * 146_097L + dayOfEra - 719_468;
    }

    private static long word(String eight) {
        long word = 0;
        for (int i = 0; i < 8; i++) {
            word |= (long) eight.charAt(i) << (i << 3);
        }
        return word;
    }

    private static long limits(String eight) {
        long word = 0;
        for (int i = 0; i < 8; i++) {
            word |= (eight.charAt(i) == '0' ? 0x76L : 0x7FL) << (i << 3);
        }
        return word;
    }
}
