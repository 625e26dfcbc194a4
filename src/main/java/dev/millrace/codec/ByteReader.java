package dev.millrace.codec;

/** Reads a binary record from front to back, never behind its end; throws {@link Malformed} there. One thread. */
final class ByteReader {
    private byte[] bytes = {};
    private int at;
    private int end;

    /** Reads {@code [from, end)} from now on. */
    void over(byte[] source, int from, int limit) {
        java.util.Objects.checkFromToIndex(from, limit, source.length);
        bytes = source;
        at = from;
        end = limit;
    }

    byte[] bytes() {
        return bytes;
    }

    int at() {
        return at;
    }

    int left() {
        return end - at;
    }

    boolean isDone() {
        return at == end;
    }

    int read() {
        if (at == end) {
            throw truncated();
        }
        return bytes[at++] & 0xFF;
    }

    /** A number of 7 bits a byte, lowest first, of at most ten bytes. */
    long varint() {
        if (at < end && bytes[at] >= 0) {
            return bytes[at++];
        }
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            int next = read();
            if (shift == 63 && next > 1) {
                break;
            }
            value |= (long) (next & 0x7F) << shift;
            if (next < 0x80) {
                return value;
            }
        }
        throw new Malformed("A number of variable length has too many bits.");
    }

    /** The same, with the sign in the lowest bit. */
    long zigzag() {
        return unzigzag(varint());
    }

    static long unzigzag(long value) {
        return value >>> 1 ^ -(value & 1);
    }

    int fixed32() {
        int from = take(4);
        return (bytes[from] & 0xFF)
                | (bytes[from + 1] & 0xFF) << 8
                | (bytes[from + 2] & 0xFF) << 16
                | bytes[from + 3] << 24;
    }

    long fixed64() {
        return Words.at(bytes, take(8));
    }

    /** Passes over so many bytes; returns where they begin. */
    int take(long length) {
        if (length < 0 || length > end - at) {
            throw truncated();
        }
        int from = at;
        at += (int) length;
        return from;
    }

    private static Malformed truncated() {
        return new Malformed("The record ends too early, or a length in it is wrong.");
    }
}
