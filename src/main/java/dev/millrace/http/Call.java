package dev.millrace.http;

import dev.millrace.domain.Product;
import dev.millrace.domain.Request;
import dev.millrace.layer.Owner;
import dev.millrace.security.Credentials;
import dev.millrace.security.Identity;
import dev.millrace.security.Principal;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One HTTP request on its way through the layers. Used on the event loop of its connection. */
public final class Call {
    private static final String PRODUCTS = "/v1/products/";

    private final Request asked;
    private final HttpServerRequest request;
    private final Optional<ProductPort> port;
    private final Function<Call, Future<Answer>> work;

    /** @param port of the product that is asked of; empty where there is none, or none is asked of */
    Call(String operation, HttpServerRequest request, Optional<ProductPort> port, Function<Call, Future<Answer>> work) {
        this(
                new Request(
                        operation,
                        client(request),
                        Principal.ANYBODY, // until the layer of that has asked who it is
                        port.map(ProductPort::product),
                        name -> text(request, name),
                        gone -> onGone(request, gone)),
                request,
                port,
                work);
    }

    private Call(
            Request asked, HttpServerRequest request, Optional<ProductPort> port, Function<Call, Future<Answer>> work) {
        this.asked = asked;
        this.request = request;
        this.port = port;
        this.work = work;
    }

    /** The same, asked by whoever was found to ask. */
    public Call by(Identity who) {
        return new Call(asked.by(who), request, port, work);
    }

    /** The product that its path names, whether or not there is such a one; empty where it names none. */
    public String named() {
        return asked.product()
                .map(Product::qualifiedName)
                .orElseGet(() ->
                        request.path().startsWith(PRODUCTS) ? request.path().substring(PRODUCTS.length()) : "");
    }

    /** Whether it asks for pages and documents that know nothing of products: a browser loads them before it has a key. */
    public boolean isOpen() {
        return Operations.OPEN.contains(operation());
    }

    /** Whether its time is the requests'; that of statements is {@code sql.timeout}, from their turn on. */
    public boolean isBounded() {
        return !operation().equals(Operations.SQL);
    }

    /** What it says of who asks. */
    public Credentials credentials() {
        return credentials(request);
    }

    static Credentials credentials(HttpServerRequest request) {
        return Credentials.of(
                client(request),
                request.headers().contains(HttpHeaders.AUTHORIZATION)
                        ? request.headers().getAll(HttpHeaders.AUTHORIZATION)
                        : null,
                request.connection().sslSession());
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

    /** Whose turns its work takes. */
    Owner owner() {
        return asked.owner();
    }

    /** Of the product that is asked of; empty where there is none for the caller. */
    Optional<ProductPort> port() {
        return asked.product().isEmpty() ? Optional.empty() : port;
    }

    private static void onGone(HttpServerRequest request, Runnable gone) {
        HttpServerResponse response = request.response();
        response.closeHandler(closed -> gone.run());
        if (response.closed()) {
            gone.run();
        }
    }

    static String client(HttpServerRequest request) {
        return Connections.client(request);
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
