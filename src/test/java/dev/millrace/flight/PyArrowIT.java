package dev.millrace.flight;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.codec.JsonDecoder;
import dev.millrace.codec.JsonLimits;
import dev.millrace.contract.MeshReader;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.domain.Products;
import dev.millrace.layer.PortLayers;
import dev.millrace.layer.WorkerPool;
import dev.millrace.store.LocalStore;
import dev.millrace.store.PartitionWriter;
import dev.millrace.store.ProductStore;
import dev.millrace.store.StoreResources;
import dev.millrace.store.StoreSchema;
import dev.millrace.store.TestOptions;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Reads with pyarrow what the port serves. Skipped where there is no Python with pyarrow: the one named by {@code
 * MILLRACE_PYTHON} (system property or environment variable), else {@code python3}.
 */
class PyArrowIT {
    private static final String PYTHON = Optional.ofNullable(System.getProperty("MILLRACE_PYTHON"))
            .or(() -> Optional.ofNullable(System.getenv("MILLRACE_PYTHON")))
            .orElse("python3");
    private static final String FIND =
            "import importlib.util, sys; sys.exit(importlib.util.find_spec('pyarrow') is None)";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What a program printed, both streams, and its exit code. */
    private record Ran(int exit, List<String> lines) {}

    @Test
    void pyarrow_readsEveryValue(@TempDir Path folder) throws Exception {
        if (!hasPyArrow()) {
            System.out.println("PyArrowIT skipped: '" + PYTHON + "' has no pyarrow; MILLRACE_PYTHON can name one.");
            abort("no pyarrow");
        }
        Vertx vertx = Vertx.vertx();
        try (BufferAllocator root = new RootAllocator();
                var store = new FakeStore()) {
            store.add(root, 5_000, 0, i -> true)
                    .addMapped(root, folder, 5_000, i -> true)
                    .add(root, 2_000, 0, i -> i % 3 == 0);
            FlightPort port = start(vertx, root, store);
            String server = "grpc://localhost:" + port.port();

            check(run(server, "d.p", "--json"));
            assertEquals(List.of("d.p 10666"), run(server).lines());
            List<String> selected =
                    run(server, "p", "--select", "delay,id", "--json").lines();
            assertEquals("{\"delay\": 0.5, \"id\": 1}", selected.get(2));
            Ran wrong = run(server, "d.nothing");
            assertEquals(1, wrong.exit());
            assertTrue(wrong.lines().getFirst().contains("There is no product 'd.nothing'."), wrong::toString);

            port.close(Duration.ofSeconds(5)).await(30, TimeUnit.SECONDS);
        }
        vertx.close().await(30, TimeUnit.SECONDS);
    }

    /** Half of the rows in mapped files, the other half in memory; columns of the types that pyarrow has names for. */
    @Test
    void pyarrow_readsEnumsMapsVectorsAndWideNumbers(@TempDir Path folder) throws Exception {
        if (!hasPyArrow()) {
            abort("no pyarrow");
        }
        Files.createDirectories(folder.resolve("mesh/domains/d"));
        Files.writeString(folder.resolve("mesh/domains/d/p.odcs.yaml"), CONTRACT);
        ProductDefinition product =
                MeshReader.read(folder.resolve("mesh")).product("d", "p").orElseThrow();
        var schema = new StoreSchema(ArrowSchemas.of(product.object()), List.of("id"), false);
        Vertx vertx = Vertx.vertx();
        try (BufferAllocator root = new RootAllocator();
                LocalStore store = LocalStore.open(
                        schema,
                        TestOptions.of(16, 1 << 20, 16 << 20, Duration.ofHours(1)),
                        folder.resolve("data"),
                        new StoreResources(root, root, Runnable::run))) {
            store.topic("t", 1);
            for (int i = 0; i < 40; i++) {
                put(store.writer(0), product, i);
            }
            store.writer(0).publish();
            FlightPort port = start(vertx, root, store);
            String server = "grpc://localhost:" + port.port();

            Ran ran = run(server, "d.p", "--json");
            assertEquals(0, ran.exit(), ran::toString);
            assertEquals(41, ran.lines().size());
            for (int i = 0; i < 40; i++) {
                assertEquals(
                        JSON.readTree(asPython(i)), JSON.readTree(ran.lines().get(i + 1)));
            }
            String types = String.join("\n", run(server, "d.p").lines());
            for (String type : List.of(
                    "state: dictionary<values=string, indices=int8, ordered=0>",
                    "many: list<item: dictionary<values=string, indices=int8, ordered=0>>",
                    "labels: map<string, string",
                    "by_number: map<int32, dictionary<values=string, indices=int8, ordered=0>",
                    "embedding: fixed_size_list<item: float not null>[3]",
                    "huge: decimal256(60, 2)",
                    "unsigned: uint64",
                    "unknown_fields: map<string, string")) {
                assertTrue(types.contains(type), () -> type + " in " + types);
            }
            List<String> selected =
                    run(server, "d.p", "--select", "many,state", "--json").lines();
            assertEquals("{\"many\": [\"x\"], \"state\": \"paid\"}", selected.get(2));

            port.close(Duration.ofSeconds(5)).await(30, TimeUnit.SECONDS);
        }
        vertx.close().await(30, TimeUnit.SECONDS);
    }

