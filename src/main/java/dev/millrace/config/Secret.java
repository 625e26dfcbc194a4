package dev.millrace.config;

/**
 * A setting's value that is never printed.
 *
 * @param text the value itself; empty for none
 */
public record Secret(String text) {
    @Override
    public String toString() {
        return text.isEmpty() ? "none" : "***";
    }
}
