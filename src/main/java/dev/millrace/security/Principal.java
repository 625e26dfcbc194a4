package dev.millrace.security;

/**
 * Who asks.
 *
 * @param name empty for somebody whom nobody asked for a name
 */
public record Principal(String name) {
    /** Whoever comes without being asked who it is. */
    public static final Principal ANYBODY = new Principal("");
}
