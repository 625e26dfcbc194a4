package dev.millrace.query;

import dev.millrace.arrow.Batch;

/** Keeps some of the rows of a selection. One thread at a time. */
public interface Narrowing {
    /** Leaves none out. */
    Narrowing NONE = (batch, selection, count) -> count;

    /** Keeps rows of {@code selection[0, count)}, each there once, in order; returns how many. */
    int narrow(Batch batch, int[] selection, int count);
}
