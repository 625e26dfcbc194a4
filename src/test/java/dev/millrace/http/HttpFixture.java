package dev.millrace.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.config.Configuration;
import dev.millrace.config.ConfigurationReader;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.domain.Products;
import dev.millrace.layer.Places;
import dev.millrace.layer.PortLayers;
import dev.millrace.layer.Shares;
import dev.millrace.layer.WorkerPool;
import dev.millrace.mcp.McpDoor;
import dev.millrace.query.DuckDbEngine;
import dev.millrace.query.SampleRows;
import dev.millrace.sql.SqlEngine;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.internal.VertxInternal;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A real server over a real store on a free port, and a client; the blocked-thread checker listens at 10 ms. */
final class HttpFixture implements AutoCloseable {
    static final int WAITERS = 40;
    static final long MEMORY = 8 << 20;

    private final ConcurrentLinkedQueue<String> blocked = new ConcurrentLinkedQueue<>();
    private final Places memory;
    private final Vertx vertx;
    private final SampleRows sample;
    private final Product product;
    private final HttpPort http;
    private final DuckDbEngine engine;
    private final SqlEngine sql;
    private final int port;
    private final HttpClient client = HttpClient.newHttpClient();

    /** Settings as the tests use them. */
    static Configuration.Http settings(Duration idle, Duration request, int maxConnections) {
        return settings(idle, request, maxConnections, Duration.ofSeconds(15), 1000, 900);
    }

    static Configuration.Http settings(
            Duration idle, Duration request, int maxConnections, Duration beat, int subscribers, int perClient) {
        return ConfigurationReader.ofDefaults()
                .withOverrides(Map.ofEntries(
                        Map.entry("http.host", "localhost"),
                        Map.entry("http.port", "0"),
                        Map.entry("http.maxBody", "1MiB"),
                        Map.entry("http.idleTimeout", idle.toString()),
                        Map.entry("http.requestTimeout", request.toString()),
                        Map.entry("http.maxConnections", Integer.toString(maxConnections)),
                        Map.entry("http.maxStreams", "256"),
                        Map.entry("http.keepAlive", beat.toString()),
                        Map.entry("http.maxSubscribers", Integer.toString(subscribers)),
                        Map.entry("http.maxSubscribersPerClient", Integer.toString(perClient)),
                        Map.entry("http.corsOrigins", "https://app.example.org")))
                .read()
                .http();
    }

    HttpFixture(Path folder, PortLayers<Call, Answer> layers, Duration idle) throws Exception {
        this(folder, layers, settings(idle, idle, 1000));
    }

    HttpFixture(Path folder, PortLayers<Call, Answer> layers, Configuration.Http settings) throws Exception {
        this(folder, new SampleRows(folder), layers, settings);
    }

    /** Over rows that this closes. */
    HttpFixture(Path folder, SampleRows sample, PortLayers<Call, Answer> layers, Configuration.Http settings)
            throws Exception {
        this(folder, sample, layers, settings, 100);
    }

    /** With shares for clients: that percentage of each kind of place. */
    HttpFixture(
            Path folder, SampleRows sample, PortLayers<Call, Answer> layers, Configuration.Http settings, int percent)
            throws Exception {
        this(folder, sample, Products.of("aviation", "flights", sample.store()), layers, settings, percent);
    }

