package dev.millrace.text;

/** JSON's names and strings, written where no columns are: by generated writers, into names and filters. No state. */
public final class JsonQuotes {
    private static final String HEX = "0123456789abcdef";

    private JsonQuotes() {}

    /** Appends a field's name in quotes with its colon, and a comma before it where it is not the object's first. */
    public static StringBuilder name(StringBuilder out, String name) {
        return quote(next(out), name).append(':');
    }

    /** Appends a comma unless an object or array has just been opened. */
    public static StringBuilder next(StringBuilder out) {
        char last = out.charAt(out.length() - 1);
        return last == '{' || last == '[' ? out : out.append(',');
    }

    /** Appends a JSON string. */
    public static StringBuilder quote(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < 0x20) {
                out.append("\\u00").append(HEX.charAt(c >>> 4)).append(HEX.charAt(c & 15));
            } else {
                out.append(c);
            }
        }
        return out.append('"');
    }
}
