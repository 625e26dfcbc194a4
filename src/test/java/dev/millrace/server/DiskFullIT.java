package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.ingest.TestKafka;
import dev.millrace.ingest.publish.TopicPublisher;
import dev.millrace.server.demo.DemoData;
import dev.millrace.server.demo.DemoSource;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** A data folder on a file system of its own that has no room left; skipped where none can be mounted. */
class DiskFullIT {
    private static final int BEFORE = 5_000;
    private static final int ALL = 30_000;
    private static final Duration PROMPTLY = Duration.ofSeconds(20);

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @TempDir
    private Path folder;

    private Path data;

    @BeforeEach
    void mount() throws Exception {
        data = Files.createDirectories(folder.resolve("data"));
        assumeTrue(
                command("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", data.toString()),
                "DiskFullIT is skipped: a file system cannot be mounted here");
        log.start();
        logger().addAppender(log);
    }

    @AfterEach
    void unmount() throws Exception {
        logger().detachAppender(log);
        command("umount", "-l", data.toString());
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger("dev.millrace");
    }

    private static boolean command(String... words) throws Exception {
        try {
            return new ProcessBuilder(words).redirectErrorStream(true).start().waitFor() == 0;
        } catch (IOException missing) {
            return false;
        }
    }

    @Test
    void full_pausesByName_servesOn_stopsPromptly_andGoesOnWhenThereIsRoom() throws Exception {
        TestMesh mesh = TestMesh.in(folder);
        publish(mesh, BEFORE);
        Path filler = data.resolve("filler");
        try (MillraceServer server = start(mesh)) {
            Client client = Client.of(server.httpPort());
            Client.await("the first flights", () -> rows(client) == BEFORE && undurable(server) == 0);
            fill(filler);
            publish(mesh, ALL);
            Client.await("UNWRITABLE", () -> state(client).equals("UNWRITABLE"));
            JsonNode product = client.json("/v1/products/aviation/flights");
            String detail = product.get("stateDetail").textValue();
            assertTrue(detail.contains("No space left on device"), detail);
            Client management = Client.of(server.managementPort());
            assertTrue(management.get("/health/ready").body().contains("\"UNWRITABLE\""));
            String metrics = management.get("/metrics").body();
            assertTrue(
                    metrics.contains("millrace_product_unwritable{domain=\"aviation\",product=\"flights\"} 1.0"),
                    metrics);
            assertTrue(rows(client) >= BEFORE);
            assertEquals(
                    200,
                    client.get("/v1/products/aviation/flights/rows/F0000001").statusCode());
            seen(client, BEFORE);
            long begun = System.nanoTime();
            server.close();
            promptly(begun);
        }
        List<ILoggingEvent> warnings = log.list.stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
                .toList();
        assertTrue(warnings.stream().allMatch(event -> event.getThrowableProxy() == null), warnings.toString());
        assertTrue(warnings.size() <= 5, warnings.toString());
        long begun = System.nanoTime();
        try (MillraceServer server = start(mesh)) {
            promptly(begun);
            Client client = Client.of(server.httpPort());
            Client.await("UNWRITABLE again", () -> state(client).equals("UNWRITABLE"));
            Files.delete(filler);
            Client.await(
                    "all flights", () -> rows(client) == ALL && state(client).equals("LIVE"));
            Client.await("all durable", () -> undurable(server) == 0);
            assertEquals(ALL, seen(client, ALL).cardinality());
        }
    }

    private MillraceServer start(TestMesh mesh) {
        return MillraceServer.start(mesh.configuration(
                Map.of("store.flushInterval", "100ms", "store.segmentRows", "2048", "domain.memory", "64MiB")));
    }

    private static void promptly(long begun) {
        Duration took = Duration.ofNanos(System.nanoTime() - begun);
        assertTrue(took.compareTo(PROMPTLY) < 0, took.toString());
    }

    private static void publish(TestMesh mesh, int count) throws IOException {
        try (var publisher = new TopicPublisher(TestKafka.bootstrapServers());
                DemoSource flights =
                        DemoData.unpack(mesh.folder().resolve("source")).flights(count)) {
            publisher.publish(mesh.flights(), flights.records(), flights.total(), (done, total) -> {});
        }
    }

    /** Takes all room there is. */
    private static void fill(Path file) throws IOException {
        try (OutputStream out = Files.newOutputStream(file)) {
            byte[] bytes = new byte[4096];
            while (true) {
                out.write(bytes);
            }
        } catch (IOException full) {
            assertTrue(String.valueOf(full.getMessage()).contains("No space left"), full.toString());
        }
    }

    private static long rows(Client client) {
        return client.json("/v1/products/aviation/flights").get("rows").asLong();
    }

    private static String state(Client client) {
        return client.json("/v1/products/aviation/flights").get("state").textValue();
    }

    private static long undurable(MillraceServer server) {
        return server.products().stream()
                .filter(product -> !product.position().equals(product.store().durable()))
                .count();
    }

    /** The flights served, of which none is there twice and at least the first {@code least} are there. */
    private static BitSet seen(Client client, int least) {
        var seen = new BitSet();
        for (JsonNode row : client.lines("aviation/flights")) {
            int number = Integer.parseInt(row.get("flight_id").textValue().substring(1));
            assertTrue(!seen.get(number), () -> "twice: " + row);
            seen.set(number);
        }
        assertTrue(seen.nextClearBit(1) > least, "missing: " + seen.nextClearBit(1));
        return seen;
    }
}
