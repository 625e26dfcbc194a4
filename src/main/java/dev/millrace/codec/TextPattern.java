package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.contract.PatternSearch;
import dev.millrace.contract.PatternSearch.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A contract's {@code pattern}: found somewhere in the text, as in JSON Schema. Immutable.
 *
 * <p>An anchored sequence of ASCII literals and simple classes with counts, such as {@code ^[A-Z]{3}$} or
 * {@code ^\d{4}-\d{2}$}, with or without its end, is compared byte by byte without allocation, as long as no choice is left to make: a class of
 * a variable count and what follows it have no character in common. All else goes to {@link Pattern}, with a bound:
 * that engine takes stack for each turn of a repeated group, and can try a number of ways that grows exponentially with
 * the text. A record must not be able to end or to hold up the domain's ingest thread by that.
 */
public final class TextPattern {
    private static final Pattern ATOM = Pattern.compile(
            "(\\[[A-Za-z0-9_. -]+]|\\\\d|\\\\.|[A-Za-z0-9_:/@ -])(\\{(\\d{1,3})(,(\\d{1,3})?)?}|[+*?])?");

    /** One class of bytes and how often it stands. */
    private record Step(boolean[] set, int min, int max) {
        boolean shares(Step other) {
            return IntStream.range(0, set.length).anyMatch(i -> set[i] && other.set[i]);
        }
    }

    private final Pattern pattern;
    private final Step @Nullable [] steps;
    private final boolean wholeText;

    /** The pattern; throws {@link java.util.regex.PatternSyntaxException} where it does not compile. */
    public TextPattern(String text) {
        this.pattern = Pattern.compile(text);
        this.steps = simple(text);
        this.wholeText = isToTheEnd(text);
    }

    /** Whether the text holds the pattern; false where that takes too long to know. */
    public boolean isIn(String text) {
        byte[] utf8 = text.getBytes(UTF_8);
        return find(utf8, 0, utf8.length) == Outcome.FOUND;
    }

    /** Whether the well-formed UTF-8 text holds the pattern. */
    Outcome find(byte[] utf8, int from, int length) {
        Step[] simple = steps;
        if (simple == null) {
            return PatternSearch.find(pattern, new String(utf8, from, length, UTF_8));
        }
        return holds(simple, utf8, from, length, wholeText) ? Outcome.FOUND : Outcome.ABSENT;
    }

    private static boolean holds(Step[] simple, byte[] utf8, int from, int length, boolean wholeText) {
        int at = from;
        int to = from + length;
        for (Step step : simple) {
            boolean[] set = step.set;
            int start = at;
            int most = (int) Math.min((long) at + step.max, to);
            while (at < most && set[utf8[at] & 0xFF]) {
                at++;
            }
            if (at - start < step.min) {
                return false;
            }
        }
        return !wholeText || at == to;
    }

    private static boolean isToTheEnd(String text) {
        return text.endsWith("$") && !text.endsWith("\\$");
    }

    boolean isSimple() {
        return steps != null;
    }

    private static Step @Nullable [] simple(String text) {
        if (!text.startsWith("^") || text.length() < 3) {
            return null;
        }
        String body = text.substring(1, isToTheEnd(text) ? text.length() - 1 : text.length());
        List<Step> found = new ArrayList<>();
        Matcher atoms = ATOM.matcher(body);
        int at = 0;
        while (at < body.length()) {
            if (!atoms.find(at) || atoms.start() != at) {
                return null;
            }
            Step step = step(atoms);
            if (step == null) {
                return null;
            }
            // Greedy without return is right only when what follows, up to the first that must stand, is another.
            for (int i = found.size() - 1; i >= 0; i--) {
                Step before = found.get(i);
                if (before.min != before.max && before.shares(step)) {
                    return null;
                }
                if (before.min > 0) {
                    break;
                }
            }
            found.add(step);
            at = atoms.end();
        }
        return found.toArray(Step[]::new);
    }

    private static @Nullable Step step(Matcher atom) {
        boolean[] bits = new boolean[256];
        String symbol = atom.group(1);
        if (symbol.equals("\\d")) {
            add(bits, '0', '9');
        } else if (symbol.startsWith("\\")) {
            if (Character.isLetterOrDigit(symbol.charAt(1)) || symbol.charAt(1) > 0x7F) {
                return null;
            }
            add(bits, symbol.charAt(1), symbol.charAt(1));
        } else if (symbol.startsWith("[")) {
            for (int i = 1; i < symbol.length() - 1; i++) {
                boolean range = i + 2 < symbol.length() - 1 && symbol.charAt(i + 1) == '-';
                add(bits, symbol.charAt(i), symbol.charAt(range ? i + 2 : i));
                i += range ? 2 : 0;
            }
        } else {
            add(bits, symbol.charAt(0), symbol.charAt(0));
        }
        String count = atom.group(2) == null ? "" : atom.group(2);
        return switch (count) {
            case "" -> new Step(bits, 1, 1);
            case "+" -> new Step(bits, 1, Integer.MAX_VALUE);
            case "*" -> new Step(bits, 0, Integer.MAX_VALUE);
            case "?" -> new Step(bits, 0, 1);
            default -> {
                int min = Integer.parseInt(atom.group(3));
                int max = atom.group(4) == null
                        ? min
                        : atom.group(5) == null ? Integer.MAX_VALUE : Integer.parseInt(atom.group(5));
                yield new Step(bits, min, max);
            }
        };
    }

    private static void add(boolean[] bits, char from, char to) {
        for (char c = from; c <= to; c++) {
            bits[c] = true;
        }
    }
}
