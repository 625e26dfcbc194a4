package dev.millrace.domain;

import dev.millrace.problem.Problem;
import dev.millrace.store.Position;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Headers that mean the same over HTTP and Flight. */
public final class RequestHeaders {
    public static final String MIN_POSITION = "Millrace-Min-Position";
    public static final String PREFER = "Prefer";
    public static final String IDEMPOTENCY_KEY = "Idempotency-Key";

    private static final int MAX_KEY = 255;
    private static final Duration MAX_WAIT = Duration.ofSeconds(30);
    private static final Pattern HANDLING = preference("handling\\s*=\\s*\"?(lenient|strict)\"?");
    private static final Pattern WAIT = preference("wait\\s*=\\s*\"?(\\d{1,18})\"?");
    // The inner part is possessive: clients write this text.
    private static final Pattern QUOTED = Pattern.compile("\"((?:[^\"\\\\]|\\\\[\"\\\\])*+)\"");

    private RequestHeaders() {}

    /** A preference of RFC 7240, whatever parameters follow it. */
    private static Pattern preference(String text) {
        return Pattern.compile("(?:^|,)\\s*" + text + "\\s*(?=[,;]|$)", Pattern.CASE_INSENSITIVE);
    }

    /** Whether {@code Prefer} says {@code handling=lenient}, and not another handling before it. */
    public static boolean lenient(String prefer) {
        Matcher handling = HANDLING.matcher(prefer);
        return handling.find() && handling.group(1).equalsIgnoreCase("lenient");
    }

    /** The {@code wait} of {@code Prefer}, at most half a minute; zero where there is none. */
    public static Duration patience(String prefer) {
        Matcher wait = WAIT.matcher(prefer);
        Duration wanted = wait.find() ? Duration.ofSeconds(Long.parseLong(wait.group(1))) : Duration.ZERO;
        return wanted.compareTo(MAX_WAIT) > 0 ? MAX_WAIT : wanted;
    }

    /** @throws dev.millrace.problem.ProblemException with {@code InvalidParameter} */
    public static Position minPosition(String text) {
        return Position.parse(text)
                .orElseThrow(() -> new Problem.InvalidParameter(
                                MIN_POSITION, "this is no position.", "the text of a Millrace-Position.")
                        .exception());
    }

    /**
     * A key as draft-ietf-httpapi-idempotency-key-header has it, a string in quotes, or without them.
     *
     * @throws dev.millrace.problem.ProblemException with {@code InvalidParameter} when it is empty, has more than 255
     *     characters, or one that is not printable ASCII
     */
    public static String idempotencyKey(String text) {
        Matcher quoted = QUOTED.matcher(text);
        String key = quoted.matches() ? quoted.group(1).replaceAll("\\\\(.)", "$1") : text;
        boolean stray = !quoted.matches() && text.contains("\"");
        if (key.isEmpty() || key.length() > MAX_KEY || stray || key.chars().anyMatch(c -> c < ' ' || c > '~')) {
            throw new Problem.InvalidParameter(
                            IDEMPOTENCY_KEY,
                            key.length() > MAX_KEY ? "it has " + key.length() + " characters." : "it is no key.",
                            "one text of 1 to " + MAX_KEY + " printable ASCII characters, best a UUID in quotes.")
                    .exception();
        }
        return key;
    }
}
