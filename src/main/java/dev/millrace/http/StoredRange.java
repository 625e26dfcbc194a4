package dev.millrace.http;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The bytes {@code [first, first + length)} of a stored answer, after RFC 9110 section 14: one range; what is no such range,
 * or has several, is answered by the whole.
 */
record StoredRange(long first, long length) {
    private static final Pattern ONE = Pattern.compile("bytes=\\s*(\\d{0,18})-(\\d{0,18})\\s*");

    /**
     * What a request asks for; empty when there is no such byte.
     *
     * @param ifRange the header {@code If-Range}: a range of another answer than that is not wanted
     */
    static Optional<StoredRange> of(@Nullable String range, @Nullable String ifRange, String tag, long size) {
        var whole = new StoredRange(0, size);
        Matcher one = ONE.matcher(range == null ? "" : range);
        if (!one.matches() || (one.group(1) + one.group(2)).isEmpty() || (ifRange != null && !ifRange.equals(tag))) {
            return Optional.of(whole);
        }
        if (one.group(1).isEmpty()) {
            long length = Math.min(size, Long.parseLong(one.group(2)));
            return Optional.of(new StoredRange(size - length, length)).filter(found -> found.length() > 0);
        }
        long first = Long.parseLong(one.group(1));
        long last = one.group(2).isEmpty() ? size - 1 : Math.min(size - 1, Long.parseLong(one.group(2)));
        if (!one.group(2).isEmpty() && Long.parseLong(one.group(2)) < first) {
            return Optional.of(whole);
        }
        return Optional.of(new StoredRange(first, last - first + 1)).filter(_ -> first < size);
    }
}
