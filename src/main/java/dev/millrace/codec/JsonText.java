package dev.millrace.codec;

import java.util.Arrays;

/**
 * The careful reader of JSON strings: escapes, UTF-8, length. The plain ASCII ones, nearly all, never get here. One
 * thread; the result is valid until the next read.
 *
 * <p>The input ends with zero bytes, which are a fault anywhere in a string: no bound is checked on the way.
 */
final class JsonText {
    private final RecordFaults faults;
    private final int maxBytes;
    private byte[] bytes = new byte[256];
    private int length;
    private int codePoints;

    JsonText(RecordFaults faults, int maxBytes) {
        this.faults = faults;
        this.maxBytes = maxBytes;
    }

    /** The text in UTF-8; the array is this object's own. */
    byte[] bytes() {
        return bytes;
    }

    int length() {
        return length;
    }

    int codePoints() {
        return codePoints;
    }

    /** Ends the text with a quote and eight zeros, so that another parser can read it as if it stood in a record. */
    void terminate() {
        ensure(16);
        bytes[length] = '"';
        Arrays.fill(bytes, length + 1, length + 16, (byte) 0);
    }

    /** Reads from behind the opening quote; returns the index behind the closing one, or a fault. */
    int read(byte[] source, int from) {
        length = 0;
        codePoints = 0;
        int at = from;
        while (true) {
            byte first = source[at];
            if (first == '"') {
                return length > maxBytes ? faults.at("size", "The string is too long.") : at + 1;
            }
            ensure(8);
            if (first == '\\') {
                at = escape(source, at);
            } else if (first >= 0x20) {
                bytes[length++] = first;
                at++;
            } else if (first >= 0) {
                return faults.json("A control character in a string, or the string is not ended.");
            } else {
                at = multiByte(source, at);
            }
            if (at < 0) {
                return at;
            }
            codePoints++;
        }
    }

    private int multiByte(byte[] source, int at) {
        int size = sequence(source, at);
        if (size == 0) {
            return faults.json("The text is not UTF-8.");
        }
        for (int i = 0; i < size; i++) {
            bytes[length++] = source[at + i];
        }
        return at + size;
    }

    /** The number of code points in {@code [from, end)}, or -1 when it is not well-formed UTF-8. */
    static int codePoints(byte[] source, int from, int end) {
        int at = from;
        while (at + 8 <= end && (Words.at(source, at) & Words.HIGH_BITS) == 0) {
            at += 8;
        }
        int codePoints = at - from;
        for (; at < end; codePoints++) {
            int size = source[at] >= 0 ? 1 : sequence(source, at, end);
            if (size == 0) {
                return -1;
            }
            at += size;
        }
        return codePoints;
    }

    /** The length of the sequence that begins here and is bounded by {@code end}, not by a zero. */
    private static int sequence(byte[] source, int at, int end) {
        return end - at >= 4
                ? sequence(source, at)
                : sequence(Arrays.copyOf(Arrays.copyOfRange(source, at, end), 4), 0);
    }

    /** The number of bytes of the well-formed sequence of two to four that begins here, or 0: Unicode's table 3-7. */
    static int sequence(byte[] source, int at) {
        int first = source[at] & 0xFF;
        if (first < 0xC2 || first > 0xF4) {
            return 0;
        }
        int second = source[at + 1] & 0xFF;
        if (first < 0xE0) {
            return second >> 6 == 2 ? 2 : 0;
        }
        int low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
        int high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
        if (second < low || second > high || (source[at + 2] & 0xC0) != 0x80) {
            return 0;
        }
        if (first < 0xF0) {
            return 3;
        }
        return (source[at + 3] & 0xC0) == 0x80 ? 4 : 0;
    }

    private int escape(byte[] source, int at) {
        switch (source[at + 1]) {
            case '"' -> bytes[length++] = '"';
            case '\\' -> bytes[length++] = '\\';
            case '/' -> bytes[length++] = '/';
            case 'b' -> bytes[length++] = '\b';
            case 'f' -> bytes[length++] = '\f';
            case 'n' -> bytes[length++] = '\n';
            case 'r' -> bytes[length++] = '\r';
            case 't' -> bytes[length++] = '\t';
            case 'u' -> {
                return unicode(source, at);
            }
            default -> {
                return faults.json("An unknown escape in a string.");
            }
        }
        return at + 2;
    }

    private int unicode(byte[] source, int at) {
        int unit = hex(source, at + 2);
        if (unit < 0) {
            return faults.json("An escape in a string lacks its four hexadecimal digits.");
        }
        if (!Character.isSurrogate((char) unit)) {
            encode(unit);
            return at + 6;
        }
        int low = source[at + 6] == '\\' && source[at + 7] == 'u' ? hex(source, at + 8) : -1;
        if (low < 0 || !Character.isSurrogatePair((char) unit, (char) low)) {
            return faults.json("An escape in a string is half of a surrogate pair.");
        }
        encode(Character.toCodePoint((char) unit, (char) low));
        return at + 12;
    }

    private static int hex(byte[] source, int at) {
        int value = 0;
        for (int i = 0; i < 4; i++) {
            int digit = source[at + i] < 0 ? -1 : Character.digit(source[at + i], 16);
            if (digit < 0) {
                return -1;
            }
            value = value << 4 | digit;
        }
        return value;
    }

    private void encode(int codePoint) {
        if (codePoint < 0x80) {
            bytes[length++] = (byte) codePoint;
        } else if (codePoint < 0x800) {
            bytes[length++] = (byte) (0xC0 | codePoint >> 6);
            bytes[length++] = (byte) (0x80 | codePoint & 0x3F);
        } else if (codePoint < 0x10000) {
            bytes[length++] = (byte) (0xE0 | codePoint >> 12);
            bytes[length++] = (byte) (0x80 | codePoint >> 6 & 0x3F);
            bytes[length++] = (byte) (0x80 | codePoint & 0x3F);
        } else {
            bytes[length++] = (byte) (0xF0 | codePoint >> 18);
            bytes[length++] = (byte) (0x80 | codePoint >> 12 & 0x3F);
            bytes[length++] = (byte) (0x80 | codePoint >> 6 & 0x3F);
            bytes[length++] = (byte) (0x80 | codePoint & 0x3F);
        }
    }

    private void ensure(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, bytes.length * 2);
        }
    }
}
