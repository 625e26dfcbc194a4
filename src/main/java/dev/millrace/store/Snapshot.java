package dev.millrace.store;

import dev.millrace.arrow.Batch;
import java.util.List;
import java.util.Optional;

/**
 * A product as it was at one position, unchanging while it is held. Whoever gets one closes it, once. Reads take no
 * lock and may come from any thread.
 */
public interface Snapshot extends AutoCloseable {
    Position position();

    /** How many partitions; each has its slices. */
    int partitions();

    /** The slices of a partition in the order of their offsets. */
    List<Slice> slices(int partition);

    /** The newest visible row of a key; empty when there is none. */
    Optional<Row> find(Key key);

    /** How many rows are visible. */
    long rows();

    /** A row within a batch; valid while the snapshot is. */
    record Row(Batch batch, int row) {}

    @Override
    void close();
}
