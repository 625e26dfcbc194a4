package dev.millrace.query;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;
import java.util.List;

/** Compares rows of any two batches of a product by some columns. One thread at a time. */
final class RowOrder {
    private final List<SortKey> keys;

    RowOrder(List<SortKey> keys) {
        this.keys = keys;
    }

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

    private static boolean missing(List<Column> path, int row) {
        for (Column column : path) {
            if (column.layout().nullable() && column.isNull(row)) {
                return true;
            }
        }
        return false;
    }
}
