package dev.millrace.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Where the rows of segments went that were merged into one, by the ordinals that they had: the key index goes on naming
 * rows as they were. Immutable.
 */
final class RowMap {
    static final int DROPPED = -1;
    /** Stands for all rows of a segment, by identity. */
    static final int[] ALL = {};

    private static final int[] NONE = {};

    private final int firstOrdinal;
    private final int[] starts;
    private final int[][] kept;

    private RowMap(int firstOrdinal, int[] starts, int[][] kept) {
        this.firstOrdinal = firstOrdinal;
        this.starts = starts;
        this.kept = kept;
    }

    /**
     * The map of neighbouring segments into one.
     *
     * @param selected for each of them the rows that are kept, in order; {@link #ALL} for all
     */
    static RowMap of(List<Segment> sources, List<int[]> selected) {
        int firstOrdinal = sources.getFirst().ordinal();
        int length = sources.getLast().facts().lastOrdinal() - firstOrdinal + 1;
        var starts = new int[length + 1];
        var kept = new ArrayList<int[]>();
        int base = 0;
        for (int i = 0; i < sources.size(); i++) {
            Segment source = sources.get(i);
            while (kept.size() < source.ordinal() - firstOrdinal) {
                starts[kept.size()] = base;
                kept.add(NONE); // that number names no segment any more
            }
            int[] rows = selected.get(i);
            RowMap inner = source.map();
            for (int part = 0; part < (inner == null ? 1 : inner.kept.length); part++) {
                int from = inner == null ? 0 : inner.starts[part];
                int to = inner == null ? source.rows() : inner.starts[part + 1];
                int[] names = inner == null ? ALL : inner.kept[part];
                starts[kept.size()] = base;
                if (rows == ALL) {
                    kept.add(names);
                    base += to - from;
                } else {
                    int[] left = Arrays.copyOfRange(rows, rank(rows, from), rank(rows, to));
                    for (int k = 0; k < left.length; k++) {
                        left[k] = names == ALL ? left[k] - from : names[left[k] - from];
                    }
                    kept.add(left);
                    base += left.length;
                }
            }
        }
        starts[length] = base;
        return new RowMap(firstOrdinal, starts, kept.toArray(new int[0][]));
    }

    private static int rank(int[] sorted, int value) {
        int at = Arrays.binarySearch(sorted, value);
        return at < 0 ? -at - 1 : at;
    }

    /** The row that a location names now; {@link #DROPPED} when it is not kept. */
    int row(long location) {
        int part = Location.ordinal(location) - firstOrdinal;
        int row = Location.row(location);
        int[] names = kept[part];
        int at = names == ALL ? row : Arrays.binarySearch(names, row);
        return at < 0 ? DROPPED : starts[part] + at;
    }

    /** The location that names a row. */
    long location(int row) {
        int low = 0;
        int high = kept.length - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (starts[middle] <= row) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        int[] names = kept[low];
        int at = row - starts[low];
        return Location.of(firstOrdinal + low, names == ALL ? at : names[at]);
    }

    /** Heap bytes. */
    long sizeBytes() {
        return Arrays.stream(kept)
                .mapToLong(names -> names == ALL ? 8 : 8L + 4L * names.length)
                .sum();
    }
}
