package dev.millrace.http;

import dev.millrace.domain.Request;
import dev.millrace.security.Principal;
import io.vertx.core.Future;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One HTTP request on its way through the layers. Used on the event loop of its connection. */
public final class Call {
    private final Request asked;
    private final HttpServerRequest request;
    private final Optional<ProductPort> port;
    private final Function<Call, Future<Answer>> work;

    /** @param port of the product that is asked of; empty where there is none, or none is asked of */
    Call(String operation, HttpServerRequest request, Optional<ProductPort> port, Function<Call, Future<Answer>> work) {
        this.request = request;
        this.port = port;
        this.work = work;
        this.asked = new Request(
                operation,
                client(request),
                Principal.ANYBODY, // nobody is asked who it is yet
                port.map(ProductPort::product),
                name -> text(request, name),
                this::onGone);
    }

    /** What is asked, as layers and views see it. */
    public Request asked() {
        return asked;
    }

    /** The operation id in {@code openapi.yaml}. */
    public String operation() {
        return asked.operation();
    }

    /** Who asks: the key of a limit or a share per client. */
    public String client() {
        return asked.client();
    }

    Optional<ProductPort> port() {
        return port;
    }

    private void onGone(Runnable gone) {
        HttpServerResponse response = request.response();
        response.closeHandler(closed -> gone.run());
        if (response.closed()) {
            gone.run();
        }
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
        return work.apply(this);
    }
}
