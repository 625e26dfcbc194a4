package dev.millrace.store;

import dev.millrace.arrow.LongColumn;
import dev.millrace.arrow.References;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/**
 * At which sequence (offset) each row of a segment was superseded. The partition's writer sets, any thread reads while it
 * holds a reference. Cells are allocated at the first mark, so a segment without superseded rows has none.
 *
 * <p>Marks outgrown by an open segment are replaced by a longer copy. A reader of the old ones misses only marks made
 * after its snapshot, which it must not see anyway.
 */
final class Marks {
    static final long NEVER = Long.MAX_VALUE;

    private final BufferAllocator allocator;
    private final int capacity;
    private final References references = new References();
    private volatile @Nullable LongColumn cells;
    private volatile long first = NEVER;

    /** Marks for {@code capacity} rows; {@code allocator} is borrowed and must not be limited by a budget. */
    Marks(BufferAllocator allocator, int capacity) {
        this.allocator = allocator;
        this.capacity = capacity;
    }

    int capacity() {
        return capacity;
    }

    /** The sequence at which the row was superseded; {@link #NEVER} when it is not. */
    long get(int row) {
        LongColumn column = cells;
        return column == null ? NEVER : column.get(row);
    }

    /** The lowest mark: below it every row is unmarked. */
    long first() {
        return first;
    }

    void set(int row, long sequence) {
        LongColumn column = cells;
        if (column == null) {
            column = new LongColumn(allocator, capacity, NEVER);
            cells = column;
        }
        column.set(row, sequence);
        if (first == NEVER) {
            first = sequence;
        }
    }

    /** Takes over the mark of a row of other marks, in whatever order. */
    void carry(Marks from, int row, int toRow) {
        long mark = from.get(row);
        if (mark != NEVER) {
            set(toRow, mark);
            first = Math.min(first, mark);
        }
    }

    /** A copy for more rows; this one stays the caller's. */
    Marks grown(int newCapacity) {
        var copy = new Marks(allocator, newCapacity);
        LongColumn column = cells;
        if (column != null) {
            copy.cells = column.grown(allocator, newCapacity, NEVER);
            copy.first = first;
        }
        return copy;
    }

    long sizeBytes() {
        return cells == null ? 0 : (long) capacity << 3;
    }

    Marks retain() {
        references.retain();
        return this;
    }

    void release() {
        LongColumn column = cells;
        if (references.release() && column != null) {
            column.release();
        }
    }
}
