package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.ingest.TestKafka;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which contract a start serves. Flights of more than 2,880 minutes' delay are refused at first. */
class ContractRestartIT {
    private static final String FLIGHTS = "/v1/products/aviation/flights";
    private static final String AIRPORTS = "/v1/products/aviation/airports";

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
        send("a", 2_000);
        awaitRows(1);
    }

    private void start() {
        server = MillraceServer.start(mesh.configuration(Map.of("mesh.watchInterval", "50ms")));
        client = Client.of(server.httpPort());
    }

    private void restart() {
        server.close();
        start();
    }

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void boundTightened_isRefusedAfterRestartsToo_untilItIsAccepted() throws IOException {
        change("2.0.0", "maximum: 2880", "maximum: 100");
        Client.await(
                "the refusal",
                () -> flights().at("/contractChange/state").asText().equals("REFUSED"));
        for (int starts = 0; starts < 2; starts++) {
            restart();
            assertEquals("1.0.0", version());
            assertEquals(firstContract, client.get(FLIGHTS + "/contract").body());
            assertEquals("REFUSED", flights().at("/contractChange/state").asText());
            assertTrue(flights().at("/contractChange/reasons").toString().contains("delay"));
            Client.await("ready", () -> probe().contains("\"status\":\"UP\""));
            assertTrue(probe().contains("CONTRACT_REFUSED"), probe());
            send("b" + starts, 2_000);
            awaitRows(2 + starts);
        }
        String plan = accept(ExitCode.ANSWER_IS_NO, "aviation.flights");
        assertTrue(plan.contains("maximum 2880 becomes 100"), plan);
        assertTrue(plan.contains("rows on the disk stay"), plan);
        restart();
        assertEquals("1.0.0", version());

        accept(ExitCode.FINE, "aviation.flights", "--yes");
        restart();
        assertEquals("2.0.0", version());
        assertFalse(flights().has("contractChange"));
        awaitRows(3);
        send("c", 2_000);
        Client.await("the letter", () -> flights().at("/deadLetters/all").asInt() == 1);
        assertTrue(accept(ExitCode.FINE, "aviation.flights").contains("already"));
        restart();
        assertEquals("2.0.0", version());
    }

    @Test
    void acceptedContract_isTakenByARunningServer_withRowsKeptOrReadAnew() throws IOException {
        change("2.0.0", "maximum: 2880", "maximum: 100");
        Client.await("the refusal", () -> flights().has("contractChange"));
        accept(ExitCode.FINE, "aviation.flights", "--yes");
        Client.await("2.0.0", () -> isServed("2.0.0"));
        awaitRows(1);
        send("b", 2_000);
        Client.await("the letter", () -> flights().at("/deadLetters/all").asInt() == 1);

        firstContract = Files.readString(contract);
        firstDescriptor = Files.readString(descriptor);
        Files.writeString(
                contract,
                firstContract
                        .replace(
                                "      - name: distance\n        logicalType: integer",
                                "      - name: distance\n        logicalType: number")
                        .replace("2.0.0", "3.0.0"));
        Files.writeString(descriptor, firstDescriptor.replace("version: 2.0.0", "version: 3.0.0"));
        Client.await("the refusal", () -> flights().has("contractChange"));
        accept(ExitCode.FINE, "aviation.flights", "--yes");
        Client.await("3.0.0", () -> isServed("3.0.0"));
        // both records were taken by the first contract, and this one takes none of them
        Client.await("the letters", () -> flights().at("/deadLetters/all").asInt() >= 2);
        assertEquals(0, flights().get("rows").asInt());
    }

    @Test
    void acceptedContract_changedBeforeItIsTaken_isNotMeant() throws IOException {
        change("2.0.0", "maximum: 2880", "maximum: 100");
        accept(ExitCode.FINE, "aviation.flights", "--yes");
        server.close();
        change("2.0.0", "maximum: 2880", "maximum: 10");
        start();
        assertEquals("1.0.0", version());
        assertEquals("REFUSED", flights().at("/contractChange/state").asText());
    }

    @Test
    void typeChanged_isRefused_andReadsTheTopicAnewWhenAccepted() throws IOException {
        server.close();
        change(
                "2.0.0",
                "      - name: distance\n        logicalType: integer",
                "      - name: distance\n        logicalType: number");
        start();
        assertEquals("1.0.0", version());
        awaitRows(1);
        String plan = accept(ExitCode.FINE, "aviation.flights", "--yes");
        assertTrue(plan.contains("The 1 rows on the disk are forgotten"), plan);
        restart();
        assertEquals("2.0.0", version());
        awaitRows(1);
        assertEquals(
                "2.0", client.json(FLIGHTS + "/rows").at("/data/0/distance").asText());
    }

    @Test
    void brokenFiles_atAStart_keepTheLastGoodOrNameTheFault_andHinderNobody() throws IOException {
        server.close();
        Files.writeString(contract, "schema: [");
        Files.writeString(contract.resolveSibling("planes.odcs.yaml"), "kind: DataContract\n");
        start();
        assertEquals("1.0.0", version());
        assertTrue(flights().at("/contractChange/reasons").toString().contains("flights.odcs.yaml:1"));
        awaitRows(1);
        send("b", 1);
        awaitRows(2);
        Client.await(
                "the airports",
                () -> client.json(AIRPORTS).get("state").asText().equals("LIVE"));
        Client.await("ready", () -> probe().contains("\"status\":\"UP\""));
        JsonNode planes = reason("aviation.planes");
        assertEquals("NOT_SERVED", planes.get("state").asText());
        assertFalse(planes.get("holds").asBoolean());
        var answer = client.get("/v1/products/aviation/planes");
        assertEquals(503, answer.statusCode());
        assertTrue(answer.body().contains("planes.odcs.yaml"), answer.body());
        assertTrue(planes.get("detail").asText().contains("planes.odcs.yaml"), planes.toString());

        Files.writeString(descriptor, "kind: [");
        Files.writeString(contract, firstContract);
        restart();
        assertEquals("1.0.0", version());
        awaitRows(2);
        Files.writeString(descriptor, firstDescriptor);
        restart();
        assertFalse(flights().has("contractChange"));
    }

    @Test
    void topicChanged_atAStart_isRefused() throws IOException {
        server.close();
        String other = TestKafka.topic(1);
        change("2.0.0", mesh.flights(), other);
        start();
        assertEquals("1.0.0", version());
        assertTrue(flights().at("/contractChange/reasons").toString().contains(other));
        assertTrue(accept(ExitCode.FINE, "aviation.flights", "--yes").contains("are forgotten"));
        restart();
        TestKafka.send(other, 0, "z", flight("z", 7));
        awaitRows(1);
        assertEquals("z", client.json(FLIGHTS + "/rows").at("/data/0/flight_id").asText());
    }

    private String accept(ExitCode expected, String... arguments) throws IOException {
        Path config = folder.resolve("millrace.yaml");
        Files.writeString(config, "mesh: {folder: mesh}\ndata: {folder: data}\n");
        var printed = new ByteArrayOutputStream();
        var out = new PrintStream(printed, true, StandardCharsets.UTF_8);
        List<String> command = new java.util.ArrayList<>(List.of("contract", "accept", "--config", config.toString()));
        command.addAll(List.of(arguments));
        ExitCode code = Main.run(command, out, out);
        String text = printed.toString(StandardCharsets.UTF_8);
        assertEquals(expected, code, text);
        return text;
    }

    private JsonNode flights() {
        return client.json(FLIGHTS);
    }

    /** Whether that version is served already; while it is opened the product answers that it is unavailable. */
    private boolean isServed(String version) {
        var answer = client.get(FLIGHTS);
        assertTrue(answer.statusCode() == 200 || answer.statusCode() == 503, answer::body);
        return answer.statusCode() == 200
                && Client.tree(answer.body()).at("/contract/version").asText().equals(version);
    }

    private String version() {
        return flights().at("/contract/version").textValue();
    }

    private JsonNode reason(String name) {
        for (JsonNode reason : Client.tree(probe()).get("reasons")) {
            if (reason.get("name").asText().equals(name)) {
                return reason;
            }
        }
        throw new AssertionError("no reason of " + name);
    }

    private String probe() {
        return Client.of(server.managementPort()).get("/health/ready").body();
    }

    private void awaitRows(int rows) {
        Client.await(
                rows + " rows",
                () -> client.get(FLIGHTS).statusCode() == 200
                        && flights().get("rows").asInt() == rows);
    }

    private void change(String version, String from, String to) throws IOException {
        assertTrue(firstContract.contains(from), from);
        Files.writeString(contract, firstContract.replace(from, to).replace("1.0.0", version));
        Files.writeString(descriptor, firstDescriptor.replace("version: 1.0.0", "version: " + version));
    }

    private void send(String id, int delay) {
        TestKafka.send(mesh.flights(), 0, id, flight(id, delay));
    }

    private static String flight(String id, int delay) {
        return ("{\"flight_id\":\"%s\",\"date\":\"2001-01-01T10:00:00\",\"delay\":%d,\"distance\":2,"
                        + "\"origin\":\"SFO\",\"destination\":\"LAX\"}")
                .formatted(id, delay);
    }
}
