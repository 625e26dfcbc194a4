package dev.millrace.arrow;

import java.math.BigInteger;
import java.util.Arrays;

/**
 * Where a value stands among those of its type, as 128 unsigned bits: of two values in order the ranks are in order or
 * equal. Texts have equal ones where they differ behind their 15th byte only; decimals of more than 128 bits have none.
 * What is true of bounds of ranks is so of the values, without rounding one of them up.
 */
public record Rank(long high, long low) implements Comparable<Rank> {
    public static final Rank LEAST = new Rank(0, 0);
    public static final Rank GREATEST = new Rank(-1, -1);
    static final int TEXT_BYTES = 2 * Long.BYTES;

    /** Of an {@link Column#ordered ordered} value. */
    public static Rank of(long value) {
        return new Rank(value ^ Long.MIN_VALUE, 0);
    }

    /** Of a floating-point number of either width; 0.0 and -0.0 are one. */
    public static Rank of(double value) {
        return of(ordered(value));
    }

    /** Of an unscaled decimal. */
    public static Rank of(BigInteger unscaled) {
        return unscaled.bitLength() >= 2 * Long.SIZE
                ? unscaled.signum() < 0 ? LEAST : GREATEST
                : new Rank(unscaled.shiftRight(Long.SIZE).longValue() ^ Long.MIN_VALUE, unscaled.longValue());
    }

    /** Of a text or binary value; the last byte says its length, so that short ones differ from all others. */
    public static Rank of(byte[] text) {
        byte[] first = Arrays.copyOf(text, TEXT_BYTES);
        first[TEXT_BYTES - 1] = (byte) Math.min(text.length, TEXT_BYTES);
        return new Rank(Long.reverseBytes(Memory.heapLong(first, 0)), Long.reverseBytes(Memory.heapLong(first, 8)));
    }

    /** Of the last text that begins with a prefix. */
    public static Rank ofLast(byte[] prefix) {
        byte[] last = Arrays.copyOf(prefix, prefix.length + TEXT_BYTES);
        Arrays.fill(last, prefix.length, last.length, (byte) -1);
        return of(last);
    }

    /** The order of numbers as that of signed integers; NaNs are beyond the infinities. */
    static long ordered(double value) {
        long bits = Double.doubleToLongBits(value + 0.0);
        return bits ^ bits >> 63 >>> 1;
    }

    /** Whether no other value of the column's type has this rank. */
    boolean isExact(ColumnLayout column) {
        return !equals(LEAST) && !equals(GREATEST) && !(column.isText() && (low & 0xFF) == TEXT_BYTES);
    }

    @Override
    public int compareTo(Rank other) {
        int order = Long.compareUnsigned(high, other.high);
        return order != 0 ? order : Long.compareUnsigned(low, other.low);
    }
}
