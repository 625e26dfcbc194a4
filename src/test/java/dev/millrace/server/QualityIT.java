package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.config.Configuration;
import dev.millrace.config.ConfigurationReader;
import dev.millrace.ingest.TestKafka;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Quality from Kafka to HTTP, and a broken rule that stops its port until the contract is mended. */
class QualityIT {
    private static final String PATH = "/v1/products/shop/orders";

    @TempDir
    Path folder;

    private final String topic = TestKafka.topic(2, Map.of());
    private int sent;

    private void contract(int percent) throws IOException {
        Path domain = Files.createDirectories(folder.resolve("mesh/domains/shop"));
        Files.writeString(domain.resolve("orders.odcs.yaml"), """
                apiVersion: v3.1.0
                kind: DataContract
                id: orders
                version: 1.0.0
                status: active
                slaProperties:
                  - {property: latency, value: 100, unit: y, element: orders.at}
                schema:
                  - name: orders
                    physicalName: %s
                    quality:
                      - {metric: rowCount, mustBeGreaterThan: 10, severity: warning}
                      - {type: sql, query: select 1, mustBe: 1}
                    properties:
                      - {name: id, logicalType: string, required: true}
                      - {name: at, logicalType: timestamp}
                      - name: state
                        logicalType: string
                        quality:
                          - name: known states
                            metric: invalidValues
                            arguments: {validValues: [new, paid]}
                            unit: percent
                            mustBeLessOrEqualTo: %d
                            severity: error
                            customProperties: [{property: millrace.minimumRows, value: 20}]
                """.formatted(topic, percent));
    }

    private Configuration configuration() {
        return ConfigurationReader.ofDefaults()
                .withOverrides(new HashMap<>(Map.of(
                        "mesh.folder", folder.resolve("mesh").toString(),
                        "data.folder", folder.resolve("data").toString(),
                        "kafka.bootstrapServers", TestKafka.bootstrapServers(),
                        "http.host", "127.0.0.1",
                        "http.port", "0",
                        "flight.host", "127.0.0.1",
                        "flight.port", "0",
                        "management.host", "127.0.0.1",
                        "management.port", "0")))
                .read();
    }

    private void send(int count, String state) {
        for (int i = 0; i < count; i++, sent++) {
            TestKafka.send(
                    topic,
                    sent % 2,
                    "k" + sent,
                    "{\"id\":\"" + sent + "\",\"at\":\"2026-01-01T10:00:00Z\",\"state\":\"" + state + "\"}");
        }
    }

    private static void awaitRows(Client client, int rows) {
        Client.await(rows + " rows", () -> client.json(PATH).get("rows").asInt() == rows);
    }

    private static void awaitState(Client client, String state) {
        Client.await(state, () -> client.json(PATH).get("state").asText().equals(state));
    }

    @Test
    void brokenShare_stopsThePort_untilTheContractIsMended() throws IOException {
        contract(10);
        send(17, "new");
        send(2, "lost");
        TestKafka.send(topic, 0, "bad", "no JSON");
        try (MillraceServer server = MillraceServer.start(configuration())) {
            Client client = Client.of(server.httpPort());
            awaitRows(client, 19);
            awaitState(client, "LIVE");
            JsonNode quality = client.json(PATH + "/quality");
            // 10.5 % of 19 rows is too much, but 19 rows are too few to stop for.
            assertEquals(19, quality.get("rows").asInt());
            assertTrue(quality.get("complete").asBoolean());
            assertEquals(client.json(PATH).get("position"), quality.get("position"));
            assertEquals(
                    "{\"passed\":2,\"failed\":1,\"notEvaluated\":1}",
                    quality.get("overall").toString());
            JsonNode states = quality.get("rules").get(2);
            assertEquals("known states", states.get("rule").asText());
            assertEquals("FAILED", states.get("status").asText());
            assertEquals(200.0 / 19, states.get("value").asDouble(), 1e-9);
            assertEquals("percent", states.get("unit").asText());
            assertEquals("stop", states.get("onBroken").asText());
            Client.await(
                    "the dead letter",
                    () -> client.json(PATH + "/quality")
                                    .get("rejected")
                                    .get("byRule")
                                    .path("json")
                                    .asInt()
                            == 1);
            assertEquals(2, quality.get("partitions").size());
            assertEquals(2, quality.get("windows").size());
            assertEquals(
                    "2026-01-01T10:00:00Z",
                    quality.get("windows").get(0).get("start").asText());
            assertEquals(3, client.json(PATH + "/stats").get("columns").size());
            assertEquals(1, client.json(PATH).get("quality").get("failed").asInt());
            String metrics = Client.of(server.managementPort()).get("/metrics").body();
            assertTrue(
                    metrics.contains(
                            "millrace_quality_passed{domain=\"shop\",product=\"orders\",rule=\"known states\"} 0.0"),
                    metrics);

            send(1, "lost");
            awaitState(client, "STOPPED");
            String detail = client.json(PATH).get("stateDetail").asText();
            assertTrue(detail.contains("'known states' is broken: 15 percent, mustBeLessOrEqualTo 10"), detail);
            send(5, "new");
            assertEquals(20, client.json(PATH).get("rows").asInt());
        }
        try (MillraceServer unmended = MillraceServer.start(configuration())) {
            Client client = Client.of(unmended.httpPort());
            awaitState(client, "STOPPED");
            assertEquals(20, client.json(PATH).get("rows").asInt());
            assertEquals(20, client.json(PATH + "/quality").get("rows").asInt());
        }
        contract(20);
        try (MillraceServer mended = MillraceServer.start(configuration())) {
            Client client = Client.of(mended.httpPort());
            awaitRows(client, 25);
            awaitState(client, "LIVE");
            assertEquals(
                    "PASSED",
                    client.json(PATH + "/quality")
                            .get("rules")
                            .get(2)
                            .get("status")
                            .asText());
        }
    }
}
