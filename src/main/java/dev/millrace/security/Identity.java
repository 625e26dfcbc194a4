package dev.millrace.security;

/**
 * Who was found to ask. Immutable.
 *
 * @param key of this caller's limits and shares
 */
public record Identity(Principal principal, String key) {
    /** Somebody with a name; no address is such a key. */
    static Identity of(Principal principal) {
        return new Identity(principal, "principal " + principal.name());
    }
}
