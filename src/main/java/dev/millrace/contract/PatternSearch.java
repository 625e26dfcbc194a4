package dev.millrace.contract;

import java.util.regex.Pattern;

/**
 * Looks for a contract's pattern in a text, with a bound: Java's engine takes stack for each turn of a repeated group,
 * and can try a number of ways that grows exponentially with the text. Any thread.
 */
public final class PatternSearch {
    private static final long LOOKS_AT_LEAST = 1_000_000;
    private static final long LOOKS_PER_CHARACTER = 200;

    private PatternSearch() {}

    /** What the search came to. */
    public enum Outcome {
        FOUND,
        ABSENT,
        /** Given up: it takes more stack, or more looks at the text, than a value may cost. */
        TOO_HARD
    }

    /** Whether the text holds the pattern, anywhere. */
    public static Outcome find(Pattern pattern, String text) {
        return find(pattern, text, LOOKS_AT_LEAST + LOOKS_PER_CHARACTER * text.length());
    }

    /** The same with at most so many looks at a character. */
    static Outcome find(Pattern pattern, String text, long looks) {
        // A matcher that overflowed the stack is thrown away; nothing else is touched in the middle of its work.
        try {
            return pattern.matcher(new Looks(text, looks)).find() ? Outcome.FOUND : Outcome.ABSENT;
        } catch (StackOverflowError | TooManyLooks tooHard) {
            return Outcome.TOO_HARD;
        }
    }

    /** A text that counts how often it is looked at. */
    private static final class Looks implements CharSequence {
        private final String text;
        private long left;

        Looks(String text, long looks) {
            this.text = text;
            this.left = looks;
        }

        @Override
        public char charAt(int index) {
            if (left-- == 0) {
                throw new TooManyLooks();
            }
            return text.charAt(index);
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.substring(start, end);
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private static final class TooManyLooks extends RuntimeException {
        private static final long serialVersionUID = 1;

        TooManyLooks() {
            super("a pattern looks at a text too often", null, false, false);
        }
    }
}
