package dev.millrace.store;

import dev.millrace.arrow.ArrowFile;
import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.References;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One version of a segment: the open one as far as it was published, a sealed one in memory, or the same one mapped from
 * its file. Immutable but for the marks; reference-counted; any thread reads while it holds a reference.
 */
final class Segment {
    /**
     * What is known of a segment's rows without looking at them.
     *
     * @param lastOrdinal the last of the numbers that name it; more than one when it was merged from several
     * @param retiredAt snapshots with a bound beyond this do not see the segment; {@link Marks#NEVER} while all do
     */
    record Facts(
            int ordinal,
            int lastOrdinal,
            int rows,
            long firstOffset,
            long lastOffset,
            int deletedRows,
            long firstDeleted,
            long retiredAt) {}

    /**
     * What a segment is mapped from.
     *
     * @param gaps where rows were left out; empty when all that were written are there
     */
    record Origin(Manifest.SegmentFile file, Optional<Gaps> gaps) {
        static Origin of(Manifest.SegmentFile file, ArrowFile.Mapped mapped) {
            return new Origin(
                    file,
                    Optional.ofNullable(mapped.metadata().get(Gaps.METADATA)).map(Gaps::parse));
        }
    }

    private final Facts facts;
    private final Batch batch;
    private final Marks marks;
    private final @Nullable Origin origin;
    private final @Nullable RowMap map;
    private final Column offsets;
    private final References references = new References();

    /**
     * Takes over one reference each of batch and marks.
     *
     * @param origin what the batch is mapped from; null while it is in memory
     * @param map for a segment merged from others, where their rows went
     */
    Segment(
            StoreSchema schema,
            Facts facts,
            Batch ownedBatch,
            Marks ownedMarks,
            @Nullable Origin origin,
            @Nullable RowMap map) {
        this.facts = facts;
        this.batch = ownedBatch;
        this.marks = ownedMarks;
        this.origin = origin;
        this.map = map;
        this.offsets = ownedBatch.column(schema.offsetColumn());
    }

    /** The same segment over its mapped file, whose one reference is taken over. */
    Segment mapped(StoreSchema schema, Batch ownedMapping, Origin from) {
        return new Segment(schema, facts, ownedMapping, marks.retain(), from, map);
    }

    /** The same segment as another manifest knows it, mapped. */
    Segment with(StoreSchema schema, Manifest.SegmentFile entry) {
        Facts changed = entry.facts(facts.ordinal(), facts.lastOrdinal());
        return new Segment(schema, changed, batch.retain(), marks.retain(), new Origin(entry, gaps()), map);
    }

    /** The same segment with its rows named by its first number alone. */
    Segment renamed(StoreSchema schema) {
        Facts changed = new Facts(
                facts.ordinal(),
                facts.ordinal(),
                facts.rows(),
                facts.firstOffset(),
                facts.lastOffset(),
                facts.deletedRows(),
                facts.firstDeleted(),
                facts.retiredAt());
        return new Segment(schema, changed, batch.retain(), marks.retain(), origin, null);
    }

    Facts facts() {
        return facts;
    }

    int ordinal() {
        return facts.ordinal();
    }

    int rows() {
        return facts.rows();
    }

    Batch batch() {
        return batch;
    }

    Marks marks() {
        return marks;
    }

    /** What the segment is mapped from; null while it is in memory. */
    Manifest.@Nullable SegmentFile file() {
        return origin == null ? null : origin.file();
    }

    Optional<Gaps> gaps() {
        return origin == null ? Optional.empty() : origin.gaps();
    }

    /** The first offset whose rows were in the segment, be they left out by now. */
    long coveredFrom() {
        return gaps().map(Gaps::from).orElse(facts.firstOffset());
    }

    /** Whether an offset has a row, or had one that was left out. */
    boolean had(long offset) {
        if (offset < coveredFrom() || offset > facts.lastOffset()) {
            return false;
        }
        int row = firstRowAt(offset);
        return (row < rows() && offset(row) == offset)
                || gaps().map(gaps -> gaps.trace(offset) == Snapshot.Trace.ROW).orElse(false);
    }

    @Nullable
    RowMap map() {
        return map;
    }

    /** The row that a location within this segment's numbers names; {@link RowMap#DROPPED} when it is not kept. */
    int row(long location) {
        return map == null ? Location.row(location) : map.row(location);
    }

    /** The location that names a row. */
    long location(int row) {
        return map == null ? Location.of(facts.ordinal(), row) : map.location(row);
    }

    long offset(int row) {
        return offsets.int64(row);
    }

    /** The first row whose offset is at least {@code offset}; {@link #rows()} when there is none. */
    int firstRowAt(long offset) {
        if (offset <= facts.firstOffset()) {
            return 0;
        }
        if (offset > facts.lastOffset()) {
            return facts.rows();
        }
        // Mostly each record has one row and no offset is passed over.
        long guess = offset - facts.firstOffset();
        if (guess < facts.rows() && offsets.int64((int) guess) == offset && offsets.int64((int) guess - 1) < offset) {
            return (int) guess;
        }
        int low = 0;
        int high = facts.rows();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (offsets.int64(middle) < offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    Segment retain() {
        references.retain();
        return this;
    }

    void release() {
        if (references.release()) {
            batch.release();
            marks.release();
        }
    }
}
