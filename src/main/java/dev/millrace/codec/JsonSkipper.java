package dev.millrace.codec;

import java.util.Arrays;

/**
 * Passes over a value that no column wants, and holds it to be JSON all the same: well-formed, without duplicate names,
 * within the limits. One thread.
 *
 * <p>The names of the open objects lie on one stack; a name is looked for among those of its own object.
 */
final class JsonSkipper {
    private final Faults faults;
    private final JsonText text;
    private final JsonNumber number;
    private final JsonLimits limits;
    private final int[] bases = new int[65];

    private int[] hashes = new int[64];
    private int[] ends = new int[64];
    private byte[] names = new byte[1024];
    private int top;

    JsonSkipper(Faults faults, JsonText text, JsonNumber number, JsonLimits limits) {
        this.faults = faults;
        this.text = text;
        this.number = number;
        this.limits = limits;
    }

    /** Where the stack of names ends; the caller gives it to {@link #release} when its object is ended. */
    int mark() {
        return top;
    }

    /** Forgets the names pushed since the mark. */
    void release(int mark) {
        top = mark;
    }

    /** Pushes a name of the object whose names begin at {@code base}; false when it has that name already. */
    boolean push(int base, byte[] name, int from, int length) {
        int hash = 1;
        for (int i = from; i < from + length; i++) {
            hash = 31 * hash + name[i];
        }
        for (int i = base; i < top; i++) {
            if (hashes[i] == hash && Arrays.equals(names, start(i), ends[i], name, from, from + length)) {
                return false;
            }
        }
        if (top == hashes.length) {
            hashes = Arrays.copyOf(hashes, 2 * top);
            ends = Arrays.copyOf(ends, 2 * top);
        }
        int start = start(top);
        if (names.length - start < length) {
            names = Arrays.copyOf(names, Math.max(2 * names.length, start + length));
        }
        System.arraycopy(name, from, names, start, length);
        hashes[top] = hash;
        ends[top] = start + length;
        top++;
        return true;
    }

    private int start(int entry) {
        return entry == 0 ? 0 : ends[entry - 1];
    }

    /** Passes the value that begins here; returns the index behind it, or a fault. */
    int skip(byte[] b, int from) {
        int mark = top;
        int at = value(b, from);
        top = mark;
        return at;
    }

    private int value(byte[] b, int from) {
        int at = from;
        int depth = 0;
        long objects = 0;
        while (true) {
            // A value begins here.
            byte first = b[at];
            boolean opened = first == '{' || first == '[';
            if (opened) {
                if (depth == limits.maxDepth()) {
                    return faults.at("size", "Objects and arrays are nested too deeply.");
                }
                boolean object = first == '{';
                objects = object ? objects | 1L << depth : objects & ~(1L << depth);
                bases[depth] = top;
                depth++;
                at = Words.skipSpace(b, at + 1);
                if (b[at] != (object ? '}' : ']')) {
                    if (object) {
                        at = name(b, at, bases[depth - 1]);
                        if (at < 0) {
                            return at;
                        }
                    }
                    continue;
                }
            } else {
                at = scalar(b, at);
                if (at < 0) {
                    return at;
                }
            }
            // A value ended before 'at', or an empty one is about to end there.
            boolean ended = !opened;
            while (true) {
                if (depth == 0) {
                    return at;
                }
                boolean object = (objects >>> (depth - 1) & 1) != 0;
                at = ended ? Words.skipSpace(b, at) : at;
                if (b[at] == (object ? '}' : ']')) {
                    at++;
                    depth--;
                    top = bases[depth];
                    ended = true;
                    continue;
                }
                if (b[at] != ',') {
                    return faults.json("Expected a comma or the end of an object or array.");
                }
                at = Words.skipSpace(b, at + 1);
                if (object) {
                    at = name(b, at, bases[depth - 1]);
                    if (at < 0) {
                        return at;
                    }
                }
                break;
            }
        }
    }

    private int name(byte[] b, int from, int base) {
        if (b[from] != '"') {
            return faults.json("Expected a field's name.");
        }
        int at = text.read(b, from + 1);
        if (at < 0) {
            return at;
        }
        if (top - base >= limits.maxFields()) {
            return faults.at("size", "An object has too many fields.");
        }
        if (!push(base, text.bytes(), 0, text.length())) {
            return faults.json("An object has a field twice.");
        }
        at = Words.skipSpace(b, at);
        if (b[at] != ':') {
            return faults.json("Expected a colon behind a field's name.");
        }
        return Words.skipSpace(b, at + 1);
    }

    private int scalar(byte[] b, int at) {
        return switch (b[at]) {
            case '"' -> text.read(b, at + 1);
            case 't' -> Words.isTrue(b, at) ? at + 4 : faults.json("Expected a value.");
            case 'f' -> Words.isFalse(b, at) ? at + 5 : faults.json("Expected a value.");
            case 'n' -> Words.isNull(b, at) ? at + 4 : faults.json("Expected a value.");
            case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> number.read(b, at);
            default -> faults.json("Expected a value.");
        };
    }
}
