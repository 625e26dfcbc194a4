package dev.millrace.http;

import dev.millrace.config.Configuration;
import dev.millrace.documents.Catalogue;
import dev.millrace.documents.OpenApi;
import dev.millrace.domain.Door;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.layer.Places;
import dev.millrace.layer.PortLayers;
import dev.millrace.layer.Shares;
import dev.millrace.layer.WorkerPool;
import dev.millrace.problem.Problem;
import dev.millrace.query.CursorCodec;
import dev.millrace.query.DuckDbEngine;
import dev.millrace.query.QueryEngine;
import dev.millrace.query.QueryParser;
import dev.millrace.security.PortTls;
import dev.millrace.sql.SqlEngine;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.apache.arrow.memory.BufferAllocator;

/**
 * The HTTP output port: one server on every event loop, sharing one TCP port. Started and stopped by the server room, on
 * any thread.
 */
public final class HttpPort {
    static final long LAST_WORDS_MILLIS = 1000;
    private static final int MAX_LINE_BYTES = 8 << 10;
    private static final int MAX_HEADER_BYTES = 16 << 10;
    private static final int MAX_CLIENT_FRAME_BYTES = 4 << 10;
    private static final int SEND_BUFFER_BYTES = 256 << 10;

    private final Vertx vertx;
    private final ProductRegistry products;
    private final Configuration.Http settings;
    private final byte[] cursorSecret;
    private final PortLayers<Call, Answer> layers;
    private final int loops;
    private final WorkerPool workers;
    private final WorkerPool statements;
    private final BufferAllocator allocator;
    private final DuckDbEngine engine;
    private final Places streams;
    private final Places subscribers;
    private final Places waiters;
    private final Places memory;
    private final Connections connections;
    private Optional<SqlEngine> sql = Optional.empty();
    private Optional<WorkerPool> sqlWorkers = Optional.empty();
    private Optional<Door> door = Optional.empty();
    private List<RowFormat> formats = RowFormat.all();
    private PortTls tls = PortTls.none();
    private final UnderWay underWay = new UnderWay();
    private final Queue<Loop> started = new ConcurrentLinkedQueue<>();
    private final AtomicInteger actualPort = new AtomicInteger();
    private final AtomicReference<String> deployment = new AtomicReference<>("");

    /**
     * @param vertx borrowed
     * @param cursorSecret signs cursors; at least 16 bytes, the same over restarts
     * @param layers around each operation
     * @param loops how many event loops serve
     * @param workers borrowed, filter and export
     * @param statements borrowed, where DuckDB works
     * @param allocator borrowed, pays for rows that an Arrow answer copies; of the same root as the stores'
     * @param engine borrowed, groups rows and writes Parquet
     * @param shares makes the places of this port
     * @param maxWaiters how many requests may wait for a position or a change
     * @param memory bytes of requests, of all ports together
     */
    public HttpPort(
            Vertx vertx,
            ProductRegistry products,
            Configuration.Http settings,
            byte[] cursorSecret,
            PortLayers<Call, Answer> layers,
            int loops,
            WorkerPool workers,
            WorkerPool statements,
            BufferAllocator allocator,
            DuckDbEngine engine,
            Shares shares,
            int maxWaiters,
            Places memory) {
        this.engine = engine;
        this.vertx = vertx;
        this.products = products;
        this.settings = settings;
        this.cursorSecret = cursorSecret.clone();
        this.layers = layers;
        this.loops = loops;
        this.workers = workers;
        this.statements = statements;
        this.allocator = allocator;
        int most = settings.maxSubscribers();
        int ofOne = Math.min(most, settings.maxSubscribersPerClient());
        this.subscribers =
                ofOne > 0 ? shares.places("http.subscribers", most, ofOne) : shares.places("http.subscribers", most);
        this.streams = shares.places("http.streams", settings.maxStreams());
        this.memory = memory;
        this.waiters = shares.places("http.waiters", maxWaiters);
        this.connections = new Connections(
                shares.places("http.connections", settings.maxConnections()),
                settings.requestTimeout().toMillis());
    }

    /** Speaks TLS where that is on; before the start. */
    public HttpPort over(PortTls other) {
        tls = other;
        return this;
    }

