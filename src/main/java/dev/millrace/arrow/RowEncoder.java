package dev.millrace.arrow;

/** Writes rows as text, one after the other. One thread an encoder. */
public interface RowEncoder {
    /** Writes what stands before the first row. */
    default void header(ByteSink sink) {}

    /** Writes a row of any batch with the encoder's columns. */
    void row(Batch batch, int row, ByteSink sink);
}
