package dev.millrace.query;

import dev.millrace.arrow.Column;
import java.math.BigInteger;
import java.util.List;

/** The filter loop over decimals: two or four words a value, compared highest first, all but that one unsigned. */
final class DecimalLoop {
    private DecimalLoop() {}

    static int narrow(Column column, List<Operand.DecimalRange> ranges, int[] selection, int count) {
        int words = column.words();
        Bound[] bounds = ranges.stream()
                .map(range -> new Bound(words(range.min(), words), words(range.max(), words), range.outside()))
                .toArray(Bound[]::new);
        int kept = 0;
        for (int i = 0; i < count; i++) {
            int row = selection[i];
            boolean hit = false;
            for (Bound bound : bounds) {
                hit |= bound.meets(column, row);
            }
            selection[kept] = row;
            kept += hit ? 1 : 0;
        }
        return kept;
    }

    /** The nearest value that the bits hold. */
    static BigInteger clamp(BigInteger value, int bits) {
        BigInteger bound = BigInteger.ONE.shiftLeft(bits - 1);
        return value.min(bound.subtract(BigInteger.ONE)).max(bound.negate());
    }

    private static long[] words(BigInteger value, int count) {
        long[] words = new long[count];
        for (int i = 0; i < count; i++) {
            words[i] = value.shiftRight(i << 6).longValue();
        }
        return words;
    }

    @SuppressWarnings("ArrayRecordComponent") // inner loops read it; never compared as a whole
    private record Bound(long[] min, long[] max, boolean outside) {
        boolean meets(Column column, int row) {
            boolean inside = compare(column, row, min) >= 0 && compare(column, row, max) <= 0;
            return inside != outside;
        }

        private static int compare(Column column, int row, long[] other) {
            int top = other.length - 1;
            int order = Long.compare(column.word(row, top), other[top]);
            for (int i = top - 1; order == 0 && i >= 0; i--) {
                order = Long.compareUnsigned(column.word(row, i), other[i]);
            }
            return order;
        }
    }
}