    /** Believes these of their clients; before the start. */
    public HttpPort behind(List<String> proxies) {
        connections.believe(new Proxies(proxies));
        return this;
    }

    /** Offers rows in other forms; before the start. */
    HttpPort offering(List<RowFormat> other) {
        formats = List.copyOf(other);
        return this;
    }

    /** Answers messages of another protocol, too; before the start. */
    public HttpPort behind(Door other) {
        door = Optional.of(other);
        return this;
    }

    /** Answers SQL, too, on workers of its own; before the start. Both are borrowed. */
    public HttpPort answering(SqlEngine engine, WorkerPool waiters) {
        sql = Optional.of(engine);
        sqlWorkers = Optional.of(waiters);
        return this;
    }

    /**
     * Listens; the result is the TCP port. Fails with {@code CannotStart} when it cannot be had, and with an {@code
     * IllegalStateException} when {@code openapi.yaml} and the handlers differ.
     */
    public Future<Integer> start() {
        return vertx.executeBlocking(OpenApi::load)
                .compose(document ->
                        vertx.deployVerticle(() -> new Loop(document), new DeploymentOptions().setInstances(loops)))
                .map(deployed -> {
                    deployment.set(deployed);
                    return actualPort.get();
                })
                .recover(failure -> Future.failedFuture(
                        failure instanceof java.io.IOException
                                ? new Problem.CannotStart("HTTP cannot listen on " + settings.host() + ":"
                                                + settings.port() + ": " + failure.getMessage())
                                        .exception()
                                : failure));
    }

    /**
     * Takes no more connections and requests, and ends subscribers; answers under way may go on for {@code grace}, and are
     * then ended as their format shows. The result comes when no memory is held for them, at most {@value #LAST_WORDS_MILLIS}
     * ms twice after that.
     */
    public Future<Void> stop(Duration grace) {
        String deployed = deployment.getAndSet("");
        if (deployed.isEmpty()) {
            return Future.succeededFuture();
        }
        underWay.stop();
        long cut = vertx.setTimer(Math.max(1, grace.toMillis()), passed -> underWay.cut());
        long most = grace.toMillis() + LAST_WORDS_MILLIS;
        return Future.join(started.stream().map(loop -> loop.shutdown(most)).toList())
                .onComplete(ended -> vertx.cancelTimer(cut))
                .eventually(() -> {
                    underWay.cut(); // what no connection waits for any more
                    return underWay.ended().timeout(LAST_WORDS_MILLIS, TimeUnit.MILLISECONDS);
                })
                .transform(ended -> vertx.undeploy(deployed));
    }

    /** How many long answers are under way. */
    public long streams() {
        return streams.taken();
    }

    /** How many clients are subscribed to changes. */
    public long subscribers() {
        return subscribers.taken();
    }

    /** How many connections are open. */
    long connections() {
        return connections.open();
    }

    /** How many requests wait for a position or a change. */
    long waiters() {
        return waiters.taken();
    }

    private HttpServerOptions options() {
        var options = new HttpServerOptions()
                .setHost(settings.host())
                // Below zero, all loops share one port that the system picks.
                .setPort(settings.port() == 0 ? -1 : settings.port())
                .setMaxInitialLineLength(MAX_LINE_BYTES)
                .setMaxHeaderSize(MAX_HEADER_BYTES)
                .setIdleTimeout((int) settings.idleTimeout().toMillis())
                .setIdleTimeoutUnit(TimeUnit.MILLISECONDS)
                .setTcpNoDelay(true)
                // Left alone, the kernel lets it grow to some megabytes for each client that reads slowly.
                .setSendBufferSize(SEND_BUFFER_BYTES)
                .setCompressionSupported(false)
                .setDecompressionSupported(false)
                // They cost each connection more memory than everything else, and a message is not sent twice.
                .setPerMessageWebSocketCompressionSupported(false)
                .setPerFrameWebSocketCompressionSupported(false)
                .setMaxWebSocketFrameSize(MAX_CLIENT_FRAME_BYTES)
                .setMaxWebSocketMessageSize(MAX_CLIENT_FRAME_BYTES)
                // See ADR 6: a long answer on an upgraded connection was once in 500 cut into wrong frames.
                .setHttp2ClearTextEnabled(false);
        return tls.serve(options);
    }

