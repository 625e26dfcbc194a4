package dev.millrace.arrow;

import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

/**
 * A run of 64-bit cells beside a batch that one thread changes in place while others read: the superseding sequence of
 * each row, for example. Cells start at a given value; a write is a release, a read an acquire. Reference-counted by the
 * one {@link ArrowBuf} in it.
 */
public final class LongColumn {
    private final ArrowBuf buffer;
    private final long address;
    private final int length;

    /** {@code length} cells of {@code initial}; {@code allocator} pays, {@link #release()} gives back. */
    public LongColumn(BufferAllocator allocator, int length, long initial) {
        this.buffer = allocator.buffer((long) length << 3);
        this.address = buffer.memoryAddress();
        this.length = length;
        for (int i = 0; i < length; i++) {
            Memory.putLong(address + ((long) i << 3), initial);
        }
    }

    public long get(int index) {
        assert index >= 0 && index < length;
        return Memory.getLongAcquire(address + ((long) index << 3));
    }

    public void set(int index, long value) {
        assert index >= 0 && index < length;
        Memory.putLongRelease(address + ((long) index << 3), value);
    }

    /** A longer copy, new cells at {@code initial}; this one stays the caller's. */
    public LongColumn grown(BufferAllocator allocator, int newLength, long initial) {
        var copy = new LongColumn(allocator, newLength, initial);
        Memory.copy(address, copy.address, (long) length << 3);
        return copy;
    }

    public void release() {
        buffer.close();
    }
}
