package dev.millrace.http;

import dev.millrace.documents.OpenApi;
import dev.millrace.domain.Door;
import dev.millrace.domain.RequestWaits;
import dev.millrace.layer.Lease;
import dev.millrace.layer.Places;
import dev.millrace.layer.PortLayers;
import dev.millrace.layer.Service;
import dev.millrace.layer.WaitLayer;
import dev.millrace.problem.Problem;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.Router;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Every request of one event loop: rows straight from their path, everything else through the router, all of them through
 * the layers.
 */
final class Requests implements Handler<HttpServerRequest> {
    private static final String PREFIX = "/v1/products/";
    private static final String ROWS = "/rows";
    private static final String GET_ROW = "getRow";
    private static final String LIST_ROWS = "listRows";
    private static final String EVERYTHING = "DELETE, GET, HEAD, OPTIONS, POST";
    private static final String WRITE = "writeRecords";
    private static final byte[] NO_BODY = {};

    /** Bodies that ask something are JSON with a thousand keys at most. */
    private static final long MAX_QUESTION_BYTES = 1 << 20;

    private record Bound(List<String> methods, Pattern pattern) {}

    private final Map<String, ProductPort> products;
    private final Operations operations;
    private final Service<Call, Answer> service;
    private final Responder responder;
    private final Cors cors;
    private final Router router;
    private final List<Bound> bound = new ArrayList<>();
    private final Uploads uploads;
    private final Optional<Doorway> doorway;
    private final Lease noMemory;

    /**
     * @param door what messages are answered by; without one there is no such path
     * @param waiters who wait for a position or a change
     * @param longestWait of any of them
     * @param memory bytes of requests
     * @param maxBodyBytes of one request
     */
    Requests(
            Vertx vertx,
            OpenApi document,
            Operations operations,
            Map<String, ProductPort> products,
            PortLayers<Call, Answer> layers,
            Cors cors,
            Optional<Door> door,
            Places waiters,
            Duration longestWait,
            Places memory,
            long maxBodyBytes) {
        this.products = products; // comes and goes on the event loop
        this.operations = operations;
        var waits = new RequestWaits<Call, Answer>(
                Call::asked,
                call -> !Operations.UNTIMED.contains(call.operation()),
                answer -> answer instanceof Answer.Unchanged unchanged ? unchanged.watched() : Optional.empty(),
                longestWait);
        this.service = layers.around()
                .apply(new WaitLayer<>(waits, waiters, Call::client))
                .around(Call::perform);
        this.responder = new Responder(layers.allowance(), cors.vary());
        this.cors = cors;
        this.router = Router.router(vertx);
        this.uploads = new Uploads(memory, maxBodyBytes);
        this.noMemory = memory.lease("");
        this.doorway = door.map(each -> new Doorway(each, document, operations, service));
        bind(document, operations.byId());
    }

    private void bind(OpenApi document, Map<String, Operations.Handler> handlers) {
        document.checkBound(handlers.keySet());
        for (OpenApi.Operation operation : document.operations()) {
            Operations.Handler handler = Objects.requireNonNull(handlers.get(operation.id()));
            var entry = new Bound(operation.methods(), operation.pattern());
            bound.add(entry);
            for (String method : entry.methods()) {
                router.routeWithRegex(
                                HttpMethod.valueOf(method), entry.pattern().pattern())
                        .handler(context -> routed(operation, handler, context.request()));
            }
        }
        router.route().handler(context -> unrouted(context.request()));
        router.errorHandler(500, context -> {
            Throwable failure = context.failure();
            responder.fail(context.request(), failure == null ? new IllegalStateException("no cause") : failure);
        });
    }

