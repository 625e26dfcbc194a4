package dev.millrace.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.config.Configuration;
import dev.millrace.config.DataSize;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.domain.Products;
import dev.millrace.query.DuckDbEngine;
import dev.millrace.query.SampleRows;
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
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/** A real server over a real store on a free port, and a client; the blocked-thread checker listens at 10 ms. */
final class HttpFixture implements AutoCloseable {
    private final ConcurrentLinkedQueue<String> blocked = new ConcurrentLinkedQueue<>();
    private final Vertx vertx;
    private final SampleRows sample;
    private final HttpPort http;
    private final DuckDbEngine engine;
    private final int port;
    private final HttpClient client = HttpClient.newHttpClient();

    /** Settings as the tests use them. */
    static Configuration.Http settings(Duration idle, Duration request, int maxConnections) {
        return new Configuration.Http(
                "localhost", 0, 100, 10_000, new DataSize(1 << 20), idle, request, maxConnections, 256);
    }

    HttpFixture(Path folder, PortLayers layers, Duration idle) throws Exception {
        this(folder, layers, settings(idle, idle, 1000));
    }

    HttpFixture(Path folder, PortLayers layers, Configuration.Http settings) throws Exception {
        vertx = Vertx.vertx(new VertxOptions()
                .setEventLoopPoolSize(2)
                .setPreferNativeTransport(true)
                .setBlockedThreadCheckInterval(5)
                .setBlockedThreadCheckIntervalUnit(TimeUnit.MILLISECONDS)
                .setMaxEventLoopExecuteTime(10)
                .setMaxEventLoopExecuteTimeUnit(TimeUnit.MILLISECONDS));
        ((VertxInternal) vertx).blockedThreadChecker().setThreadBlockedHandler(event -> {});
        sample = new SampleRows(folder);
        engine = new DuckDbEngine(new DuckDbEngine.Limits(folder.resolve("duckdb"), 256 << 20, 1, 1000, 64 << 20));
        http = new HttpPort(
                vertx,
                new ProductRegistry("mesh", List.of(Products.of("aviation", "flights", sample.store()))),
                settings,
                "0123456789abcdef".getBytes(UTF_8),
                layers,
                2,
                2,
                sample.allocator(),
                engine);
        port = http.start().await(30, TimeUnit.SECONDS);
    }

    /** From now on a report is a failure: classes are loaded, the first calls are over. */
    void watchEventLoops() {
        ((VertxInternal) vertx).blockedThreadChecker().setThreadBlockedHandler(new BlockedLoops(blocked::add));
    }

    HttpResponse<byte[]> bytes(String path) throws Exception {
        return Documented.check(client.send(
                HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray()));
    }

    SampleRows sample() {
        return sample;
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
        var request = HttpRequest.newBuilder(uri(path))
                .timeout(Duration.ofSeconds(30))
                .method(method, HttpRequest.BodyPublishers.noBody());
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return Documented.check(client.send(request.build(), HttpResponse.BodyHandlers.ofString(UTF_8)));
    }

    @Override
    public void close() throws Exception {
        client.close();
        http.stop().await(30, TimeUnit.SECONDS);
        vertx.close().await(30, TimeUnit.SECONDS);
        engine.close();
        sample.close();
    }
}
