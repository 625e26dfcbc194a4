package dev.millrace.query;

import dev.millrace.arrow.Column;
import java.math.BigInteger;
import java.util.List;

/** The filter loop over 128-bit decimals: two words a value, compared high word first, the low one unsigned. */
final class DecimalLoop {
    private DecimalLoop() {}

    static int narrow(Column column, List<Operand.DecimalRange> ranges, int[] selection, int count) {
        Bound[] bounds = ranges.stream()
                .map(range -> new Bound(
                        range.min().shiftRight(64).longValueExact(),
                        range.min().longValue(),
                        range.max().shiftRight(64).longValueExact(),
                        range.max().longValue(),
                        range.outside()))
                .toArray(Bound[]::new);
        int kept = 0;
        for (int i = 0; i < count; i++) {
            int row = selection[i];
            long high = column.decimalHigh(row);
            long low = column.decimalLow(row);
            boolean hit = false;
            for (Bound bound : bounds) {
                hit |= bound.meets(high, low);
            }
            selection[kept] = row;
            kept += hit ? 1 : 0;
        }
        return kept;
    }

    /** The nearest value that 128 bits hold. */
    static BigInteger clamp(BigInteger value) {
        BigInteger bound = BigInteger.ONE.shiftLeft(127);
        return value.min(bound.subtract(BigInteger.ONE)).max(bound.negate());
    }

    private record Bound(long minHigh, long minLow, long maxHigh, long maxLow, boolean outside) {
        boolean meets(long high, long low) {
            boolean inside = compare(high, low, minHigh, minLow) >= 0 && compare(high, low, maxHigh, maxLow) <= 0;
            return inside != outside;
        }

        private static int compare(long high, long low, long otherHigh, long otherLow) {
            return high != otherHigh ? Long.compare(high, otherHigh) : Long.compareUnsigned(low, otherLow);
        }
    }
}
