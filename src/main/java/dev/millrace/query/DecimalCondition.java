package dev.millrace.query;

import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Kind;
import dev.millrace.arrow.KindText;
import dev.millrace.arrow.Rank;
import dev.millrace.arrow.Statistics;
import java.math.BigInteger;
import java.util.List;

/**
 * Decimals within one of several ranges of unscaled values, or, when {@code outside}, all others. A value has two or four
 * words, compared highest first, all but that one unsigned.
 */
record DecimalCondition(List<Range> ranges, boolean outside) implements Condition {
    static DecimalCondition of(Kind kind, BigInteger min, BigInteger max, boolean outside) {
        return new DecimalCondition(List.of(Range.of(kind, min, max)), outside);
    }

    static DecimalCondition among(Kind kind, List<BigInteger> values) {
        return new DecimalCondition(
                values.stream().map(value -> Range.of(kind, value, value)).toList(), false);
    }

    @Override
    public int narrow(Column column, int[] selection, int count) {
        Range[] all = ranges.toArray(Range[]::new);
        return Condition.keep(selection, count, row -> {
            boolean hit = false;
            for (Range range : all) {
                hit |= range.has(column, row);
            }
            return hit != outside;
        });
    }

    @Override
    public boolean mayMeet(Statistics statistics, ColumnLayout column) {
        return ranges.stream()
                .anyMatch(range -> outside
                        ? ranges.size() > 1 || range.mayMiss(statistics, column)
                        : statistics.mayHave(column, Rank.of(range.min), Rank.of(range.max)));
    }

    @Override
    public Condition negated() {
        return new DecimalCondition(ranges, !outside);
    }

    @SuppressWarnings("ArrayRecordComponent") // inner loops read it; never compared as a whole
    record Range(BigInteger min, BigInteger max, long[] from, long[] to) {
        /** A range that is empty where no value of the column lies within. */
        static Range of(Kind kind, BigInteger min, BigInteger max) {
            BigInteger from = min.max(KindText.least(kind));
            BigInteger to = max.min(KindText.greatest(kind));
            if (from.compareTo(to) > 0) {
                from = KindText.greatest(kind);
                to = KindText.least(kind);
            }
            return new Range(from, to, words(kind, from), words(kind, to));
        }

        private static long[] words(Kind kind, BigInteger value) {
            long[] words = new long[kind.width() / Long.BYTES];
            for (int i = 0; i < words.length; i++) {
                words[i] = value.shiftRight(i * Long.SIZE).longValue();
            }
            return words;
        }

        boolean has(Column column, int row) {
            return compare(column, row, from) >= 0 && compare(column, row, to) <= 0;
        }

        boolean mayMiss(Statistics statistics, ColumnLayout column) {
            return min.compareTo(max) > 0
                    || statistics.mayHave(column, Rank.LEAST, Rank.of(min.subtract(BigInteger.ONE)))
                    || statistics.mayHave(column, Rank.of(max.add(BigInteger.ONE)), Rank.GREATEST);
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
