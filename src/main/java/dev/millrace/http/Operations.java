package dev.millrace.http;

import dev.millrace.codec.BodyForm;
import dev.millrace.contract.Grant;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.documents.Catalogue;
import dev.millrace.documents.OpenApi;
import dev.millrace.documents.ProductAsyncApi;
import dev.millrace.documents.QualityJson;
import dev.millrace.documents.RowJsonSchema;
import dev.millrace.domain.Product;
import dev.millrace.domain.RequestHeaders;
import dev.millrace.domain.Writes;
import dev.millrace.layer.Owner;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.quality.QualityReport;
import dev.millrace.query.Reading;
import dev.millrace.query.View;
import dev.millrace.security.Principal;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What each operation of {@code openapi.yaml} does, for one event loop, which is the only thread that calls it.
 *
 * @param products by {@code domain/product}; they come and go on the event loop
 */
record Operations(
        OpenApi document,
        Catalogue catalogue,
        RowStream.Workplace room,
        Map<String, ProductPort> products,
        SqlPort sql) {
    private static final CharSequence JSON = TextFormat.JSON.contentType();
    private static final CharSequence YAML = HttpHeaders.createOptimized("application/yaml");
    private static final CharSequence JSON_SCHEMA = HttpHeaders.createOptimized("application/schema+json");

    /** What everybody gets: files that are the same on every server. */
    static final Set<String> OPEN = Set.of("getOpenApi", "getDocs", "getDocsFile", "getPortal", "getPortalFile");

    /** What runs a statement. */
    static final String SQL = "runSql";

    /** What Millrace-Min-Position says nothing to. */
    static final Set<String> UNTIMED = Set.of("writeRecords", "deleteRow", "replayDeadLetters", "getChanges", SQL);

    private static final int DOMAIN = 2;
    private static final int PRODUCT = 3;
    private static final int KEY = 5;
    private static final int LETTERS = 4;
    private static final String SEARCH = "q";
    private static final String OF_PRODUCT = "/v1/products/{domain}/{product}";

    /** Up to this size an answer is compressed on the event loop. */
    private static final int MAX_CODED_HERE = 16 << 10;

    /** How long a request may look at rows that nobody has looked at yet. */
    private static final Duration QUALITY_TIME = Duration.ofMillis(500);

    /** An operation: takes the request, gives the answer or throws a problem. */
    interface Handler {
        Future<Answer> handle(Call call, RequestTarget target);
    }

    UnderWay underWay() {
        return room.underWay();
    }

    /** The handlers by operation id. */
    Map<String, Handler> byId() {
        return Map.ofEntries(
                Map.entry("getOpenApi", bare((call, target) -> text(YAML, document.text(), ""))),
                Map.entry("getPortal", (call, target) -> room.onWorker(call.owner(), () -> Pages.portal("index.html"))),
                Map.entry(
                        "getPortalFile",
                        (call, target) -> room.onWorker(call.owner(), () -> Pages.portal(target.segment(1)))),
                Map.entry("getDocs", (call, target) -> room.onWorker(call.owner(), () -> Pages.docs("docs.html"))),
                Map.entry(
                        "getDocsFile",
                        (call, target) -> room.onWorker(call.owner(), () -> Pages.docs(target.segment(1)))),
                Map.entry(
                        Doorway.OPERATION, (call, target) -> text(JSON, "", "")), // who sends the message, and no more
                Map.entry("listProducts", this::listProducts),
                Map.entry("getProduct", json(this::getProduct)),
                Map.entry(
                        "getContract",
                        ofProduct(YAML, (product, view) -> product.face().contractText())),
                Map.entry(
                        "getSchema",
                        ofProduct(
                                JSON_SCHEMA,
                                (product, view) ->
                                        RowJsonSchema.of(product, view.shape()).encode())),
                Map.entry("getProductOpenApi", bare(this::getProductOpenApi)),
                Map.entry("getProductAsyncApi", ofProduct(YAML, ProductAsyncApi::text)),
                Map.entry("getChanges", (call, target) -> port(call, target).changes(call, target)),
                Map.entry("listRows", this::listRows),
                Map.entry("getRow", (call, target) -> row(port(call, target), call, target)),
                Map.entry("writeRecords", json(this::writeRecords)),
                Map.entry("deleteRow", json(this::deleteRow)),
                Map.entry(SQL, this::runSql),
                Map.entry("lookUpRows", this::lookUpRows),
                Map.entry("getQuality", json((call, target) -> quality(call, target, QualityJson::of))),
                Map.entry("getStatistics", json((call, target) -> quality(call, target, QualityJson::statistics))),
                Map.entry("listDeadLetters", (call, target) -> rows(port(call, target), call, target)),
                Map.entry("getDeadLetter", (call, target) -> row(port(call, target), call, target)),
                Map.entry("replayDeadLetters", json(this::replay)));
    }

    /** An operation without parameters. */
    private static Handler bare(Handler handler) {
        return (call, target) -> {
            only(target, Set.of());
            return handler.handle(call, target);
        };
    }

    /** An operation that answers JSON, with no parameter but {@code format}. */
    private static Handler json(Handler handler) {
        return (call, target) -> {
            json(call, target);
            return handler.handle(call, target);
        };
    }

    /** An operation that answers a document of the product. */
    private Handler ofProduct(CharSequence contentType, BiFunction<Product, View, String> document) {
        return bare((call, target) -> {
            Product product = port(call, target).product();
            return text(
                    contentType,
                    document.apply(product, port(call, target).view(call)),
                    product.position().toString());
        });
    }

    private Future<Answer> listProducts(Call call, RequestTarget target) {
        json(call, target, Set.of("format", SEARCH));
        String wanted = target.parameters().stream()
                .filter(parameter -> parameter.getKey().equals(SEARCH))
                .map(Map.Entry::getValue)
                .collect(Collectors.joining(" "));
        Principal caller = call.asked().caller();
        return room.onWorker(
                call.owner(),
                () -> Answer.Whole.text(JSON, catalogue.list(caller, wanted).encode(), ""));
    }

    private Future<Answer> getProduct(Call call, RequestTarget target) {
        Product product = port(call, target).product();
        View view = port(call, target).view(call);
        return room.onWorker(call.owner(), () -> {
            try (Reading reading = view.open()) {
                String json = catalogue
                        .describe(product, call.asked().caller(), view, reading)
                        .encode();
                return Answer.Whole.text(JSON, json, reading.position().toString());
            }
        });
    }

    private Future<Answer> getProductOpenApi(Call call, RequestTarget target) {
        ProductPort port = port(call, target);
        View view = port.view(call);
        return room.onWorker(call.owner(), () -> {
            String yaml = port.openApi(document, view);
            return Answer.Whole.text(YAML, yaml, port.product().position().toString());
        });
    }

    private Future<Answer> quality(
            Call call, RequestTarget target, BiFunction<Product, QualityReport, JsonObject> form) {
        Product product = port(call, target).product();
        if (!port(call, target).view(call).isOpen()) {
            // It is of the whole product.
            throw new Problem.NotFound("quality of a part of", product.qualifiedName()).exception();
        }
        return room.onWorker(call.owner(), () -> {
            QualityReport report = product.quality(QUALITY_TIME, Clock.systemUTC());
            String json = form.apply(product, report).encode();
            return Answer.Whole.text(JSON, json, report.position().toString());
        });
    }

    Future<Answer> listRows(Call call, RequestTarget target) {
        return rows(port(call, target), call, target);
    }

    private Future<Answer> rows(ProductPort port, Call call, RequestTarget target) {
        return port.rows(
                target,
                call,
                Negotiation.of(Call.header(call.request(), HttpHeaders.ACCEPT), target.parameters(), room.formats()));
    }

    private Future<Answer> runSql(Call call, RequestTarget target) {
        only(target, Set.of("format", "codec"));
        return sql.answer(call, target);
    }

    private Future<Answer> lookUpRows(Call call, RequestTarget target) {
        Negotiation<TextFormat> negotiation = json(call, target);
        return port(call, target)
                .lookUp(
                        call,
                        LookupJson.keys(Buffer.buffer(target.body())),
                        negotiation.numbersAsStrings(),
                        target.memory());
    }

    private static Future<Answer> row(ProductPort port, Call call, RequestTarget target) {
        Negotiation<TextFormat> negotiation = json(call, target);
        return port.row(call, key(target), negotiation.numbersAsStrings());
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

    private Future<Answer> writeRecords(Call call, RequestTarget target) {
        HttpServerRequest request = call.request();
        Product product = port(call, target).product();
        Writes.By by = Writes.By.of(call.asked().caller(), product);
        String type = Call.text(request, HttpHeaders.CONTENT_TYPE);
        String coding = Call.text(request, HttpHeaders.CONTENT_ENCODING);
        Optional<BodyForm> form = BodyForm.of(type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT));
        if (form.isEmpty() || !(coding.isEmpty() || coding.equalsIgnoreCase("identity"))) {
            throw new Problem.UnsupportedMediaType(
                            form.isEmpty() ? type : "Content-Encoding: " + coding,
                            Stream.of(BodyForm.values())
                                    .flatMap(each -> each.mediaTypes().stream())
                                    .toList())
                    .exception();
        }
        boolean lenient = RequestHeaders.lenient(Call.text(request, RequestHeaders.PREFER));
        return written(product.writes()
                .write(new Writes.Records(
                        form.get(), target.body(), lenient, idempotencyKey(request), target.memory(), by)));
    }

    private Future<Answer> deleteRow(Call call, RequestTarget target) {
        Product product = port(call, target).product();
        Writes.By by = Writes.By.of(call.asked().caller(), product);
        return written(product.writes()
                .write(new Writes.Deletion(key(target), idempotencyKey(call.request()), target.memory(), by)));
    }

    private static Future<Answer> written(CompletableFuture<Writes.Receipt> written) {
        return Future.fromCompletionStage(written, Vertx.currentContext()).map(receipt -> {
            String position = receipt.position().toString();
            Answer.Whole answer = Answer.Whole.text(JSON, receipt.json(), position);
            return receipt.lenient() ? answer.with("Preference-Applied", "handling=lenient") : answer;
        });
    }

    private static String idempotencyKey(HttpServerRequest request) {
        return request.headers().contains(RequestHeaders.IDEMPOTENCY_KEY)
                ? RequestHeaders.idempotencyKey(Call.text(request, RequestHeaders.IDEMPOTENCY_KEY))
                : "";
    }

    /** Does on a worker what takes longer than an event loop has. */
    <T> Future<T> onWorker(Call call, Callable<T> work) {
        return room.onWorker(call.owner(), work);
    }

    /** The answer in the content coding that the client likes best, where nobody has thought of that yet. */
    Future<Answer> coded(HttpServerRequest request, Owner owner, Answer owned) {
        if (!(owned instanceof Answer.Whole whole) || whole.coding() != null) {
            return Future.succeededFuture(owned);
        }
        int bytes = whole.body().readableBytes();
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
                ? Future.succeededFuture(whole.in(coding))
                : room.onWorker(owner, () -> whole.in(coding));
    }

    private Future<Answer> replay(Call call, RequestTarget target) {
        if (port(call, target).product().deadLetters().isEmpty()) {
            throw new Problem.NotFound("product with dead letters", target.segment(PRODUCT)).exception();
        }
        port(call, target).product().require(call.asked().caller(), Grant.May.REPLAY);
        return Future.fromCompletionStage(
                        port(call, target).product().replay().run(ReplayJson.request(Buffer.buffer(target.body()))),
                        Vertx.currentContext())
                .map(report -> Answer.Whole.text(JSON, ReplayJson.of(report).encode(), ""));
    }

    /** The port of the product that an operation's path names; empty for one that names none, or none that there is. */
    Optional<ProductPort> port(OpenApi.Operation operation, List<String> segments) {
        if (!operation.template().startsWith(OF_PRODUCT)) {
            return Optional.empty();
        }
        return Optional.ofNullable(products.get(name(segments)));
    }

    private static String name(List<String> segments) {
        boolean letters = segments.size() > LETTERS && segments.get(LETTERS).equals("dead-letters");
        return RequestTarget.segment(segments, DOMAIN) + "/" + RequestTarget.segment(segments, PRODUCT)
                + (letters ? ProductDefinition.DEAD_LETTERS : "");
    }

    private ProductPort port(Call call, RequestTarget target) {
        return call.port()
                .orElseThrow(() -> catalogue
                        .missing(call.asked().caller(), name(target.segments()))
                        .exception());
    }

    private static Negotiation<TextFormat> json(Call call, RequestTarget target) {
        return json(call, target, Set.of("format"));
    }

    private static Negotiation<TextFormat> json(Call call, RequestTarget target, Set<String> known) {
        Negotiation<TextFormat> negotiation = Negotiation.of(
                Call.header(call.request(), HttpHeaders.ACCEPT), target.parameters(), List.of(TextFormat.JSON));
        only(target, known);
        return negotiation;
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

    private static Future<Answer> text(CharSequence contentType, String text, String position) {
        return Future.succeededFuture(Answer.Whole.text(contentType, text, position));
    }
}
