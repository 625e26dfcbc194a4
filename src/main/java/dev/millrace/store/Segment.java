package dev.millrace.store;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;

/**
 * One version of a segment: the open one as far as it was published, a sealed one in memory, or the same one mapped from
 * its file. Immutable but for the marks; reference-counted; any thread reads while it holds a reference.
 */
final class Segment {
    /** What is known of a segment's rows without looking at them. */
    record Facts(int ordinal, int rows, long firstOffset, long lastOffset, int deletedRows, long firstDeleted) {}

    private final Facts facts;
    private final Batch batch;
    private final Marks marks;
    private final boolean mapped;
    private final Column offsets;
    private final References references = new References();

    /** Takes over one reference each of batch and marks. */
    Segment(StoreSchema schema, Facts facts, Batch ownedBatch, Marks ownedMarks, boolean mapped) {
        this.facts = facts;
        this.batch = ownedBatch;
        this.marks = ownedMarks;
        this.mapped = mapped;
        this.offsets = ownedBatch.column(schema.offsetColumn());
    }

    /** The same segment over its mapped file, whose one reference is taken over. */
    Segment mapped(StoreSchema schema, Batch ownedMapping) {
        return new Segment(schema, facts, ownedMapping, marks.retain(), true);
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

    boolean isMapped() {
        return mapped;
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
