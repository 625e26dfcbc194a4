package dev.millrace.store;

import dev.millrace.arrow.References;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The sealed segments of a partition in order. Immutable and reference-counted as one: a
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

    /**
     * The segment that an ordinal names; null when it is not in this list. Ordinals run without a gap behind the newest
     * segment that was merged or renamed, so that the first guess is mostly right.
     */
    @Nullable
    Segment withOrdinal(int ordinal) {
        int last = segments.length - 1;
        if (last < 0) {
            return null;
        }
        int at = last - (segments[last].facts().lastOrdinal() - ordinal);
        if (at >= 0 && at <= last && segments[at].ordinal() == ordinal) {
            return segments[at];
        }
        at = search(ordinal);
        return at < 0 || segments[at].facts().lastOrdinal() < ordinal ? null : segments[at];
    }

    /** The last segment whose first ordinal is at most this; -1 when there is none. */
    private int search(int ordinal) {
        int low = -1;
        int high = segments.length - 1;
        while (low < high) {
            int middle = (low + high + 1) >> 1;
            if (segments[middle].ordinal() <= ordinal) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
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

    /**
     * The list with other segments, which it takes over, in the place of those named by the ordinals {@code [first, last]};
     * this one stays the caller's.
     */
    SealedList replacing(int first, int last, List<Segment> owned) {
        var copy = new ArrayList<Segment>(segments.length);
        boolean placed = false;
        for (Segment segment : segments) {
            if (!placed && segment.ordinal() >= first) {
                copy.addAll(owned);
                placed = true;
            }
            if (segment.ordinal() < first || segment.ordinal() > last) {
                copy.add(segment.retain());
            }
        }
        return owning(copy);
    }

    /** The segments in order, borrowed. */
    List<Segment> segments() {
        return Arrays.asList(segments);
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
