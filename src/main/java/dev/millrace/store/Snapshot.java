package dev.millrace.store;

import dev.millrace.arrow.Row;
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

    /**
     * The visible row of a key; empty when there is none. Of the newest ones of each partition, deletes among them, the
     * one with the greatest timestamp counts, of equal ones that of the highest partition.
     */
    Optional<Row> find(KeyMatch key);

    /** The partitions whose newest row of a key is no delete, in order. */
    default List<Integer> holders(Key key) {
        return find(key).isPresent() ? List.of(0) : List.of();
    }

    /** How many rows are visible. */
    long rows();

    /** What is known of an offset. */
    enum Trace {
        /** It had a row, which may be superseded, be a delete, or have been left out since. */
        ROW,
        /** It never had one. */
        NONE,
        /** Retention let go of the rows there, or too little was kept of them. */
        GONE
    }

    /** Whether there was a row of an offset below the snapshot's position. */
    Trace trace(int partition, long offset);

    /** What a record did to the rows that readers see. */
    enum Effect {
        INSERT,
        UPDATE,
        DELETE
    }

    /**
     * One change.
     *
     * @param offset of the record that made it
     * @param row the row as it is since, mostly the record's own; of a delete only its key has meaning
     * @param before the row that was visible till then; empty for an insert
     */
    record Change(Effect effect, long offset, Row row, Optional<Row> before) {}

    /** Changes in the order of their offsets, and the offset from which to go on; the snapshot's own when there are no more. */
    record Changes(List<Change> changes, long next) {
        public Changes {
            changes = List.copyOf(changes);
        }
    }

    /**
     * What the records of a partition changed, from a position on and up to the snapshot's, to one who has read up to that
     * position in every partition. Deletes of keys that had no row change nothing, nor do records that another partition's
     * hide. What retention takes away is not among the changes.
     *
     * @param limit about how many; all rows of one record come together
     * @throws dev.millrace.problem.ProblemException with {@code Gone} when rows from there on may have been left out
     */
    Changes changes(Position from, int partition, int limit);

    @Override
    void close();
}
