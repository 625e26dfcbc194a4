package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * A contract's {@code logicalTypeOptions.format} of a text, checked byte by byte without allocation. All are ASCII.
 */
public enum NamedFormat {
    /** A mailbox of RFC 5321 with a dot-atom before the {@code @}, and a host name or an IPv4 address in brackets. */
    EMAIL,
    /** A host name of RFC 1123: at most 253 characters in labels of at most 63. */
    HOSTNAME,
    /** Four numbers from 0 to 255 without needless zeros. */
    IPV4,
    /** RFC 4291, without a zone. */
    IPV6,
    /** A scheme, a colon and the characters of RFC 3986, percent-encoding in twos of digits. */
    URI;

    private static final int LONGEST_EMAIL = 254;
    private static final int LONGEST_LOCAL_PART = 64;
    private static final int LONGEST_HOST = 253;
    private static final int LONGEST_LABEL = 63;
    private static final boolean[] ATOM = letters("!#$%&'*+-/=?^_`{|}~");
    private static final boolean[] LABEL = letters("-");
    private static final boolean[] SCHEME = letters("+-.");
    private static final boolean[] IN_URI = letters("-._~:/?@!$&'()*+,;=");

    static Optional<NamedFormat> of(String name) {
        return Arrays.stream(values())
                .filter(format -> format.text().equals(name))
                .findFirst();
    }

    /** Its name in a contract. */
    String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether the text has the format. */
    public boolean isIn(String value) {
        byte[] utf8 = value.getBytes(UTF_8);
        return fits(utf8, 0, utf8.length);
    }

    boolean fits(byte[] b, int from, int length) {
        int end = from + length;
        return switch (this) {
            case EMAIL -> length <= LONGEST_EMAIL && email(b, from, end);
            case HOSTNAME -> host(b, from, end);
            case IPV4 -> ipv4(b, from, end);
            case IPV6 -> ipv6(b, from, end);
            case URI -> uri(b, from, end);
        };
    }

    private static boolean email(byte[] b, int from, int end) {
        int at = dotted(b, from, end, ATOM, Integer.MAX_VALUE);
        if (at < 0 || at == end || b[at] != '@' || at - from > LONGEST_LOCAL_PART) {
            return false;
        }
        return at + 1 < end && b[at + 1] == '[' ? b[end - 1] == ']' && ipv4(b, at + 2, end - 1) : host(b, at + 1, end);
    }

    private static boolean host(byte[] b, int from, int end) {
        if (end == from || end - from > LONGEST_HOST || dotted(b, from, end, LABEL, LONGEST_LABEL) != end) {
            return false;
        }
        for (int i = from; i < end; i++) {
            boolean outer = i == from || b[i - 1] == '.' || i + 1 == end || b[i + 1] == '.';
            if (outer && b[i] == '-') {
                return false;
            }
        }
        return true;
    }

    /** The index behind parts of those characters that dots divide; -1 for an empty or too long part. */
    private static int dotted(byte[] b, int from, int end, boolean[] set, int longest) {
        int at = from;
        while (true) {
            int start = at;
            while (at < end && has(set, b[at])) {
                at++;
            }
            if (at == start || at - start > longest) {
                return -1;
            }
            if (at == end || b[at] != '.') {
                return at;
            }
            at++;
        }
    }

    private static boolean ipv4(byte[] b, int from, int end) {
        int at = from;
        for (int part = 0; part < 4; part++) {
            int start = at;
            int value = 0;
            while (at < end && at - start < 3 && b[at] >= '0' && b[at] <= '9') {
                value = value * 10 + b[at++] - '0';
            }
            if (at == start || value > 255 || at - start > 1 && b[start] == '0') {
                return false;
            }
            if (part < 3 && (at == end || b[at++] != '.')) {
                return false;
            }
        }
        return at == end;
    }

    private static boolean ipv6(byte[] b, int from, int end) {
        int groups = 0;
        boolean gap = false;
        int at = from;
        while (at < end) {
            int start = at;
            while (at < end && at - start < 4 && isHex(b[at])) {
                at++;
            }
            if (at < end && b[at] == '.') {
                groups += 2;
                return groups <= 8 && (gap ? groups < 8 : groups == 8) && ipv4(b, start, end);
            }
            if (at > start) {
                groups++;
                if (at == end) {
                    break;
                }
            }
            boolean twice = at + 1 < end && b[at] == ':' && b[at + 1] == ':';
            if (b[at] != ':' || twice && gap || !twice && (at == start || at + 1 == end)) {
                return false;
            }
            gap |= twice;
            at += twice ? 2 : 1;
        }
        return gap ? groups < 8 : groups == 8;
    }

    private static boolean uri(byte[] b, int from, int end) {
        int at = from;
        while (at < end && has(SCHEME, b[at])) {
            at++;
        }
        if (at == from || at == end || b[at] != ':' || (b[from] | 0x20) < 'a') {
            return false;
        }
        at++;
        boolean inHost = at + 1 < end && b[at] == '/' && b[at + 1] == '/';
        boolean inFragment = false;
        for (int i = inHost ? at + 2 : at; i < end; i++) {
            byte c = b[i];
            inHost &= c != '/' && c != '?' && c != '#';
            if (c == '%') {
                if (end - i < 3 || !isHex(b[i + 1]) || !isHex(b[i + 2])) {
                    return false;
                }
            } else if (c == '#') {
                if (inFragment) {
                    return false;
                }
                inFragment = true;
            } else if (!has(IN_URI, c) && !(inHost && (c == '[' || c == ']'))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isHex(byte c) {
        return c >= '0' && c <= '9' || (c | 0x20) >= 'a' && (c | 0x20) <= 'f';
    }

    private static boolean has(boolean[] set, byte c) {
        return c >= 0 && set[c];
    }

    /** The letters and digits of ASCII and these. */
    private static boolean[] letters(String others) {
        boolean[] set = new boolean[128];
        for (char c = 0; c < set.length; c++) {
            set[c] = c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || others.indexOf(c) >= 0;
        }
        return set;
    }
}
