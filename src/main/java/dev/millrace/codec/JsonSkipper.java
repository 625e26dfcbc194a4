package dev.millrace.codec;

/**
 * Passes over a value that no column wants, and holds it to be JSON all the same: well-formed, without duplicate names,
 * within the limits. One thread.
 */
final class JsonSkipper {
    private final RecordFaults faults;
    private final JsonScalars scalars;
    private final JsonNames names;
    private final int maxDepth;

    JsonSkipper(RecordFaults faults, JsonScalars scalars, JsonNames names, JsonLimits limits) {
        this.faults = faults;
        this.scalars = scalars;
        this.names = names;
        this.maxDepth = limits.maxDepth();
    }

    /** Passes the value that begins here; returns the index behind it, or a fault. */
    int skip(byte[] b, int from) {
        return value(b, from, 0);
    }

    private int value(byte[] b, int at, int depth) {
        return switch (b[at]) {
            case '{', '[' ->
                depth < maxDepth
                        ? nested(b, at, depth + 1)
                        : faults.at("size", "Objects and arrays are nested too deeply.");
            case '"' -> scalars.text.read(b, at + 1);
            case 't' -> Words.isTrue(b, at) ? at + 4 : noValue();
            case 'f' -> Words.isFalse(b, at) ? at + 5 : noValue();
            case 'n' -> Words.isNull(b, at) ? at + 4 : noValue();
            case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> scalars.number.read(b, at);
            default -> noValue();
        };
    }

    private int noValue() {
        return faults.json("Expected a value.");
    }

    private int nested(byte[] b, int from, int depth) {
        boolean object = b[from] == '{';
        char close = object ? '}' : ']';
        int own = names.mark();
        int at = Words.skipSpace(b, from + 1);
        boolean more = b[at] != close;
        while (more) {
            if (object) {
                at = names.read(b, at);
                if (at < 0 || !names.isNew(own)) {
                    return RecordFaults.FAULT;
                }
                at = names.colon(b, at);
            }
            at = at < 0 ? at : value(b, at, depth);
            if (at < 0) {
                return at;
            }
            at = Words.skipSpace(b, at);
            more = b[at] != close;
            if (more) {
                if (b[at] != ',') {
                    return faults.json("Expected a comma or the end of an object or array.");
                }
                at = Words.skipSpace(b, at + 1);
            }
        }
        names.release(own);
        return at + 1;
    }
}
