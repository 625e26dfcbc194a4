package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.ingest.TestKafka;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records that break their contract, and those that delete, on their way through a whole server. */
class BrokenRecordsIT {
    @TempDir
    Path folder;

    private TestMesh mesh;
    private MillraceServer server;
    private Client client;

    @BeforeEach
    void open() throws IOException {
        mesh = TestMesh.in(folder);
        server = MillraceServer.start(mesh.configuration(Map.of()));
        client = Client.of(server.httpPort());
    }

    @AfterEach
    void close() {
        server.close();
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
        Client.await(
                "dead letters",
                () -> client.json(path + "/dead-letters").get("data").size() == 4);
        JsonNode letters = client.json(path + "/dead-letters").get("data");
        Map<Long, String> rules = new HashMap<>();
        letters.forEach(letter -> {
            rules.put(letter.get("offset").longValue(), letter.get("rule").textValue());
            assertFalse(letter.at("/violations/0/reason").textValue().isBlank());
        });
        assertEquals(broken, rules);
        assertEquals(4, client.json(path).at("/deadLetters/all").asLong());
        assertEquals(4, client.json(path).at("/deadLetters/rejected").asLong());
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
                1, client.json("/v1/products/aviation/airports").get("rows").asLong());
        TestKafka.send(mesh.airports(), 0, "QQQ", null);
        Client.await("the delete", () -> client.get(path + "QQQ").statusCode() == 404);
        assertEquals(
                0, client.json("/v1/products/aviation/airports").get("rows").asLong());
    }
}
