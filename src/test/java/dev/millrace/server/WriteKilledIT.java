package dev.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.ingest.broker.ChildBroker;
import dev.millrace.ingest.publish.TopicPublisher;
import dev.millrace.server.demo.DemoData;
import dev.millrace.server.demo.DemoMesh;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Server and broker are killed while clients write and repeat what failed: every request is there once, and whole. */
class WriteKilledIT {
    private static final int CLIENTS = 4;
    private static final int RECORDS = 5;
    private static final String FLIGHT = "{\"flight_id\":\"%s\",\"date\":\"2001-01-01T10:00:00\",\"delay\":1,"
            + "\"distance\":2,\"origin\":\"SFO\",\"destination\":\"LAX\"}";

    @TempDir
    Path folder;

    private final AtomicReference<Client> client = new AtomicReference<>();
    private final AtomicInteger done = new AtomicInteger();
    private volatile boolean enough;

    @Test
    void killed_whileWriting_losesDoublesAndHalvesNothing() throws Exception {
        DemoMesh.unpack(folder.resolve("mesh"));
        ChildBroker broker = ChildBroker.start(folder.resolve("kafka"), 0).join();
        ChildServer server = null;
        try {
            try (var publisher = new TopicPublisher(broker.bootstrapServers())) {
                publisher.ensure(DemoData.topics());
            }
            Path configuration = folder.resolve("millrace.yaml");
            Files.writeString(configuration, """
                    mesh: {name: killed, folder: mesh}
                    data: {folder: data}
                    kafka: {bootstrapServers: "%s"}
                    http: {host: 127.0.0.1, port: 0}
                    flight: {host: 127.0.0.1, port: 0}
                    management: {host: 127.0.0.1, port: 0}
                    """.formatted(broker.bootstrapServers()));
            Path log = folder.resolve("server.log");
            server = ChildServer.start(configuration, log);
            client.set(Client.of(server.httpPort()));
            Executor threads = task -> Thread.ofPlatform().start(task);
            CompletableFuture<?>[] writers = IntStream.range(0, CLIENTS)
                    .mapToObj(number -> CompletableFuture.runAsync(() -> write(number), threads))
                    .toArray(CompletableFuture<?>[]::new);
            awaitMore();
            server.kill();
            server = ChildServer.start(configuration, log);
            client.set(Client.of(server.httpPort()));
            awaitMore();
            broker.process().destroyForcibly().waitFor();
            broker = broker.restart().join();
            awaitMore();
            enough = true;
            CompletableFuture.allOf(writers).get(60, TimeUnit.SECONDS);

            Client last = Client.of(server.httpPort());
            String position = last.send(
                            "POST",
                            "/v1/products/aviation/flights/records",
                            "[]".getBytes(UTF_8),
                            "Content-Type",
                            "application/json")
                    .headers()
                    .firstValue("Millrace-Position")
                    .orElseThrow();
            assertEquals(
                    200,
                    last.get("/v1/products/aviation/flights", "Millrace-Min-Position", position, "Prefer", "wait=30")
                            .statusCode());
            int wanted = done.get() * RECORDS;
            Client.await(
                    "all",
                    () -> last.json("/v1/products/aviation/flights").get("rows").asInt() >= wanted);
            Map<String, Integer> rows = new TreeMap<>();
            for (JsonNode row : last.lines("aviation/flights")) {
                rows.merge(row.get("flight_id").textValue(), 1, Integer::sum);
            }
            assertEquals(
                    Map.of(),
                    rows.entrySet().stream()
                            .filter(row -> row.getValue() != 1)
                            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
            assertEquals(wanted, rows.size());
        } finally {
            enough = true;
            if (server != null) {
                server.close();
            }
            broker.close();
        }
    }

    /** One request after the other, each repeated under its key until it is answered. */
    private void write(int number) {
        for (int request = 0; !enough; request++) {
            String id = "W" + number + "-" + request;
            String body = IntStream.range(0, RECORDS)
                    .mapToObj(i -> FLIGHT.formatted(id + "-" + i))
                    .collect(Collectors.joining("\n"));
            while (!isWritten(id, body)) {
                pause();
            }
            done.incrementAndGet();
        }
    }

    private boolean isWritten(String id, String body) {
        try {
            HttpResponse<String> answer = java.util.Objects.requireNonNull(client.get())
                    .send(
                            "POST",
                            "/v1/products/aviation/flights/records",
                            body.getBytes(UTF_8),
                            "Content-Type",
                            "application/x-ndjson",
                            "Idempotency-Key",
                            "key of " + id);
            switch (answer.statusCode()) {
                case 200 -> {
                    return true;
                }
                case 409, 503 -> {
                    assertTrue(
                            answer.body()
                                    .matches(
                                            "(?s).*(Nothing was written|not known whether|under way|not seen its topic).*"),
                            answer.body());
                    return false;
                }
                default -> throw new AssertionError(answer.body());
            }
        } catch (UncheckedIOException killed) {
            return false;
        }
    }

    private void awaitMore() {
        int before = done.get();
        Client.await("more requests", () -> done.get() > before + 20);
    }

    private static void pause() {
        try {
            var unused = new CountDownLatch(1).await(50, TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
