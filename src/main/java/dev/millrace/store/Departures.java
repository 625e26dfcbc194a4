package dev.millrace.store;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.SecretHash;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Rows that partitions are about to leave out because of what the others have: one that another partition hides, a delete
 * that no other one needs. A record may come for which they would count after all, one with an older timestamp. No
 * position may be seen with both and later be answered with one. So a partition that is to show such a record waits until the
 * departure is over: either the row went, and the record counts without it, or it stays.
 *
 * <p>A departure is noted, then its rows are looked at once more; a record is found by other threads, then departures are looked at.
 * Of the two one at least sees the other. Any thread.
 */
final class Departures {
    /** Rows of a partition, by the hashes of their keys and the greatest of their timestamps. */
    static final class Departure {
        private final int partition;
        private final SecretHash secret;
        private final long[] hashes;
        private final long newestMillis;

        /** The array is sorted. */
        Departure(int partition, SecretHash secret, long[] hashes, long newestMillis) {
            this.partition = partition;
            this.secret = secret;
            this.hashes = hashes;
            this.newestMillis = newestMillis;
            Arrays.sort(hashes);
        }

        boolean isEmpty() {
            return hashes.length == 0;
        }

        /** Whether a row of it may count instead of another partition's. */
        private boolean mayHide(StoreSchema schema, Batch batch, int row) {
            return batch.column(schema.timestampColumn()).int64(row) <= newestMillis
                    && Arrays.binarySearch(hashes, Key.hash(schema, secret, batch, row)) >= 0;
        }
    }

    private final StoreSchema schema;
    private final List<Departure> underWay = new CopyOnWriteArrayList<>();
    private volatile long version;

    Departures(StoreSchema schema) {
        this.schema = schema;
    }

    /** Notes a departure; whether its rows may go is to be looked at after this. */
    void begin(Departure departure) {
        underWay.add(departure);
        VarHandle.fullFence();
    }

    boolean areUnderWay(List<Departure> any) {
        return !Collections.disjoint(any, underWay);
    }

    /** Ends a departure whose rows went, or stay. */
    void end(Departure departure) {
        underWay.remove(departure);
    }

    /** Shows the partition without the rows, which changes no position's answer, and ends the departure. */
    synchronized void show(Departure departure, Runnable change) {
        version++;
        try {
            change.run();
        } finally {
            version++;
        }
        end(departure);
    }

    /** Odd while a departure is shown; views taken between two equal even ones are of one state. */
    long version() {
        return version;
    }

    /** Those of other partitions that have a row which may hide one of rows {@code [from, to)}, which others know of. */
    List<Departure> hiding(PartitionLog log, Batch batch, int from, int to) {
        if (underWay.isEmpty()) {
            return List.of();
        }
        Column offsets = batch.column(schema.offsetColumn());
        return others(log).stream()
                .filter(departure -> {
                    for (int row = from; row < to; row++) {
                        if (log.shared().has(offsets.int64(row)) && departure.mayHide(schema, batch, row)) {
                            return true;
                        }
                    }
                    return false;
                })
                .toList();
    }

    /** Those of other partitions than a log's. */
    List<Departure> others(PartitionLog log) {
        return underWay.stream()
                .filter(departure -> departure.partition != log.partition())
                .toList();
    }
}