    private static final String CONTRACT = """
            apiVersion: v3.2.0
            kind: DataContract
            id: c
            version: 1.0.0
            status: active
            customProperties: [{property: millrace.unknownFields, value: keep}]
            schema:
              - name: t
                properties:
                  - {name: id, logicalType: integer, primaryKey: true, required: true}
                  - {name: state, logicalType: string, enum: [{value: new}, {value: paid}, {value: México}]}
                  - {name: many, logicalType: array, items: {logicalType: string, enum: [x, y]}}
                  - {name: labels, logicalType: map, map: {key: {logicalType: string}, value: {logicalType: string}}}
                  - name: by_number
                    logicalType: map
                    map:
                      key: {logicalType: integer, physicalType: int}
                      value: {logicalType: string, enum: [x, y]}
                  - {name: embedding, logicalType: vector, logicalTypeOptions: {dimensions: 3}}
                  - {name: huge, logicalType: number, physicalType: 'decimal(60,2)'}
                  - {name: unsigned, logicalType: integer, logicalTypeOptions: {format: u64}}
            """;

    private static final String HUGE = "-123456789012345678901234567890123456789012345678901234567.25";
    private static final List<String> STATES = List.of("new", "paid", "México");

    private static void put(PartitionWriter writer, ProductDefinition product, int i) {
        assertTrue(writer.ready(1));
        String json = i % 5 == 4
                ? "{\"id\":" + i + "}"
                : "{\"id\":" + i + ",\"state\":\"" + STATES.get(i % 3) + "\",\"many\":[" + (i % 2 == 0 ? "" : "\"x\"")
                        + "],\"labels\":{\"a\":\"" + i + "\",\"b\":null},\"by_number\":{\"" + i
                        + "\":\"y\"},\"embedding\":[" + i
                        + ",0.5,-1],\"huge\":" + HUGE + ",\"unsigned\":18446744073709551615,\"extra\":[" + i + "]}";
        byte[] bytes = json.getBytes(UTF_8);
        JsonDecoder decoder = JsonDecoder.of(product, writer.batch(), JsonLimits.DEFAULT);
        assertTrue(decoder.decode(bytes, 0, bytes.length), () -> decoder.violation() + " in " + json);
        writer.commit(i, 0, false);
    }

    /** The row as Python's {@code json} writes what pyarrow gives: a map as pairs, a decimal as text. */
    private static String asPython(int i) {
        return i % 5 == 4
                ? "{\"id\":" + i
                        + ",\"state\":null,\"many\":null,\"labels\":null,\"by_number\":null,\"embedding\":null,"
                        + "\"huge\":null,\"unsigned\":null,\"unknown_fields\":[]}"
                : "{\"id\":" + i + ",\"state\":\"" + STATES.get(i % 3) + "\",\"many\":[" + (i % 2 == 0 ? "" : "\"x\"")
                        + "],\"labels\":[[\"a\",\"" + i + "\"],[\"b\",null]],\"by_number\":[[" + i
                        + ",\"y\"]],\"embedding\":[" + i
                        + ".0,0.5,-1.0],\"huge\":\"" + HUGE
                        + "\",\"unsigned\":18446744073709551615,\"unknown_fields\":[[\"extra\",\"[" + i + "]\"]]}";
    }

    private static FlightPort start(Vertx vertx, BufferAllocator root, ProductStore store) throws Exception {
        var tickets = FlightOptions.Tickets.signedWith("0123456789abcdef".getBytes(UTF_8));
        return FlightPort.start(
                        vertx,
                        new FlightOptions("localhost", 0, 64 << 20, tickets),
                        new ProductRegistry("mesh", List.of(Products.of("d", "p", store))),
                        root,
                        ServedPort.duckDb(),
                        PortLayers.of(service -> service),
                        FlightPlaces.unshared(),
                        WorkerPool.unwatched(vertx, "pages", 2),
                        WorkerPool.unwatched(vertx, "statements", 1),
                        java.util.Optional.empty(),
                        new SimpleMeterRegistry())
                .await(30, TimeUnit.SECONDS);
    }

    private static void check(Ran ran) throws IOException {
        assertEquals(0, ran.exit(), ran::toString);
        JsonNode about = JSON.readTree(ran.lines().getFirst());
        assertEquals(10_666, about.get("rows").asInt());
        assertEquals("topic:12000", about.get("millrace.position").asText());
        assertEquals("1.2.3", about.get("millrace.contract.version").asText());
        assertEquals(10_667, ran.lines().size());
        int line = 1;
        for (int i = 0; i < 12_000; i++) {
            if (i < 10_000 || i % 3 == 0) {
                assertEquals(row(i), JSON.readTree(ran.lines().get(line++)));
            }
        }
    }

    private static JsonNode row(int i) {
        var row = JSON.createObjectNode().put("id", i);
        row.put("origin", i % 11 == 10 ? null : FakeStore.text(i, i >= 5_000 && i < 10_000 ? 10 : 0));
        row.put("late", i % 3 == 0);
        if (i % 7 == 6) {
            row.putNull("tags");
        } else {
            var tags = row.putArray("tags");
            for (int t = 0; t < i % 4; t++) {
                tags.add("t" + t);
            }
        }
        return row.put("delay", i / 2.0);
    }

    private static boolean hasPyArrow() throws InterruptedException {
        try {
            return run(List.of(PYTHON, "-c", FIND)).exit() == 0;
        } catch (IOException absent) {
            return false;
        }
    }

    private static Ran run(String... arguments) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of(PYTHON, "interop/flight_read.py"));
        command.addAll(List.of(arguments));
        return run(command);
    }

    private static Ran run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        List<String> lines;
        try (var output = process.inputReader(UTF_8)) {
            lines = output.readAllLines();
        }
        return new Ran(process.waitFor(), lines);
    }
}
