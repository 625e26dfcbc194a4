package dev.millrace.quality;

import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Kind;
import dev.millrace.arrow.Scalar;
import java.time.Instant;
import java.util.Optional;

/** What a leaf column's values are as numbers, times and hashes. No state. */
final class Values {
    private static final double TWO_TO_64 = 0x1p64;
    private static final double DAY_MILLIS = 86_400_000;

    private Values() {}

    /** The number of a row that has a value; of a day or timestamp epoch milliseconds. */
    interface Number {
        double of(Column column, int row);
    }

    /** Whether {@link Column#hash} tells one value of the column from another. */
    static boolean isScalar(ColumnLayout layout) {
        return layout.kind().isScalar();
    }

    /** Whether the column's numbers are epoch milliseconds. */
    static boolean isTime(ColumnLayout layout) {
        return layout.kind() instanceof Kind.Timestamp || layout.kind() instanceof Kind.Date;
    }

    /** How to read a column as numbers; empty where it holds none. */
    static Optional<Number> number(ColumnLayout layout) {
        return switch (layout.kind()) {
            case Kind.Int(int bits, boolean signed) -> {
                double span = signed ? 0 : Math.pow(2, bits);
                yield Optional.of((column, row) -> column.fixed(row) + (column.fixed(row) < 0 ? span : 0));
            }
            case Kind.Real(int bits) -> Optional.of(bits == 32 ? Column::float32 : Column::float64);
            case Kind.Decimal decimal -> {
                double unit = Math.pow(10, decimal.scale());
                yield Optional.of((column, row) -> unscaled(column, row) / unit);
            }
            case Kind.Timestamp(Kind.Unit unit, var _) ->
                Optional.of((column, row) -> Math.floor(column.int64(row) / (double) unit.perMilli()));
            case Kind.Date _ -> Optional.of((column, row) -> column.fixed(row) * DAY_MILLIS);
            default -> Optional.empty();
        };
    }

    private static double unscaled(Column column, int row) {
        int top = column.words() - 1;
        // Words that only repeat the sign would cancel out the digits of small negative numbers.
        while (top > 0 && column.word(row, top) == column.word(row, top - 1) >> 63) {
            top--;
        }
        double sum = column.word(row, top);
        for (int word = top - 1; word >= 0; word--) {
            long digits = column.word(row, word);
            sum = sum * TWO_TO_64 + digits + (digits < 0 ? TWO_TO_64 : 0);
        }
        return sum;
    }

    /** A column's number as people know it: itself, or the ISO 8601 text of a time. */
    static Object shown(ColumnLayout layout, double number) {
        return isTime(layout) ? Instant.ofEpochMilli((long) number).toString() : number;
    }

    /** Whether {@link #hash} knows the column's type. */
    static boolean canBeListed(ColumnLayout layout) {
        return switch (layout.kind()) {
            case Kind.Text _, Kind.Bool _, Kind.Int _, Kind.Decimal _ -> true;
            default -> false;
        };
    }

    /** The hash that {@link Column#hash} gives for a value written as text; empty where the column cannot hold it. */
    static Optional<Long> hash(ColumnLayout layout, String text) {
        // A contract may write a whole number as 17.0.
        Kind read = layout.kind() instanceof Kind.Int ? new Kind.Decimal(38, 0, 128) : layout.kind();
        return Scalar.of(layout.kind(), read.equal(text)).map(Scalar::hash);
    }
}
