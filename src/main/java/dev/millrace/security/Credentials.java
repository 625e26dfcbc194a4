package dev.millrace.security;

import java.util.List;
import java.util.Objects;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * What a request says of who asks.
 *
 * @param client the address at the other end
 * @param authorization all headers of that name
 * @param session of the connection, where it speaks TLS
 */
public record Credentials(
        String client, List<String> authorization, @Nullable SSLSession session) {
    /** The same over any port. */
    public static Credentials of(
            String client, @Nullable Iterable<String> authorization, @Nullable SSLSession session) {
        List<String> all = authorization == null ? List.of() : list(authorization);
        return new Credentials(client, all, session);
    }

    private static List<String> list(Iterable<String> texts) {
        if (texts instanceof List<String> list) {
            return list;
        }
        var all = new java.util.ArrayList<String>();
        texts.forEach(text -> all.add(Objects.requireNonNull(text)));
        return all;
    }

    /** Never shows what was said. */
    @Override
    public String toString() {
        return "Credentials[client=" + client + ", authorization=" + authorization.size() + "]";
    }
}