    @Override
    @SuppressWarnings("CatchingUnchecked") // the edge of the server: every failure becomes an answer
    public void handle(HttpServerRequest request) {
        try {
            if (operations.underWay().isStopping()) {
                request.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
                throw UnderWay.stops();
            }
            cors.open(request);
            if (!unambiguous(request)) {
                // What follows may be its body or the next request.
                Responder.refuse(
                        request,
                        400,
                        "another server could read it differently.",
                        "one Host, no header without a name, and no Transfer-Encoding but chunked (RFC 9112).");
            } else if (request.method() == HttpMethod.OPTIONS && request.uri().equals("*")) {
                cors.options(request, EVERYTHING);
            } else if (!direct(request)) {
                uploads.check(request);
                RequestTarget.segments(request.path());
                boolean asks = request.method() == HttpMethod.GET
                        || request.method() == HttpMethod.HEAD
                        || request.method() == HttpMethod.OPTIONS;
                if ((!asks || ChangeHub.Subscription.isSocket(request)) && !cors.admits(request)) {
                    throw new Problem.Forbidden(
                                    "This, from a page of another origin,",
                                    "the setting http.corsOrigins names those from which it is.")
                            .exception();
                }
                router.handle(request);
            }
        } catch (RuntimeException failure) {
            responder.fail(request, failure);
        }
    }

    private static boolean unambiguous(HttpServerRequest request) {
        MultiMap headers = request.headers();
        int hosts = headers.getAll(HttpHeaders.HOST).size();
        String coding = headers.get(HttpHeaders.TRANSFER_ENCODING);
        return (hosts == 1 || (hosts == 0 && request.version() == HttpVersion.HTTP_1_0))
                && (coding == null || coding.equalsIgnoreCase("chunked"))
                && !headers.contains("");
    }

    /**
     * Answers {@code GET /v1/products/{d}/{p}/rows} and {@code …/rows/{key}} with nothing special about them; false for any
     * other. What the router does for them takes longer than to find the row.
     */
    private boolean direct(HttpServerRequest request) {
        if (request.method() != HttpMethod.GET) {
            return false;
        }
        String uri = request.uri();
        if (!uri.startsWith(PREFIX)) {
            return false;
        }
        int domainEnd = uri.indexOf('/', PREFIX.length());
        int productEnd = domainEnd < 0 ? -1 : uri.indexOf('/', domainEnd + 1);
        if (productEnd < 0 || !uri.startsWith(ROWS, productEnd)) {
            return false;
        }
        ProductPort port = products.get(uri.substring(PREFIX.length(), productEnd));
        if (port == null) {
            return false;
        }
        int rowsEnd = productEnd + ROWS.length();
        if (rowsEnd == uri.length() || uri.charAt(rowsEnd) == '?') {
            perform(new Call(
                    LIST_ROWS,
                    request,
                    Optional.of(port),
                    call -> operations.listRows(
                            call,
                            RequestTarget.of(RequestTarget.segments(request.path()), request, NO_BODY, noMemory))));
            return true;
        }
        int keyStart = rowsEnd + 1;
        if (uri.charAt(rowsEnd) != '/' || keyStart == uri.length() || !plain(uri, keyStart) || !acceptsJson(request)) {
            return false;
        }
        perform(new Call(
                GET_ROW, request, Optional.of(port), call -> port.row(call, List.of(uri.substring(keyStart)), false)));
        return true;
    }

    /** Whether a key needs no decoding and is one component; dots are left to the router, which knows dot segments. */
    private static boolean plain(String uri, int from) {
        boolean onlyDots = true;
        for (int i = from; i < uri.length(); i++) {
            char c = uri.charAt(i);
            if (c <= ' ' || c >= 0x7F || c == '%' || c == ',' || c == '/' || c == '?' || c == '#') {
                return false;
            }
            onlyDots &= c == '.';
        }
        return !onlyDots;
    }

    private static boolean acceptsJson(HttpServerRequest request) {
        String accept = request.headers().get(HttpHeaders.ACCEPT);
        return accept == null || accept.equals("*/*") || accept.equals("application/json");
    }

