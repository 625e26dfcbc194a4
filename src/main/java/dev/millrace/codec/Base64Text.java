package dev.millrace.codec;

import java.util.Arrays;

/** Reads base64 (RFC 4648 section 4, with its padding) into a buffer of its own. One thread. */
final class Base64Text {
    private static final byte[] VALUES = values();

    private byte[] bytes = new byte[256];

    /** What the last call decoded; valid until the next. */
    byte[] bytes() {
        return bytes;
    }

    /** The number of bytes decoded, or -1 when the text is not base64 in its one form. */
    int decode(byte[] text, int length) {
        if ((length & 3) != 0) {
            return -1;
        }
        if (length == 0) {
            return 0;
        }
        if (bytes.length < length) {
            bytes = new byte[Math.max(length, 2 * bytes.length)];
        }
        int padding = text[length - 1] != '=' ? 0 : text[length - 2] != '=' ? 1 : 2;
        int digits = length - padding;
        int out = 0;
        int bits = 0;
        for (int i = 0; i < digits; i++) {
            int value = text[i] < 0 ? -1 : VALUES[text[i]];
            if (value < 0) {
                return -1;
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
                return -1;
            }
            bytes[out++] = (byte) (bits >>> 10);
            bytes[out++] = (byte) (bits >>> 2);
        } else if (padding == 2) {
            if ((bits & 15) != 0) {
                return -1;
            }
            bytes[out++] = (byte) (bits >>> 4);
        }
        return out;
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
