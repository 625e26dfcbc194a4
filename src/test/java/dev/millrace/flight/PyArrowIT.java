package dev.millrace.flight;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.domain.Products;
import dev.millrace.layer.Layers;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.io.IOException;
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

    private static FlightPort start(Vertx vertx, BufferAllocator root, FakeStore store) throws Exception {
        var tickets = FlightOptions.Tickets.signedWith("0123456789abcdef".getBytes(UTF_8));
        return FlightPort.start(
                        vertx,
                        new FlightOptions("localhost", 0, 64 << 20, tickets),
                        new ProductRegistry("mesh", List.of(Products.of("d", "p", store))),
                        root,
                        Layers.of(),
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
