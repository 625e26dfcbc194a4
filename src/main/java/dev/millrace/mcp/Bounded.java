package dev.millrace.mcp;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Answers that end before they are too large for who reads them, and say how to go on. */
final class Bounded {
    /** What an answer has at most, but for what stands around its parts. */
    static final int MAX_BYTES = 32 << 10;

    private Bounded() {}

    static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    /**
     * The same object with as many members of its array {@code name} as there is room for, from one on; at least one.
     * {@code next} is where to go on, null at the end.
     */
    static JsonObject list(JsonObject json, String name, int from) {
        JsonArray all = json.getJsonArray(name);
        var shown = new JsonArray();
        int at = Math.min(from, all.size());
        for (int room = MAX_BYTES; at < all.size(); at++) {
            room -= bytes(String.valueOf(all.getValue(at)));
            if (room < 0 && !shown.isEmpty()) {
                break;
            }
            shown.add(all.getValue(at));
        }
        return json.put(name, shown).put("of", all.size()).put("next", at < all.size() ? at : null);
    }

    /** As many of the first lines as there is room for; a last one that is not ended is none. */
    static List<String> lines(String text) {
        var lines = new ArrayList<String>();
        int room = MAX_BYTES;
        int from = 0;
        for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
            String line = text.substring(from, end);
            room -= bytes(line);
            if (room < 0) {
                break;
            }
            lines.add(line);
            from = end + 1;
        }
        return lines;
    }

    /** The part of a text of whole lines from a place on, of about that size; a line is never parted. */
    static String part(String text, int from) {
        int end = Math.min(text.length(), from + MAX_BYTES);
        int last = end == text.length() ? end : text.lastIndexOf('\n', end) + 1;
        int until = last > from ? last : text.indexOf('\n', end) + 1;
        return text.substring(from, until > from ? until : text.length());
    }
}
