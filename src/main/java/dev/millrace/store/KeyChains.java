package dev.millrace.store;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * From the location of a row to that of the row with the same key before it. One thread writes, any thread reads.
 *
 * <p>On the heap, one array a segment, allocated at the segment's first link: a reader of an older view may meet a
 * location whose batch it does not hold, and must be able to step back from it without holding anything.
 */
final class KeyChains {
    private static final VarHandle ARRAY = MethodHandles.arrayElementVarHandle(long[][].class);
    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);
    private static final long[] NO_LINKS = new long[0];

    private volatile long[][] byOrdinal = {NO_LINKS};
    private volatile long cells;

    /** The location of the row before; {@link Location#NONE} when there is none. */
    long previous(long location) {
        long[][] arrays = byOrdinal;
        int ordinal = Location.ordinal(location);
        if (ordinal >= arrays.length) {
            return Location.NONE;
        }
        long[] links = (long[]) ARRAY.getAcquire(arrays, ordinal);
        int row = Location.row(location);
        return row < links.length ? (long) CELL.getAcquire(links, row) : Location.NONE;
    }

    /** Notes the row before; to be called before the location itself is published. Writer only. */
    void link(long location, long older) {
        int ordinal = Location.ordinal(location);
        int row = Location.row(location);
        long[][] arrays = byOrdinal;
        if (ordinal >= arrays.length) {
            int length = arrays.length;
            arrays = Arrays.copyOf(arrays, Math.max(ordinal + 1, length * 2));
            Arrays.fill(arrays, length, arrays.length, NO_LINKS);
            byOrdinal = arrays;
        }
        long[] links = arrays[ordinal];
        if (row >= links.length) {
            cells += -links.length;
            links = Arrays.copyOf(links, length(row));
            cells += links.length;
            ARRAY.setRelease(arrays, ordinal, links);
        }
        CELL.setRelease(links, row, older);
    }

    private static int length(int row) {
        return Math.max(64, Integer.highestOneBit(row) << 1);
    }

    /** What the links come to when all rows of a segment up to one have some. Writer only. */
    long sizeBytes(int ordinal, int row) {
        long[][] arrays = byOrdinal;
        int now = ordinal < arrays.length ? arrays[ordinal].length : 0;
        return cells + Math.max(0, length(row) - now) << 3;
    }

    /** Heap bytes of the links. */
    long sizeBytes() {
        return cells << 3;
    }
}
