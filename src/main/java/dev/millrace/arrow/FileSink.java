package dev.millrace.arrow;

import java.io.IOException;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.WriteChannel;

/** Small pieces on their way into a file, gathered in a buffer; long runs of bytes go there from where they lie. One thread. */
final class FileSink implements AutoCloseable {
    private static final int CAPACITY = 1 << 18;
    private static final int LONG_RUN = 1 << 15;
    private static final int MAX_WRITE = 1 << 30;

    private final WriteChannel out;
    private final ArrowBuf buffer;
    private final long address;
    private int used;
    private long word;
    private int wordBits;

    FileSink(WriteChannel out, BufferAllocator allocator) {
        this.out = out;
        this.buffer = allocator.buffer(CAPACITY);
        this.address = buffer.memoryAddress();
    }

    void putInt(int value) throws IOException {
        room(Integer.BYTES);
        Memory.putInt(address + used, value);
        used += Integer.BYTES;
    }

    void bytes(long from, long count) throws IOException {
        if (count < LONG_RUN) {
            room((int) count);
            Memory.copyShort(from, address + used, (int) count);
            used += (int) count;
            return;
        }
        flush();
        for (long done = 0; done < count; done += MAX_WRITE) {
            out.write(Memory.ALL
                    .asSlice(from + done, Math.min(MAX_WRITE, count - done))
                    .asByteBuffer());
        }
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
            room(Long.BYTES);
            Memory.putLong(address + used, word);
            used += Long.BYTES;
            wordBits -= Long.SIZE;
            word = wordBits == 0 ? 0 : value >>> (count - wordBits);
        }
    }

    /** Fills up the last byte of bits. */
    void endBits() throws IOException {
        room(Long.BYTES);
        Memory.putLong(address + used, word);
        used += (wordBits + 7) >>> 3;
        word = 0;
        wordBits = 0;
    }

    /** Zeros up to the next multiple of 8. */
    void align() throws IOException {
        int padding = (int) (-(out.getCurrentPosition() + used) & 7);
        room(padding);
        Memory.fill(address + used, padding, (byte) 0);
        used += padding;
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
