package dev.millrace.store;

import dev.millrace.arrow.References;
import org.jspecify.annotations.Nullable;

/**
 * A partition as it was published once: sealed segments, the published part of the open one, and the next offset.
 * Immutable and reference-counted; making one costs the same for any number of segments.
 *
 * @param keys whose locations name rows of this view
 * @param shared rows whose key another partition has, too: at least those that this view and views as old as it know of
 * @param next every offset below this is in
 */
record PartitionView(
        PartitionKeys keys,
        SharedRows shared,
        SealedList sealed,
        @Nullable Segment tail,
        long next,
        Kept kept,
        long visibleRows,
        References references) {
    /** Takes over one reference of the list and of the tail. */
    PartitionView(
            PartitionKeys keys,
            SharedRows shared,
            SealedList ownedSealed,
            @Nullable Segment ownedTail,
            long next,
            Kept kept,
            long visibleRows) {
        this(keys, shared, ownedSealed, ownedTail, next, kept, visibleRows, new References());
    }

    /** The segment that holds a location; null when the location was written after this view, or is held no more. */
    @Nullable
    Segment holding(long location) {
        int ordinal = Location.ordinal(location);
        Segment open = tail;
        if (open != null && open.ordinal() == ordinal) {
            return Location.row(location) < open.rows() ? open : null;
        }
        return sealed.withOrdinal(ordinal);
    }

    /** Bytes of the key index, of the marks of all segments and of what says where merged rows went. */
    long indexBytes() {
        long bytes = keys.sizeBytes()
                + shared.sizeBytes()
                + (tail == null ? 0 : tail.marks().sizeBytes());
        for (Segment segment : sealed.segments()) {
            RowMap map = segment.map();
            bytes += segment.marks().sizeBytes() + (map == null ? 0 : map.sizeBytes());
        }
        return bytes;
    }

    /** Visible rows, and bytes of the files. */
    Retention.Size size() {
        long bytes = 0;
        for (Segment segment : sealed.segments()) {
            Manifest.SegmentFile file = segment.file();
            bytes += file == null || file.retiredAt() != Marks.NEVER ? 0 : file.sizeBytes();
        }
        return new Retention.Size(visibleRows, bytes);
    }

    /** Whether the files have, or had, a row of an offset. */
    boolean holds(long offset) {
        return sealed.segments().stream().anyMatch(segment -> segment.file() != null && segment.had(offset));
    }

    boolean tryRetain() {
        return references.tryRetain();
    }

    void release() {
        if (references.release()) {
            sealed.release();
            if (tail != null) {
                tail.release();
            }
        }
    }
}
