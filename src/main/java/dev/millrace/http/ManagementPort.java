package dev.millrace.http;

import dev.millrace.config.Configuration;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.domain.Readiness;
import dev.millrace.domain.Standing;
import dev.millrace.problem.Problem;
import dev.millrace.security.Authentication;
import dev.millrace.security.PortTls;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Health and metrics on a port of their own: {@code /health/live}, {@code /health/ready}, {@code /metrics}. No layer is
 * around them, so that an overloaded server still says how it is. What ready means is said by {@link Readiness}.
 */
public final class ManagementPort {
    private final Vertx vertx;
    private final ProductRegistry products;
    private final Configuration.Management settings;
    private final PrometheusMeterRegistry meters;
    private final Authentication authentication;
    private final Readiness readiness;
    private PortTls tls = PortTls.none();
    private final Set<Product> measured = new HashSet<>();
    private final AtomicReference<Optional<HttpServer>> server = new AtomicReference<>(Optional.empty());

    /**
     * @param vertx borrowed
     * @param authentication finds out who asks for metrics, and for what is not ready
     * @param meters borrowed; the products' gauges are added to it
     */
    public ManagementPort(
            Vertx vertx,
            ProductRegistry products,
            Readiness readiness,
            Configuration.Management settings,
            Authentication authentication,
            PrometheusMeterRegistry meters) {
        this.authentication = authentication;
        this.readiness = readiness;
        this.vertx = vertx;
        this.products = products;
        this.settings = settings;
        this.meters = meters;
        renewMeters();
        products.onChange(this::renewMeters);
    }

    /** Gives new products their gauges, and takes those of products that are gone. */
    private synchronized void renewMeters() {
        List<Product> now = products.withDeadLetters();
        measured.removeIf(product -> {
            boolean gone = !now.contains(product);
            if (gone) {
                ProductMeters.remove(product, meters);
            }
            return gone;
        });
        now.stream().filter(measured::add).forEach(product -> new ProductMeters(product, meters).register());
    }

    /** Speaks TLS where that is on; before the start. */
    public ManagementPort over(PortTls other) {
        tls = other;
        return this;
    }

    /** Listens; the result is the TCP port. Fails with {@code CannotStart} when it cannot be had. */
    public Future<Integer> start() {
        HttpServer created = vertx.createHttpServer(tls.serve(new HttpServerOptions()
                .setHost(settings.host())
                .setPort(settings.port())
                .setIdleTimeout(60)));
        server.set(Optional.of(created));
        return created.requestHandler(this::handle)
                .listen()
                .map(HttpServer::actualPort)
                .recover(failure -> Future.failedFuture(new Problem.CannotStart("Management cannot listen on "
                                + settings.host() + ":" + settings.port() + ": " + failure.getMessage())
                        .exception()));
    }

    /** Stops listening. */
    public Future<Void> stop() {
        return server.getAndSet(Optional.empty()).map(HttpServer::close).orElseGet(Future::succeededFuture);
    }

    private void handle(HttpServerRequest request) {
        if (request.method() != HttpMethod.GET && request.method() != HttpMethod.HEAD) {
            json(request, 405, new JsonObject().put("status", 405).put("title", "GET or HEAD"));
            return;
        }
        switch (request.path()) {
            case "/health/live" -> json(request, 200, new JsonObject().put("status", "UP"));
            case "/health/ready" -> {
                Readiness.Report report = readiness.report();
                authentication
                        .identify(Call.credentials(request))
                        .onSuccess(known -> readiness(request, report))
                        .onFailure(unknown -> json(request, status(report), standing(report)));
            }
            case "/metrics" ->
                authentication
                        .identify(Call.credentials(request))
                        .onSuccess(known -> metrics(request))
                        .onFailure(unknown -> fail(request, unknown));
            case null, default ->
                json(
                        request,
                        404,
                        new JsonObject().put("status", 404).put("title", "/health/live, /health/ready, /metrics"));
        }
    }

    private static int status(Readiness.Report report) {
        return report.isReady() ? 200 : 503;
    }

    private static JsonObject standing(Readiness.Report report) {
        return new JsonObject().put("status", report.isReady() ? "UP" : "DOWN");
    }

    private static void fail(HttpServerRequest request, Throwable failure) {
        Problem problem = HttpFaults.of(failure);
        if (problem instanceof Problem.Unauthenticated) {
            request.response().putHeader(Responder.WWW_AUTHENTICATE, Responder.WHO);
        }
        json(request, problem.status().http(), Responder.json(problem, request.path()));
    }

    private void readiness(HttpServerRequest request, Readiness.Report report) {
        var reasons = report.reasons().stream()
                .map(reason -> new JsonObject()
                        .put("kind", reason.kind())
                        .put("name", reason.name())
                        .put("state", reason.state())
                        .put("detail", reason.detail())
                        .put("holds", reason.holds()))
                .toList();
        var list = products.all().stream()
                .map(product -> new JsonObject()
                        .put("product", product.qualifiedName())
                        .put("state", product.state().phase().name())
                        .put("detail", product.state().detail())
                        .put("ready", Standing.of(product) == Standing.SERVED))
                .toList();
        json(request, status(report), standing(report).put("reasons", reasons).put("products", list));
    }

    private void metrics(HttpServerRequest request) {
        vertx.executeBlocking(() -> meters.scrape(), false).onComplete(done -> {
            if (done.succeeded()) {
                request.response().putHeader(HttpHeaders.CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
                end(request, Buffer.buffer(done.result()));
            } else {
                fail(request, done.cause());
            }
        });
    }

    private static void json(HttpServerRequest request, int status, JsonObject body) {
        request.response().setStatusCode(status).putHeader(HttpHeaders.CONTENT_TYPE, "application/json");
        end(request, body.toBuffer());
    }

    private static void end(HttpServerRequest request, Buffer body) {
        request.response().putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(body.length()));
        if (request.method() == HttpMethod.HEAD) {
            request.response().end();
        } else {
            request.response().end(body);
        }
    }
}
