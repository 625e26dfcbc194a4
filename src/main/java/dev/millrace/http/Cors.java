package dev.millrace.http;

import dev.millrace.problem.Problem;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.Set;

/** Which web pages may read answers (the Fetch standard's CORS protocol), with credentials where their origin is named. Immutable. */
final class Cors {
    private static final String ANY = "*";
    private static final CharSequence EXPOSED = HttpHeaders.createOptimized("ETag, Location, Millrace-Position,"
            + " Millrace-Count, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After");
    private static final CharSequence ACCEPTED = HttpHeaders.createOptimized(
            "Accept, Authorization, Content-Type, Idempotency-Key,"
                    + " If-None-Match, Last-Event-ID, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Millrace-Min-Position, Prefer, Range, traceparent");
    private static final CharSequence MAX_AGE_SECONDS = HttpHeaders.createOptimized("600");
    private static final CharSequence BY_CONTENT = HttpHeaders.createOptimized("Accept, Accept-Encoding");
    private static final CharSequence BY_ORIGIN = HttpHeaders.createOptimized("Accept, Accept-Encoding, Origin");

    private final Set<String> origins;

    /** @param origins as a browser writes them; a star for all */
    Cors(List<String> origins) {
        this.origins = Set.copyOf(origins);
    }

    /** What answers vary by. */
    CharSequence vary() {
        return origins.isEmpty() || origins.contains(ANY) ? BY_CONTENT : BY_ORIGIN;
    }

    /** Sets the headers that let the request's page read the answer; first of all, so that it can read problems too. */
    void open(HttpServerRequest request) {
        if (origins.isEmpty()) {
            return;
        }
        MultiMap headers = request.response().headers();
        boolean any = origins.contains(ANY);
        if (!any) {
            headers.set(HttpHeaders.VARY, HttpHeaders.ORIGIN);
        }
        String origin = request.headers().get(HttpHeaders.ORIGIN);
        if (origin != null && (any || origins.contains(origin))) {
            headers.set(HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN, any ? ANY : origin);
            headers.set(HttpHeaders.ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            if (!any) {
                headers.set(HttpHeaders.ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
            }
        }
    }

    /**
     * Whether a request that changes something, or opens a WebSocket, may come from the page that it comes from: browsers let
     * any page send some of both, with the certificate of whoever sits there, and leave it to the server to ask.
     */
    boolean admits(HttpServerRequest request) {
        String origin = request.headers().get(HttpHeaders.ORIGIN);
        return origin == null
                || origins.contains(origin)
                || origin.replaceFirst("^https?://", "")
                        .equals(request.headers().get(HttpHeaders.HOST))
                || (origins.contains(ANY)
                        && (!request.isSSL() || request.headers().contains(HttpHeaders.AUTHORIZATION)));
    }

    /**
     * Refuses a message from a page whose origin is not named: the address of a page is not enough where a name that leads
     * here may be anybody's (DNS rebinding).
     */
    void requireNamed(HttpServerRequest request) {
        String origin = request.headers().get(HttpHeaders.ORIGIN);
        if (origin != null && !origins.contains(origin)) {
            throw new Problem.Forbidden(
                            "This, from a page,", "the setting http.corsOrigins names those from which it is.")
                    .exception();
        }
    }

    /** Answers {@code OPTIONS}, a page's question before its request too. */
    void options(HttpServerRequest request, String allowed) {
        MultiMap headers = request.response().setStatusCode(204).headers();
        headers.set(HttpHeaders.ALLOW, allowed);
        if (headers.contains(HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN)
                && request.headers().contains(HttpHeaders.ACCESS_CONTROL_REQUEST_METHOD)) {
            headers.set(HttpHeaders.ACCESS_CONTROL_ALLOW_METHODS, allowed);
            headers.set(HttpHeaders.ACCESS_CONTROL_ALLOW_HEADERS, ACCEPTED);
            headers.set(HttpHeaders.ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS);
        }
        request.response().end();
    }
}
