package dev.millrace.http;

import io.vertx.core.http.HttpHeaders;
import java.util.List;

/** A form that a client can ask for. Immutable; any thread. */
interface Format {
    String mediaType();

    /** How the {@code format} parameter names it. */
    String token();

    /** The media type as a header value, made once. */
    CharSequence contentType();

    /** The forms of changes. */
    enum Push implements Format {
        EVENTS("text/event-stream", "sse"),
        LINES("application/x-ndjson", "ndjson");

        /** All of them, the usual one first. */
        static final List<Push> ALL = List.of(values());

        private final String mediaType;
        private final String token;
        private final CharSequence contentType;

        Push(String mediaType, String token) {
            this.mediaType = mediaType;
            this.token = token;
            this.contentType = HttpHeaders.createOptimized(mediaType);
        }

        @Override
        public String mediaType() {
            return mediaType;
        }

        @Override
        public String token() {
            return token;
        }

        @Override
        public CharSequence contentType() {
            return contentType;
        }
    }
}
