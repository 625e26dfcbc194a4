package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.ingest.TestKafka;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Contracts that change under a running server. Flights of more than 2,880 minutes' delay are refused at first. */
class MeshWatchIT {
    private static final String FLIGHTS = "/v1/products/aviation/flights";
    private static final String NOTE = "\n      - name: note\n        logicalType: string";

    @TempDir
    Path folder;

    private TestMesh mesh;
    private MillraceServer server;
    private Client client;
    private Path contract;
    private Path descriptor;
    private String firstContract;
    private String firstDescriptor;

    @BeforeEach
    void open() throws IOException {
        mesh = TestMesh.in(folder);
        contract = folder.resolve("mesh/domains/aviation/flights.odcs.yaml");
        descriptor = contract.resolveSibling("flights.odps.yaml");
        firstContract = Files.readString(contract);
        firstDescriptor = Files.readString(descriptor);
        start();
    }

    private void start() {
        server = MillraceServer.start(mesh.configuration(Map.of("mesh.watchInterval", "50ms")));
        client = Client.of(server.httpPort());
    }

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void contract_changed_isServedAtOnceWhenItFits_elseTheOldOneStaysAndSaysWhy() throws IOException {
        send("a", 5_000, "");
        Client.await("the letter", () -> flights().at("/deadLetters/all").asInt() == 1);

        Files.writeString(contract, "schema: [");
        awaitChange("REFUSED", "");
        assertTrue(reasons().contains("flights.odcs.yaml:1"), reasons());
        assertServed("1.0.0", firstContract);
        assertEquals(1, unserved());

        change("2.0.0", "maximum: 2880", "maximum: 100");
        awaitChange("REFUSED", "2.0.0");
        assertTrue(reasons().contains("delay"), reasons());
        assertServed("1.0.0", firstContract);
        send("b", 2_000, "");
        Client.await("a flight", () -> flights().get("rows").asInt() == 1);

        change("1.1.0", "purpose: Scheduled", "purpose: All scheduled");
        Client.await("version 1.1.0", () -> version().equals("1.1.0"));

        change("1.2.0", "maximum: 2880", "maximum: 9999");
        Client.await("version 1.2.0", () -> version().equals("1.2.0"));
        assertServed("1.2.0", Files.readString(contract));
        assertFalse(flights().has("contractChange"));
        assertEquals(0, unserved());
        send("c", 5_000, "");
        Client.await("a late flight", () -> flights().get("rows").asInt() == 2);
        assertEquals(200, client.post(FLIGHTS + "/dead-letters:replay", "{}").statusCode());
        Client.await("the replayed one", () -> flights().get("rows").asInt() == 3);
    }

    @Test
    void contract_withOneMoreColumn_waitsForTheNextStart_whichReadsOldRowsAsNull() throws IOException {
        send("a", 1, "");
        Client.await("a flight", () -> flights().get("rows").asInt() == 1);
        change("1.1.0", "    properties:", "    properties:" + NOTE);
        awaitChange("WAITING", "1.1.0");
        assertServed("1.0.0", firstContract);
        send("b", 1, ",\"note\":\"dropped\"");
        Client.await("two flights", () -> flights().get("rows").asInt() == 2);

        for (int starts = 0; starts < 2; starts++) {
            server.close();
            start();
            if (starts == 0) {
                send("c", 1, ",\"note\":\"kept\"");
            }
            Client.await("three flights", () -> flights().get("rows").asInt() == 3);
            assertServed("1.1.0", Files.readString(contract));
            assertFalse(flights().has("contractChange"));
            JsonNode rows = client.json(FLIGHTS + "/rows?select=flight_id,note").get("data");
            assertTrue(
                    rows.get(0).get("note").isNull() && rows.get(1).get("note").isNull(), rows.toString());
            assertEquals("kept", rows.get(2).get("note").textValue());
            assertEquals(1, client.json(FLIGHTS + "/rows?note=kept").get("data").size());
        }
    }

