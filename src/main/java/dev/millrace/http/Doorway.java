package dev.millrace.http;

import dev.millrace.documents.OpenApi;
import dev.millrace.domain.Door;
import dev.millrace.layer.Lease;
import dev.millrace.layer.Service;
import dev.millrace.problem.Problem;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.internal.http.HttpServerRequestInternal;
import io.vertx.core.internal.http.HttpServerRequestWrapper;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Answers messages of a {@link Door}: each operation that it asks for is one call of its own through the layers, by the
 * sender of the message; a message that asks for none is one, too. For one event loop.
 */
final class Doorway {
    /** What the message itself is called. */
    static final String OPERATION = "callTool";

    private static final CharSequence JSON = TextFormat.JSON.contentType();
    private static final CharSequence NOTHING = HttpHeaders.createOptimized("text/plain");
    private static final int SOFT_BYTES = 24 << 10;

    private final Door door;
    private final Operations operations;
    private final Map<String, Operations.Handler> handlers;
    private final Map<String, OpenApi.Operation> byId;
    private final Service<Call, Answer> service;

    Doorway(Door door, OpenApi document, Operations operations, Service<Call, Answer> service) {
        this.door = door;
        this.operations = operations;
        this.handlers = operations.byId();
        this.byId = document.operations().stream()
                .collect(Collectors.toUnmodifiableMap(OpenApi.Operation::id, each -> each));
        this.service = service;
    }

    /** What is said in the end; its status is set. */
    Future<Answer> answer(Call call, Uploads.Upload upload) {
        Lease memory = upload.memory().retain();
        return upload.whole()
                .map(message -> door.open(name -> Call.text(call.request(), name), message))
                .compose(step -> step instanceof Door.Said
                        ? service.call(call).map(admitted -> step) // asks nothing, and is asked who it is all the same
                        : Future.succeededFuture(step))
                .compose(step -> ended(call, step, memory))
                .map(said -> {
                    call.request().response().setStatusCode(said.status());
                    return (Answer) Answer.Whole.text(said.json().isEmpty() ? NOTHING : JSON, said.json(), "");
                })
                .onComplete(done -> memory.close());
    }

    private Future<Door.Said> ended(Call call, Door.Step step, Lease memory) {
        return switch (step) {
            case Door.Said said -> Future.succeededFuture(said);
            case Door.Asked asked ->
                ask(call, asked, memory)
                        .compose(told ->
                                operations.onWorker(call, () -> asked.then().apply(told)))
                        .compose(next -> ended(call, next, memory));
        };
    }

    private Future<Door.Told> ask(Call call, Door.Asked asked, Lease memory) {
        OpenApi.Operation operation = byId.get(asked.operation());
        Operations.Handler handler = handlers.get(asked.operation());
        if (operation == null || handler == null) {
            return Future.failedFuture(new IllegalStateException("no operation " + asked.operation()));
        }
        return Future.<Answer>future(promise -> {
                    List<String> segments = RequestTarget.segments(asked.path());
                    byte[] body = asked.body().getBytes(StandardCharsets.UTF_8);
                    var target = new RequestTarget(segments, asked.parameters(), body, memory);
                    var within = new Call(
                            asked.operation(),
                            new Within((HttpServerRequestInternal) call.request(), operation.method(), asked),
                            operations.port(operation, segments),
                            inner -> handler.handle(inner, target));
                    service.call(within).onComplete(promise);
                })
                .compose(this::told)
                .recover(failure -> {
                    if (call.request().response().closed()) {
                        return Future.failedFuture(failure);
                    }
                    Problem problem = HttpFaults.of(failure);
                    return problem instanceof Problem.Unauthenticated
                            ? Future.failedFuture(failure)
                            : Future.succeededFuture(new Door.Told(Optional.of(problem), "", "", true));
                });
    }

    private Future<Door.Told> told(Answer owned) {
        String position = owned.version().position().toString();
        return switch (owned) {
            case Answer.Pushed(ChangeHub.Subscription changes) ->
                changes.pull(SOFT_BYTES).map(lines -> told(lines, position, true));
            case Answer.Streamed(RowStream rows) -> Future.succeededFuture(told(rows.first(), position, false));
            case Answer.Whole whole -> {
                try (whole) {
                    yield Future.succeededFuture(told(whole.body().toString(StandardCharsets.UTF_8), position, true));
                }
            }
            case Answer.Unchanged _, Answer.Stored _ -> {
                owned.close();
                yield Future.failedFuture(new IllegalStateException("nobody asked for that"));
            }
        };
    }

    private static Door.Told told(String text, String position, boolean whole) {
        return new Door.Told(Optional.empty(), text, position, whole);
    }

    /** The request of an operation within that of a message: by the same sender, over the same connection. */
    private static final class Within extends HttpServerRequestWrapper {
        private static final List<String> OF_THE_MESSAGE =
                List.of("Accept-Encoding", "If-None-Match", "If-Range", "Last-Event-ID", "Range", "Upgrade");

        private final HttpMethod method;
        private final Door.Asked asked;
        private final MultiMap headers = MultiMap.caseInsensitiveMultiMap();

        Within(HttpServerRequestInternal request, String method, Door.Asked asked) {
            super(request);
            this.method = HttpMethod.valueOf(method);
            this.asked = asked;
            headers.setAll(request.headers());
            OF_THE_MESSAGE.forEach(headers::remove);
            headers.set(HttpHeaders.ACCEPT, asked.mediaType());
        }

        @Override
        public HttpMethod method() {
            return method;
        }

        @Override
        public String uri() {
            return asked.path();
        }

        @Override
        public String path() {
            return asked.path();
        }

        @Override
        public MultiMap headers() {
            return headers;
        }
    }
}
