package dev.millrace.query;

import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Statistics;
import java.util.Arrays;
import java.util.function.IntPredicate;

/** What an {@link Operator} asks of one column, in the column's own representation. Immutable; any thread. */
public interface Condition {
    /**
     * Keeps the rows of {@code selection[0, count)}, all of which have a value, that meet it, in order; returns how many.
     *
     * @param column never encoded by a dictionary: of such the texts are asked, each once
     */
    int narrow(Column column, int[] selection, int count);

    /** Keeps the rows of {@code selection[0, count)} that a test of one at a time is true of, in order; returns how many. */
    static int keep(int[] selection, int count, IntPredicate test) {
        int kept = 0;
        for (int i = 0; i < count; i++) {
            int row = selection[i];
            selection[kept] = row;
            kept += test.test(row) ? 1 : 0;
        }
        return kept;
    }

    /** Whether a value that there may be meets it. */
    default boolean mayMeet(Statistics statistics, ColumnLayout column) {
        return true;
    }

    /** What all other values meet. */
    default Condition negated() {
        return new Others(this);
    }

    /** Whether the value must be missing or must be there; asked of the structs around it, too. */
    record Missing(boolean missing) implements Condition {
        @Override
        public int narrow(Column column, int[] selection, int count) {
            return missing ? 0 : count;
        }

        @Override
        public Condition negated() {
            return new Missing(!missing);
        }
    }

    /** The values that do not meet another. */
    record Others(Condition condition) implements Condition {
        @Override
        public int narrow(Column column, int[] selection, int count) {
            int[] hits = Arrays.copyOf(selection, count);
            return FilterLoop.without(selection, count, hits, condition.narrow(column, hits, count));
        }

        @Override
        public Condition negated() {
            return condition;
        }
    }
}
