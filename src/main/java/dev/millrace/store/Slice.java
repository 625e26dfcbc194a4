package dev.millrace.store;

import dev.millrace.arrow.Batch;

/** A run of rows of one segment as a snapshot sees it; valid while the snapshot is. Any thread. */
public interface Slice {
    Batch batch();

    /** Rows {@code [0, rows)} of the batch belong to the snapshot. */
    int rows();

    /** Whether every row is visible: none deleted, superseded or beyond the snapshot's position. */
    boolean allVisible();

    /**
     * Numbers of the visible rows of {@code [from, to)} in order, into {@code selection} from 0 on.
     *
     * @return how many
     */
    int select(int from, int to, int[] selection);

    /** The first row whose offset is at least {@code offset}; {@link #rows()} when there is none. */
    int firstRowAt(long offset);

    /** The offset of a row. */
    long offset(int row);
}
