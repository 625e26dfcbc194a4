package dev.millrace.store;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;

/** A segment as far as a snapshot with a bound sees it. */
final class SegmentSlice implements Slice {
    private final Segment segment;
    private final Column deleted;
    private final long bound;
    private final int rows;
    private final boolean noDeletes;
    private final boolean noMarks;

    /** Rows whose offset is below {@code bound}; the segment is borrowed from the snapshot. */
    SegmentSlice(StoreSchema schema, Segment segment, long bound) {
        this.segment = segment;
        this.deleted = segment.batch().column(schema.deletedColumn());
        this.bound = bound;
        this.rows = segment.firstRowAt(bound);
        this.noDeletes = segment.facts().firstDeleted() >= bound;
        this.noMarks = segment.marks().first() >= bound;
    }

    @Override
    public Batch batch() {
        return segment.batch();
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public boolean allVisible() {
        return noDeletes && noMarks;
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
            if ((noMarks || marks.get(row) >= bound) && (noDeletes || !deleted.bit(row))) {
                selection[count++] = row;
            }
        }
        return count;
    }

    /** How many rows are visible. */
    int visibleRows() {
        if (allVisible()) {
            return rows;
        }
        Marks marks = segment.marks();
        int count = 0;
        for (int row = 0; row < rows; row++) {
            if ((noMarks || marks.get(row) >= bound) && (noDeletes || !deleted.bit(row))) {
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