    /** Over a product of these rows. */
    HttpFixture(
            Path folder,
            SampleRows sample,
            Product product,
            PortLayers<Call, Answer> layers,
            Configuration.Http settings,
            int percent)
            throws Exception {
        vertx = Vertx.vertx(new VertxOptions()
                .setEventLoopPoolSize(2)
                .setPreferNativeTransport(true)
                .setBlockedThreadCheckInterval(5)
                .setBlockedThreadCheckIntervalUnit(TimeUnit.MILLISECONDS)
                .setMaxEventLoopExecuteTime(10)
                .setMaxEventLoopExecuteTimeUnit(TimeUnit.MILLISECONDS));
        ((VertxInternal) vertx).blockedThreadChecker().setThreadBlockedHandler(event -> {});
        this.sample = sample;
        this.product = product;
        engine = new DuckDbEngine(new DuckDbEngine.Limits(folder.resolve("duckdb"), 256 << 20, 1, 1000, 64 << 20));
        memory = new Places("request.bytes", MEMORY, MEMORY * percent / 100, 1);
        var products = new ProductRegistry("mesh", List.of(product));
        sql = new SqlEngine(
                new SqlEngine.Options(folder.resolve("sql"), 1, 192 << 20, 64 << 20, Duration.ofSeconds(6), 8),
                products,
                sample.allocator(),
                new SimpleMeterRegistry());
        http = new HttpPort(
                        vertx,
                        products,
                        settings,
                        "0123456789abcdef".getBytes(UTF_8),
                        layers,
                        2,
                        WorkerPool.unwatched(vertx, "query", 2),
                        WorkerPool.unwatched(vertx, "statements", 1),
                        sample.allocator(),
                        engine,
                        new Shares(percent, new SimpleMeterRegistry()),
                        WAITERS,
                        memory)
                .offering(Stream.concat(RowFormat.all().stream(), Stream.of(new KeyFormat()))
                        .toList())
                .answering(sql, WorkerPool.unwatched(vertx, "sql", 2))
                .behind(new McpDoor());
        port = http.start().await(30, TimeUnit.SECONDS);
    }

    /** From now on a report is a failure: classes are loaded, the first calls are over. */
    void watchEventLoops() {
        ((VertxInternal) vertx).blockedThreadChecker().setThreadBlockedHandler(new BlockedLoops(blocked::add));
    }

    HttpResponse<byte[]> bytes(String path, String... headers) throws Exception {
        return Documented.check(client.send(request("GET", path, headers), HttpResponse.BodyHandlers.ofByteArray()));
    }

    CompletableFuture<HttpResponse<String>> later(String path, String... headers) {
        return client.sendAsync(request("GET", path, headers), HttpResponse.BodyHandlers.ofString(UTF_8));
    }

    /** The product that is served; whoever publishes rows may tell it so. */
    Product product() {
        return product;
    }

    /** Makes what was written visible, and says so. */
    void publish() {
        sample.publish();
        product.advanced();
    }

    HttpClient client() {
        return client;
    }

    SampleRows sample() {
        return sample;
    }

    /** The bytes of requests. */
    Places memory() {
        return memory;
    }

    HttpPort http() {
        return http;
    }

    int port() {
        return port;
    }

    /** What the checker has reported since {@link #watchEventLoops()}. */
    List<String> blocked() {
        return List.copyOf(blocked);
    }

    URI uri(String path) {
        return URI.create("http://localhost:" + port + path.replace("[", "%5B").replace("]", "%5D"));
    }

    /** A GET with headers, names and values in turn. */
    HttpResponse<String> get(String path, String... headers) throws IOException, InterruptedException {
        return send("GET", path, headers);
    }

    HttpResponse<String> send(String method, String path, String... headers) throws IOException, InterruptedException {
        return Documented.check(client.send(request(method, path, headers), HttpResponse.BodyHandlers.ofString(UTF_8)));
    }

    /** A POST of JSON. */
    HttpResponse<String> post(String path, String json, String... headers) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(uri(path))
                .timeout(Duration.ofSeconds(30))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return Documented.check(client.send(request.build(), HttpResponse.BodyHandlers.ofString(UTF_8)));
    }

    SqlEngine sql() {
        return sql;
    }

    HttpRequest request(String method, String path, String... headers) {
        var request = HttpRequest.newBuilder(uri(path))
                .timeout(Duration.ofSeconds(30))
                .method(method, HttpRequest.BodyPublishers.noBody());
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return request.build();
    }

    @Override
    public void close() throws Exception {
        client.close();
        http.stop(Duration.ZERO).await(30, TimeUnit.SECONDS);
        sql.close();
        vertx.close().await(30, TimeUnit.SECONDS);
        engine.close();
        product.endPolicy();
        sample.close();
    }
}
