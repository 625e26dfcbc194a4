package dev.millrace.query;

import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.Row;
import dev.millrace.arrow.RowEncoder;
import java.util.Optional;

/** How changes are written. */
public enum ChangeForm {
    /** Server-sent events: {@code id}, {@code event}, {@code data}. */
    EVENTS("event: ", "\nid: ", "\ndata: {\"before\":", "}\n\n"),
    /** A JSON object a line. */
    LINES("{\"type\":\"", "\",\"id\":\"", "\",\"before\":", "}\n");

    private final String type;
    private final String id;
    private final String before;
    private final String end;

    ChangeForm(String type, String id, String before, String end) {
        this.type = type;
        this.id = id;
        this.before = before;
        this.end = end;
    }

    /** What a subscriber is told first: how far it has come, and as an event stream when to come again. */
    public String opening(ChangeToken token) {
        return (this == EVENTS ? "retry: 2000\n" : "") + position(token);
    }

    /** What tells a subscriber how far it has come where there is no change to tell it; it keeps the connection, too. */
    public String position(ChangeToken token) {
        return this == EVENTS
                ? ": position\nid: " + token + "\n\n"
                : "{\"type\":\"position\",\"id\":\"" + token + "\"}\n";
    }

    /** What tells a subscriber why it is ended; {@code json} is one line. */
    public String problem(String json) {
        return this == EVENTS
                ? "event: problem\ndata: " + json + "\n\n"
                : "{\"type\":\"problem\",\"problem\":" + json + "}\n";
    }

    /** Writes what stands before the id. */
    void begin(String kind, ByteSink sink) {
        sink.put(type);
        sink.put(kind);
        sink.put(id);
    }

    /** Writes what stands behind the id. */
    void rows(Optional<Row> old, Optional<Row> now, RowEncoder encoder, ByteSink sink) {
        sink.put(before);
        row(old, encoder, sink);
        sink.put(",\"after\":");
        row(now, encoder, sink);
        sink.put(end);
    }

    private static void row(Optional<Row> row, RowEncoder encoder, ByteSink sink) {
        if (row.isPresent()) {
            encoder.row(row.get().batch(), row.get().row(), sink);
        } else {
            sink.put("null");
        }
    }
}
