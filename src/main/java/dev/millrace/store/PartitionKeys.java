package dev.millrace.store;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;

/**
 * The keys of one partition: adds rows in order, marks what they supersede, and finds the newest row of a key within a
 * view. One thread adds, any thread finds.
 *
 * <p>An index entry leads to the newest row of a key in the partition, which may be newer than the reader's view; the
 * chain leads back to rows that the view holds. Only rows of one key are chained, so the first row that the view holds
 * tells whether the whole chain is the key's.
 */
final class PartitionKeys {
    private static final int BLOCK = 64;

    private final StoreSchema schema;
    private final KeyIndex index = new KeyIndex();
    private final KeyChains chains = new KeyChains();
    private final long[] hashes = new long[BLOCK];

    PartitionKeys(StoreSchema schema) {
        this.schema = schema;
    }

    /**
     * Adds rows {@code [from, to)} of the segment {@code current}, whose older segments are {@code sealed}.
     *
     * @return how many rows were visible before and are superseded now; 0 for an append product
     */
    int add(SealedList sealed, int ordinal, Batch batch, Marks marks, int from, int to) {
        var rows = new Rows(sealed, ordinal, batch, marks);
        Column offsets = batch.column(schema.offsetColumn());
        int superseded = 0;
        for (int block = from; block < to; block += BLOCK) {
            int end = Math.min(to, block + BLOCK);
            for (int row = block; row < end; row++) {
                hashes[row - block] = Key.hash(schema, batch, row);
            }
            index.warm(hashes, end - block);
            for (int row = block; row < end; row++) {
                rows.row = row;
                long older = index.claim(hashes[row - block], rows);
                long location = Location.of(ordinal, row);
                if (older != Location.NONE) {
                    chains.link(location, older);
                    if (schema.upsert() && rows.supersede(older, offsets.int64(row))) {
                        superseded++;
                    }
                }
                index.fill(location);
            }
        }
        return superseded;
    }

    /** The newest row of a key in a view whose offset is below {@code bound}, be it a delete or not. */
    long find(PartitionView view, long bound, Key key) {
        KeyIndex.Probe probe = index.probe(key.hash());
        long candidate;
        while ((candidate = probe.next()) != Location.NONE) {
            for (long at = candidate; at != Location.NONE; at = chains.previous(at)) {
                Segment segment = view.holding(at);
                if (segment == null) {
                    continue;
                }
                int row = Location.row(at);
                if (!key.matches(segment.batch(), row)) {
                    break;
                }
                if (segment.offset(row) < bound) {
                    return at;
                }
            }
        }
        return Location.NONE;
    }

    /** Heap bytes of index and chains. */
    long sizeBytes() {
        return index.sizeBytes() + chains.sizeBytes();
    }

    /** The partition's rows while some are added; compares the row at hand with others. */
    private final class Rows implements KeyIndex.SameKey {
        private final SealedList sealed;
        private final int ordinal;
        private final Batch batch;
        private final Marks marks;
        private int row;

        Rows(SealedList sealed, int ordinal, Batch batch, Marks marks) {
            this.sealed = sealed;
            this.ordinal = ordinal;
            this.batch = batch;
            this.marks = marks;
        }

        @Override
        public boolean at(long location) {
            Batch other = Location.ordinal(location) == ordinal
                    ? batch
                    : sealed(location).batch();
            return Key.same(schema, batch, row, other, Location.row(location));
        }

        /** Marks an older row; whether it was visible till now. */
        boolean supersede(long older, long sequence) {
            boolean here = Location.ordinal(older) == ordinal;
            int olderRow = Location.row(older);
            (here ? marks : sealed(older).marks()).set(olderRow, sequence);
            return !(here ? batch : sealed(older).batch())
                    .column(schema.deletedColumn())
                    .bit(olderRow);
        }

        private Segment sealed(long location) {
            Segment segment = sealed.withOrdinal(Location.ordinal(location));
            if (segment == null) {
                throw new IllegalStateException("no segment " + Location.ordinal(location));
            }
            return segment;
        }
    }
}
