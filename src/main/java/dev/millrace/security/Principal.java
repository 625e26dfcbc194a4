package dev.millrace.security;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Who asks. Immutable.
 *
 * @param name empty for somebody whom nobody asked for a name
 * @param roles what grants may be given to
 * @param claims what its issuer says of it, as texts: a single value is a list of one, a member of an object has the path
 *     {@code object.member}
 * @param purpose what it says it reads for; empty when it says nothing
 */
public record Principal(String name, Set<String> roles, Map<String, List<String>> claims, Optional<String> purpose) {
    /** Whoever comes without being asked who it is. */
    public static final Principal ANYBODY = new Principal("", Set.of(), Map.of(), Optional.empty());

    public Principal {
        roles = Set.copyOf(roles);
        claims = Map.copyOf(claims);
    }
}
