package dev.millrace.flight;

import dev.millrace.query.Reading;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A reading and what is wanted of it. Whoever receives it closes it, once.
 *
 * @param schema of the selection's columns, with metadata
 */
record OpenRead(Selection selection, Reading reading, Schema schema) implements AutoCloseable {
    @Override
    public void close() {
        reading.close();
    }
}
