package dev.millrace.store;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The sealed segments of a partition in order, their ordinals without a gap. Immutable and reference-counted as one: a
 * publish shares it, only sealing and mapping a segment make a new one.
 */
final class SealedList {
    private final Segment[] segments;
    private final References references = new References();

    private SealedList(Segment[] segments) {
        this.segments = segments;
    }

    /** A list that takes over one reference of each segment. */
    static SealedList owning(List<Segment> owned) {
        return new SealedList(owned.toArray(Segment[]::new));
    }

    int size() {
        return segments.length;
    }

    Segment get(int index) {
        return segments[index];
    }

    /** The segment with an ordinal; null when it is not in this list. */
    @Nullable
    Segment withOrdinal(int ordinal) {
        int index = segments.length == 0 ? -1 : ordinal - segments[0].ordinal();
        return index >= 0 && index < segments.length ? segments[index] : null;
    }

    /** A longer list, which takes over {@code owned}; this one stays the caller's. */
    SealedList plus(Segment owned) {
        Segment[] longer = new Segment[segments.length + 1];
        for (int i = 0; i < segments.length; i++) {
            longer[i] = segments[i].retain();
        }
        longer[segments.length] = owned;
        return new SealedList(longer);
    }

    /** The list with other versions of some segments, which it takes over; this one stays the caller's. */
    SealedList replacing(List<Segment> owned) {
        Segment[] copy = segments.clone();
        for (Segment version : owned) {
            copy[version.ordinal() - segments[0].ordinal()] = version;
        }
        for (int i = 0; i < copy.length; i++) {
            if (copy[i] == segments[i]) {
                copy[i].retain();
            }
        }
        return new SealedList(copy);
    }

    SealedList retain() {
        references.retain();
        return this;
    }

    void release() {
        if (references.release()) {
            for (Segment segment : segments) {
                segment.release();
            }
        }
    }
}
