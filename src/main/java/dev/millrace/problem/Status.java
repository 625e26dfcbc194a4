package dev.millrace.problem;

/**
 * What a failure is to the outside: one row gives the HTTP status, the problem type's last path segment, the title
 * (RFC 9457) and the Flight status of every {@link Problem}.
 *
 * <p>Flight status codes are named as in the Arrow Flight RPC specification, so that this room needs no Flight type.
 */
public enum Status {
    INVALID_PARAMETER(400, "invalid-parameter", "A request parameter is wrong", "INVALID_ARGUMENT"),
    INVALID_BODY(400, "invalid-body", "The request body is wrong", "INVALID_ARGUMENT"),
    UNAUTHENTICATED(401, "unauthenticated", "It is not known who asks", "UNAUTHENTICATED"),
    FORBIDDEN(403, "forbidden", "This may not be done", "UNAUTHORIZED"),
    NOT_FOUND(404, "not-found", "There is no such thing", "NOT_FOUND"),
    METHOD_NOT_ALLOWED(405, "method-not-allowed", "The method is not allowed here", "UNIMPLEMENTED"),
    NOT_ACCEPTABLE(406, "not-acceptable", "No format is acceptable to the client", "INVALID_ARGUMENT"),
    NOT_REACHED(412, "not-reached", "The product has not come so far yet", "UNAVAILABLE"),
    UNSUPPORTED_MEDIA_TYPE(
            415, "unsupported-media-type", "The body is of a type that is not taken", "INVALID_ARGUMENT"),
    BROKEN_RECORDS(422, "broken-records", "Records break the contract", "INVALID_ARGUMENT"),
    KEY_REUSED(422, "idempotency-key-reused", "The key belongs to another request", "INVALID_ARGUMENT"),
    CONFLICT(409, "conflict", "Something else is under way", "UNAVAILABLE"),
    GONE(410, "gone", "This is no longer kept", "NOT_FOUND"),
    TOO_LARGE(413, "too-large", "The request is too large", "INVALID_ARGUMENT"),
    RATE_LIMITED(429, "rate-limited", "Too many requests", "RESOURCE_EXHAUSTED"),
    INTERNAL(500, "internal", "The server failed", "INTERNAL"),
    OVERLOADED(503, "overloaded", "The server is busy", "UNAVAILABLE"),
    UNAVAILABLE(503, "unavailable", "The product cannot be served now", "UNAVAILABLE"),
    TIMED_OUT(504, "timed-out", "The request took too long", "TIMED_OUT"),
    INVALID_CONTRACT(422, "invalid-contract", "A contract or product descriptor is wrong", "INVALID_ARGUMENT"),
    INVALID_CONFIGURATION(422, "invalid-configuration", "The configuration is wrong", "INVALID_ARGUMENT"),
    CANNOT_START(500, "cannot-start", "The server cannot start", "INTERNAL");

    private final int http;
    private final String type;
    private final String title;
    private final String flight;

    Status(int http, String type, String title, String flight) {
        this.http = http;
        this.type = type;
        this.title = title;
        this.flight = flight;
    }

    /** The HTTP status code. */
    public int http() {
        return http;
    }

    /** The problem type, a URI reference as RFC 9457 wants it: stable, and resolved against the server's own docs. */
    public String type() {
        return "/problems/" + type;
    }

    /** A short sentence, the same for every problem of this kind. */
    public String title() {
        return title;
    }

    /** The Flight status code's name, for example {@code INVALID_ARGUMENT}. */
    public String flight() {
        return flight;
    }
}
