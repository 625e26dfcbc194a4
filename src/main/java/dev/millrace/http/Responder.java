package dev.millrace.http;

import dev.millrace.layer.Allowance;
import dev.millrace.problem.Problem;
import dev.millrace.query.ChangeForm;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.internal.buffer.BufferInternal;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Writes answers and problems. On the connection's event loop. */
final class Responder {
    static final CharSequence POSITION = HttpHeaders.createOptimized("Millrace-Position");
    static final CharSequence PROBLEM_JSON = HttpHeaders.createOptimized("application/problem+json");
    static final long LINGER_MILLIS = 500;
    private static final int UNAVAILABLE_SECONDS = 5;
    private static final CharSequence RATE_LIMIT = HttpHeaders.createOptimized("RateLimit");
    private static final CharSequence RATE_LIMIT_POLICY = HttpHeaders.createOptimized("RateLimit-Policy");
    private static final CharSequence COUNT = HttpHeaders.createOptimized("Millrace-Count");
    static final CharSequence WWW_AUTHENTICATE = HttpHeaders.createOptimized("WWW-Authenticate");
    static final CharSequence WHO = HttpHeaders.createOptimized("Bearer realm=\"Millrace\"");
    private static final CharSequence NOT_KNOWN =
            HttpHeaders.createOptimized("Bearer realm=\"Millrace\", error=\"invalid_token\"");
    static final CharSequence NOSNIFF = HttpHeaders.createOptimized("nosniff");
    static final CharSequence CONTENT_TYPE_OPTIONS = HttpHeaders.createOptimized("X-Content-Type-Options");

    private final Function<Call, Optional<Allowance>> allowance;
    private final CharSequence vary;
    private Policy policy = new Policy(0, 0, "");

    /** @param vary what answers vary by */
    Responder(Function<Call, Optional<Allowance>> allowance, CharSequence vary) {
        this.allowance = allowance;
        this.vary = vary;
    }

    /** Writes {@code owned}, or gives it back where nobody listens any more. */
    void succeed(Call call, Answer owned) {
        HttpServerRequest request = call.request();
        HttpServerResponse response = request.response();
        if (response.closed() || response.ended()) {
            owned.close();
            return;
        }
        limitHeaders(call, response.headers());
        response.headers().set(HttpHeaders.VARY, vary);
        boolean head = request.method() == HttpMethod.HEAD;
        switch (owned) {
            case Answer.Unchanged(Answer.Version version, var _) -> {
                position(response, version);
                response.setStatusCode(304).end();
            }
            case Answer.Whole whole -> {
                headers(response, whole.contentType(), whole.version(), whole.coding());
                if (!whole.headers().isEmpty()) {
                    whole.headers().forEach(response.headers()::set);
                }
                end(response, whole.body(), head);
            }
            case Answer.Pushed(ChangeHub.Subscription subscription) -> push(call, subscription, head);
            case Answer.Stored stored -> stored(call, stored, head);
            case Answer.Streamed(RowStream stream) -> {
                headers(response, stream.format().contentType(), stream.version(), stream.coding());
                if (head) {
                    stream.close();
                    response.end();
                } else {
                    // Before HTTP/1.1 the end of the connection is the only end that such an answer can have.
                    boolean endless = request.version() == HttpVersion.HTTP_1_0;
                    stream.writeTo(response, () -> {
                        if (endless) {
                            request.connection().close();
                        }
                    });
                }
            }
        }
    }

    /** The file or a range of it; the socket takes it from the disk as fast as it can send. */
    private void stored(Call call, Answer.Stored owned, boolean head) {
        HttpServerRequest request = call.request();
        HttpServerResponse response = request.response();
        MultiMap headers = response.headers();
        headers.set(HttpHeaders.CONTENT_TYPE, owned.contentType());
        headers.set(POSITION, owned.position());
        headers.set(HttpHeaders.ETAG, owned.tag());
        headers.set(HttpHeaders.CACHE_CONTROL, "no-cache");
        headers.set(HttpHeaders.ACCEPT_RANGES, "bytes");
        boolean unchanged = Conditional.has(request, owned.tag());
        Optional<StoredRange> found =
                StoredRange.of(request.getHeader("Range"), request.getHeader("If-Range"), owned.tag(), owned.size());
        if (unchanged || head || found.isEmpty()) {
            if (unchanged) {
                response.setStatusCode(304);
            } else if (found.isEmpty()) {
                response.setStatusCode(416).headers().set(HttpHeaders.CONTENT_RANGE, "bytes */" + owned.size());
            } else {
                headers.set(HttpHeaders.CONTENT_LENGTH, Long.toString(owned.size()));
            }
            response.end();
            owned.close();
            return;
        }
        StoredRange range = found.get();
        if (range.length() < owned.size()) {
            String bytes = range.first() + "-" + (range.first() + range.length() - 1);
            response.setStatusCode(206).headers().set(HttpHeaders.CONTENT_RANGE, "bytes " + bytes + "/" + owned.size());
        }
        response.sendFile(owned.file().toString(), range.first(), range.length())
                .onComplete(sent -> {
                    owned.close();
                    if (sent.failed() && !response.headWritten()) {
                        headers.remove(HttpHeaders.CONTENT_RANGE).remove(HttpHeaders.ACCEPT_RANGES);
                        fail(call, sent.cause());
                    }
                });
    }

