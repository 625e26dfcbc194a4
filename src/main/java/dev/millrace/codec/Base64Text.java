package dev.millrace.codec;

import java.util.Arrays;

/** Reads base64 (RFC 4648 section 4, with its padding) into a buffer of its own. One thread. */
final class Base64Text {
    private static final byte[] VALUES = values();

    private byte[] bytes = new byte[256];
    private int length;

    /** What the last call decoded; valid until the next. */
    byte[] bytes() {
        return bytes;
    }

    /** How many bytes that are. */
    int length() {
        return length;
    }

    /** Whether the first bytes of the text, so many, are base64 in its one form. */
    boolean decode(byte[] text, int size) {
        length = 0;
        if ((size & 3) != 0) {
            return false;
        }
        if (bytes.length < size) {
            bytes = new byte[Math.max(size, 2 * bytes.length)];
        }
        int padding = size == 0 || text[size - 1] != '=' ? 0 : text[size - 2] != '=' ? 1 : 2;
        int digits = size - padding;
        int out = 0;
        int bits = 0;
        for (int i = 0; i < digits; i++) {
            int value = text[i] < 0 ? -1 : VALUES[text[i]];
            if (value < 0) {
                return false;
            }
            bits = bits << 6 | value;
            if ((i & 3) == 3) {
                bytes[out++] = (byte) (bits >>> 16);
                bytes[out++] = (byte) (bits >>> 8);
                bytes[out++] = (byte) bits;
            }
        }
        // Bits that stand for nothing must be zero, so that each value has one text.
        if (padding == 1) {
            if ((bits & 3) != 0) {
                return false;
            }
            bytes[out++] = (byte) (bits >>> 10);
            bytes[out++] = (byte) (bits >>> 2);
        } else if (padding == 2) {
            if ((bits & 15) != 0) {
                return false;
            }
            bytes[out++] = (byte) (bits >>> 4);
        }
        length = out;
        return true;
    }

    private static byte[] values() {
        byte[] values = new byte[128];
        Arrays.fill(values, (byte) -1);
        String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (int i = 0; i < alphabet.length(); i++) {
            values[alphabet.charAt(i)] = (byte) i;
        }
        return values;
    }
}