    private void routed(OpenApi.Operation operation, Operations.Handler handler, HttpServerRequest request) {
        List<String> segments = RequestTarget.segments(request.path());
        if (operation.id().equals(Doorway.OPERATION)) {
            var target = new RequestTarget(segments, List.of(), NO_BODY, noMemory);
            message(
                    doorway.orElseThrow(() -> new Problem.NotFound("resource", request.path()).exception()),
                    new Call(operation.id(), request, Optional.empty(), call -> handler.handle(call, target)));
            return;
        }
        perform(new Call(
                operation.id(),
                request,
                operations.port(operation, segments),
                work(operation, handler, segments, request)));
    }

    private void message(Doorway door, Call call) {
        cors.requireNamed(call.request());
        then(
                call,
                door.answer(call, uploads.begin(call.request(), MAX_QUESTION_BYTES)),
                answer -> finish(call, answer));
    }

    /** What an operation does, with its body where it has one, whose memory counts until the work has ended. */
    private Function<Call, Future<Answer>> work(
            OpenApi.Operation operation, Operations.Handler handler, List<String> segments, HttpServerRequest request) {
        if (request.method() == HttpMethod.POST) {
            // Its bytes come now or never, the layers may let it wait.
            long most = operation.id().equals(WRITE) ? Long.MAX_VALUE : MAX_QUESTION_BYTES;
            Uploads.Upload upload = uploads.begin(request, most);
            return call -> {
                Lease memory = upload.memory().retain();
                return upload.whole()
                        .compose(bytes -> handler.handle(call, RequestTarget.of(segments, request, bytes, memory)))
                        .onComplete(done -> memory.close());
            };
        }
        Lease memory = request.method() == HttpMethod.DELETE ? uploads.none(request) : noMemory;
        return call -> handler.handle(call, RequestTarget.of(segments, request, NO_BODY, memory));
    }

    @SuppressWarnings("CatchingUnchecked") // with no layer around, a handler's problem comes as a throw
    private void perform(Call call) {
        Future<Answer> answer;
        try {
            answer = service.call(call);
        } catch (RuntimeException failure) {
            responder.fail(call, failure);
            return;
        }
        if (answer.succeeded()) {
            finish(call, answer.result());
        } else {
            then(call, answer, done -> finish(call, done));
        }
    }

    private void fail(Call call, Throwable failure) {
        // Who waited and went is told nothing.
        if (!(failure instanceof CancellationException
                && call.request().response().closed())) {
            responder.fail(call, failure);
        }
    }

    private <T> void then(Call call, Future<T> future, Handler<T> next) {
        Context context = Vertx.currentContext();
        UnderWay.Cut cut = () -> context.runOnContext(turn -> responder.fail(call, UnderWay.stops()));
        operations.underWay().begin(cut);
        future.onComplete(done -> operations.underWay().end(cut))
                .onSuccess(next)
                .onFailure(failure -> fail(call, failure));
    }

    private void finish(Call call, Answer owned) {
        Answer answer = Conditional.checked(call.request(), owned);
        if (!call.request().headers().contains(HttpHeaders.ACCEPT_ENCODING)) {
            responder.succeed(call, answer);
            return;
        }
        Future<Answer> coded = operations.coded(call.request(), call.owner(), answer);
        if (coded.succeeded()) {
            responder.succeed(call, coded.result());
        } else {
            then(call, coded, ready -> responder.succeed(call, ready));
        }
    }

    private void unrouted(HttpServerRequest request) {
        var allowed = new TreeSet<String>();
        for (Bound entry : bound) {
            if (entry.pattern().matcher(request.path()).matches()) {
                allowed.addAll(entry.methods());
            }
        }
        if (!allowed.isEmpty()) {
            allowed.add("OPTIONS");
            if (request.method() == HttpMethod.OPTIONS) {
                cors.options(request, String.join(", ", allowed));
                return;
            }
        }
        Problem problem = allowed.isEmpty()
                ? new Problem.NotFound("resource", request.path())
                : new Problem.MethodNotAllowed(request.method().name(), List.copyOf(allowed));
        responder.fail(request, problem.exception());
    }
}
