package dev.millrace.http;

import dev.millrace.domain.Product;
import dev.millrace.store.Position;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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

    /**
     * Of what an answer is.
     *
     * @param position what the product had read
     * @param tag the entity tag; empty for none
     * @param fixed whether the request names the position, so that the answer stays as it is
     * @param rows how many rows meet the request's filters, or {@link #NOT_COUNTED}
     */
    record Version(CharSequence position, String tag, boolean fixed, long rows) {
        static final long NOT_COUNTED = -1;

        Version counted(long number) {
            return new Version(position, tag, fixed, number);
        }
    }

    /** The client has it already. {@code watched} is there where waiting can help. */
    record Unchanged(Version version, Optional<Watched> watched) implements Answer {
        @Override
        public void close() {}
    }

    /** A product that may go on from a position. */
    record Watched(Product product, Position position) {}

    /**
     * One row, or a page that fits one buffer, of a product at a position: the hot path, without a map of headers.
     *
     * @param coding of the body; null while nobody has thought of it
     */
    record Rows(
            CharSequence contentType,
            ByteBuf body,
            Version version,
            @Nullable Coding coding) implements Answer {
        @Override
        public void close() {
            body.release();
        }
    }

    /** Changes, for as long as the client stays. */
    record Pushed(ChangeHub.Subscription subscription) implements Answer {
        @Override
        public void close() {
            subscription.close();
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