    private void push(Call call, ChangeHub.Subscription subscription, boolean head) {
        HttpServerRequest request = call.request();
        HttpServerResponse response = request.response();
        if (head) {
            subscription.close();
        } else if (ChangeHub.Subscription.isSocket(request)) {
            request.toWebSocket()
                    .onSuccess(socket -> {
                        socket.setWriteQueueMaxSize(Outlet.QUEUE_BYTES);
                        subscription.start(new Outlet.Socket(socket));
                    })
                    .onFailure(refused -> subscription.close());
            return;
        }
        Format format = subscription.form() == ChangeForm.EVENTS ? Format.Push.EVENTS : Format.Push.LINES;
        MultiMap headers = response.headers();
        headers.set(HttpHeaders.CONTENT_TYPE, format.contentType());
        headers.set(POSITION, subscription.token().position().toString());
        headers.set(HttpHeaders.CACHE_CONTROL, "no-store");
        headers.set("X-Accel-Buffering", "no");
        if (head) {
            response.end();
        } else {
            response.setChunked(true).setWriteQueueMaxSize(Outlet.QUEUE_BYTES);
            subscription.start(new Outlet.Streamed(request));
        }
    }

    private static void headers(
            HttpServerResponse response, CharSequence contentType, Answer.Version version, @Nullable Coding coding) {
        MultiMap headers = response.headers();
        headers.set(HttpHeaders.CONTENT_TYPE, contentType);
        position(response, version);
        if (coding != null && coding != Coding.IDENTITY) {
            headers.set(HttpHeaders.CONTENT_ENCODING, coding.token());
        }
        if (version.rows() >= 0) {
            headers.set(COUNT, Long.toString(version.rows()));
        }
    }

    private static void position(HttpServerResponse response, Answer.Version version) {
        if (!version.position().isEmpty()) {
            response.headers().set(POSITION, version.position());
        }
    }

    /** Ends the response with {@code owned}, released when the socket has taken it or never will. */
    @SuppressWarnings("CatchingUnchecked") // whatever end() throws, the buffer is still ours
    private static void end(HttpServerResponse response, ByteBuf owned, boolean head) {
        try {
            if (head) {
                response.headers().set(HttpHeaders.CONTENT_LENGTH, Integer.toString(owned.readableBytes()));
                response.end().onComplete(written -> owned.release());
            } else {
                response.end(BufferInternal.buffer(owned)).onComplete(written -> owned.release());
            }
        } catch (RuntimeException failure) {
            owned.release();
            throw failure;
        }
    }

    /** Writes a failure as a problem, with the headers that a limit asks for. */
    void fail(Call call, Throwable failure) {
        if (!call.request().response().headWritten()) {
            limitHeaders(call, call.request().response().headers());
        }
        fail(call.request(), failure);
    }

