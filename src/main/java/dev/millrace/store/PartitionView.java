package dev.millrace.store;

import org.jspecify.annotations.Nullable;

/**
 * A partition as it was published once: sealed segments, the published part of the open one, and the next offset.
 * Immutable and reference-counted; making one costs the same for any number of segments.
 */
final class PartitionView {
    private final PartitionKeys keys;
    private final SharedRows shared;
    private final SealedList sealed;
    private final @Nullable Segment tail;
    private final long next;
    private final Kept kept;
    private final long visibleRows;
    private final References references = new References();

    /** Takes over one reference of the list and of the tail. */
    PartitionView(
            PartitionKeys keys,
            SharedRows shared,
            SealedList ownedSealed,
            @Nullable Segment ownedTail,
            long next,
            Kept kept,
            long visibleRows) {
        this.keys = keys;
        this.shared = shared;
        this.kept = kept;
        this.sealed = ownedSealed;
        this.tail = ownedTail;
        this.next = next;
        this.visibleRows = visibleRows;
    }

    /** Keys whose locations name rows of this view. */
    PartitionKeys keys() {
        return keys;
    }

    /** Rows whose key another partition has, too: at least those that this view and views as old as it know of. */
    SharedRows shared() {
        return shared;
    }

    SealedList sealed() {
        return sealed;
    }

    @Nullable
    Segment tail() {
        return tail;
    }

    /** Every offset below this is in. */
    long next() {
        return next;
    }

    Kept kept() {
        return kept;
    }

    long visibleRows() {
        return visibleRows;
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
