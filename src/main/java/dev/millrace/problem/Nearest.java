package dev.millrace.problem;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Finds the known word that somebody most likely meant: the least Levenshtein distance, upper and lower case alike. */
public final class Nearest {
    private static final int LONGEST = 100;

    private Nearest() {}

    /** The known word nearest to {@code word}, however far; empty only where nothing is known. */
    public static Optional<String> to(String word, Collection<String> known) {
        String folded = fold(word);
        return known.stream()
                .min(Comparator.<String>comparingInt(candidate -> distance(folded, fold(candidate)))
                        .thenComparing(Comparator.naturalOrder()));
    }

    /** The known word nearest to {@code word} if at most a third of it, or two letters, would have to change. */
    public static Optional<String> closeTo(String word, Collection<String> known) {
        String folded = fold(word);
        return to(word, known)
                .filter(candidate -> distance(folded, fold(candidate)) <= Math.max(2, candidate.length() / 3));
    }

    /** {@code  Did you mean 'x'?}, with a space before it, where a known word is close; else nothing. */
    public static String hint(String word, Collection<String> known) {
        return hint(word, known, "");
    }

    /** The same, with something else to say where no known word is close. */
    public static String hint(String word, Collection<String> known, String otherwise) {
        return closeTo(word, known).map(near -> " Did you mean '" + near + "'?").orElse(otherwise);
    }

    private static String fold(String word) {
        return word.substring(0, Math.min(word.length(), LONGEST)).toLowerCase(Locale.ROOT);
    }

    static int distance(String left, String right) {
        int[] row = new int[right.length() + 1];
        for (int column = 0; column <= right.length(); column++) {
            row[column] = column;
        }
        for (int line = 1; line <= left.length(); line++) {
            int diagonal = row[0];
            row[0] = line;
            for (int column = 1; column <= right.length(); column++) {
                int replaced = diagonal + (left.charAt(line - 1) == right.charAt(column - 1) ? 0 : 1);
                diagonal = row[column];
                row[column] = Math.min(replaced, Math.min(row[column - 1], row[column]) + 1);
            }
        }
        return row[right.length()];
    }
}
