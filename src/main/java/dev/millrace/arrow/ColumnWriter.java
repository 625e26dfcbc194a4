package dev.millrace.arrow;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Appends values to one column of a {@link BatchWriter}. One thread, the batch's writer.
 *
 * <p>Each {@code put} appends one value and grows the buffers by doubling where they are full; a grown buffer is a new
 * one, so readers of an earlier {@link Batch} keep theirs. How much is written is held in counts alone: {@link
 * #truncate} takes back any number of values in constant time a column, and what lies beyond a count has no meaning.
 *
 * <p>A struct's fields are put first, then {@link #endStruct()}; a list's, map's or vector's elements are put into {@code
 * child(0)}, then {@link #endList()}. {@link #putNull()} puts the nulls of a struct's fields and a vector's elements itself.
 *
 * <p>Every put may throw Arrow's {@code OutOfMemoryException} when the allocator's limit is reached; the column is then
 * as it was before.
 */
public final class ColumnWriter {
    private static final int MIN_BYTES = 64;
    private static final int BYTES_PER_VALUE = 8;

    private final ColumnLayout layout;
    private final BufferAllocator allocator;
    private final ColumnWriter[] children;
    private final boolean nullable;
    private final boolean hasOffsets;
    private final boolean hasData;

    private final ArrowBuf[] buffers;
    private long validity;
    private long offsets;
    private long data;
    private int count;
    private int capacity;
    private int bytes;
    private int bytesCapacity;
    private boolean replaced;
    private @Nullable Column view;

    ColumnWriter(ColumnLayout layout, BufferAllocator allocator) {
        this.layout = layout;
        this.allocator = allocator;
        this.nullable = layout.nullable();
        this.hasOffsets = layout.storage() == Storage.BYTES || layout.storage() == Storage.LIST;
        this.hasData = switch (layout.storage()) {
            case BIT, FIXED, DICTIONARY, BYTES -> true;
            case STRUCT, LIST, VECTOR -> false;
        };
        this.buffers = new ArrowBuf[layout.storage().buffers()];
        this.children = layout.children().stream()
                .map(child -> new ColumnWriter(child, allocator))
                .toArray(ColumnWriter[]::new);
    }

    public ColumnLayout layout() {
        return layout;
    }

    /** The writer of a struct's field by its number, or of a list's elements by 0. */
    public ColumnWriter child(int number) {
        return children[number];
    }

    /** A reader of the values written so far, an unfinished row's too; right until the next value is put. */
    public Column view() {
        Column known = view;
        if (known != null && stands(known)) {
            return known;
        }
        Column[] nested = Arrays.stream(children).map(ColumnWriter::view).toArray(Column[]::new);
        Column made = new Column(layout, validity, offsets, data, nested);
        view = made;
        return made;
    }

    private boolean stands(Column known) {
        boolean stands = known.standsOn(validity, offsets, data);
        for (int i = 0; stands && i < children.length; i++) {
            stands = children[i].view() == known.child(i);
        }
        return stands;
    }

    /** How many values there are. */
    public int count() {
        return count;
    }

    /** Appends a missing value. */
    public void putNull() {
        ensureRow();
        switch (layout.storage()) {
            case FIXED, DICTIONARY -> zero(data + (long) count * layout.width(), layout.width());
            case BIT -> setBit(data, count, false);
            case BYTES -> Memory.putInt(offsets + ((long) count << 2) + 4, bytes);
            case LIST -> Memory.putInt(offsets + ((long) count << 2) + 4, children[0].count);
            case STRUCT -> {
                for (ColumnWriter child : children) {
                    child.putNull();
                }
            }
            case VECTOR -> {
                for (int i = 0; i < layout.width(); i++) {
                    children[0].putNull();
                }
            }
        }
        if (nullable) {
            setBit(validity, count, false);
        }
        count++;
    }

    public void putBit(boolean value) {
        ensureRow();
        setBit(data, count, value);
        valid();
    }

    public void putInt8(byte value) {
        ensureRow();
        Memory.putByte(data + count, value);
        valid();
    }

    public void putInt16(short value) {
        ensureRow();
        Memory.putShort(data + ((long) count << 1), value);
        valid();
    }

    public void putInt32(int value) {
        ensureRow();
        Memory.putInt(data + ((long) count << 2), value);
        valid();
    }

    public void putInt64(long value) {
        ensureRow();
        Memory.putLong(data + ((long) count << 3), value);
        valid();
    }

    public void putFloat32(float value) {
        ensureRow();
        Memory.putFloat(data + ((long) count << 2), value);
        valid();
    }

    public void putFloat64(double value) {
        ensureRow();
        Memory.putDouble(data + ((long) count << 3), value);
        valid();
    }

    /** Appends a decimal's unscaled value of 128 bits. */
    public void putDecimal(long low, long high) {
        ensureRow();
        long address = data + (long) count * layout.width();
        Memory.putLong(address, low);
        Memory.putLong(address + 8, high);
        for (int i = 16; i < layout.width(); i += 8) {
            Memory.putLong(address + i, high >> 63);
        }
        valid();
    }

    /** Appends a decimal's unscaled value; higher bits than the column has are cut. */
    public void putDecimal(BigInteger unscaled) {
        ensureRow();
        long address = data + (long) count * layout.width();
        for (int i = 0; i < layout.width(); i += 8) {
            Memory.putLong(address + i, unscaled.shiftRight(i << 3).longValue());
        }
        valid();
    }

    /** Appends an integer of the column's own width (1, 2, 4 or 8 bytes), cut to it; a text by its dictionary's number. */
    public void putFixed(long value) {
        switch (layout.width()) {
            case 1 -> putInt8((byte) value);
            case 2 -> putInt16((short) value);
            case 4 -> putInt32((int) value);
            case 8 -> putInt64(value);
            default -> throw new IllegalStateException("width " + layout.width());
        }
    }

    /** Appends a text or binary value, borrowed from {@code source}. */
    public void putBytes(byte[] source, int from, int length) {
        appendBytes(source, from, length);
        endBytes();
    }

    /** Appends a run to the text or binary value that {@link #endBytes()} will end. */
    public void appendBytes(byte[] source, int from, int length) {
        java.util.Objects.checkFromIndexSize(from, length, source.length);
        ensureBytes(length);
        Memory.copyFromHeap(source, from, data + bytes, length);
        bytes += length;
    }

    /**
     * Appends the plain text of a JSON string, from {@code from} up to the first byte that is a quote, a backslash, a
     * control character or not ASCII, to the value that {@link #endBytes()} will end; returns the index of that byte.
     * Eight bytes at a time, copied while they are looked at.
     *
     * @param limit index of a byte that stops the text (a zero is one), with at least eight more bytes behind it
     */
    public int appendPlain(byte[] source, int from, int limit) {
        java.util.Objects.checkFromToIndex(from, limit + 8, source.length);
        ensureBytes(limit - from + 8);
        long target = data + bytes - from;
        int i = from;
        while (i <= limit) {
            long word = Memory.heapLong(source, i);
            Memory.putLong(target + i, word);
            long stops = Memory.stops(word);
            if (stops != 0) {
                i += Long.numberOfTrailingZeros(stops) >>> 3;
                break;
            }
            i += 8;
        }
        bytes += i - from;
        return i;
    }

    /** Takes back the bytes appended since the last value's end. */
    public void dropBytes() {
        bytes = Memory.getInt(offsets + ((long) count << 2));
    }

    /** Ends a text or binary value. */
    public void endBytes() {
        ensureRow();
        Memory.putInt(offsets + ((long) count << 2) + 4, bytes);
        valid();
    }

    /** Ends a struct; every child has had its value. */
    public void endStruct() {
        ensureRow();
        valid();
    }

    /** Ends a list, map or vector: its elements are those put into the child since the last end. */
    public void endList() {
        ensureRow();
        if (hasOffsets) {
            Memory.putInt(offsets + ((long) count << 2) + 4, children[0].count);
        } else if (children[0].count != (count + 1) * layout.width()) {
            throw new IllegalStateException(layout.path() + " needs " + layout.width() + " values");
        }
        valid();
    }

    /** Appends values of a fixed width as they lie one behind the other in {@code source}, little-endian, none missing. */
    public void putAll(byte[] source, int from, int values) {
        int width = layout.width();
        java.util.Objects.checkFromIndexSize((long) from, (long) values * width, source.length);
        if (layout.storage() != Storage.FIXED) {
            throw new IllegalStateException(layout.storage().name());
        }
        reserve(values);
        Memory.copyFromHeap(source, from, data + (long) count * width, values * width);
        valid(values);
    }

    /**
     * Appends texts or binary values as Arrow has them: {@code values + 1} offsets of 32 bits and the bytes that they
     * count from {@code dataFrom} on; none missing.
     *
     * @throws IllegalArgumentException when the offsets fall; nothing is appended then
     */
    public void putAllBytes(byte[] source, int offsetsFrom, int dataFrom, int values) {
        java.util.Objects.checkFromIndexSize((long) offsetsFrom, ((long) values + 1) << 2, source.length);
        if (layout.storage() != Storage.BYTES) {
            throw new IllegalStateException(layout.storage().name());
        }
        int first = Memory.heapInt(source, offsetsFrom);
        int length = Memory.heapInt(source, offsetsFrom + (values << 2)) - first;
        java.util.Objects.checkFromIndexSize((long) dataFrom + first, length, source.length);
        reserve(values);
        ensureBytes(length);
        int before = first;
        for (int i = 1; i <= values; i++) {
            int offset = Memory.heapInt(source, offsetsFrom + (i << 2));
            if (offset < before || offset - first > length) {
                throw new IllegalArgumentException("offsets fall");
            }
            before = offset;
            Memory.putInt(offsets + ((long) count + i << 2), bytes + offset - first);
        }
        Memory.copyFromHeap(source, dataFrom + first, data + bytes, length);
        bytes += length;
        valid(values);
    }

    /** Appends a copy of a value of a column of the same type, nested values included. */
    public void copy(Column source, int row) {
        if (source.isNull(row)) {
            putNull();
            return;
        }
        switch (layout.storage()) {
            case BIT -> putBit(source.bit(row));
            case FIXED, DICTIONARY -> {
                ensureRow();
                int width = layout.width();
                Memory.copyShort(source.rowsAddress() + (long) row * width, data + (long) count * width, width);
                valid();
            }
            case BYTES -> {
                int start = source.start(row);
                int length = source.end(row) - start;
                ensureBytes(length);
                Memory.copyShort(source.dataAddress() + start, data + bytes, length);
                bytes += length;
                endBytes();
            }
            case STRUCT -> {
                for (int i = 0; i < children.length; i++) {
                    children[i].copy(source.child(i), row);
                }
                endStruct();
            }
            case LIST, VECTOR -> {
                Column elements = source.child(0);
                int end = source.end(row);
                for (int i = source.start(row); i < end; i++) {
                    children[0].copy(elements, i);
                }
                endList();
            }
        }
    }

    /** Takes back the values from {@code values} on, nested values included, and any unfinished one. */
    void truncate(int values) {
        count = values;
        switch (layout.storage()) {
            case BIT, FIXED, DICTIONARY -> {}
            case BYTES -> bytes = Memory.getInt(offsets + ((long) values << 2));
            case LIST -> children[0].truncate(Memory.getInt(offsets + ((long) values << 2)));
            case VECTOR -> children[0].truncate(values * layout.width());
            case STRUCT -> {
                for (ColumnWriter child : children) {
                    child.truncate(values);
                }
            }
        }
    }

    /** Allocates buffers for {@code rows} values; on failure nothing is kept. */
    void open(int rows) {
        try {
            openAll(rows);
        } catch (RuntimeException | Error failure) {
            release();
            throw failure;
        }
    }

    private void openAll(int rows) {
        capacity = rows;
        count = 0;
        bytes = 0;
        replaced = true;
        buffers[0] = allocator.buffer(bitBytes(rows));
        validity = buffers[0].memoryAddress();
        Memory.fill(validity, bitBytes(rows), nullable ? (byte) 0 : (byte) -1);
        if (hasOffsets) {
            buffers[1] = allocator.buffer((rows + 1L) << 2);
            offsets = buffers[1].memoryAddress();
            Memory.putInt(offsets, 0);
        }
        if (hasData) {
            bytesCapacity = Math.toIntExact(dataBytes(rows));
            int last = buffers.length - 1;
            buffers[last] = allocator.buffer(bytesCapacity);
            data = buffers[last].memoryAddress();
            clearBits(data, rows);
        }
        for (ColumnWriter child : children) {
            child.openAll(rows);
        }
    }

    void release() {
        for (int i = 0; i < buffers.length; i++) {
            if (buffers[i] != null) {
                buffers[i].close();
            }
            buffers[i] = null;
        }
        for (ColumnWriter child : children) {
            child.release();
        }
    }

    /** Bytes allocated, nested columns included. */
    long allocatedBytes() {
        long sum = 0;
        for (ArrowBuf buffer : buffers) {
            sum += buffer == null ? 0 : buffer.capacity();
        }
        for (ColumnWriter child : children) {
            sum += child.allocatedBytes();
        }
        return sum;
    }

    /** Whether any buffer is another one than at the last call. */
    boolean takeReplaced() {
        boolean any = replaced;
        replaced = false;
        for (ColumnWriter child : children) {
            any |= child.takeReplaced();
        }
        return any;
    }

    /** Adds the buffers in Arrow's order; they stay this writer's. */
    void collect(List<ArrowBuf> into) {
        into.addAll(List.of(buffers));
        for (ColumnWriter child : children) {
            child.collect(into);
        }
    }

    private void valid() {
        if (nullable) {
            setBit(validity, count, true);
        }
        count++;
    }

    private void valid(int values) {
        if (nullable) {
            int end = count + values;
            int at = count;
            for (; at < end && (at & 7) != 0; at++) {
                setBit(validity, at, true);
            }
            Memory.fill(validity + (at >>> 3), (end - at) >>> 3, (byte) -1);
            for (at += (end - at) & -8; at < end; at++) {
                setBit(validity, at, true);
            }
        }
        count += values;
    }

    private void ensureRow() {
        if (count == capacity) {
            growRows((long) count + 1);
        }
    }

    /** Makes room for so many more values, apart from the bytes of texts. */
    public void reserve(int more) {
        if (capacity - count < more) {
            growRows((long) count + more);
        }
    }

    private void ensureBytes(int more) {
        if (bytesCapacity - bytes < more) {
            growBytes((long) bytes + more);
        }
    }

    private void growRows(long needed) {
        long atLeast = Math.max(Math.max(8, needed), 2L * capacity);
        int doubled = Math.toIntExact(atLeast);
        ArrowBuf newValidity = allocator.buffer(bitBytes(doubled));
        ArrowBuf newOffsets = null;
        ArrowBuf newData = null;
        try {
            if (hasOffsets) {
                newOffsets = allocator.buffer((doubled + 1L) << 2);
            }
            if (hasData && layout.storage() != Storage.BYTES) {
                newData = allocator.buffer(dataBytes(doubled));
            }
        } catch (RuntimeException failure) {
            newValidity.close();
            if (newOffsets != null) {
                newOffsets.close();
            }
            throw failure;
        }
        Memory.fill(newValidity.memoryAddress(), bitBytes(doubled), nullable ? (byte) 0 : (byte) -1);
        validity = replace(0, newValidity, bitBytes(count));
        if (newOffsets != null) {
            offsets = replace(1, newOffsets, (count + 1L) << 2);
        }
        if (newData != null) {
            clearBits(newData.memoryAddress(), doubled);
            data = replace(
                    buffers.length - 1,
                    newData,
                    layout.storage() == Storage.BIT ? bitBytes(count) : (long) count * layout.width());
        }
        capacity = doubled;
    }

    private void growBytes(long needed) {
        long size = Math.max(needed, Math.min(Integer.MAX_VALUE - 8L, 2L * bytesCapacity));
        ArrowBuf grown = allocator.buffer(Math.toIntExact(size));
        data = replace(buffers.length - 1, grown, bytes);
        bytesCapacity = (int) Math.min(grown.capacity(), Integer.MAX_VALUE - 8L);
    }

    private long replace(int number, ArrowBuf owned, long used) {
        ArrowBuf old = buffers[number];
        Memory.copy(old.memoryAddress(), owned.memoryAddress(), used);
        buffers[number] = owned;
        old.close();
        replaced = true;
        return owned.memoryAddress();
    }

    private long dataBytes(int rows) {
        return switch (layout.storage()) {
            case BIT -> bitBytes(rows);
            case FIXED, DICTIONARY -> (long) rows * layout.width();
            case BYTES -> Math.max(MIN_BYTES, (long) rows * BYTES_PER_VALUE);
            case STRUCT, LIST, VECTOR -> 0;
        };
    }

    /** Whole words, so that a reader may take 64 bits at a time. */
    private static long bitBytes(int values) {
        return ((values + 63L) >>> 6) << 3;
    }

    /** What stands behind the last row in its byte goes to clients too, and must be nobody's old memory. */
    private void clearBits(long to, int rows) {
        if (layout.storage() == Storage.BIT) {
            Memory.fill(to, bitBytes(rows), (byte) 0);
        }
    }

    private static void setBit(long bits, int index, boolean value) {
        long address = bits + (index >>> 3);
        int mask = 1 << (index & 7);
        int old = Memory.getByte(address);
        Memory.putByte(address, (byte) (value ? old | mask : old & ~mask));
    }

    private static void zero(long address, int width) {
        for (int i = 0; i < width; i++) {
            Memory.putByte(address + i, (byte) 0);
        }
    }
}
