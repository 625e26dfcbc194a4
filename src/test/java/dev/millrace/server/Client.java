package dev.millrace.server;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.http.Documented;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** An HTTP client of the tests: plain, blocking, and strict about what it gets. */
public record Client(String base) implements AutoCloseable {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper JSON =
            new ObjectMapper().configure(JsonParser.Feature.STRICT_DUPLICATE_DETECTION, true);
    private static final long PATIENCE_NANOS = Duration.ofSeconds(120).toNanos();

    public static Client of(int port) {
        return new Client("http://127.0.0.1:" + port);
    }

    public HttpResponse<String> get(String path, String... headers) {
        var request = HttpRequest.newBuilder(URI.create(base + path));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return send(request);
    }

    public HttpResponse<String> post(String path, String body) {
        return send(HttpRequest.newBuilder(URI.create(base + path)).POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    /** A request with a body and headers, names and values in turn. */
    HttpResponse<String> send(String method, String path, byte[] body, String... headers) {
        var request = HttpRequest.newBuilder(URI.create(base + path))
                .method(method, HttpRequest.BodyPublishers.ofByteArray(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return send(request);
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) {
        return send(request, HttpResponse.BodyHandlers.ofString());
    }

    private static <T> HttpResponse<T> send(HttpRequest.Builder request, HttpResponse.BodyHandler<T> handler) {
        request.timeout(Duration.ofSeconds(60));
        try {
            HttpResponse<T> response = HTTP.send(request.build(), handler);
            return response.uri().getPath().startsWith("/v1/") ? Documented.check(response) : response;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    /** The body of a 200 as JSON. */
    public JsonNode json(String path, String... headers) {
        HttpResponse<String> response = get(path, headers);
        if (response.statusCode() != 200) {
            throw new AssertionError(path + ": " + response.statusCode() + " " + response.body());
        }
        return tree(response.body());
    }

    /** All rows of a product by its pages. */
    public List<JsonNode> pages(String product, int limit) {
        List<JsonNode> rows = new ArrayList<>();
        String cursor = null;
        do {
            JsonNode page = json(
                    "/v1/products/" + product + "/rows?limit=" + limit + (cursor == null ? "" : "&cursor=" + cursor));
            page.get("data").forEach(rows::add);
            cursor = page.get("next").textValue();
        } while (cursor != null);
        return rows;
    }

    /** All rows of a product by NDJSON. */
    public List<JsonNode> lines(String product) {
        return get("/v1/products/" + product + "/rows", "Accept", "application/x-ndjson")
                .body()
                .lines()
                .map(Client::tree)
                .toList();
    }

    /** The same one after the other, of any path; to be closed. */
    public Stream<JsonNode> stream(String path) {
        var request = HttpRequest.newBuilder(URI.create(base + path)).header("Accept", "application/x-ndjson");
        return send(request, HttpResponse.BodyHandlers.ofLines()).body().map(Client::tree);
    }

    public static JsonNode tree(String json) {
        try {
            return JSON.readTree(json);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Waits, looking now and then, until something is so; fails when it takes minutes. */
    public static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        var never = new CountDownLatch(1);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not in time: " + what);
            }
            try {
                never.await(20, TimeUnit.MILLISECONDS);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(interrupted);
            }
        }
    }

    @Override
    public void close() {}
}
