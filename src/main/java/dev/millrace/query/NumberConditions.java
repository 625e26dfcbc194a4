package dev.millrace.query;

import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Kind;
import dev.millrace.arrow.KindText;
import dev.millrace.arrow.Rank;
import dev.millrace.arrow.Statistics;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;

/** Conditions on numbers of up to 64 bits. The loops have no branch that depends on a value. */
@SuppressWarnings("ArrayRecordComponent") // inner loops read them; never compared as a whole
final class NumberConditions {
    private NumberConditions() {}

    private static boolean isUnsigned(Kind kind) {
        return kind instanceof Kind.Int(var _, boolean signed) && !signed;
    }

    /** A value of the column as {@link Column#ordered} has it. */
    private static long ordered(Kind kind, BigInteger value) {
        return isUnsigned(kind) && kind.width() == Long.BYTES ? value.longValue() ^ Long.MIN_VALUE : value.longValue();
    }

    /** Ordered values within {@code [min, max]}, or, when {@code outside}, all others; nothing lies within an empty range. */
    record LongRange(long min, long max, boolean outside, boolean unsigned) implements Condition {
        static LongRange of(Kind kind, BigInteger min, BigInteger max, boolean outside) {
            BigInteger from = min.max(KindText.least(kind));
            BigInteger to = max.min(KindText.greatest(kind));
            return from.compareTo(to) > 0
                    ? new LongRange(Long.MAX_VALUE, Long.MIN_VALUE, outside, isUnsigned(kind))
                    : new LongRange(ordered(kind, from), ordered(kind, to), outside, isUnsigned(kind));
        }

        @Override
        public int narrow(Column column, int[] selection, int count) {
            // Locals, so that the loops need not look whether they have changed.
            long min = this.min;
            long max = this.max;
            boolean inside = !outside;
            int kept = 0;
            switch (column.layout().width()) {
                case 4 -> {
                    long mask = unsigned ? 0xFFFF_FFFFL : -1L;
                    for (int i = 0; i < count; i++) {
                        int row = selection[i];
                        long value = column.int32(row) & mask;
                        selection[kept] = row;
                        kept += (value >= min & value <= max) == inside ? 1 : 0;
                    }
                }
                case 8 -> {
                    long flip = unsigned ? Long.MIN_VALUE : 0;
                    for (int i = 0; i < count; i++) {
                        int row = selection[i];
                        long value = column.int64(row) ^ flip;
                        selection[kept] = row;
                        kept += (value >= min & value <= max) == inside ? 1 : 0;
                    }
                }
                default -> {
                    for (int i = 0; i < count; i++) {
                        int row = selection[i];
                        long value = column.ordered(row);
                        selection[kept] = row;
                        kept += (value >= min & value <= max) == inside ? 1 : 0;
                    }
                }
            }
            return kept;
        }

        @Override
        public boolean mayMeet(Statistics statistics, ColumnLayout column) {
            return outside
                    ? min > max
                            || min > Long.MIN_VALUE && statistics.mayHave(column, Rank.LEAST, Rank.of(min - 1))
                            || max < Long.MAX_VALUE && statistics.mayHave(column, Rank.of(max + 1), Rank.GREATEST)
                    : statistics.mayHave(column, Rank.of(min), Rank.of(max));
        }

        @Override
        public Condition negated() {
            return new LongRange(min, max, !outside, unsigned);
        }
    }

    /** One of these ordered values, ascending. */
    record LongSet(long[] sorted) implements Condition {
        static LongSet of(Kind kind, List<BigInteger> values) {
            return new LongSet(values.stream()
                    .filter(value ->
                            value.compareTo(KindText.least(kind)) >= 0 && value.compareTo(KindText.greatest(kind)) <= 0)
                    .mapToLong(value -> ordered(kind, value))
                    .sorted()
                    .toArray());
        }

        @Override
        public int narrow(Column column, int[] selection, int count) {
            return Condition.keep(selection, count, row -> Arrays.binarySearch(sorted, column.ordered(row)) >= 0);
        }

        @Override
        public boolean mayMeet(Statistics statistics, ColumnLayout column) {
            return Arrays.stream(sorted).anyMatch(value -> statistics.mayHave(column, Rank.of(value), Rank.of(value)));
        }
    }

    /** Values within {@code [min, max]}, or, when {@code outside}, all others; a NaN is always outside. */
    record DoubleRange(double min, double max, boolean outside) implements Condition {
        @Override
        public int narrow(Column column, int[] selection, int count) {
            double min = this.min;
            double max = this.max;
            boolean inside = !outside;
            int kept = 0;
            boolean wide = column.layout().width() == Double.BYTES;
            for (int i = 0; i < count; i++) {
                int row = selection[i];
                double value = wide ? column.float64(row) : column.float32(row);
                selection[kept] = row;
                kept += (value >= min & value <= max) == inside ? 1 : 0;
            }
            return kept;
        }

        @Override
        public boolean mayMeet(Statistics statistics, ColumnLayout column) {
            // A NaN's rank is above all others.
            return outside
                    ? statistics.mayHave(column, Rank.LEAST, Rank.of(Math.nextDown(min)))
                            || statistics.mayHave(column, Rank.of(Math.nextUp(max)), Rank.GREATEST)
                    : statistics.mayHave(column, Rank.of(min), Rank.of(max));
        }

        @Override
        public Condition negated() {
            return new DoubleRange(min, max, !outside);
        }
    }

    /** One of these values. */
    record DoubleSet(double[] values) implements Condition {
        @Override
        public int narrow(Column column, int[] selection, int count) {
            boolean wide = column.layout().width() == Double.BYTES;
            return Condition.keep(selection, count, row -> {
                double value = wide ? column.float64(row) : column.float32(row);
                boolean hit = false;
                for (double wanted : values) {
                    hit |= value == wanted;
                }
                return hit;
            });
        }

        @Override
        public boolean mayMeet(Statistics statistics, ColumnLayout column) {
            return Arrays.stream(values).anyMatch(value -> statistics.mayHave(column, Rank.of(value), Rank.of(value)));
        }
    }
}
