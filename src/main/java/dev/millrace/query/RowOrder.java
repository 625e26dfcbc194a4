package dev.millrace.query;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.Kind;
import dev.millrace.arrow.Storage;
import java.util.List;
import java.util.Optional;

/** Compares rows of any two batches of a product by some columns. One thread at a time. */
record RowOrder(List<SortKey> keys) {
    /** The columns of a batch, in the order of the keys, each with the structs around it. */
    List<List<Column>> columns(Batch batch) {
        return keys.stream().map(key -> batch.path(key.column().path())).toList();
    }

    int compare(List<List<Column>> left, int leftRow, List<List<Column>> right, int rightRow) {
        for (int i = 0; i < keys.size(); i++) {
            boolean none = missing(left.get(i), leftRow);
            boolean noneRight = missing(right.get(i), rightRow);
            if (none || noneRight) {
                if (none != noneRight) {
                    return none ? 1 : -1;
                }
                continue;
            }
            int order = left.get(i).getLast().order(leftRow, right.get(i).getLast(), rightRow);
            if (order != 0) {
                return keys.get(i).descending() == order > 0 ? -1 : 1;
            }
        }
        return 0;
    }

    /** What drops rows that come after this one by the first key alone; or nothing, where that cannot be said in one loop. */
    Narrowing upTo(List<List<Column>> columns, int row) {
        SortKey first = keys.getFirst();
        Column value = columns.getFirst().getLast();
        if (missing(columns.getFirst(), row) || value.layout().storage() == Storage.DICTIONARY) {
            return Narrowing.NONE;
        }
        return condition(value, row, first.descending())
                .<Narrowing>map(upTo -> new FilterLoop(first.column(), upTo))
                .orElse(Narrowing.NONE);
    }

    private static Optional<Condition> condition(Column value, int row, boolean descending) {
        if (value.layout().kind() instanceof Kind.Real(int bits)) {
            // As the values that are dropped, so that what is no number stays.
            double bound = bits == 64 ? value.float64(row) : value.float32(row);
            double least = descending ? Double.NEGATIVE_INFINITY : Math.nextUp(bound);
            double most = descending ? Math.nextDown(bound) : Double.POSITIVE_INFINITY;
            return bits < 32 || !Double.isFinite(bound)
                    ? Optional.empty()
                    : Optional.of(new NumberConditions.DoubleRange(least, most, true));
        }
        if (value.layout().isText() || value.layout().width() > Long.BYTES) {
            return Optional.of(new UpTo(value, row, descending));
        }
        long bound = value.ordered(row);
        boolean unsigned = value.layout().kind() instanceof Kind.Int(var _, boolean signed) && !signed;
        return Optional.of(new NumberConditions.LongRange(
                descending ? bound : Long.MIN_VALUE, descending ? Long.MAX_VALUE : bound, false, unsigned));
    }

    private record UpTo(Column bound, int boundRow, boolean descending) implements Condition {
        @Override
        public int narrow(Column column, int[] selection, int count) {
            return Condition.keep(selection, count, row -> {
                int order = column.order(row, bound, boundRow);
                return descending ? order >= 0 : order <= 0;
            });
        }
    }

    private static boolean missing(List<Column> path, int row) {
        for (Column column : path) {
            if (column.layout().nullable() && column.isNull(row)) {
                return true;
            }
        }
        return false;
    }
}
