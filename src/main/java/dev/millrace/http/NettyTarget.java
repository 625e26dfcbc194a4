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

    /** What writes into a buffer. */
    interface Content {
        void to(ByteSink sink);
    }

    /** A buffer with what is written, at first of about this many bytes; the caller releases it. */
    ByteBuf filled(int initialBytes, Content content) {
        try {
            content.to(begin(initialBytes));
            return end();
        } finally {
            drop();
        }
    }

    /** Where to write: into the buffer that was begun, or a new one of at first about this many bytes. */
    ByteSink begin(int initialBytes) {
        if (buffer == Unpooled.EMPTY_BUFFER) {
            buffer = PooledByteBufAllocator.DEFAULT.directBuffer(initialBytes, MAX_BYTES);
            sink.reset();
        }
        return sink;
    }

    /** The buffer that was begun, with what was written; the caller releases it. */
    ByteBuf end() {
        ByteBuf written = buffer.writerIndex(sink.position());
        buffer = Unpooled.EMPTY_BUFFER;
        return written;
    }

    /** Releases a buffer that was begun and has not come to its end. */
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
