package dev.millrace.http;

import dev.millrace.security.Principal;
import io.vertx.core.Future;
import io.vertx.core.http.HttpServerRequest;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One HTTP request on its way through the layers. Used on the event loop of its connection. */
public final class Call {
    private final String operation;
    private final HttpServerRequest request;
    private final Supplier<Future<Answer>> work;

    Call(String operation, HttpServerRequest request, Supplier<Future<Answer>> work) {
        this.operation = operation;
        this.request = request;
        this.work = work;
    }

    /** The operation id in {@code openapi.yaml}. */
    public String operation() {
        return operation;
    }

    /** Who asks: the key of a limit or a share per client. */
    public String client() {
        return client(request);
    }

    /** Who asks; nobody is asked who it is yet. */
    static Principal principal(HttpServerRequest request) {
        return Principal.ANYBODY;
    }

    static String client(HttpServerRequest request) {
        return Connections.client(request.connection());
    }

    /** All headers of a name as one, as RFC 9110 section 5.3 joins them; null when there is none, which costs nothing. */
    static @Nullable String header(HttpServerRequest request, CharSequence name) {
        return request.headers().contains(name)
                ? String.join(",", request.headers().getAll(name))
                : null;
    }

    /** The same; empty when there is none. */
    static String text(HttpServerRequest request, CharSequence name) {
        return Objects.requireNonNullElse(header(request, name), "");
    }

    HttpServerRequest request() {
        return request;
    }

    /** What the innermost service does. */
    Future<Answer> perform() {
        return work.get();
    }
}
