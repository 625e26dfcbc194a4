package dev.millrace.http;

import io.vertx.core.http.HttpHeaders;
import java.util.List;

/** A form that a client can ask for. Immutable; any thread. */
interface Format {
    /**
     * What a form is called.
     *
     * @param token how the {@code format} parameter names it
     * @param contentType the media type as a header value, made once
     */
    record Named(String mediaType, String token, CharSequence contentType) {
        static Named of(String mediaType, String token) {
            return new Named(mediaType, token, HttpHeaders.createOptimized(mediaType));
        }
    }

    Named named();

    default String mediaType() {
        return named().mediaType();
    }

    default String token() {
        return named().token();
    }

    default CharSequence contentType() {
        return named().contentType();
    }

    /** The forms of changes. */
    enum Push implements Format {
        EVENTS("text/event-stream", "sse"),
        LINES("application/x-ndjson", "ndjson");

        /** All of them, the usual one first. */
        static final List<Push> ALL = List.of(values());

        private final Named named;

        Push(String mediaType, String token) {
            named = Named.of(mediaType, token);
        }

        @Override
        public Named named() {
            return named;
        }
    }
}
