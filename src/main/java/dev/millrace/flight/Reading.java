package dev.millrace.flight;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.domain.Product;
import dev.millrace.store.Snapshot;
import java.util.List;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * An open read: a snapshot with the columns and rows wanted of it. Whoever receives it closes it, once.
 *
 * @param schema of {@code columns}, with metadata
 * @param limit the most rows to send
 */
record Reading(Product product, Snapshot snapshot, List<ColumnLayout> columns, Schema schema, long limit)
        implements AutoCloseable {
    Reading {
        columns = List.copyOf(columns);
    }

    @Override
    public void close() {
        snapshot.close();
    }
}
