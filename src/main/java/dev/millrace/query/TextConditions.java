package dev.millrace.query;

import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Rank;
import dev.millrace.arrow.Statistics;
import java.util.Arrays;

/** Conditions on texts in UTF-8 and on bytes, which are ordered as unsigned bytes. */
@SuppressWarnings("ArrayRecordComponent") // inner loops read them; never compared as a whole
final class TextConditions {
    private TextConditions() {}

    /** Values that are below a text, are it, or are above it. */
    record Compared(byte[] text, boolean below, boolean equal, boolean above) implements Condition {
        @Override
        public int narrow(Column column, int[] selection, int count) {
            int kept = 0;
            if (below == above) {
                for (int i = 0; i < count; i++) {
                    int row = selection[i];
                    selection[kept] = row;
                    kept += column.equalsBytes(row, text) == equal ? 1 : 0;
                }
                return kept;
            }
            for (int i = 0; i < count; i++) {
                int row = selection[i];
                int order = column.compareBytes(row, text);
                selection[kept] = row;
                kept += (order == 0 ? equal : order > 0 == above) ? 1 : 0;
            }
            return kept;
        }

        @Override
        public boolean mayMeet(Statistics statistics, ColumnLayout column) {
            Rank rank = Rank.of(text);
            return (equal || !statistics.isOnly(column, rank))
                    && (below && statistics.mayHave(column, Rank.LEAST, rank)
                            || equal && statistics.mayHave(column, rank, rank)
                            || above && statistics.mayHave(column, rank, Rank.GREATEST));
        }

        @Override
        public Condition negated() {
            return new Compared(text, !below, !equal, !above);
        }
    }

    /** Values that begin with a text. */
    record Beginning(byte[] prefix) implements Condition {
        @Override
        public int narrow(Column column, int[] selection, int count) {
            return Condition.keep(selection, count, row -> column.startsWith(row, prefix));
        }

        @Override
        public boolean mayMeet(Statistics statistics, ColumnLayout column) {
            return statistics.mayHave(column, Rank.of(prefix), Rank.ofLast(prefix));
        }
    }

    /** Values that are one of several. */
    record Among(byte[][] texts) implements Condition {
        @Override
        public int narrow(Column column, int[] selection, int count) {
            return Condition.keep(selection, count, row -> {
                boolean hit = false;
                for (int i = 0; i < texts.length && !hit; i++) {
                    hit = column.equalsBytes(row, texts[i]);
                }
                return hit;
            });
        }

        @Override
        public boolean mayMeet(Statistics statistics, ColumnLayout column) {
            return Arrays.stream(texts).map(Rank::of).anyMatch(rank -> statistics.mayHave(column, rank, rank));
        }
    }
}
