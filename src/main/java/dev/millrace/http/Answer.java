package dev.millrace.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/** A successful answer that has not been written yet. Whoever holds it writes it, or closes it once. */
public sealed interface Answer extends AutoCloseable {
    /** Gives back what the answer holds; any thread. */
    @Override
    void close();

    /**
     * The whole body at once.
     *
     * @param body owned
     * @param headers besides the content type
     */
    record Whole(CharSequence contentType, ByteBuf body, Map<CharSequence, CharSequence> headers) implements Answer {
        static Whole text(CharSequence contentType, String text, Map<CharSequence, CharSequence> headers) {
            return new Whole(contentType, Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8)), headers);
        }

        @Override
        public void close() {
            body.release();
        }
    }

    /** One row, or a page that fits one buffer, of a product at a position: the hot path, without a map of headers. */
    record Rows(CharSequence contentType, ByteBuf body, CharSequence position) implements Answer {
        @Override
        public void close() {
            body.release();
        }
    }

    /**
     * Rows that stand in a file.
     *
     * @param tag a strong entity tag of its bytes, in quotes
     * @param released what deletes it, after the last use
     */
    record Stored(Path file, long size, String tag, CharSequence position, Runnable released) implements Answer {
        @Override
        public void close() {
            released.run();
        }
    }

    /** Rows that come in several buffers. */
    record Streamed(RowStream stream) implements Answer {
        @Override
        public void close() {
            stream.close();
        }
    }
}
