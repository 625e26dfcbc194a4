package dev.millrace.http;

import io.vertx.core.http.HttpHeaders;
import java.util.List;
import java.util.stream.Stream;

/** A form in which rows or changes can be answered. */
enum Format {
    JSON("application/json", "json"),
    NDJSON("application/x-ndjson", "ndjson"),
    CSV("text/csv", "csv"),
    ARROW("application/vnd.apache.arrow.stream", "arrow"),
    EVENTS("text/event-stream", "sse"),
    PARQUET("application/vnd.apache.parquet", "parquet");

    /** The forms of rows. */
    static final List<Format> ALL =
            Stream.of(values()).filter(format -> format != EVENTS).toList();

    /** The forms of changes. */
    static final List<Format> PUSH = List.of(EVENTS, NDJSON);

    private final String mediaType;
    private final String token;
    private final CharSequence contentType;

    Format(String mediaType, String token) {
        this.mediaType = mediaType;
        this.token = token;
        this.contentType = HttpHeaders.createOptimized(
                mediaType.equals("text/csv") ? "text/csv; charset=utf-8; header=present" : mediaType);
    }

    /** Whether an answer without a limit has all rows: a form in which there is no room for a cursor. */
    boolean isExport() {
        return this != JSON;
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
