package dev.millrace.arrow;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.jspecify.annotations.Nullable;

/**
 * Cuts rows {@code [from, to)} out of a batch's buffers. Any thread, while the batch is retained and the rows are
 * published.
 *
 * <p>A list's elements are a range of their own, {@code [start(from), start(to))}, which seldom begins at a multiple of
 * 8: there the bits are shifted into a copy, since a buffer begins at a whole byte. All other values are used in place.
 */
final class RowRange {
    private final Batch batch;
    private final @Nullable BufferAllocator allocator;
    private final List<ArrowFieldNode> nodes = new ArrayList<>();
    private final List<ArrowBuf> buffers = new ArrayList<>();
    private final List<ArrowBuf> copies = new ArrayList<>();

    private RowRange(Batch batch, @Nullable BufferAllocator allocator) {
        this.batch = batch;
        this.allocator = allocator;
    }

    static ArrowRecordBatch head(Batch batch, List<ColumnLayout> selected, int rows) {
        return new RowRange(batch, null).cut(selected, 0, rows);
    }

    static ArrowRecordBatch slice(
            Batch batch, List<ColumnLayout> selected, int from, int to, BufferAllocator allocator) {
        return new RowRange(batch, allocator).cut(selected, from, to);
    }

    private ArrowRecordBatch cut(List<ColumnLayout> selected, int from, int to) {
        try {
            for (ColumnLayout column : selected) {
                add(batch.selected(column), from, to);
            }
            // The record batch retains what it is given; slices share the reference count of what they are cut from.
            return new ArrowRecordBatch(to - from, nodes, buffers);
        } finally {
            copies.forEach(ArrowBuf::close);
        }
    }

    private void add(Column column, int from, int to) {
        ColumnLayout at = column.layout();
        int first = at.firstBuffer();
        nodes.add(new ArrowFieldNode(to - from, column.nullCount(from, to)));
        bits(first, column.validityAddress(), from, to);
        switch (at.storage()) {
            case BIT -> bits(first + 1, column.dataAddress(), from, to);
            case FIXED, DICTIONARY -> values(first + 1, (long) from * at.width(), (long) to * at.width());
            case BYTES -> {
                offsets(column, from, to);
                values(first + 2, column.start(from), column.start(to));
            }
            case LIST -> {
                offsets(column, from, to);
                add(column.child(0), column.start(from), column.start(to));
            }
            case VECTOR -> add(column.child(0), column.start(from), column.start(to));
            case STRUCT -> {
                for (int i = 0; i < at.children().size(); i++) {
                    add(column.child(i), from, to);
                }
            }
        }
    }

    private void values(int buffer, long from, long to) {
        buffers.add(batch.buffer(buffer).slice(from, to - from));
    }

    private void bits(int buffer, long address, int from, int to) {
        int shift = from & 7;
        if (shift == 0) {
            values(buffer, from >>> 3, (to + 7L) >>> 3);
            return;
        }
        int size = (to - from + 7) >>> 3;
        long target = copy(size);
        for (int i = 0; i < size; i++) {
            long source = address + (from >>> 3) + i;
            int low = (Memory.getByte(source) & 0xFF) >>> shift;
            // The next byte exists only where a bit of it is asked for.
            int high = from + (i << 3) + 8 - shift < to ? Memory.getByte(source + 1) << (8 - shift) : 0;
            Memory.putByte(target + i, (byte) (low | high));
        }
    }

    private void offsets(Column column, int from, int to) {
        int base = column.start(from);
        if (base == 0) {
            values(column.layout().firstBuffer() + 1, (long) from << 2, (to + 1L) << 2);
            return;
        }
        long target = copy((to - from + 1L) << 2);
        for (int i = 0; i <= to - from; i++) {
            Memory.putInt(target + ((long) i << 2), column.start(from + i) - base);
        }
    }

    private long copy(long size) {
        ArrowBuf copy =
                Objects.requireNonNull(allocator, "a head copies nothing").buffer(size);
        copies.add(copy);
        buffers.add(copy.slice(0, size));
        return copy.memoryAddress();
    }

    /** Values {@code [from, to)} of one buffer, so many bits each. */
    private interface Visit {
        void values(long address, long from, long to, int bits);
    }

    private static void visit(Batch batch, List<ColumnLayout> selected, int from, int to, Visit visit) {
        selected.forEach(column -> visit(batch.selected(column), from, to, visit));
    }

    private static void visit(Column column, int from, int to, Visit visit) {
        ColumnLayout at = column.layout();
        visit.values(column.validityAddress(), from, to, 1);
        if (at.storage() == Storage.BYTES || at.storage() == Storage.LIST) {
            visit.values(column.offsetsAddress(), from, to + 1L, Integer.SIZE);
        }
        switch (at.storage()) {
            case BIT -> visit.values(column.dataAddress(), from, to, 1);
            case FIXED, DICTIONARY -> visit.values(column.rowsAddress(), from, to, at.width() * Byte.SIZE);
            case BYTES -> visit.values(column.dataAddress(), column.start(from), column.start(to), Byte.SIZE);
            case LIST, VECTOR -> visit(column.child(0), column.start(from), column.start(to), visit);
            case STRUCT -> {
                for (Column child : column.children()) {
                    visit(child, from, to, visit);
                }
            }
        }
    }

    static long sizeBytes(Batch batch, List<ColumnLayout> selected, int from, int to) {
        long[] sum = {0};
        visit(
                batch,
                selected,
                from,
                to,
                (_, first, last, bits) -> sum[0] += (((last - first) * bits + 7 >>> 3) + 7) & -8L);
        return sum[0];
    }

    static void load(Batch batch, List<ColumnLayout> selected, int from, int to, MemorySegment file) {
        visit(batch, selected, from, to, (address, first, last, bits) -> {
            long at = address - file.address();
            if (last > first && at >= 0 && at < file.byteSize()) { // else they are zeros for a column that it has not
                file.asSlice(at + (first * bits >>> 3), (last * bits + 7 >>> 3) - (first * bits >>> 3))
                        .load();
            }
        });
    }

    static long capacityBytes(Batch batch, List<ColumnLayout> selected) {
        long sum = 0;
        for (ColumnLayout column : selected) {
            for (int i = 0; i < column.storage().buffers(); i++) {
                sum += batch.buffer(column.firstBuffer() + i).capacity();
            }
            sum += capacityBytes(batch, column.children());
        }
        return sum;
    }
}
