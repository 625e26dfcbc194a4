package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.ingest.TestKafka;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What one bad topic does to the readiness of the others, before and after a restart. */
class ReadinessIT {
    private static final String FLIGHT = "{\"flight_id\":\"%s\",\"date\":\"2001-01-01T00:00:00\",\"delay\":1,"
            + "\"distance\":100,\"origin\":\"SFO\",\"destination\":\"LAX\"}";

    @TempDir
    private Path folder;

    private TestMesh mesh;

    @SuppressWarnings("NullAway.Init") // each test starts it
    private MillraceServer server;

    @BeforeEach
    void makeMesh() throws IOException {
        mesh = TestMesh.in(folder);
        TestKafka.send(mesh.flights(), 0, "a", FLIGHT.formatted("a"));
    }

    @AfterEach
    void close() {
        server.close();
    }

    private void start(String... settings) {
        Map<String, String> more = new HashMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            more.put(settings[i], settings[i + 1]);
        }
        server = MillraceServer.start(mesh.configuration(more));
    }

    private HttpResponse<String> probe() {
        return Client.of(server.managementPort()).get("/health/ready");
    }

    private void awaitReady() {
        Client.await("ready", () -> probe().statusCode() == 200);
    }

    /** The reason's state, and whether it holds; empty for none. */
    private String reason(String name) {
        for (JsonNode reason : Client.tree(probe().body()).get("reasons")) {
            if (reason.get("name").textValue().equals(name)) {
                boolean comes = List.of("STARTING", "CATCHING_UP")
                        .contains(reason.get("state").textValue());
                assertTrue(comes || !reason.get("detail").textValue().isEmpty(), reason.toString());
                return reason.get("state").textValue() + " "
                        + reason.get("holds").booleanValue();
            }
        }
        return "";
    }

    @Test
    void topic_missing_holdsUpItself_unlessItIsRequired_untilItIsThere() throws Exception {
        TestKafka.admin().deleteTopics(List.of(mesh.airports())).all().get();
        for (int starts = 0; starts < 2; starts++) {
            start();
            awaitReady();
            Client.await("the reason", () -> reason("aviation.airports").equals("RETRYING false"));
            assertEquals(
                    503,
                    Client.of(server.httpPort())
                            .get("/v1/products/aviation/airports/rows")
                            .statusCode());
            server.close();
        }
        start("management.requiredProducts", "aviation.airports,aviation.flights");
        Client.await("the reason", () -> reason("aviation.airports").equals("RETRYING true"));
        assertEquals(503, probe().statusCode());
        TestKafka.admin()
                .createTopics(List.of(new NewTopic(mesh.airports(), 1, (short) 1)))
                .all()
                .get();
        awaitReady();
        assertEquals("", reason("aviation.airports"));
    }

    @Test
    void topic_emptiedByRetention_isCaughtUp_andReadOn() throws Exception {
        TestKafka.send(mesh.flights(), 1, "b", FLIGHT.formatted("b"));
        TestKafka.admin()
                .deleteRecords(Map.of(
                        new TopicPartition(mesh.flights(), 0), RecordsToDelete.beforeOffset(1),
                        new TopicPartition(mesh.flights(), 1), RecordsToDelete.beforeOffset(1)))
                .all()
                .get();
        for (int starts = 0; starts < 2; starts++) {
            start();
            awaitReady();
            JsonNode flights = Client.of(server.httpPort()).json("/v1/products/aviation/flights");
            assertEquals("LIVE", flights.get("state").textValue());
            assertEquals(0, flights.get("rows").intValue());
            assertTrue(flights.get("position").textValue().endsWith(":1.1.0.0"), flights.toString());
            assertTrue(flights.path("lostRecords").isMissingNode());
            server.close();
        }
        start();
        TestKafka.send(mesh.flights(), 0, "c", FLIGHT.formatted("c"));
        Client.await(
                "the flight",
                () -> Client.of(server.httpPort())
                                .json("/v1/products/aviation/flights")
                                .get("rows")
                                .intValue()
                        == 1);
    }

    @Test
    void topic_madeAnewOrWithAGap_isServedAndNamed_beforeAndAfterARestart() throws Exception {
        TestKafka.send(mesh.airports(), 0, "SFO", "{\"iata\":\"SFO\",\"latitude\":1,\"longitude\":1}");
        start();
        awaitReady();
        server.close();
        TestKafka.send(mesh.flights(), 0, "b", FLIGHT.formatted("b"));
        TestKafka.admin()
                .deleteRecords(Map.of(new TopicPartition(mesh.flights(), 0), RecordsToDelete.beforeOffset(2)))
                .all()
                .get();
        TestKafka.admin().deleteTopics(List.of(mesh.airports())).all().get();
        start("management.requiredProducts", "aviation.airports,aviation.flights");
        Client.await("the gap", () -> reason("aviation.flights").equals("GAP false"));
        Client.await("the missing topic", () -> reason("aviation.airports").equals("RETRYING false"));
        awaitReady();
        TestKafka.admin()
                .createTopics(List.of(new NewTopic(mesh.airports(), 1, (short) 1)))
                .all()
                .get();
        for (int starts = 0; starts < 2; starts++) {
            Client.await("the new topic", () -> reason("aviation.airports").equals("RECREATED false"));
            Client.await("the gap", () -> reason("aviation.flights").equals("GAP false"));
            awaitReady();
            server.close();
            start("management.requiredProducts", "aviation.airports,aviation.flights");
        }
    }

    @Test
    void brokers_away_holdUpOnlyWhoHasReadNothing() {
        String away = "127.0.0.1:1";
        server = MillraceServer.start(mesh.configuration(away, Map.of()));
        Client.await("the reason", () -> reason("aviation.flights").equals("RETRYING false"));
        assertEquals(503, probe().statusCode());
        assertEquals("EMPTY true", reason("products"));
        server.close();
        start();
        awaitReady();
        server.close();
        server = MillraceServer.start(mesh.configuration(away, Map.of()));
        awaitReady();
        assertEquals("RETRYING false", reason("aviation.flights"));
    }
}
