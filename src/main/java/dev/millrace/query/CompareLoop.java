package dev.millrace.query;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Dictionary;
import dev.millrace.arrow.Layout;
import dev.millrace.arrow.Rank;
import dev.millrace.arrow.Statistics;
import dev.millrace.arrow.Storage;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.jspecify.annotations.Nullable;

/**
 * Narrows a selection of rows to those that meet one filter: first by the nulls of the column and of the structs around
 * it, then in one loop over one type. The loops have no branch that depends on a value where the type allows it.
 */
final class CompareLoop implements FilterLoop.Leaf {
    private final Filter.Compare filter;
    private final boolean unsigned;
    private final List<Bounds> bounds;
    private @Nullable Layout layout;
    private List<ColumnLayout> path = List.of();

    /** Ranks of which a value that meets the filter has one within {@code [min, max]}, or not both when {@code outside}. */
    private record Bounds(Rank min, Rank max, boolean outside) {
        Bounds(Rank one) {
            this(one, one, false);
        }
    }

    CompareLoop(Filter.Compare filter) {
        this.filter = filter;
        this.bounds = bounds();
        this.unsigned = filter.column().type() instanceof ArrowType.Int integer && !integer.getIsSigned();
    }

    /** Keeps the rows of {@code selection[0, count)} that meet the filter, in order; returns how many. */
    @Override
    public int narrow(Batch batch, int[] selection, int count) {
        List<Column> path = batch.path(filter.column().path());
        Column column = path.getLast();
        if (filter.operand() instanceof Operand.Missing(boolean missing)) {
            return missing ? missing(path, selection, count) : present(path, selection, count);
        }
        int kept = present(path, selection, count);
        return switch (filter.operand()) {
            case Operand.LongRange range -> longs(column, range, selection, kept);
            case Operand.LongSet(long[] values) -> longs(column, values, selection, kept);
            case Operand.DoubleRange range -> doubles(column, range, selection, kept);
            case Operand.DoubleSet(double[] values) -> doubles(column, values, selection, kept);
            case Operand.DecimalRange range -> DecimalLoop.narrow(column, List.of(range), selection, kept);
            case Operand.DecimalSet(var values) -> DecimalLoop.narrow(column, values, selection, kept);
            case Operand.Texts(byte[][] texts) ->
                column.layout().storage() == Storage.DICTIONARY
                        ? encoded(column, texts, selection, kept)
                        : texts(column, texts, selection, kept);
            case Operand.Missing ignored -> kept;
        };
    }

    /** Whether a row of the batch may meet the filter, by its statistics alone; true when it has none. */
    @Override
    public boolean mayMeet(Batch batch) {
        if (batch.statistics().isEmpty()) {
            return true;
        }
        Statistics statistics = batch.statistics().get();
        if (batch.layout() != layout) {
            layout = batch.layout();
            path = batch.path(filter.column().path()).stream()
                    .map(Column::layout)
                    .toList();
        }
        if (filter.operand() instanceof Operand.Missing(boolean missing) && missing) {
            return path.stream().anyMatch(column -> column.nullable() && statistics.nulls(column) > 0);
        }
        ColumnLayout column = path.getLast();
        return path.stream().allMatch(each -> statistics.nulls(each) < statistics.rows())
                && (bounds.isEmpty()
                        || bounds.stream()
                                .anyMatch(each -> each.outside()
                                        ? !each.min().equals(each.max()) || !statistics.isOnly(column, each.min())
                                        : statistics.mayHave(column, each.min(), each.max())));
    }

    private List<Bounds> bounds() {
        return switch (filter.operand()) {
            case Operand.LongRange(long min, long max, boolean outside) ->
                List.of(new Bounds(Rank.of(min), Rank.of(max), outside));
            case Operand.LongSet(long[] values) ->
                Arrays.stream(values)
                        .mapToObj(value -> new Bounds(Rank.of(value)))
                        .toList();
            case Operand.DoubleRange(double min, double max, boolean outside) ->
                List.of(new Bounds(Rank.of(min), Rank.of(max), outside));
            case Operand.DoubleSet(double[] values) ->
                Arrays.stream(values)
                        .mapToObj(value -> new Bounds(Rank.of(value)))
                        .toList();
            case Operand.DecimalRange range -> List.of(bounds(range));
            case Operand.DecimalSet(var values) ->
                values.stream().map(CompareLoop::bounds).toList();
            case Operand.Texts(byte[][] texts) ->
                Arrays.stream(texts).map(this::bounds).toList();
            case Operand.Missing ignored -> List.of();
        };
    }

    private static Bounds bounds(Operand.DecimalRange range) {
        return new Bounds(Rank.of(range.min()), Rank.of(range.max()), range.outside());
    }

