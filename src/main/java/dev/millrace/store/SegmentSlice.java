package dev.millrace.store;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;
import org.jspecify.annotations.Nullable;

/** A segment as far as a snapshot with a bound sees it. */
final class SegmentSlice implements Slice {
    private final Segment segment;
    private final Column deleted;
    private final long bound;
    private final int rows;
    private final boolean noDeletes;
    private final boolean noMarks;
    private final @Nullable Shared shared;

    /** Says of rows of which others have the key, too, whether they win. */
    interface Shared {
        /** Rows of the partition to ask of. */
        SharedRows rows();

        boolean wins(Batch batch, int row);
    }

    /** Rows whose offset is below {@code bound} as their partition alone sees them. */
    SegmentSlice(StoreSchema schema, Segment segment, long bound) {
        this(schema, segment, bound, null);
    }

    /**
     * Rows whose offset is below {@code bound}; the segment is borrowed from the snapshot.
     *
     * @param shared null where no other partition is asked
     */
    SegmentSlice(StoreSchema schema, Segment segment, long bound, @Nullable Shared shared) {
        this.segment = segment;
        this.deleted = segment.batch().column(schema.deletedColumn());
        this.bound = bound;
        this.rows = segment.firstRowAt(bound);
        this.noDeletes = segment.facts().firstDeleted() >= bound;
        this.noMarks = segment.marks().first() >= bound;
        this.shared =
                shared != null && rows > 0 && nextShared(shared, segment.facts().firstOffset()) < end() ? shared : null;
    }

    @Override
    public Batch batch() {
        return segment.batch();
    }

    @Override
    public int rows() {
        return rows;
    }

    private long end() {
        return segment.offset(rows - 1) + 1;
    }

    private long nextShared(Shared among, long from) {
        return among.rows().next(from, end());
    }

    @Override
    public boolean allVisible() {
        return noDeletes && noMarks && shared == null;
    }

    private boolean isVisible(Marks marks, int row) {
        return (noMarks || marks.get(row) >= bound) && (noDeletes || !deleted.bit(row));
    }

    @Override
    public int select(int from, int to, int[] selection) {
        java.util.Objects.checkFromToIndex(from, to, rows);
        int count = 0;
        if (allVisible()) {
            for (int row = from; row < to; row++) {
                selection[count++] = row;
            }
            return count;
        }
        Marks marks = segment.marks();
        for (int row = from; row < to; row++) {
            if (isVisible(marks, row) && (shared == null || wins(shared, row))) {
                selection[count++] = row;
            }
        }
        return count;
    }

    private boolean wins(Shared among, int row) {
        return !among.rows().has(segment.offset(row)) || among.wins(segment.batch(), row);
    }

    /** How many rows are visible in their partition that one of another partition hides. */
    int hiddenRows() {
        Shared among = shared;
        if (among == null) {
            return 0;
        }
        int count = 0;
        Marks marks = segment.marks();
        long offset = segment.facts().firstOffset();
        while ((offset = nextShared(among, offset)) < end()) {
            int row = segment.firstRowAt(offset);
            // Rows may have been left out.
            if (segment.offset(row) == offset && isVisible(marks, row) && !among.wins(segment.batch(), row)) {
                count++;
            }
            offset++;
        }
        return count;
    }

    /** How many rows are visible in their partition. */
    int visibleRows() {
        if (noDeletes && noMarks) {
            return rows;
        }
        Marks marks = segment.marks();
        int count = 0;
        for (int row = 0; row < rows; row++) {
            if (isVisible(marks, row)) {
                count++;
            }
        }
        return count;
    }

    @Override
    public int firstRowAt(long offset) {
        return Math.min(rows, segment.firstRowAt(offset));
    }

    @Override
    public long offset(int row) {
        return segment.offset(row);
    }
}
