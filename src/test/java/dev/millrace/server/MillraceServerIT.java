package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.ingest.TestKafka;
import dev.millrace.ingest.publish.TopicPublisher;
import dev.millrace.server.demo.DemoData;
import dev.millrace.server.demo.DemoSource;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Location;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The main job, end to end: the demo's real data from Kafka to HTTP and Flight. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MillraceServerIT {
    private static final int FLIGHTS = 200_000;

    private Path folder;
    private TestMesh mesh;
    private DemoData data;
    private MillraceServer server;
    private Client client;
    private Client management;

    @BeforeAll
    void publishAndServe(@TempDir Path temporary) throws IOException {
        folder = temporary;
        mesh = TestMesh.in(folder);
        data = DemoData.unpack(folder.resolve("source"));
        open();
        assertEquals(200, management.get("/health/live").statusCode());
        try (var publisher = new TopicPublisher(TestKafka.bootstrapServers())) {
            publish(publisher, mesh.flights(), data.flights(FLIGHTS));
            publish(publisher, mesh.airports(), data.airports());
            publish(publisher, mesh.earthquakes(), data.earthquakes());
        }
        awaitServed();
    }

    private void open() {
        server = MillraceServer.start(mesh.configuration(Map.of()));
        client = Client.of(server.httpPort());
        management = Client.of(server.managementPort());
    }

    private void awaitServed() {
        Client.await("ready", () -> management.get("/health/ready").statusCode() == 200);
        Client.await(
                "all flights",
                () -> client.json("/v1/products/aviation/flights").get("rows").asLong() == FLIGHTS);
        Client.await(
                "all airports",
                () -> client.json("/v1/products/aviation/airports").get("rows").asLong() == 3_376);
        Client.await(
                "all earthquakes",
                () -> client.json("/v1/products/seismology/earthquakes")
                                .get("rows")
                                .asLong()
                        == 1_707);
    }

    private static void publish(TopicPublisher publisher, String topic, DemoSource source) {
        try (source) {
            publisher.publish(topic, source.records(), source.total(), (done, total) -> {});
        }
    }

    @AfterAll
    void stop() {
        server.close();
    }

    @Test
    void flights_byPagesLinesFlightAndFile_areTheSameRows() throws Exception {
        Set<String> pages = new HashSet<>();
        client.pages("aviation/flights", 10_000).forEach(row -> assertTrue(pages.add(row.toString())));
        Set<String> lines = new HashSet<>();
        client.lines("aviation/flights").forEach(row -> assertTrue(lines.add(row.toString())));
        long flight = 0;
        try (var allocator = new RootAllocator();
                FlightClient flights = FlightClient.builder(
                                allocator, Location.forGrpcInsecure("127.0.0.1", server.flightPort()))
                        .build()) {
            var info = flights.getInfo(FlightDescriptor.path("aviation", "flights"));
            try (FlightStream stream =
                    flights.getStream(info.getEndpoints().getFirst().getTicket())) {
                while (stream.next()) {
                    flight += stream.getRoot().getRowCount();
                }
            }
        }
        try (DemoSource source = data.flights(Long.MAX_VALUE)) {
            assertEquals(FLIGHTS, source.total());
        }
        assertEquals(FLIGHTS, pages.size());
        assertEquals(pages, lines);
        assertEquals(FLIGHTS, flight);
    }

    @Test
    void flights_everyRow_equalsItsSource() {
        Map<String, JsonNode> served = new HashMap<>();
        client.lines("aviation/flights")
                .forEach(row -> served.put(row.get("flight_id").textValue(), row));
        try (DemoSource source = data.flights(FLIGHTS)) {
            source.records().forEachRemaining(record -> {
                JsonNode expected = Client.tree(new String(record.value(), java.nio.charset.StandardCharsets.UTF_8));
                assertEquals(expected, served.remove(expected.get("flight_id").textValue()));
            });
        }
        assertEquals(Map.of(), served);
    }

    @Test
    void flights_filtered_areTrueRows() {
        JsonNode page = client.json("/v1/products/aviation/flights/rows?origin=SFO&delay%5Bgte%5D=60&limit=5");
        assertEquals(5, page.get("data").size());
        page.get("data").forEach(row -> {
            assertEquals("SFO", row.get("origin").textValue());
            assertTrue(row.get("delay").intValue() >= 60);
            assertEquals(
                    row,
                    client.json("/v1/products/aviation/flights/rows/"
                            + row.get("flight_id").textValue()));
        });
    }

    @Test
    void earthquakes_everyRow_equalsItsFeature() throws IOException {
        Map<String, JsonNode> served = new HashMap<>();
        client.lines("seismology/earthquakes")
                .forEach(row -> served.put(row.get("id").textValue(), row));
        JsonNode features = new ObjectMapper()
                .readTree(Files.readAllBytes(folder.resolve("source/earthquakes.json")))
                .get("features");
        assertEquals(1_707, features.size());
        for (JsonNode feature : features) {
            JsonNode row = served.remove(feature.get("id").textValue());
            assertEquals("", Difference.between("", feature, row), () -> feature + "\n" + row);
        }
        assertEquals(Map.of(), served);
    }

    @Test
    void wrongRequests_nameTheParameter() {
        String rows = "/v1/products/aviation/flights/rows?";
        Map<String, String> wrong = Map.of(
                "orign=SFO", "orign",
                "delay%5Babove%5D=1", "delay[above]",
                "delay=late", "delay",
                "limit=0", "limit",
                "limit=ten", "limit",
                "cursor=xyz", "cursor",
                "select=origin,nothing", "select");
        wrong.forEach((query, parameter) -> {
            HttpResponse<String> response = client.get(rows + query);
            assertEquals(400, response.statusCode(), query);
            assertEquals(
                    "application/problem+json",
                    response.headers().firstValue("content-type").orElse(""));
            JsonNode problem = Client.tree(response.body());
            assertEquals(parameter, problem.get("parameter").textValue(), query);
            assertFalse(problem.get("expected").textValue().isBlank(), query);
        });
    }

    @Test
    void metrics_namePerProductFigures() {
        String metrics = management.get("/metrics").body();
        assertTrue(metrics.contains("millrace_product_rows"), metrics);
        assertTrue(metrics.contains("product=\"aviation.flights\""), metrics);
    }

    @Test
    void restart_onTheSameFolder_servesTheSameRowsAtOnce() {
        JsonNode before = client.json("/v1/products/seismology/earthquakes");
        server.close();
        open();
        awaitServed();
        JsonNode after = client.json("/v1/products/seismology/earthquakes");
        assertEquals(before.get("position"), after.get("position"));
        assertEquals(before.get("rows"), after.get("rows"));
        assertEquals(1_707, client.lines("seismology/earthquakes").size());
        assertEquals(
                FLIGHTS,
                client.json("/v1/products/aviation/flights").get("rows").asLong());
    }
}
