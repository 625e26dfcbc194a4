package dev.millrace.http;

import dev.millrace.arrow.ByteSink;
import java.util.function.BooleanSupplier;

/** Encodes the rows of an answer, a buffer at a time. One thread at a time; whoever holds it closes it once. */
interface RowWriter extends AutoCloseable {
    /**
     * Writes on until about {@code softBytes} are in the sink, or {@code stop} says so between two steps of the scan.
     *
     * @return whether all has been written
     */
    boolean fill(ByteSink sink, int softBytes, BooleanSupplier stop);

    @Override
    default void close() {}
}
