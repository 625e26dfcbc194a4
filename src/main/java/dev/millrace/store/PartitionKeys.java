package dev.millrace.store;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.Row;
import dev.millrace.arrow.SecretHash;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

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
    private static final int MOST_STEPS = 1024;

    /** Where the keys are looked for that are new in the partition. */
    interface Elsewhere {
        /**
         * Looks for keys of the partition, whose entries are written, in other ones.
         *
         * @param hashes of the rows from {@code first} on
         * @param which of the rows are to be looked for; in front those whose key is held elsewhere when it returns
         * @return how many those are
         */
        int find(PartitionKeys keys, long[] hashes, int[] which, int count, Batch batch, int first);
    }

    /** What {@link #share} met. */
    enum Met {
        NOTHING,
        /** Rows that were known to be shared. */
        KNOWN,
        /** Some that were not. */
        NEW
    }

    private final StoreSchema schema;
    private final SecretHash secret;
    private final KeyIndex index = new KeyIndex();
    private final KeyChains chains = new KeyChains();
    private final SharedRows shared;
    private final long[] hashes = new long[BLOCK];
    private final long[] olders = new long[BLOCK];
    private final int[] fresh = new int[BLOCK];
    private long deletesWithoutRow;

    /** {@code shared} are the partition's. */
    PartitionKeys(StoreSchema schema, SecretHash secret, SharedRows shared) {
        this.schema = schema;
        this.secret = secret;
        this.shared = shared;
    }

    /** Hashes the keys; mostly the same object in all partitions of a product. */
    SecretHash secret() {
        return secret;
    }

    /** Whether so many keys have nearly the same hash as happens only by somebody who knows the secret. */
    boolean isCrowded() {
        return index.longestWalk() > MOST_STEPS;
    }

    /**
     * Adds rows {@code [from, to)} of the segment {@code ordinal}, whose older segments are {@code sealed}.
     *
     * @param marks of that segment; null to mark nothing, for rows whose marks are set already
     * @param goneBelow rows below this offset were retired: they are marked, but not counted
     * @param elsewhere null to look nowhere else
     * @return how many rows were visible before and are superseded now; 0 for an append product
     */
    int add(
            SealedList sealed,
            int ordinal,
            Batch batch,
            @Nullable Marks marks,
            int from,
            int to,
            long goneBelow,
            @Nullable Elsewhere elsewhere) {
        var rows = new Rows(sealed, ordinal, batch, marks, goneBelow);
        boolean marking = schema.upsert() && marks != null;
        Column offsets = batch.column(schema.offsetColumn());
        Column deleted = batch.column(schema.deletedColumn());
        int superseded = 0;
        for (int block = from; block < to; block += BLOCK) {
            int end = Math.min(to, block + BLOCK);
            for (int row = block; row < end; row++) {
                hashes[row - block] = Key.hash(schema, secret, batch, row);
            }
            index.warm(hashes, end - block);
            int count = 0;
            long unmet = 0;
            for (int row = block; row < end; row++) {
                rows.row = row;
                long older = index.claim(hashes[row - block], rows);
                long location = Location.of(ordinal, row);
                olders[row - block] = older;
                boolean met = false;
                if (older == Location.NONE) {
                    fresh[count++] = row - block;
                } else {
                    chains.link(location, older);
                    met = marking && rows.supersede(older, offsets.int64(row));
                    superseded += met ? 1 : 0;
                }
                if (!met && marking && deleted.bit(row)) {
                    unmet |= 1L << (row - block);
                }
                index.fill(location);
            }
            if (elsewhere != null) {
                VarHandle.fullFence();
                int found = elsewhere.find(this, hashes, fresh, count, batch, block);
                for (int i = 0; i < found; i++) {
                    shared.add(offsets.int64(block + fresh[i]));
                }
                inherit(rows, block, end, offsets);
            }
            for (; unmet != 0; unmet &= unmet - 1) {
                // What several partitions have may have met its row in another one.
                int row = block + Long.numberOfTrailingZeros(unmet);
                deletesWithoutRow += shared.has(offsets.int64(row)) ? 0 : 1;
            }
        }
        return superseded;
    }

    /** Rows of a shared key are shared. */
    private void inherit(Rows rows, int from, int to, Column offsets) {
        if (shared.isEmpty()) {
            return;
        }
        for (int row = from; row < to; row++) {
            long older = olders[row - from];
            if (older != Location.NONE && shared.has(rows.offset(older))) {
                shared.add(offsets.int64(row));
            }
        }
    }

    KeyIndex index() {
        return index;
    }

    /** Adds all rows of segments none of which was merged, in order, without marking any. */
    PartitionKeys addAll(SealedList renamed, int above) {
        for (Segment segment : renamed.segments()) {
            if (segment.ordinal() > above) {
                add(renamed, segment.ordinal(), segment.batch(), null, 0, segment.rows(), 0, null);
            }
        }
        return this;
    }

    /** Takes rows of a key, the newest first; false to be given no more. */
    interface Rest {
        boolean take(Segment segment, int row);
    }

    /** Gives the rows of a key that a view holds, {@code hash} being the key's by {@link #secret()}. */
    private void each(PartitionView view, KeyMatch key, long hash, Rest rest) {
        KeyIndex.Probe probe = index.probe(hash);
        long candidate;
        while ((candidate = probe.next()) != Location.NONE) {
            boolean known = false;
            for (long at = candidate; at != Location.NONE; at = chains.previous(at)) {
                Segment segment = view.holding(at);
                int row = segment == null ? RowMap.DROPPED : segment.row(at);
                if (segment == null || row == RowMap.DROPPED) {
                    continue;
                }
                if (!known && !key.matches(segment.batch(), row)) {
                    break;
                }
                known = true;
                if (!rest.take(segment, row)) {
                    return;
                }
            }
        }
    }

    /**
     * The newest row of a key in a view whose offset is below {@code bound}, be it a delete; null for none or a retired
     * one.
     *
     * @param hash of the key by {@link #secret()}
     */
    @Nullable
    Row newest(PartitionView view, long bound, KeyMatch key, long hash) {
        KeyIndex.Probe probe = index.probe(hash);
        long candidate;
        while ((candidate = probe.next()) != Location.NONE) {
            for (long at = candidate; at != Location.NONE; at = chains.previous(at)) {
                Segment segment = view.holding(at);
                int row = segment == null ? RowMap.DROPPED : segment.row(at);
                if (segment == null || row == RowMap.DROPPED) {
                    continue;
                }
                if (!key.matches(segment.batch(), row)) {
                    break;
                }
                if (segment.offset(row) < bound) {
                    return segment.facts().retiredAt() >= bound ? new Row(segment.batch(), row) : null;
                }
            }
        }
        return null;
    }

    /** Notes all rows of a key that a view of this partition holds as shared. Any thread. */
    Met share(PartitionView view, KeyMatch key, long hash) {
        var met = new Object() {
            Met sum = Met.NOTHING;
        };
        each(view, key, hash, (segment, row) -> {
            boolean added = shared.add(segment.offset(row));
            met.sum = added ? Met.NEW : met.sum == Met.NOTHING ? Met.KNOWN : met.sum;
            return true;
        });
        return met.sum;
    }

    /** Whether a view of this partition holds a row of a key, be it superseded, that is no delete and passes a test. Any thread. */
    boolean holdsRow(PartitionView view, KeyMatch key, long hash, Rest test) {
        var held = new boolean[1];
        each(view, key, hash, (segment, row) -> {
            held[0] = !segment.batch().column(schema.deletedColumn()).bit(row) && test.take(segment, row);
            return !held[0];
        });
        return held[0];
    }

    /** Whether the newest row of a key below a bound that a view holds, and each later one, pass a test. Any thread. */
    boolean allFrom(PartitionView view, long bound, KeyMatch key, long hash, Rest test) {
        var state = new Object() {
            boolean pass = true;
            boolean below;
        };
        each(view, key, hash, (segment, row) -> {
            state.pass = test.take(segment, row);
            state.below = segment.offset(row) < bound;
            return state.pass && !state.below;
        });
        return state.pass && state.below;
    }

    /** The row of the same key before a row that a view holds, be it a delete; null for none or one retired by then. */
    @Nullable
    Row previous(PartitionView view, Segment segment, int row) {
        long bound = segment.offset(row);
        long at = segment.location(row);
        while ((at = chains.previous(at)) != Location.NONE) {
            Segment older = view.holding(at);
            int olderRow = older == null ? RowMap.DROPPED : older.row(at);
            // A record has one row in an upsert product, so that the row before has another offset.
            if (older != null && olderRow != RowMap.DROPPED) {
                return older.facts().retiredAt() >= bound ? new Row(older.batch(), olderRow) : null;
            }
        }
        return null;
    }

    /** How many of the rows added are deletes of a key that had no visible row; of the thread that adds. */
    long deletesWithoutRow() {
        return deletesWithoutRow;
    }

    /** Whether segments below an ordinal hold a row of the same key before a row. Any thread. */
    boolean isBelow(SealedList sealed, int ordinal, Segment segment, int row) {
        long at = segment.location(row);
        while ((at = chains.previous(at)) != Location.NONE) {
            Segment older = sealed.withOrdinal(Location.ordinal(at));
            if (older != null && older.ordinal() < ordinal && older.row(at) != RowMap.DROPPED) {
                return true;
            }
        }
        return false;
    }

    /** What index and chains come to when the last {@code more} of so many rows of a segment are added. Writer only. */
    long sizeBytes(int ordinal, int rows, int more) {
        return index.sizeBytes(more) + chains.sizeBytes(ordinal, rows - 1);
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
        private final @Nullable Marks marks;
        private final long goneBelow;
        private int row;

        Rows(SealedList sealed, int ordinal, Batch batch, @Nullable Marks marks, long goneBelow) {
            this.sealed = sealed;
            this.ordinal = ordinal;
            this.batch = batch;
            this.marks = marks;
            this.goneBelow = goneBelow;
        }

        /** Whether the row there has the key of the one at hand; never when it is not held any more. */
        @Override
        public boolean at(long location) {
            if (Location.ordinal(location) == ordinal) {
                return Key.same(schema, batch, row, batch, Location.row(location));
            }
            Segment other = sealed.withOrdinal(Location.ordinal(location));
            int otherRow = other == null ? RowMap.DROPPED : other.row(location);
            return other != null && otherRow != RowMap.DROPPED && Key.same(schema, batch, row, other.batch(), otherRow);
        }

        /** The offset of a row that is held. */
        long offset(long location) {
            int other = Location.ordinal(location);
            if (other == ordinal) {
                return batch.column(schema.offsetColumn()).int64(Location.row(location));
            }
            Segment segment = Objects.requireNonNull(sealed.withOrdinal(other));
            return segment.offset(segment.row(location));
        }

        /** Marks an older row, which is held; whether it was visible till now. */
        boolean supersede(long older, long sequence) {
            int olderOrdinal = Location.ordinal(older);
            if (olderOrdinal == ordinal) {
                int olderRow = Location.row(older);
                Objects.requireNonNull(marks).set(olderRow, sequence);
                return !batch.column(schema.deletedColumn()).bit(olderRow);
            }
            Segment segment = Objects.requireNonNull(sealed.withOrdinal(olderOrdinal));
            int olderRow = segment.row(older);
            segment.marks().set(olderRow, sequence);
            return segment.facts().lastOffset() >= goneBelow
                    && !segment.batch().column(schema.deletedColumn()).bit(olderRow);
        }
    }
}
