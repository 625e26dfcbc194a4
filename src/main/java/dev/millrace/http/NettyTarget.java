package dev.millrace.http;

import dev.millrace.arrow.ByteSink;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;

/**
 * A pooled direct network buffer that an encoder writes to. One thread at a time. The allocator is not Netty's adaptive
 * one: that takes buffers above 64 KiB from the system each time, zeroed, which was a fifth of a page's CPU.
 */
final class NettyTarget implements ByteSink.Target {
    private static final int MAX_BYTES = 1 << 30;

    private final ByteSink sink = new ByteSink(this);
    private ByteBuf buffer = Unpooled.EMPTY_BUFFER;

    /** A sink over a new buffer of about this many bytes; ended by {@link #take()} or {@link #drop()}. */
    ByteSink begin(int initialBytes) {
        buffer = PooledByteBufAllocator.DEFAULT.directBuffer(initialBytes, MAX_BYTES);
        sink.reset();
        return sink;
    }

    /** What has been written since {@link #begin}; the caller releases it. */
    ByteBuf take() {
        ByteBuf taken = buffer.writerIndex(sink.position());
        buffer = Unpooled.EMPTY_BUFFER;
        return taken;
    }

    /** Gives the buffer back. */
    void drop() {
        buffer.release();
        buffer = Unpooled.EMPTY_BUFFER;
    }

    @Override
    public long grow(int used, int bytes) {
        if (buffer.capacity() < bytes) {
            buffer.writerIndex(used);
            buffer.capacity((int) Math.min(MAX_BYTES, Math.max(bytes, 2L * buffer.capacity())));
        }
        return buffer.memoryAddress();
    }

    @Override
    public int capacity() {
        return buffer.capacity();
    }
}
