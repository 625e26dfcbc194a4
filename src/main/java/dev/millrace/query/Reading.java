package dev.millrace.query;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Row;
import dev.millrace.store.Position;
import dev.millrace.store.Snapshot;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * A product as a view shows it at one position, unchanging while it is held. Whoever gets one closes it, once. Reads take
 * no lock and may come from any thread; what they give is valid until then.
 */
public interface Reading extends AutoCloseable {
    Position position();

    /** How many rows there are; looks at each where the view is not {@linkplain View#isOpen open}. */
    long rows();

    /**
     * The rows that meet a query's filters from its start on, in the order of (partition, offset); its select, sort,
     * grouping and limit are the caller's to apply. A cursor's position must be this one.
     */
    RowSource scan(RowsQuery query);

    /**
     * All rows that meet a query's filters, in the same order, found by as many threads of the pool at hand as have time.
     *
     * @param narrowing gives what leaves out more rows, where that is of use; any thread
     */
    default RowSource scanByMany(RowsQuery query, Supplier<Narrowing> narrowing) {
        return scan(query.whole());
    }

    /** The newest row of a key, valid until the next is looked for; empty when there is none. */
    Optional<Row> find(RowKey key);

    /**
     * What the records of a partition changed, from a position on and up to this one, to one who has read up to that
     * position in every partition.
     *
     * @param limit about how many; all rows of one record come together
     * @throws dev.millrace.problem.ProblemException with {@code Gone} when rows from there on may have been left out
     */
    Snapshot.Changes changes(Position from, int partition, int limit);

    /** Fails with {@code Gone} when changes from a position on are not kept. */
    default void requireChanges(Position from) {
        for (int partition = 0; partition < position().partitions(); partition++) {
            changes(from, partition, 0);
        }
    }

    /** When the newest of the last records of all partitions was written, in epoch milliseconds; empty without rows. */
    OptionalLong newestMillis();

    /** About how many bytes these columns of all rows have; found without looking at a row. */
    long estimatedBytes(List<ColumnLayout> columns);

    @Override
    void close();
}
