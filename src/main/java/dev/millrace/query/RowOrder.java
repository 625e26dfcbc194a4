package dev.millrace.query;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.Storage;
import java.util.List;
import org.apache.arrow.vector.types.pojo.ArrowType;

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
            int order = values(left.get(i).getLast(), leftRow, right.get(i).getLast(), rightRow);
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

    private static int values(Column left, int leftRow, Column right, int rightRow) {
        return switch (left.layout().type()) {
            case ArrowType.Utf8 ignored -> left.compareBytes(leftRow, right, rightRow);
            case ArrowType.Bool ignored -> Boolean.compare(left.bit(leftRow), right.bit(rightRow));
            case ArrowType.FloatingPoint ignored ->
                left.layout().width() == 8
                        ? Double.compare(left.float64(leftRow), right.float64(rightRow))
                        : Float.compare(left.float32(leftRow), right.float32(rightRow));
            case ArrowType.Decimal ignored -> decimals(left, leftRow, right, rightRow);
            case ArrowType.Int integer
            when !integer.getIsSigned() ->
                Long.compareUnsigned(left.fixed(leftRow), right.fixed(rightRow)); // both extended alike
            default -> Long.compare(left.fixed(leftRow), right.fixed(rightRow));
        };
    }

    private static int decimals(Column left, int leftRow, Column right, int rightRow) {
        int top = left.words() - 1;
        int order = Long.compare(left.word(leftRow, top), right.word(rightRow, top));
        for (int word = top - 1; order == 0 && word >= 0; word--) {
            order = Long.compareUnsigned(left.word(leftRow, word), right.word(rightRow, word));
        }
        return order;
    }

    /** Whether rows can be sorted by a column's values. */
    static boolean orders(ArrowType type, Storage storage) {
        return type instanceof ArrowType.Utf8
                || storage == Storage.BIT
                || storage == Storage.FIXED && !(type instanceof ArrowType.FixedSizeBinary);
    }
}
