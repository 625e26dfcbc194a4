package dev.millrace.bench;

import java.util.Locale;

/**
 * A claim: one case's median over another's of the same run.
 *
 * @param goal what the value should reach
 */
public record Ratio(String name, double value, double goal, Better better) {
    /** Which way is good. */
    public enum Better {
        LOWER,
        HIGHER;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Whether the goal is reached. */
    public boolean met() {
        return switch (better) {
            case LOWER -> value <= goal;
            case HIGHER -> value >= goal;
        };
    }
}