    /** Writes a failure as a problem. */
    void fail(HttpServerRequest request, Throwable failure) {
        Problem problem = HttpFaults.of(failure);
        HttpServerResponse response = request.response();
        if (response.closed() || response.headWritten()) {
            return;
        }
        response.setStatusCode(problem.status().http());
        MultiMap headers = response.headers();
        headers.set(HttpHeaders.CONTENT_TYPE, PROBLEM_JSON);
        headers.set(HttpHeaders.CACHE_CONTROL, "no-store");
        headers.remove(HttpHeaders.ETAG);
        headers.set(CONTENT_TYPE_OPTIONS, NOSNIFF);
        long retryAfter = 0;
        switch (problem) {
            case Problem.MethodNotAllowed refused ->
                headers.set(HttpHeaders.ALLOW, String.join(", ", refused.allowed()));
            case Problem.Unauthenticated _ ->
                headers.set(WWW_AUTHENTICATE, request.headers().contains(HttpHeaders.AUTHORIZATION) ? NOT_KNOWN : WHO);
            case Problem.UnsupportedMediaType refused ->
                headers.set(HttpHeaders.ACCEPT, String.join(", ", refused.accepted()));
            case Problem.RateLimited limited -> retryAfter = limited.retryAfterSeconds();
            case Problem.Overloaded overloaded -> retryAfter = overloaded.retryAfterSeconds();
            case Problem.ShareTaken shared -> retryAfter = shared.retryAfterSeconds();
            case Problem.NotReached behind -> {
                headers.set(POSITION, behind.position());
                retryAfter = 1;
            }
            case Problem.Conflict _ -> retryAfter = 1;
            case Problem.Unavailable _ -> retryAfter = UNAVAILABLE_SECONDS;
            default -> {}
        }
        if (retryAfter > 0) {
            headers.set(HttpHeaders.RETRY_AFTER, Long.toString(retryAfter));
        }
        if (refusesBody(problem) && Uploads.muchToCome(request)) {
            // The rest is not read as the next request. It is passed over for a moment, since a close at once could
            // take the answer away again.
            headers.set(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
            Vertx.currentContext()
                    .owner()
                    .setTimer(LINGER_MILLIS, timer -> request.connection().close());
        }
        end(response, utf8(json(problem, String.valueOf(request.path()))), request.method() == HttpMethod.HEAD);
    }

    private static boolean refusesBody(Problem problem) {
        return problem instanceof Problem.Unauthenticated
                || problem instanceof Problem.TooLarge
                || problem instanceof Problem.ShareTaken
                || problem instanceof Problem.Overloaded;
    }

    /** Answers what was no request at all, and ends the connection, since nobody knows where the next one begins. */
    static void refuse(HttpServerRequest request, int status, String reason, String expected) {
        HttpServerResponse response = request.response();
        if (!response.closed() && !response.headWritten()) {
            response.setStatusCode(status);
            response.headers().set(HttpHeaders.CONTENT_TYPE, PROBLEM_JSON);
            response.headers().set(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
            Problem problem = new Problem.InvalidParameter("request", reason, expected);
            end(response, utf8(json(problem, "").put("status", status)), false);
        }
        request.connection().close();
    }

    private static ByteBuf utf8(JsonObject json) {
        return Unpooled.wrappedBuffer(json.encode().getBytes(StandardCharsets.UTF_8));
    }

    /** The body of a problem (RFC 9457). */
    static JsonObject json(Problem problem, String instance) {
        var json = new JsonObject()
                .put("type", problem.status().type())
                .put("title", problem.status().title())
                .put("status", problem.status().http())
                .put("detail", problem.detail())
                .put("instance", instance);
        return switch (problem) {
            case Problem.InvalidParameter invalid ->
                json.put("parameter", invalid.parameter()).put("expected", invalid.expected());
            case Problem.NotReached behind -> json.put("position", behind.position());
            case Problem.BrokenRecords broken ->
                json.put(
                        "rejected",
                        broken.rejected().stream().map(JsonObject::mapFrom).toList());
            default -> json;
        };
    }

    private void limitHeaders(Call call, MultiMap headers) {
        Optional<Allowance> found = allowance.apply(call);
        if (found.isPresent()) {
            Allowance now = found.get();
            headers.set(RATE_LIMIT_POLICY, policy(now));
            headers.set(
                    RATE_LIMIT,
                    now.remaining() == 0
                            ? "\"default\";r=0;t=" + now.retryAfterSeconds()
                            : "\"default\";r=" + now.remaining());
        }
    }

    /** The policy's text, kept ready: it hardly ever changes. */
    private CharSequence policy(Allowance now) {
        if (policy.limit != now.limit() || policy.windowSeconds != now.windowSeconds()) {
            String text = "\"default\";q=" + now.limit() + ";w=" + now.windowSeconds();
            policy = new Policy(now.limit(), now.windowSeconds(), HttpHeaders.createOptimized(text));
        }
        return policy.text;
    }

    private record Policy(int limit, long windowSeconds, CharSequence text) {}
}