    @Test
    void product_removedWhileAClientReads_endsWithItsRows_andComesBackWithThem() throws IOException {
        int rows = 30_000;
        TestKafka.sendAll(
                mesh.flights(),
                0,
                IntStream.range(0, rows).mapToObj(i -> flight("f" + i, 1, "")).toList());
        Client.await("the flights", () -> flights().get("rows").asInt() == rows);
        Client.await("ready", () -> probe() == 200);
        try (Stream<JsonNode> lines = client.stream(FLIGHTS + "/rows")) {
            Iterator<JsonNode> left = lines.iterator();
            left.next();
            Files.delete(contract);
            Files.delete(descriptor);
            Client.await("its end", () -> client.get(FLIGHTS).statusCode() == 404);
            assertEquals(404, client.get(FLIGHTS + "/rows/f1").statusCode());
            int count = 1;
            while (left.hasNext()) {
                left.next();
                count++;
            }
            assertEquals(rows, count);
        }
        assertEquals(200, probe());
        assertFalse(Client.of(server.managementPort()).get("/metrics").body().contains("product=\"flights\""));
        assertEquals(200, client.get("/v1/products/aviation/airports").statusCode());

        Files.writeString(contract, firstContract);
        Files.writeString(descriptor, firstDescriptor);
        Client.await(
                "its return",
                () -> client.get(FLIGHTS).statusCode() == 200
                        && flights().get("state").asText().equals("LIVE"));
        assertEquals(rows, flights().get("rows").asInt());
        send("g", 1, "");
        Client.await("one more", () -> flights().get("rows").asInt() == rows + 1);
        assertEquals(0, unserved());
    }

    @Test
    void product_added_inADomainOfItsOwn_isServedReadAndWritten_brokenOrNot() throws IOException {
        Client.await("ready", () -> probe() == 200);
        String topic = TestKafka.topic(2);
        TestKafka.send(topic, 0, "a", flight("a", 1, ""));
        Path added = folder.resolve("mesh/domains/rail/trains.odcs.yaml");
        Files.createDirectories(added.getParent());
        Files.writeString(added, "schema: [");
        String trains = "/v1/products/rail/trains";
        Client.await("the fault", () -> client.get(trains).statusCode() == 503);
        assertEquals(200, probe());
        Files.writeString(added, firstContract.replace(mesh.flights(), topic));
        Client.await(
                "the trains",
                () -> client.get(trains).statusCode() == 200
                        && client.json(trains).get("rows").asInt() == 1);
        assertEquals(200, client.get(trains + "/rows/a").statusCode());
        assertEquals(200, client.get(trains + "/dead-letters").statusCode());
        assertEquals(200, probe());
        int written = client.send(
                        "POST",
                        trains + "/records",
                        flight("b", 1, "").getBytes(StandardCharsets.UTF_8),
                        "Content-Type",
                        "application/json")
                .statusCode();
        assertEquals(2, written / 100);
        Client.await("the written", () -> client.json(trains).get("rows").asInt() == 2);
        assertTrue(Client.of(server.managementPort()).get("/metrics").body().contains("product=\"trains\""));
        server.close();
        start();
        assertEquals(2, client.json(trains).get("rows").asInt());
    }

    private int probe() {
        return Client.of(server.managementPort()).get("/health/ready").statusCode();
    }

    private JsonNode flights() {
        return client.json(FLIGHTS);
    }

    private String version() {
        return flights().at("/contract/version").textValue();
    }

    private String reasons() {
        return flights().at("/contractChange/reasons").toString();
    }

    private void awaitChange(String state, String version) {
        Client.await(state + " " + version, () -> {
            JsonNode change = flights().path("contractChange");
            return change.path("state").asText().equals(state)
                    && change.path("version").asText("").equals(version);
        });
    }

    private void assertServed(String version, String text) {
        assertEquals(version, version());
        assertEquals(text, client.get(FLIGHTS + "/contract").body());
    }

    private int unserved() {
        String name = "millrace_product_contract_unserved{domain=\"aviation\",product=\"flights\"} ";
        return Client.of(server.managementPort())
                .get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith(name))
                .mapToInt(line -> (int) Double.parseDouble(line.substring(name.length())))
                .findFirst()
                .orElseThrow();
    }

    private void change(String version, String from, String to) throws IOException {
        assertTrue(firstContract.contains(from), from);
        Files.writeString(contract, firstContract.replace(from, to).replace("1.0.0", version));
        Files.writeString(descriptor, firstDescriptor.replace("version: 1.0.0", "version: " + version));
    }

    private void send(String id, int delay, String more) {
        TestKafka.send(mesh.flights(), 0, id, flight(id, delay, more));
    }

    private static String flight(String id, int delay, String more) {
        return ("{\"flight_id\":\"%s\",\"date\":\"2001-01-01T10:00:00\",\"delay\":%d,\"distance\":2,"
                        + "\"origin\":\"SFO\",\"destination\":\"LAX\"%s}")
                .formatted(id, delay, more);
    }
}