    private static void refuse(HttpServerRequest request) {
        switch (request.decoderResult().cause()) {
            case TooLongHttpLineException ignored ->
                Responder.refuse(
                        request, 414, "the request line is too long.", "at most " + MAX_LINE_BYTES + " bytes.");
            case TooLongHttpHeaderException ignored ->
                Responder.refuse(request, 431, "the headers are too large.", "at most " + MAX_HEADER_BYTES + " bytes.");
            case null, default -> Responder.refuse(request, 400, "this is no HTTP request.", "HTTP/1.1 (RFC 9112).");
        }
    }

    /** The server of one event loop. */
    private final class Loop extends VerticleBase {
        private final OpenApi document;
        private Optional<HttpServer> listening = Optional.empty();
        private final Map<String, ProductPort> ports = new HashMap<>();
        private final List<Future<Void>> closing = new ArrayList<>();
        private Runnable deaf = () -> {};

        Loop(OpenApi document) {
            this.document = document;
        }

        @Override
        public Future<?> start() {
            var room = new RowStream.Workplace(
                    vertx,
                    workers,
                    statements,
                    new QueryEngine(engine, allocator),
                    formats,
                    underWay,
                    streams,
                    subscribers,
                    settings.idleTimeout().toMillis(),
                    Math.max(
                            1,
                            Math.min(
                                    settings.keepAlive().toMillis(),
                                    settings.idleTimeout().toMillis() / 4)),
                    settings.compressFrom().bytes());
            var limits = new QueryParser.Limits(
                    settings.defaultLimit(), settings.maxLimit(), QueryParser.Limits.USUAL.maxFilters());
            var cursors = new CursorCodec(cursorSecret);
            Function<Product, ProductPort> opening = product -> new ProductPort(product, limits, cursors, room);
            deaf = products.onChange(() -> context.runOnContext(turn -> renew(opening)));
            renew(opening);
            var operations = new Operations(
                    document,
                    new Catalogue(products, Clock.systemUTC()),
                    room,
                    ports,
                    new SqlPort(sql, sqlWorkers, room));
            HttpServer server = vertx.createHttpServer(options()).connectionHandler(connections::accept);
            server.requestHandler(new Requests(
                    vertx,
                    document,
                    operations,
                    ports,
                    layers,
                    new Cors(settings.corsOrigins()),
                    door,
                    waiters,
                    // A connection without traffic is closed after the stall time.
                    settings.idleTimeout().dividedBy(2),
                    memory,
                    settings.maxBody().bytes()));
            server.invalidRequestHandler(HttpPort::refuse);
            listening = Optional.of(server);
            started.add(this);
            return server.listen().onSuccess(listening -> actualPort.set(listening.actualPort()));
        }

        /** Opens the ports of new products and closes those of products that are gone; their subscribers end. */
        private void renew(Function<Product, ProductPort> opening) {
            List<Product> now = products.withDeadLetters();
            List.copyOf(ports.entrySet()).stream()
                    .filter(port -> !now.contains(port.getValue().product()))
                    .forEach(port -> {
                        ports.remove(port.getKey());
                        closing.add(port.getValue().changes().close());
                    });
            closing.removeIf(Future::isComplete);
            now.forEach(product ->
                    ports.computeIfAbsent(product.domain() + "/" + product.name(), name -> opening.apply(product)));
        }

        /** Ends what pushes, then idle connections, and the others when their answers have ended or after {@code millis}. */
        Future<Void> shutdown(long millis) {
            Promise<Void> ended = Promise.promise();
            context.runOnContext(turn -> {
                deaf.run();
                ports.values().forEach(port -> closing.add(port.changes().close()));
                Future<?> pushed = Future.join(List.copyOf(closing));
                Future<?> server = listening
                        .map(open -> open.shutdown(millis, TimeUnit.MILLISECONDS))
                        .orElseGet(Future::succeededFuture);
                Future.join(pushed, server).<Void>mapEmpty().onComplete(ended);
            });
            return ended.future();
        }
    }
}
