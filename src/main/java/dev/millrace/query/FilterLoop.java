package dev.millrace.query;

import dev.millrace.arrow.Batch;
import java.util.List;

/**
 * Narrows a selection of rows to those that a filter wants. One thread at a time.
 *
 * <p>By the laws of three-valued logic every {@code not} is moved down to the comparisons, so that each part of the tree
 * only ever asks of which rows it is true: a comparison of those with a value that meets it, its negation of those with
 * a value that does not. What a part cannot be true of, by the statistics of a file, it says in the same way.
 */
final class FilterLoop {
    /** One part of the tree. */
    interface Leaf {
        /** Keeps the rows of {@code selection[0, count)} that it is true of, in order; returns how many. */
        int narrow(Batch batch, int[] selection, int count);

        /** Whether it may be true of a row of the batch, by its statistics alone; true when it has none. */
        boolean mayMeet(Batch batch);
    }

    private final Leaf root;

    FilterLoop(Filter filter) {
        root = compile(filter, false);
    }

    /** Keeps the rows of {@code selection[0, count)}, each there once, that are wanted, in order; returns how many. */
    int narrow(Batch batch, int[] selection, int count) {
        return count == 0 ? 0 : root.narrow(batch, selection, count);
    }

    /** Whether a row of the batch may be wanted, by its statistics alone; true when it has none. */
    boolean mayMeet(Batch batch) {
        return root.mayMeet(batch);
    }

    private static Leaf compile(Filter filter, boolean negated) {
        return switch (filter) {
            case Filter.And(List<Filter> filters) ->
                negated ? new Any(all(filters, true)) : new All(all(filters, false));
            case Filter.Or(List<Filter> filters) ->
                negated ? new All(all(filters, true)) : new Any(all(filters, false));
            case Filter.Not(Filter inner) -> compile(inner, !negated);
            case Filter.Compare compare -> negated ? new CompareLoop.Negated(compare) : new CompareLoop(compare);
        };
    }

    private static List<Leaf> all(List<Filter> filters, boolean negated) {
        return filters.stream().map(each -> compile(each, negated)).toList();
    }

    /** True where all are. */
    private record All(List<Leaf> parts) implements Leaf {
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
    private static final class Any implements Leaf {
        private final List<Leaf> parts;
        private int[] rest = {};
        private int[] hits = {};

        Any(List<Leaf> parts) {
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
