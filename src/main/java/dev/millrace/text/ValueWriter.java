package dev.millrace.text;

import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.Column;
import java.util.stream.LongStream;

/**
 * Writes numbers, dates and times as text. One thread. The caller has reserved 96 bytes.
 *
 * <p>Days become dates by Neri and Schneider's "Euclidean affine functions and their application to calendar
 * algorithms" (2022).
 */
final class ValueWriter {
    private static final long FRACTION = 100_000_000;
    private static final double SCALED_LIMIT = 1e7;
    private static final double WHOLE_LIMIT = 1e15;
    private static final long NULL = 0x6c6c756eL;
    private static final long DAY_SECONDS = 86_400;
    private static final int DAYS = 512;

    /** The powers of ten that a long holds. */
    private static final long[] POWERS =
            LongStream.iterate(1, power -> power * 10).limit(19).toArray();

    /** Days from 0000-03-01 for which the arithmetic of 64 bits is more than enough: ten thousand years and some. */
    private static final long MAX_SHIFTED = 4_000_000;

    /** Added to the number of a day met, so that none is 0, which stands for none. */
    private static final long MET = 1L << 40;

    /** Days met lately, each at its number's low bits: the day, {@code "2001-01} and {@code -31T}. */
    private final long[] days = new long[3 * DAYS];

    private long year;
    private int month;
    private int dayOfMonth;
    private final StringBuilder slow = new StringBuilder(32);

    /**
     * Writes an amount of whole hundredths below a million, as prices and rates mostly are: one run of digits for both
     * sides of the point. False, and nothing written, for any other; shortest for the reason that {@link #float64} gives.
     */
    boolean hundredths(double value, ByteSink sink) {
        long scaled = (long) (value * 100 + 0.5);
        if (scaled >= FRACTION || scaled <= 0 || (double) scaled / 100 != value) {
            return false;
        }
        sink.putHundredths(scaled);
        return true;
    }

    /**
     * The shortest form. A decimal of at most 15 digits has a double of its own, so when the double is the nearest to one
     * with eight digits behind the point, that one without its last zeros is the shortest; other doubles go the slow way.
     */
    void float64(double value, ByteSink sink) {
        double positive = Math.abs(value);
        if (positive < SCALED_LIMIT) {
            long scaled = (long) (positive * FRACTION + 0.5);
            if ((double) scaled / FRACTION == positive) {
                point(value < 0 || value == 0 && Double.doubleToRawLongBits(value) < 0, scaled, sink);
                return;
            }
        } else if (positive < WHOLE_LIMIT && positive == (long) positive) {
            sink.putDecimal((long) value);
            sink.putWord('.' | '0' << 8, 2);
            return;
        }
        if (Double.isFinite(value)) {
            slow.setLength(0);
            slow.append(value);
            putSlow(sink);
        } else {
            sink.putWord(NULL, 4);
        }
    }

    /** As {@link #float64}; six digits have a float of their own. */
    void float32(float value, ByteSink sink) {
        float positive = Math.abs(value);
        if (positive < 1000) {
            long thousandths = (long) ((double) positive * 1000 + 0.5);
            if ((float) (thousandths / 1000.0) == positive) {
                boolean negative = value < 0 || value == 0 && Float.floatToRawIntBits(value) < 0;
                point(negative, thousandths * (FRACTION / 1000), sink);
                return;
            }
        }
        if (Float.isFinite(value)) {
            slow.setLength(0);
            slow.append(value);
            putSlow(sink);
        } else {
            sink.putWord(NULL, 4);
        }
    }

    private static void point(boolean negative, long scaled, ByteSink sink) {
        if (negative) {
            sink.put((byte) '-');
        }
        long whole = scaled / FRACTION;
        sink.putUnsigned(whole);
        sink.put((byte) '.');
        sink.putFraction(scaled - whole * FRACTION);
    }

    private void putSlow(ByteSink sink) {
        for (int i = 0; i < slow.length(); i++) {
            sink.put((byte) slow.charAt(i));
        }
    }

    void decimal(Column column, int row, int scale, ByteSink sink) {
        long low = column.word(row, 0);
        boolean isLong = true;
        for (int i = 1; i < column.words(); i++) {
            isLong &= column.word(row, i) == low >> 63;
        }
        if (!isLong || low == Long.MIN_VALUE || scale > 18 || scale < 0) {
            slow.setLength(0);
            slow.append(column.decimal(row, scale).toPlainString());
            putSlow(sink);
            return;
        }
        if (low < 0) {
            sink.put((byte) '-');
        }
        long magnitude = Math.abs(low);
        if (scale == 0) {
            sink.putUnsigned(magnitude);
            return;
        }
        long power = POWERS[scale];
        long whole = magnitude / power;
        sink.putUnsigned(whole);
        sink.put((byte) '.');
        sink.putPadded(magnitude - whole * power, scale);
    }

