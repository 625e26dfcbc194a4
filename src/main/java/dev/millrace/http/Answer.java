package dev.millrace.http;

import dev.millrace.domain.RequestWaits;
import dev.millrace.security.Audit;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A successful answer that has not been written yet. Whoever holds it writes it, or closes it once. */
public sealed interface Answer extends AutoCloseable {
    /** Gives back what the answer holds; any thread. */
    @Override
    void close();

    /** Of what the answer is; of those that are tagged as they are written, {@link Version#NONE}. */
    Version version();

    /** What it is, for the audit; of what only begins, neither rows nor bytes. */
    default Audit.Served served() {
        long bytes = this instanceof Whole whole ? whole.body().readableBytes() : -1;
        return new Audit.Served(version().position().toString(), version().rows(), bytes);
    }

    /**
     * The whole body at once: a document, a row, or a page that fits one buffer.
     *
     * @param body owned
     * @param version without a tag, that of the body is made of its bytes
     * @param coding of the body; null while nobody has thought of it
     * @param headers besides those that the other components say
     */
    record Whole(
            CharSequence contentType,
            ByteBuf body,
            Version version,
            @Nullable Coding coding,
            Map<CharSequence, CharSequence> headers)
            implements Answer {
        private static final Map<CharSequence, CharSequence> AS_IT_SAYS =
                Map.of(Responder.CONTENT_TYPE_OPTIONS, Responder.NOSNIFF);

        /** A document; {@code position} is that of the product it is of, or empty. */
        static Whole text(CharSequence contentType, String text, CharSequence position) {
            ByteBuf body = Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8));
            return new Whole(contentType, body, Version.at(position), null, AS_IT_SAYS);
        }

        /** The same with one more header. Takes this one over. */
        Whole with(CharSequence name, CharSequence value) {
            Map<CharSequence, CharSequence> more = new HashMap<>(headers);
            more.put(name, value);
            return new Whole(contentType, body, version, coding, more);
        }

        /** The same in a coding. Takes this one over. */
        Whole in(Coding other) {
            try (Coding.Coder coder = other.new Coder()) {
                return new Whole(contentType, coder.code(body, true), version, other, headers);
            }
        }

        @Override
        public void close() {
            body.release();
        }
    }

    /**
     * Of what an answer is.
     *
     * @param position what the product had read; empty for none
     * @param tag the entity tag; empty for none
     * @param fixed whether the request names the position, so that the answer stays as it is
     * @param rows how many rows meet the request's filters, or {@link #NOT_COUNTED}
     */
    record Version(CharSequence position, String tag, boolean fixed, long rows) {
        static final long NOT_COUNTED = -1;
        static final Version NONE = at("");

        static Version at(CharSequence position) {
            return new Version(position, "", false, NOT_COUNTED);
        }

        Version counted(long number) {
            return new Version(position, tag, fixed, number);
        }
    }

    /** The client has it already. {@code watched} is there where waiting can help. */
    record Unchanged(Version version, Optional<RequestWaits.Watched> watched) implements Answer {
        @Override
        public void close() {}
    }

    /** Changes, for as long as the client stays. */
    record Pushed(ChangeHub.Subscription subscription) implements Answer {
        @Override
        public Version version() {
            return Version.NONE;
        }

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
    record Stored(CharSequence contentType, Path file, long size, String tag, CharSequence position, Runnable released)
            implements Answer {
        @Override
        public Version version() {
            return Version.NONE;
        }

        @Override
        public void close() {
            released.run();
        }
    }

    /** Rows that come in several buffers. */
    record Streamed(RowStream stream) implements Answer {
        @Override
        public Version version() {
            return stream.version();
        }

        @Override
        public void close() {
            stream.close();
        }
    }
}
