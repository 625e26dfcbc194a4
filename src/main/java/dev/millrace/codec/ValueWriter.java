package dev.millrace.codec;

import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.Column;

/**
 * Writes numbers, dates and times as text. One thread. The caller has reserved 96 bytes.
 *
 * <p>Days become dates by Hinnant's "chrono-compatible low-level date algorithms".
 */
final class ValueWriter {
    private static final long FRACTION = 100_000_000;
    private static final double SCALED_LIMIT = 1e7;
    private static final double WHOLE_LIMIT = 1e15;
    private static final long NULL = 0x6c6c756eL;
    private static final long DAY_SECONDS = 86_400;

    private final StringBuilder slow = new StringBuilder(32);

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
        long low = column.decimalLow(row);
        if (column.decimalHigh(row) != low >> 63 || low == Long.MIN_VALUE || scale > 18 || scale < 0) {
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
        long power = JsonNumber.POWERS[scale];
        long whole = magnitude / power;
        sink.putUnsigned(whole);
        sink.put((byte) '.');
        sink.putPadded(magnitude - whole * power, scale);
    }

    void timestamp(long value, long perSecond, boolean zoned, ByteSink sink) {
        long second = perSecond == 1 ? value : Math.floorDiv(value, perSecond);
        long fraction = value - second * perSecond;
        long day = Math.floorDiv(second, DAY_SECONDS);
        sink.put((byte) '"');
        date(day, sink);
        sink.put((byte) 'T');
        clock((int) (second - day * DAY_SECONDS), fraction, perSecond, sink);
        sink.putWord(zoned ? 'Z' | '"' << 8 : '"', zoned ? 2 : 1);
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
        long shifted = epochDay + 719_468;
        long era = Math.floorDiv(shifted, 146_097);
        int dayOfEra = (int) (shifted - era * 146_097);
        int yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        int dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        int shiftedMonth = (5 * dayOfYear + 2) / 153;
        int day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1;
        int month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
        long year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
        if (year >= 0 && year <= 9999) {
            int century = (int) year / 100;
            sink.putWord(
                    two(century)
                            | two((int) year - century * 100) << 16
                            | (long) '-' << 32
                            | two(month) << 40
                            | (long) '-' << 56,
                    8);
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
        sink.putWord(two(day), 2);
    }

    /** Two digits, the tens in the lower byte. */
    private static long two(int value) {
        int tens = value * 103 >>> 10;
        return 0x3030 + tens + ((long) (value - tens * 10) << 8);
    }
}
