package dev.millrace.arrow;

import java.io.IOException;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.WriteChannel;

/** Small pieces on their way into a file, gathered in a buffer; long runs of bytes go there from where they lie. One thread. */
final class FileSink implements AutoCloseable {
    private static final int CAPACITY = 1 << 18;
    private static final int LONG_RUN = 1 << 15;

    private final WriteChannel out;
    private final ArrowBuf buffer;
    private final long address;
    private int used;
    private long word;
    private int wordBits;
    private int lastOffset;

    FileSink(WriteChannel out, BufferAllocator allocator) {
        this.out = out;
        this.buffer = allocator.buffer(CAPACITY);
        this.address = buffer.memoryAddress();
    }

    /** Appends up to 2 GiB. */
    void bytes(long from, long count) throws IOException {
        if (count < LONG_RUN) {
            room((int) count);
            Memory.copyShort(from, address + used, (int) count);
            used += (int) count;
        } else {
            flush();
            out.write(Memory.ALL.asSlice(from, count).asByteBuffer());
        }
    }

    /** Begins a buffer of offsets, the first of which is 0. */
    void beginOffsets() throws IOException {
        lastOffset = 0;
        putInt(0);
    }

    /** Appends where the values of rows {@code [from, to)} end when they lie behind those before. */
    void offsets(Column column, int from, int to) throws IOException {
        int shift = lastOffset - column.start(from);
        for (int row = from; row < to; row++) {
            putInt(column.end(row) + shift);
        }
        lastOffset = column.start(to) + shift;
    }

    private void putInt(int value) throws IOException {
        room(Integer.BYTES);
        Memory.putInt(address + used, value);
        used += Integer.BYTES;
    }

    /** Appends bits {@code [from, to)} of those at an address; reads no byte beyond the last bit's. */
    void bits(long bits, int from, int to) throws IOException {
        int at = from;
        while (at < to) {
            long source = bits + (at >>> 3);
            int shift = at & 7;
            if (shift == 0 && to - at >= Long.SIZE) {
                append(Memory.getLong(source), Long.SIZE);
                at += Long.SIZE;
            } else {
                int count = Math.min(8 - shift, to - at);
                append((Memory.getByte(source) & 0xFF) >>> shift & (1 << count) - 1, count);
                at += count;
            }
        }
    }

    private void append(long value, int count) throws IOException {
        word |= value << wordBits;
        wordBits += count;
        if (wordBits >= Long.SIZE) {
            wordBits -= Long.SIZE;
            putWord(Long.BYTES);
            word = wordBits == 0 ? 0 : value >>> (count - wordBits);
        }
    }

    private void putWord(int bytes) throws IOException {
        room(Long.BYTES);
        Memory.putLong(address + used, word);
        used += bytes;
    }

    /** Ends a buffer: zeros up to the next multiple of 8. */
    void align() throws IOException {
        putWord((wordBits + 7) >>> 3);
        word = 0;
        wordBits = 0;
        putWord((int) (-(out.getCurrentPosition() + used) & 7));
    }

    private void room(int bytes) throws IOException {
        if (CAPACITY - used < bytes) {
            flush();
        }
    }

    void flush() throws IOException {
        out.write(Memory.ALL.asSlice(address, used).asByteBuffer());
        used = 0;
    }

    /** Gives the buffer back; what was not flushed is dropped. */
    @Override
    public void close() {
        buffer.close();
    }
}
