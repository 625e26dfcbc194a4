package dev.millrace.store;

import dev.millrace.arrow.BatchWriter;

/**
 * Writes one partition of a product. Only one thread calls it, the partition's ingest thread.
 *
 * <p>For each record in offset order: {@link #ready}; then either write the contract's columns into {@link #batch()}
 * and call {@link #commit}, or {@link #skip} it. After a run of records {@link #publish()} makes them
 * visible at once. A record whose offset is below {@link #next()} has been stored already and must not be given again.
 */
public interface PartitionWriter {
    int partition();

    /** The offset of the next record to give. */
    long next();

    /** The most rows that one record may have: they go into one segment, so that they become durable together. */
    int maxRows();

    /**
     * Makes room for the rows of one more record, at most {@link #maxRows()}. False when the product's memory is used up: publish, stop giving records, and ask
     * again later; a flush is under way then.
     */
    boolean ready(int rows);

    /** Where the row's columns are written; open after {@link #ready} said true. The object stays the same for ever. */
    BatchWriter batch();

    /**
     * Ends the rows of a record, of which the contract's columns have been written; of a delete it is one, with the key
     * alone and nulls. All rows of a record have its offset, so readers see all of them or none. Never runs out of
     * memory: {@link #ready} has made room for what it adds.
     */
    void commit(long offset, long timestampMillis, boolean deleted, int rows);

    /** The same for a record of one row. */
    default void commit(long offset, long timestampMillis, boolean deleted) {
        commit(offset, timestampMillis, deleted, 1);
    }

    /**
     * Takes back a record that could not be written because memory ran out half-way; {@link #ready} says false until there
     * is some again. A record that runs out of memory again while {@link ProductStore#memoryBytes()} was 0 before it will
     * never fit: reject it.
     */
    void exhausted();

    /** Passes over offsets that leave no row (rejected records, transaction markers, compacted ones), up to {@code next}. */
    void skip(long next);

    /** Makes all rows written so far visible. */
    void publish();

    /**
     * Publishes, and gives memory back when other partitions need it; to be called between records, also while none come,
     * on each of a product's threads as often as {@link #ready} is asked again on any.
     */
    default void tend() {
        publish();
    }
}
