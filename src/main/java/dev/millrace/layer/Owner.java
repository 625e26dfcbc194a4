package dev.millrace.layer;

/**
 * Whose work it is: turns are shared by domains, and each domain's by its clients.
 *
 * @param domain of the product that is asked; empty for none
 * @param client who asks; empty for the server itself
 */
public record Owner(String domain, String client) {
    /** The server's own work. */
    public static final Owner SERVER = new Owner("", "");
}
