package dev.millrace.security;

import io.vertx.core.Future;
import java.util.Optional;

/** Finds out who asks. Any thread; never blocks. */
@FunctionalInterface
public interface Authentication {
    /** Knows nobody and lets everybody pass. */
    Authentication ANYBODY = said -> Future.succeededFuture(new Identity(Principal.ANYBODY, said.client()));

    /**
     * Who asks. Fails with {@code Unauthenticated}, with {@code RateLimited} where too many logins have failed from there,
     * and with {@code Unavailable} where nobody can say.
     */
    Future<Identity> identify(Credentials credentials);

    /** What who has been identified by a name and a password may say instead for a while; empty for all others. */
    default Optional<String> session(Credentials credentials) {
        return Optional.empty();
    }
}