    void timestamp(long value, long perSecond, boolean zoned, ByteSink sink) {
        // Divisions by constants are multiplications.
        long second = perSecond == 1_000_000
                ? Math.floorDiv(value, 1_000_000L)
                : perSecond == 1_000
                        ? Math.floorDiv(value, 1_000L)
                        : perSecond == 1 ? value : Math.floorDiv(value, 1_000_000_000L);
        long fraction = value - second * perSecond;
        long day = Math.floorDiv(second, DAY_SECONDS);
        int secondOfDay = (int) (second - day * DAY_SECONDS);
        int slot = 3 * ((int) day & DAYS - 1);
        if (days[slot] != day + MET && !meet(day, slot)) {
            sink.put((byte) '"');
            date(sink);
            sink.put((byte) 'T');
            clock(secondOfDay, fraction, perSecond, sink);
            sink.putWord(zoned ? 'Z' | '"' << 8 : '"', zoned ? 2 : 1);
            return;
        }
        int minuteOfDay = secondOfDay / 60;
        int hour = minuteOfDay / 60;
        long minutes = two(minuteOfDay - hour * 60);
        sink.putWord(days[slot + 1], 8);
        sink.putWord(days[slot + 2] | two(hour) << 32 | (long) ':' << 48 | minutes << 56, 8);
        long rest = minutes >>> 8 | ':' << 8 | two(secondOfDay - minuteOfDay * 60) << 16;
        if (fraction == 0) {
            sink.putWord(rest | (zoned ? 'Z' | '"' << 8 : (long) '"') << 32, zoned ? 6 : 5);
            return;
        }
        sink.putWord(rest | (long) '.' << 32, 5);
        sink.putPadded(fraction, perSecond == 1_000 ? 3 : perSecond == 1_000_000 ? 6 : 9);
        sink.putWord(zoned ? 'Z' | '"' << 8 : '"', zoned ? 2 : 1);
    }

    /** Puts a day's text into its slot; false for a year that has no four digits, whose date is then set. */
    private boolean meet(long day, int slot) {
        civil(day);
        if (year < 0 || year > 9999) {
            return false;
        }
        days[slot] = day + MET;
        days[slot + 1] = '"' | yearAndMonth() << 8;
        days[slot + 2] = '-' | two(dayOfMonth) << 8 | (long) 'T' << 24;
        return true;
    }

    void time(long value, long perSecond, ByteSink sink) {
        long second = value / perSecond;
        sink.put((byte) '"');
        clock((int) second, value - second * perSecond, perSecond, sink);
        sink.put((byte) '"');
    }

    private static void clock(int secondOfDay, long fraction, long perSecond, ByteSink sink) {
        int minuteOfDay = secondOfDay / 60;
        int hour = minuteOfDay / 60;
        sink.putWord(
                two(hour)
                        | (long) ':' << 16
                        | two(minuteOfDay - hour * 60) << 24
                        | (long) ':' << 40
                        | two(secondOfDay - minuteOfDay * 60) << 48,
                8);
        if (fraction != 0) {
            sink.put((byte) '.');
            sink.putPadded(fraction, perSecond == 1_000 ? 3 : perSecond == 1_000_000 ? 6 : 9);
        }
    }

    void date(long epochDay, ByteSink sink) {
        civil(epochDay);
        date(sink);
    }

    private void date(ByteSink sink) {
        if (year >= 0 && year <= 9999) {
            sink.putWord(yearAndMonth() | (long) '-' << 56, 8);
        } else {
            sink.put((byte) (year < 0 ? '-' : '+'));
            long magnitude = Math.abs(year);
            if (magnitude < 1_000_000) {
                sink.putPadded(magnitude, 6);
            } else {
                sink.putUnsigned(magnitude);
            }
            sink.putWord('-' | two(month) << 8 | (long) '-' << 24, 4);
        }
        sink.putWord(two(dayOfMonth), 2);
    }

    /** {@code 2001-01} in seven bytes. */
    private long yearAndMonth() {
        int century = (int) year / 100;
        return two(century) | two((int) year - century * 100) << 16 | (long) '-' << 32 | two(month) << 40;
    }

    /** Sets {@link #year}, {@link #month} and {@link #dayOfMonth}. */
    private void civil(long epochDay) {
        long shifted = epochDay + 719_468;
        long eras = 0;
        if (shifted < 0 || shifted > MAX_SHIFTED) {
            eras = Math.floorDiv(shifted, 146_097L);
            shifted -= eras * 146_097;
        }
        long first = 4 * shifted + 3;
        long century = first / 146_097;
        long second = (first - century * 146_097) | 3;
        long product = 2_939_745 * second;
        long yearOfCentury = product >>> 32;
        long dayOfYear = (product & 0xFFFFFFFFL) / 2_939_745 >>> 2;
        long third = 2141 * dayOfYear + 197_913;
        int shiftedMonth = (int) (third >>> 16);
        int nextYear = dayOfYear >= 306 ? 1 : 0;
        year = 100 * century + yearOfCentury + nextYear + eras * 400;
        month = shiftedMonth - 12 * nextYear;
        dayOfMonth = (int) ((third & 0xFFFF) / 2141) + 1;
    }

    /** Two digits, the tens in the lower byte. */
    private static long two(int value) {
        int tens = value * 103 >>> 10;
        return 0x3030 + tens + ((long) (value - tens * 10) << 8);
    }
}
