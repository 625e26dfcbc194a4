package dev.millrace.http;

import io.vertx.core.http.HttpHeaders;
import java.util.List;

/** A form in which rows can be answered. */
enum Format {
    JSON("application/json", "json"),
    NDJSON("application/x-ndjson", "ndjson");

    static final List<Format> ALL = List.of(values());

    private final String mediaType;
    private final String token;
    private final CharSequence contentType;

    Format(String mediaType, String token) {
        this.mediaType = mediaType;
        this.token = token;
        this.contentType = HttpHeaders.createOptimized(mediaType);
    }

    String mediaType() {
        return mediaType;
    }

    /** How the {@code format} parameter names it. */
    String token() {
        return token;
    }

    /** The media type as a header value made once. */
    CharSequence contentType() {
        return contentType;
    }
}
