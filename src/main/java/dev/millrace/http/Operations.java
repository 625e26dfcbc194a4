package dev.millrace.http;

import dev.millrace.codec.BodyForm;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.domain.Product;
import dev.millrace.domain.RequestHeaders;
import dev.millrace.domain.Writes;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.quality.QualityReport;
import dev.millrace.store.Position;
import dev.millrace.store.Snapshot;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/** What each operation of {@code openapi.yaml} does, for one event loop, which is the only thread that calls it. */
final class Operations {
    private static final CharSequence YAML = HttpHeaders.createOptimized("application/yaml");
    private static final CharSequence JSON_SCHEMA = HttpHeaders.createOptimized("application/schema+json");
    /** What Millrace-Min-Position says nothing to. */
    private static final Set<String> UNTIMED = Set.of("writeRecords", "deleteRow", "replayDeadLetters", "getChanges");

    private static final int DOMAIN = 2;
    private static final int PRODUCT = 3;
    private static final int KEY = 5;

    /** Up to this size an answer is compressed on the event loop. */
    private static final int MAX_CODED_HERE = 16 << 10;

    /** How long a request may look at rows that nobody has looked at yet. */
    private static final Duration QUALITY_TIME = Duration.ofMillis(500);

    /** An operation: takes the request, gives the answer or throws a problem. */
    interface Handler {
        Future<Answer> handle(HttpServerRequest request, RequestTarget target);
    }

    private final OpenApi document;
    private final Catalogue catalogue;
    private final RowStream.Room room;
    private final Map<String, ProductPort> products;

    /** @param products by {@code domain/product} */
    Operations(OpenApi document, Catalogue catalogue, RowStream.Room room, Map<String, ProductPort> products) {
        this.document = document;
        this.catalogue = catalogue;
        this.room = room;
        this.products = Map.copyOf(products);
    }

    /** The handlers by operation id. */
    Map<String, Handler> byId() {
        return Map.ofEntries(
                Map.entry("getOpenApi", this::openApi),
                Map.entry("getDocs", (request, target) -> page(target, "docs.html")),
                Map.entry("getDocsFile", (request, target) -> page(target, target.segment(1))),
                Map.entry("listProducts", this::listProducts),
                Map.entry("getProduct", this::getProduct),
                Map.entry("getContract", this::getContract),
                Map.entry("getSchema", this::getSchema),
                Map.entry("getProductOpenApi", this::getProductOpenApi),
                Map.entry("getProductAsyncApi", this::getProductAsyncApi),
                Map.entry("getChanges", this::getChanges),
                Map.entry("listRows", this::listRows),
                Map.entry("getRow", this::getRow),
                Map.entry("writeRecords", this::writeRecords),
                Map.entry("deleteRow", this::deleteRow),
                Map.entry("lookUpRows", this::lookUpRows),
                Map.entry("getQuality", this::getQuality),
                Map.entry("getStatistics", this::getStatistics),
                Map.entry("listDeadLetters", this::listDeadLetters),
                Map.entry("getDeadLetter", this::getDeadLetter),
                Map.entry("replayDeadLetters", this::replay));
    }

    private Future<Answer> openApi(HttpServerRequest request, RequestTarget target) {
        only(target, Set.of());
        return whole(YAML, document.text(), Map.of());
    }

    private Future<Answer> page(RequestTarget target, String name) {
        return onWorker(() -> DocsPages.file(name));
    }

    private Future<Answer> listProducts(HttpServerRequest request, RequestTarget target) {
        json(request, target);
        only(target, Set.of("format"));
        return whole(Format.JSON.contentType(), catalogue.list().encode(), Map.of());
    }

    private Future<Answer> getProduct(HttpServerRequest request, RequestTarget target) {
        json(request, target);
        only(target, Set.of("format"));
        Product product = port(target).product();
        return onWorker(() -> {
            try (Snapshot snapshot = product.snapshot()) {
                return Answer.Whole.text(
                        Format.JSON.contentType(),
                        catalogue.describe(product, snapshot).encode(),
                        at(snapshot.position()));
            }
        });
    }

