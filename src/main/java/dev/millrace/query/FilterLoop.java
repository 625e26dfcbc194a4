package dev.millrace.query;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Dictionary;
import dev.millrace.arrow.Layout;
import dev.millrace.arrow.Statistics;
import dev.millrace.arrow.Storage;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Narrows a selection of rows to those that a filter wants. One thread at a time.
 *
 * <p>By the laws of three-valued logic every {@code not} is moved down to the comparisons, so that each part of the tree
 * only ever asks of which rows it is true: a comparison of those with a value that meets it, its negation of those with
 * a value that does not. What a part cannot be true of, by the statistics of a file, it says in the same way.
 */
public final class FilterLoop implements Narrowing {
    /** A part of the tree. */
    private interface Part {
        /** Keeps the rows of {@code selection[0, count)} that it is true of, in order; returns how many. */
        int narrow(Batch batch, int[] selection, int count);

        /** Whether it may be true of a row of the batch, by its statistics alone; true when it has none. */
        boolean mayMeet(Batch batch);
    }

    private final Part root;

    /** What narrows to the rows that a filter wants. */
    public FilterLoop(Filter filter) {
        root = compile(filter, false);
    }

    /** Of rows whose value meets a condition. */
    FilterLoop(ColumnLayout column, Condition condition) {
        root = new One(column.path(), condition);
    }

    /** Keeps the rows of {@code selection[0, count)}, each there once, that are wanted, in order; returns how many. */
    @Override
    public int narrow(Batch batch, int[] selection, int count) {
        return count == 0 ? 0 : root.narrow(batch, selection, count);
    }

    /** Whether a row of the batch may be wanted, by its statistics alone; true when it has none. */
    boolean mayMeet(Batch batch) {
        return root.mayMeet(batch);
    }

    private static Part compile(Filter filter, boolean negated) {
        return switch (filter) {
            case Filter.And(List<Filter> filters) ->
                negated ? new Any(all(filters, true)) : new All(all(filters, false));
            case Filter.Or(List<Filter> filters) ->
                negated ? new All(all(filters, true)) : new Any(all(filters, false));
            case Filter.Not(Filter inner) -> compile(inner, !negated);
            case Filter.Compare(ColumnLayout column, var _, Condition condition, var _) ->
                new One(column.path(), negated ? condition.negated() : condition);
        };
    }

    private static List<Part> all(List<Filter> filters, boolean negated) {
        return filters.stream().map(each -> compile(each, negated)).toList();
    }

    /**
     * True of the rows whose value meets a condition: first by the nulls of the column and of the structs around it, then
     * in one loop over one type.
     */
    private static final class One implements Part {
        private final String path;
        private final Condition condition;
        private @Nullable Layout layout;
        private List<ColumnLayout> columns = List.of();

        One(String path, Condition condition) {
            this.path = path;
            this.condition = condition;
        }

        @Override
        public int narrow(Batch batch, int[] selection, int count) {
            List<Column> columns = batch.path(path);
            if (condition instanceof Condition.Missing(boolean missing) && missing) {
                return missing(columns, selection, count);
            }
            int kept = present(columns, selection, count);
            Column column = columns.getLast();
            return column.layout().storage() == Storage.DICTIONARY
                    ? encoded(column, selection, kept)
                    : condition.narrow(column, selection, kept);
        }

        @Override
        public boolean mayMeet(Batch batch) {
            if (batch.statistics().isEmpty()) {
                return true;
            }
            Statistics statistics = batch.statistics().get();
            if (batch.layout() != layout) {
                layout = batch.layout();
                columns = batch.path(path).stream().map(Column::layout).toList();
            }
            if (condition instanceof Condition.Missing(boolean missing) && missing) {
                return columns.stream().anyMatch(column -> column.nullable() && statistics.nulls(column) > 0);
            }
            return columns.stream().allMatch(each -> statistics.nulls(each) < statistics.rows())
                    && condition.mayMeet(statistics, columns.getLast());
        }

        private static int present(List<Column> path, int[] selection, int count) {
            int kept = count;
            for (Column column : path) {
                if (column.layout().nullable()) {
                    int seen = kept;
                    kept = 0;
                    for (int i = 0; i < seen; i++) {
                        int row = selection[i];
                        selection[kept] = row;
                        kept += column.isNull(row) ? 0 : 1;
                    }
                }
            }
            return kept;
        }

        private static int missing(List<Column> path, int[] selection, int count) {
            int kept = 0;
            for (int i = 0; i < count; i++) {
                int row = selection[i];
                boolean missing = false;
                for (Column column : path) {
                    missing |= column.layout().nullable() && column.isNull(row);
                }
                selection[kept] = row;
                kept += missing ? 1 : 0;
            }
            return kept;
        }

        /** Asks of each text of the dictionary once, and then of each row whether its text is among the kept. */
        private int encoded(Column column, int[] selection, int count) {
            Dictionary dictionary = column.layout().dictionary();
            int[] numbers = IntStream.range(0, dictionary.values().size()).toArray();
            int hits = condition.narrow(dictionary.column(), numbers, numbers.length);
            int[] hit = new int[dictionary.values().size()];
            for (int i = 0; i < hits; i++) {
                hit[numbers[i]] = 1;
            }
            int kept = 0;
            for (int i = 0; i < count; i++) {
                int row = selection[i];
                selection[kept] = row;
                kept += hit[column.textNumber(row)];
            }
            return kept;
        }
    }

    /** True where all are. */
    private record All(List<Part> parts) implements Part {
        @Override
        public int narrow(Batch batch, int[] selection, int count) {
            int kept = count;
            for (int i = 0; i < parts.size() && kept > 0; i++) {
                kept = parts.get(i).narrow(batch, selection, kept);
            }
            return kept;
        }

        @Override
        public boolean mayMeet(Batch batch) {
            return parts.stream().allMatch(part -> part.mayMeet(batch));
        }
    }

    /** True where one is: each part is asked of the rows that none before it has wanted. */
    private static final class Any implements Part {
        private final List<Part> parts;
        private int[] rest = {};
        private int[] hits = {};

        Any(List<Part> parts) {
            this.parts = parts;
        }

        @Override
        public int narrow(Batch batch, int[] selection, int count) {
            if (rest.length < count) {
                rest = new int[selection.length];
                hits = new int[selection.length];
            }
            System.arraycopy(selection, 0, rest, 0, count);
            int left = count;
            for (int i = 0; i < parts.size() && left > 0; i++) {
                System.arraycopy(rest, 0, hits, 0, left);
                left = without(rest, left, hits, parts.get(i).narrow(batch, hits, left));
            }
            return without(selection, count, rest, left);
        }

        @Override
        public boolean mayMeet(Batch batch) {
            return parts.stream().anyMatch(part -> part.mayMeet(batch));
        }
    }

    /** Takes rows, which are among the others and in their order, out of these; returns how many are left. */
    static int without(int[] rows, int count, int[] others, int otherCount) {
        int kept = 0;
        int other = 0;
        for (int i = 0; i < count; i++) {
            int row = rows[i];
            boolean taken = other < otherCount && others[other] == row;
            other += taken ? 1 : 0;
            rows[kept] = row;
            kept += taken ? 0 : 1;
        }
        return kept;
    }
}
