package dev.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.millrace.ingest.TestKafka;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Avro and Arrow records through a whole server, with a registry that is slow, wants a password, and has not all. */
class FormatsIT {
    private static final String CONTRACT = """
            apiVersion: v3.1.0
            kind: DataContract
            id: %1$s
            name: %1$s
            version: 1.0.0
            status: active
            servers:
              - server: broker
                type: kafka
                host: localhost:9092
                format: %2$s
            schema:
              - name: %1$s
                physicalName: %3$s
                logicalType: object
                properties:
                  - name: id
                    logicalType: string
                    required: true
                  - name: total
                    logicalType: integer
                    required: true
                    logicalTypeOptions:
                      minimum: 0
            """;
    private static final String SCHEMA = "{\"type\":\"record\",\"name\":\"Order\",\"fields\":["
            + "{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"total\",\"type\":\"%s\"}]}";

    @TempDir
    Path folder;

    private final Vertx vertx = Vertx.vertx();
    private final AtomicInteger asked = new AtomicInteger();
    private HttpServer registry;
    private String orders;
    private String batches;
    private MillraceServer server;
    private Client client;

    @BeforeEach
    void open() throws Exception {
        registry = vertx.createHttpServer().requestHandler(this::schema);
        registry.listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get();
        orders = TestKafka.topic(1);
        batches = TestKafka.topic(1);
        Path domain = Files.createDirectories(folder.resolve("mesh/domains/shop"));
        Files.writeString(domain.resolve("orders.odcs.yaml"), CONTRACT.formatted("orders", "avro", orders));
        Files.writeString(domain.resolve("batches.odcs.yaml"), CONTRACT.formatted("batches", "arrow", batches));
        server = MillraceServer.start(new TestMesh(folder, "", "", "")
                .configuration(Map.of(
                        "schemaRegistry.url", "http://127.0.0.1:" + registry.actualPort() + "/",
                        "schemaRegistry.user", "reader",
                        "schemaRegistry.password", "secret",
                        "schemaRegistry.retryFor", "20s")));
        client = Client.of(server.httpPort());
    }

    @AfterEach
    void close() throws Exception {
        server.close();
        vertx.close().toCompletionStage().toCompletableFuture().get();
    }

    /** Schema 1 comes at the third asking, and late; 2 is of another contract; 3 does not exist. */
    private void schema(HttpServerRequest request) {
        String basic = "Basic " + Base64.getEncoder().encodeToString("reader:secret".getBytes(UTF_8));
        if (!basic.equals(request.getHeader("Authorization"))) {
            request.response().setStatusCode(401).end();
        } else if (request.path().equals("/schemas/ids/1") && asked.incrementAndGet() < 3) {
            request.response().setStatusCode(503).end();
        } else if (request.path().equals("/schemas/ids/1")) {
            vertx.setTimer(300, fired -> answer(request, "long"));
        } else if (request.path().equals("/schemas/ids/2")) {
            answer(request, "string");
        } else {
            request.response().setStatusCode(404).end("{\"error_code\":40403}");
        }
    }

    private static void answer(HttpServerRequest request, String type) {
        request.response()
                .end(JsonNodeFactory.instance
                        .objectNode()
                        .put("schema", SCHEMA.formatted(type))
                        .toString());
    }

    @Test
    void avro_waitsForItsSchema_andRefusesThoseThatDoNotFitOrDoNotExist() {
        send(orders, avro(1, "a", 1));
        send(orders, avro(2, "b", 2));
        send(orders, avro(3, "c", 3));
        send(orders, avro(1, "d", 4));
        send(orders, avro(1, "e", -1));
        Client.await(
                "all",
                () -> client.json("/v1/products/shop/orders").get("rows").asLong() == 2
                        && client.json("/v1/products/shop/orders/dead-letters")
                                        .get("data")
                                        .size()
                                == 3);
        assertEquals(
                List.of("{\"id\":\"a\",\"total\":1}", "{\"id\":\"d\",\"total\":4}"),
                client.lines("shop/orders").stream().map(JsonNode::toString).toList());
        List<String> letters = new ArrayList<>();
        client.json("/v1/products/shop/orders/dead-letters")
                .get("data")
                .forEach(letter -> letters.add(letter.get("offset")
                        + " " + letter.get("rule").textValue() + " "
                        + letter.at("/violations/0/path").textValue() + " "
                        + letter.at("/violations/0/reason").textValue()));
        letters.sort(null);
        assertTrue(letters.get(0).startsWith("1 schema total Schema 2 cannot be used"), letters::toString);
        assertTrue(letters.get(1).startsWith("2 schema  Schema 3 cannot be used: the registry"), letters::toString);
        assertTrue(letters.get(2).startsWith("4 minimum total"), letters::toString);
        assertEquals(3, asked.get());
    }

    @Test
    void arrow_everyRowIsServedOnce_overPagesThatCutRecords() throws IOException {
        send(batches, arrow(0, 25, -1));
        send(batches, arrow(25, 10, 28));
        send(batches, arrow(25, 0, -1));
        send(batches, arrow(25, 30, -1));
        Client.await(
                "all",
                () -> client.json("/v1/products/shop/batches").get("rows").asLong() == 55
                        && client.json("/v1/products/shop/batches/dead-letters")
                                        .get("data")
                                        .size()
                                == 1);
        List<String> wanted = IntStream.range(0, 55).mapToObj(i -> "row " + i).toList();
        for (int limit : new int[] {1, 7, 25, 54, 55, 100}) {
            assertEquals(
                    wanted,
                    client.pages("shop/batches", limit).stream()
                            .map(row -> row.get("id").textValue())
                            .toList(),
                    "pages of " + limit);
        }
        assertEquals(
                "[3].total",
                client.json("/v1/products/shop/batches/dead-letters")
                        .at("/data/0/violations/0/path")
                        .textValue());
    }

    private static void send(String topic, byte[] value) {
        TestKafka.send(new ProducerRecord<>(topic, 0, null, value));
    }

    private static byte[] avro(int schema, String id, int total) {
        return ByteBuffer.allocate(6 + id.length() + 1)
                .put((byte) 0)
                .putInt(schema)
                .put((byte) (id.length() << 1))
                .put(id.getBytes(UTF_8))
                .put((byte) (total << 1 ^ total >> 31))
                .array();
    }

    private static byte[] arrow(int from, int rows, int broken) throws IOException {
        var out = new ByteArrayOutputStream();
        try (var root = new RootAllocator();
                var ids = new VarCharVector("id", root);
                var totals = new BigIntVector("total", root)) {
            for (int row = 0; row < rows; row++) {
                ids.setSafe(row, ("row " + (from + row)).getBytes(UTF_8));
                totals.setSafe(row, from + row == broken ? -1 : from + row);
            }
            ids.setValueCount(rows);
            totals.setValueCount(rows);
            try (var batch = VectorSchemaRoot.of(ids, totals);
                    var writer = new ArrowStreamWriter(batch, null, out)) {
                batch.setRowCount(rows);
                writer.start();
                writer.writeBatch();
                writer.end();
            }
        }
        return out.toByteArray();
    }
}