    private Future<Answer> getContract(HttpServerRequest request, RequestTarget target) {
        only(target, Set.of());
        Product product = port(target).product();
        return whole(YAML, product.face().contractText(), at(product.position()));
    }

    private Future<Answer> getSchema(HttpServerRequest request, RequestTarget target) {
        only(target, Set.of());
        Product product = port(target).product();
        return whole(JSON_SCHEMA, RowJsonSchema.of(product).encode(), at(product.position()));
    }

    private Future<Answer> getProductOpenApi(HttpServerRequest request, RequestTarget target) {
        only(target, Set.of());
        ProductPort port = port(target);
        return onWorker(() -> Answer.Whole.text(
                YAML, port.openApi(document), at(port.product().position())));
    }

    private Future<Answer> getProductAsyncApi(HttpServerRequest request, RequestTarget target) {
        only(target, Set.of());
        Product product = port(target).product();
        return whole(YAML, ProductAsyncApi.text(product), at(product.position()));
    }

    private Future<Answer> getChanges(HttpServerRequest request, RequestTarget target) {
        boolean socket = ChangeHub.Subscription.isSocket(request);
        String length = header(request, HttpHeaders.CONTENT_LENGTH);
        if (socket && (request.headers().contains(HttpHeaders.TRANSFER_ENCODING) || !length.matches("0?"))) {
            throw new Problem.InvalidBody("A WebSocket's request has a body.", "none.").exception();
        }
        return port(target)
                .changes(
                        target,
                        Negotiation.of(
                                Call.header(request, HttpHeaders.ACCEPT),
                                target.parameters(),
                                socket ? List.of(Format.NDJSON) : Format.PUSH),
                        header(request, "Last-Event-ID").strip(),
                        Call.client(request));
    }

    private Future<Answer> getQuality(HttpServerRequest request, RequestTarget target) {
        Product product = port(target).product();
        return quality(request, target, (report, position) -> QualityJson.of(product, report, position));
    }

    private Future<Answer> getStatistics(HttpServerRequest request, RequestTarget target) {
        return quality(request, target, QualityJson::statistics);
    }

    private Future<Answer> quality(
            HttpServerRequest request, RequestTarget target, BiFunction<QualityReport, Position, JsonObject> form) {
        json(request, target);
        only(target, Set.of("format"));
        Product product = port(target).product();
        return onWorker(() -> {
            QualityReport report = product.quality(QUALITY_TIME, Clock.systemUTC());
            return Answer.Whole.text(
                    Format.JSON.contentType(),
                    form.apply(report, product.position()).encode(),
                    at(report.position()));
        });
    }

    Future<Answer> listRows(HttpServerRequest request, RequestTarget target) {
        return rows(port(target), request, target);
    }

    private Future<Answer> listDeadLetters(HttpServerRequest request, RequestTarget target) {
        return rows(deadLetters(target), request, target);
    }

    private static Future<Answer> rows(ProductPort port, HttpServerRequest request, RequestTarget target) {
        return port.rows(
                target,
                request,
                Negotiation.of(Call.header(request, HttpHeaders.ACCEPT), target.parameters(), Format.ALL));
    }

    private Future<Answer> getRow(HttpServerRequest request, RequestTarget target) {
        return row(port(target), request, target);
    }

    private Future<Answer> lookUpRows(HttpServerRequest request, RequestTarget target) {
        Negotiation negotiation = json(request, target);
        only(target, Set.of("format"));
        return port(target).lookUp(LookupJson.keys(target.body()), negotiation.numbersAsStrings());
    }

    private Future<Answer> getDeadLetter(HttpServerRequest request, RequestTarget target) {
        return row(deadLetters(target), request, target);
    }

    private static Future<Answer> row(ProductPort port, HttpServerRequest request, RequestTarget target) {
        Negotiation negotiation = json(request, target);
        only(target, Set.of("format"));
        return port.row(request, key(target), negotiation.numbersAsStrings());
    }

    private static List<String> key(RequestTarget target) {
        List<String> components = new ArrayList<>();
        for (String raw : target.segments().get(KEY).split(",", -1)) {
            components.add(Percent.decode(raw, false)
                    .orElseThrow(() ->
                            new Problem.InvalidParameter("key", "an escape is broken.", "%XX escapes.").exception()));
        }
        return components;
    }