    private Bounds bounds(byte[] text) {
        Rank rank = Rank.of(text);
        return switch (filter.operator()) {
            case EQ, IN, NULL -> new Bounds(rank);
            case NE -> new Bounds(rank, rank, true);
            case GT, GTE -> new Bounds(rank, Rank.GREATEST, false);
            case LT, LTE -> new Bounds(Rank.LEAST, rank, false);
            case PREFIX -> new Bounds(rank, Rank.ofLast(text), false);
        };
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

    /** True of the rows that have a value and do not meet a comparison. */
    static final class Negated implements FilterLoop.Leaf {
        private final CompareLoop loop;
        private int[] hits = {};

        Negated(Filter.Compare filter) {
            loop = new CompareLoop(filter);
        }

        @Override
        public int narrow(Batch batch, int[] selection, int count) {
            int there = loop.filter.operand() instanceof Operand.Missing
                    ? count
                    : present(batch.path(loop.filter.column().path()), selection, count);
            if (hits.length < there) {
                hits = new int[selection.length];
            }
            System.arraycopy(selection, 0, hits, 0, there);
            return FilterLoop.without(selection, there, hits, loop.narrow(batch, hits, there));
        }

        @Override
        public boolean mayMeet(Batch batch) {
            return true;
        }
    }

    private int longs(Column column, Operand.LongRange range, int[] selection, int count) {
        long min = range.min();
        long max = range.max();
        boolean inside = !range.outside();
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

    private int longs(Column column, long[] sorted, int[] selection, int count) {
        int kept = 0;
        for (int i = 0; i < count; i++) {
            int row = selection[i];
            selection[kept] = row;
            kept += Arrays.binarySearch(sorted, column.ordered(row)) >= 0 ? 1 : 0;
        }
        return kept;
    }

    private static int doubles(Column column, Operand.DoubleRange range, int[] selection, int count) {
        double min = range.min();
        double max = range.max();
        boolean inside = !range.outside();
        int kept = 0;
        if (column.layout().width() == 8) {
            for (int i = 0; i < count; i++) {
                int row = selection[i];
                double value = column.float64(row);
                selection[kept] = row;
                kept += (value >= min & value <= max) == inside ? 1 : 0;
            }
        } else {
            for (int i = 0; i < count; i++) {
                int row = selection[i];
                double value = column.float32(row);
                selection[kept] = row;
                kept += (value >= min & value <= max) == inside ? 1 : 0;
            }
        }
        return kept;
    }

    private static int doubles(Column column, double[] values, int[] selection, int count) {
        boolean wide = column.layout().width() == 8;
        int kept = 0;
        for (int i = 0; i < count; i++) {
            int row = selection[i];
            double value = wide ? column.float64(row) : column.float32(row);
            boolean hit = false;
            for (double wanted : values) {
                hit |= value == wanted;
            }
            selection[kept] = row;
            kept += hit ? 1 : 0;
        }
        return kept;
    }

    /** Asks the filter of each text of the dictionary once, and then of each row whether its text is among the kept. */
    private int encoded(Column column, byte[][] texts, int[] selection, int count) {
        Dictionary dictionary = column.layout().dictionary();
        int[] numbers = IntStream.range(0, dictionary.values().size()).toArray();
        int hits = texts(dictionary.column(), texts, numbers, numbers.length);
        int[] hit = new int[numbers.length];
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

    private int texts(Column column, byte[][] texts, int[] selection, int count) {
        byte[] text = texts[0];
        int kept = 0;
        switch (filter.operator()) {
            case EQ -> {
                for (int i = 0; i < count; i++) {
                    int row = selection[i];
                    selection[kept] = row;
                    kept += column.equalsBytes(row, text) ? 1 : 0;
                }
            }
            case NE -> {
                for (int i = 0; i < count; i++) {
                    int row = selection[i];
                    selection[kept] = row;
                    kept += column.equalsBytes(row, text) ? 0 : 1;
                }
            }
            case PREFIX -> {
                for (int i = 0; i < count; i++) {
                    int row = selection[i];
                    selection[kept] = row;
                    kept += column.startsWith(row, text) ? 1 : 0;
                }
            }
            case IN -> {
                for (int i = 0; i < count; i++) {
                    int row = selection[i];
                    selection[kept] = row;
                    kept += equalsAny(column, row, texts) ? 1 : 0;
                }
            }
            case GT, GTE, LT, LTE -> kept = ordered(column, text, selection, count);
            case NULL -> kept = count;
        }
        return kept;
    }

    private int ordered(Column column, byte[] text, int[] selection, int count) {
        boolean greater = filter.operator() == Operator.GT || filter.operator() == Operator.GTE;
        boolean orEqual = filter.operator() == Operator.GTE || filter.operator() == Operator.LTE;
        int kept = 0;
        for (int i = 0; i < count; i++) {
            int row = selection[i];
            int order = column.compareBytes(row, text);
            selection[kept] = row;
            kept += (order == 0 ? orEqual : (order > 0) == greater) ? 1 : 0;
        }
        return kept;
    }

    private static boolean equalsAny(Column column, int row, byte[][] texts) {
        for (byte[] text : texts) {
            if (column.equalsBytes(row, text)) {
                return true;
            }
        }
        return false;
    }
}
