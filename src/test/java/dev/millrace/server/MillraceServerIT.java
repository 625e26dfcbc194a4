package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.ingest.TestKafka;
import dev.millrace.ingest.publish.TopicPublisher;
import dev.millrace.query.FileRows;
import dev.millrace.server.demo.DemoData;
import dev.millrace.server.demo.DemoSource;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
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

    @TempDir
    Path folder;

    private TestMesh mesh;
    private DemoData data;
    private MillraceServer server;
    private Client client;
    private Client management;

    @BeforeAll
    void publishAndServe() throws IOException {
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
                () -> client.json("/v1/products/aviation/flights").get("rows").asLong() >= FLIGHTS);
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
        assertEquals(FLIGHTS, FileRows.parquetCount(folder.resolve("source/flights-200k.parquet")));
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
    void badRecords_becomeDeadLetters_andTheGoodAroundThemAreServed() {
        String good = "{\"flight_id\":\"%s\",\"date\":\"2001-01-01T10:00:00\",\"delay\":1,\"distance\":2,"
                + "\"origin\":\"SFO\",\"destination\":\"LAX\"}";
        TestKafka.send(mesh.flights(), 0, "G1", good.formatted("G1"));
        Map<Long, String> broken = new HashMap<>();
        broken.put(TestKafka.send(mesh.flights(), 0, "B1", "this is not JSON"), "json");
        broken.put(TestKafka.send(mesh.flights(), 0, "B2", "{\"flight_id\":\"B2\",\"delay\":1}"), "required");
        broken.put(TestKafka.send(mesh.flights(), 0, "B3", good.formatted("B3").replace(":1,", ":\"late\",")), "type");
        broken.put(
                TestKafka.send(mesh.flights(), 0, "B4", good.formatted("B4").replace("SFO", "x".repeat(20 << 20))),
                "size");
        TestKafka.send(mesh.flights(), 0, "G2", good.formatted("G2"));
        String path = "/v1/products/aviation/flights";
        Client.await("G2", () -> client.get(path + "/rows/G2").statusCode() == 200);
        assertEquals("G1", client.json(path + "/rows/G1").get("flight_id").textValue());
        JsonNode letters = client.json(path + "/dead-letters").get("data");
        Map<Long, String> rules = new HashMap<>();
        letters.forEach(letter -> {
            rules.put(letter.get("offset").longValue(), letter.get("rule").textValue());
            assertFalse(letter.get("reason").textValue().isBlank());
        });
        assertEquals(broken, rules);
        assertEquals(4, client.json(path).get("deadLetters").asLong());
        Client.await(
                "dead-letter topic",
                () -> TestKafka.readAll(mesh.flights() + ".dlq").size() == 4);
        TestKafka.readAll(mesh.flights() + ".dlq").forEach(letter -> {
            assertTrue(letter.headers().lastHeader("contract.violations") != null);
            assertTrue(letter.headers().lastHeader("__connect.errors.offset") != null);
        });
        List.of("G1", "G2")
                .forEach(
                        id -> assertEquals(200, client.get(path + "/rows/" + id).statusCode()));
    }

    @Test
    void delete_inAnUpsertProduct_removesTheRow() {
        String path = "/v1/products/aviation/airports/rows/";
        String airport = "{\"iata\":\"QQQ\",\"name\":\"%s\",\"city\":null,\"state\":null,\"country\":\"USA\","
                + "\"latitude\":1.5,\"longitude\":-2.25}";
        TestKafka.send(mesh.airports(), 0, "QQQ", airport.formatted("One"));
        TestKafka.send(mesh.airports(), 0, "QQQ", airport.formatted("Two"));
        Client.await("the update", () -> client.get(path + "QQQ").body().contains("Two"));
        assertEquals(
                3_377, client.json("/v1/products/aviation/airports").get("rows").asLong());
        TestKafka.send(mesh.airports(), 0, "QQQ", null);
        Client.await("the delete", () -> client.get(path + "QQQ").statusCode() == 404);
        assertEquals(
                3_376, client.json("/v1/products/aviation/airports").get("rows").asLong());
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
        assertTrue(client.json("/v1/products/aviation/flights").get("rows").asLong() >= FLIGHTS);
    }
}
