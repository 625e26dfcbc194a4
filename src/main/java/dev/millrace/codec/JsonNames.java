package dev.millrace.codec;

import java.util.Arrays;

/**
 * Reads the names of JSON objects' fields and keeps those that may not come again. One thread; the name read last is
 * valid until the next read.
 *
 * <p>The names of the open objects lie on one stack; a name is looked for among those of its own object.
 */
final class JsonNames {
    private final RecordFaults faults;
    private final JsonText text;
    private final JsonLimits limits;

    private int[] hashes = new int[64];
    private int[] ends = new int[64];
    private byte[] names = new byte[1024];
    private int top;

    private byte[] bytes = names;
    private int from;
    private int length;

    JsonNames(RecordFaults faults, JsonText text, JsonLimits limits) {
        this.faults = faults;
        this.text = text;
        this.limits = limits;
    }

    /** Where the name read last stands, without its quotes and escapes. */
    byte[] bytes() {
        return bytes;
    }

    int from() {
        return from;
    }

    int length() {
        return length;
    }

    /** Where the stack of names ends; the caller gives it to {@link #release} when its object is ended. */
    int mark() {
        return top;
    }

    /** Forgets the names kept since the mark. */
    void release(int mark) {
        top = mark;
    }

    /** Reads a name; returns the index behind its quote, or a fault. */
    int read(byte[] b, int at) {
        if (b[at] != '"') {
            return faults.json("Expected a field's name.");
        }
        int end = at + 1;
        while (b[end] >= 0x20 && b[end] != '"' && b[end] != '\\') {
            end++;
        }
        bytes = b;
        from = at + 1;
        length = end - from;
        if (b[end] == '"' && length <= limits.maxStringBytes()) {
            return end + 1;
        }
        end = text.read(b, from);
        text.terminate();
        bytes = text.bytes();
        from = 0;
        length = text.length();
        return end;
    }

    /** Passes the colon behind a name; returns where the value begins, or a fault. */
    int colon(byte[] b, int at) {
        int colon = Words.skipSpace(b, at);
        return b[colon] == ':' ? Words.skipSpace(b, colon + 1) : faults.json("Expected a colon behind a field's name.");
    }

    /** Whether the name read last is none of those kept since {@code base}; keeps it, or notes a fault. */
    boolean isNew(int base) {
        if (top - base >= limits.maxFields()) {
            return faults.refuse("size", "An object has too many fields.");
        }
        int hash = 1;
        for (int i = from; i < from + length; i++) {
            hash = 31 * hash + bytes[i];
        }
        for (int i = base; i < top; i++) {
            if (hashes[i] == hash && Arrays.equals(names, start(i), ends[i], bytes, from, from + length)) {
                return faults.refuse("json", "An object has a field twice.");
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
        System.arraycopy(bytes, from, names, start, length);
        hashes[top] = hash;
        ends[top++] = start + length;
        return true;
    }

    private int start(int entry) {
        return entry == 0 ? 0 : ends[entry - 1];
    }
}
