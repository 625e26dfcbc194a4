package dev.millrace.query;

import dev.millrace.arrow.Batch;

/** Rows in an order, a run of one batch at a time. One thread at a time; valid while its snapshot is open. */
public interface RowSource extends AutoCloseable {
    /** Takes one step, of bounded length, that may select nothing; false, with nothing selected, at the end. */
    boolean next();

    /** The batch that the last step's rows are in; valid until the step after the next where it {@link #isTransient}. */
    Batch batch();

    /** Numbers of the selected rows, in {@code [0, count())}; the reader may leave some out, the next step overwrites them. */
    int[] selection();

    /** How many rows the last step selected: as many as there are numbers, where it does not say fewer. */
    default int count() {
        return selection().length;
    }

    /** The partition of the last step's {@code index}-th selected row; 0 for rows that are of no store. */
    default int partition(int index) {
        return 0;
    }

    /** The offset of the last step's {@code index}-th selected row; 0 for rows that nobody comes back to. */
    default long offset(int index) {
        return 0;
    }

    /** How many rows come before that one which have its offset, too. */
    default int skip(int index) {
        return 0;
    }

    /** Whether batches go when two more steps were taken, and not only with the reading. */
    default boolean isTransient() {
        return false;
    }

    @Override
    default void close() {}
}