    private Future<Answer> writeRecords(HttpServerRequest request, RequestTarget target) {
        json(request, target);
        only(target, Set.of("format"));
        Writes writes = port(target).product().writes();
        String type = header(request, HttpHeaders.CONTENT_TYPE);
        String coding = header(request, HttpHeaders.CONTENT_ENCODING);
        Optional<BodyForm> form = BodyForm.of(type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT));
        if (form.isEmpty() || !(coding.isEmpty() || coding.equalsIgnoreCase("identity"))) {
            throw new Problem.UnsupportedMediaType(
                            form.isEmpty() ? type : "Content-Encoding: " + coding,
                            Stream.of(BodyForm.values())
                                    .flatMap(each -> each.mediaTypes().stream())
                                    .toList())
                    .exception();
        }
        boolean lenient = RequestHeaders.lenient(header(request, RequestHeaders.PREFER));
        return written(writes.write(
                new Writes.Records(form.get(), target.body().getBytes(), lenient, idempotencyKey(request))));
    }

    private Future<Answer> deleteRow(HttpServerRequest request, RequestTarget target) {
        json(request, target);
        only(target, Set.of("format"));
        return written(
                port(target).product().writes().write(new Writes.Deletion(key(target), idempotencyKey(request))));
    }

    private static Future<Answer> written(CompletableFuture<Writes.Receipt> written) {
        return Future.fromCompletionStage(written, Vertx.currentContext())
                .map(receipt -> Answer.Whole.text(
                        Format.JSON.contentType(),
                        receipt.json(),
                        receipt.lenient()
                                ? Map.of(
                                        Responder.POSITION,
                                        receipt.position().toString(),
                                        "Preference-Applied",
                                        "handling=lenient")
                                : at(receipt.position())));
    }

    private static String idempotencyKey(HttpServerRequest request) {
        return request.headers().contains(RequestHeaders.IDEMPOTENCY_KEY)
                ? RequestHeaders.idempotencyKey(header(request, RequestHeaders.IDEMPOTENCY_KEY))
                : "";
    }

    /** A header as {@link Call#header} gives it; empty when there is none. */
    private static String header(HttpServerRequest request, CharSequence name) {
        return Objects.requireNonNullElse(Call.header(request, name), "");
    }

    /** Ends when the product that an operation reads has come as far as the request wants. */
    Future<Void> reached(OpenApi.Operation operation, HttpServerRequest request, RequestTarget target) {
        if (!operation.template().startsWith("/v1/products/{domain}/{product}") || UNTIMED.contains(operation.id())) {
            return Future.succeededFuture();
        }
        boolean letters = operation.template().contains("/dead-letters");
        Product product = (letters ? deadLetters(target) : port(target)).product();
        return Future.fromCompletionStage(
                product.reach(
                        RequestHeaders.minPosition(header(request, RequestHeaders.MIN_POSITION)), patience(request)),
                Vertx.currentContext());
    }

    /** Ends when there may be another answer to the request than that, true, or when its patience does. */
    Future<Boolean> changed(HttpServerRequest request, Answer.Unchanged unchanged) {
        Duration patience = unchanged.watched().isEmpty() ? Duration.ZERO : patience(request);
        return patience.isZero()
                ? Future.succeededFuture(false)
                : Future.fromCompletionStage(
                        unchanged
                                .watched()
                                .orElseThrow()
                                .product()
                                .changed(unchanged.watched().orElseThrow().position(), patience),
                        Vertx.currentContext());
    }

    private Duration patience(HttpServerRequest request) {
        Duration patience = RequestHeaders.patience(header(request, RequestHeaders.PREFER));
        // A connection without traffic is closed after the stall time.
        Duration most = Duration.ofMillis(room.stallMillis() / 2);
        return patience.compareTo(most) < 0 ? patience : most;
    }

    /** The answer in the content coding that the client likes best, where nobody has thought of that yet. */
    Future<Answer> coded(HttpServerRequest request, Answer owned) {
        Optional<ByteBuf> body = switch (owned) {
            case Answer.Whole whole ->
                whole.contentType().toString().startsWith("application/vnd.")
                        ? Optional.empty() // compressed within
                        : Optional.of(whole.body());
            case Answer.Rows rows -> rows.coding() == null ? Optional.of(rows.body()) : Optional.empty();
            case Answer.Streamed _, Answer.Unchanged _, Answer.Pushed _, Answer.Stored _ -> Optional.empty();
        };
        if (body.isEmpty()) {
            return Future.succeededFuture(owned);
        }
        int bytes = body.get().readableBytes();
        Coding coding;
        try {
            coding = Coding.accepted(Call.header(request, HttpHeaders.ACCEPT_ENCODING), true, room.compressFrom())
                    .of(bytes);
        } catch (ProblemException refused) {
            if (request.method() != HttpMethod.GET && request.method() != HttpMethod.HEAD) {
                return Future.succeededFuture(owned); // it is done already
            }
            owned.close();
            return Future.failedFuture(refused);
        }
        if (coding == Coding.IDENTITY) {
            return Future.succeededFuture(owned);
        }
        return bytes <= MAX_CODED_HERE
                ? Future.succeededFuture(coded(owned, coding))
                : onWorker(() -> coded(owned, coding));
    }

    private static Answer coded(Answer owned, Coding coding) {
        try (Coding.Coder coder = coding.new Coder()) {
            return switch (owned) {
                case Answer.Whole(var type, var body, var headers) -> {
                    var more = new HashMap<>(headers);
                    more.put(HttpHeaders.CONTENT_ENCODING, coding.token());
                    yield new Answer.Whole(type, coder.code(body, true), more);
                }
                case Answer.Rows(var type, var body, var version, var _) ->
                    new Answer.Rows(type, coder.code(body, true), version, coding);
                case Answer.Streamed _, Answer.Unchanged _, Answer.Pushed _, Answer.Stored _ -> owned;
            };
        }
    }

    private Future<Answer> replay(HttpServerRequest request, RequestTarget target) {
        json(request, target);
        only(target, Set.of("format"));
        if (port(target).product().deadLetters().isEmpty()) {
            throw new Problem.NotFound("product with dead letters", target.segment(PRODUCT)).exception();
        }
        return Future.fromCompletionStage(
                        port(target).product().replay().run(ReplayJson.request(target.body())), Vertx.currentContext())
                .map(report -> Answer.Whole.text(
                        Format.JSON.contentType(), ReplayJson.of(report).encode(), Map.of()));
    }

    private Future<Answer> onWorker(java.util.concurrent.Callable<Answer> work) {
        return room.workers().executeBlocking(work, false);
    }

    private ProductPort port(RequestTarget target) {
        return port(target.segment(DOMAIN) + "/" + target.segment(PRODUCT));
    }

    private ProductPort deadLetters(RequestTarget target) {
        return port(target.segment(DOMAIN) + "/" + target.segment(PRODUCT) + ProductDefinition.DEAD_LETTERS);
    }

    private ProductPort port(String name) {
        ProductPort port = products.get(name);
        if (port == null) {
            throw new Problem.NotFound("data product", name).exception();
        }
        return port;
    }

    private static Negotiation json(HttpServerRequest request, RequestTarget target) {
        return Negotiation.of(Call.header(request, HttpHeaders.ACCEPT), target.parameters(), List.of(Format.JSON));
    }

    private static void only(RequestTarget target, Set<String> known) {
        for (Map.Entry<String, String> parameter : target.parameters()) {
            if (!known.contains(parameter.getKey())) {
                throw new Problem.InvalidParameter(
                                parameter.getKey(),
                                "there is no such parameter here.",
                                known.isEmpty() ? "no parameters." : String.join(", ", known) + ".")
                        .exception();
            }
        }
    }

    private static Map<CharSequence, CharSequence> at(Position position) {
        return Map.of(Responder.POSITION, position.toString());
    }

    private static Future<Answer> whole(
            CharSequence contentType, String text, Map<CharSequence, CharSequence> headers) {
        return Future.succeededFuture(Answer.Whole.text(contentType, text, headers));
    }
}
