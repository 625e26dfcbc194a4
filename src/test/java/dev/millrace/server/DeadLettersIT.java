package dev.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.ingest.TestKafka;
import dev.millrace.store.Position;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.Location;
import org.apache.arrow.memory.RootAllocator;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Dead letters as a product, and their replay, on a whole server. Flights of more than 2,880 minutes' delay are refused. */
class DeadLettersIT {
    private static final String FLIGHTS = "/v1/products/aviation/flights";
    private static final String LETTERS = FLIGHTS + "/dead-letters";
    private static final String REPLAY = LETTERS + ":replay";
    private static final int LATE = 5_000;

    @TempDir
    Path folder;

    private TestMesh mesh;
    private MillraceServer server;
    private Client client;

    @BeforeEach
    void open() throws IOException {
        mesh = TestMesh.in(folder);
        start();
    }

    private void start() {
        server = MillraceServer.start(mesh.configuration(Map.of("http.maxBody", "64KiB")));
        client = Client.of(server.httpPort());
    }

    @AfterEach
    void close() {
        server.close();
    }

    @Test
    void letters_thatTheTopicDoesNotTake_areShownUntilItDoes() throws Exception {
        String topic = mesh.flights() + ".dlq";
        Client.await(
                "the topic of letters",
                () -> client.json(FLIGHTS).get("state").asText().equals("LIVE"));
        maxMessageBytes(topic, 100);
        send("M", "{\"flight_id\":\"M\",\"delay\":1}");
        Client.await(
                "the fault",
                () -> client.json(FLIGHTS).get("stateDetail").asText().contains(topic + " cannot be written"));
        assertEquals("UNWRITABLE", client.json(FLIGHTS).get("state").asText());
        JsonNode ready = Client.of(server.managementPort()).json("/health/ready");
        assertTrue(ready.get("reasons").toString().contains(topic), ready::toString);
        send("G", flight("G", 1));
        Client.await("the next row", () -> client.json(FLIGHTS).get("rows").asInt() == 1);
        assertEquals("UNWRITABLE", client.json(FLIGHTS).get("state").asText());
        maxMessageBytes(topic, 1 << 20);
        awaitLetters(1);
        Client.await("its end", () -> client.json(FLIGHTS).get("state").asText().equals("LIVE"));
    }

    private static void maxMessageBytes(String topic, int bytes) throws Exception {
        var entry = new ConfigEntry("max.message.bytes", Integer.toString(bytes));
        TestKafka.admin()
                .incrementalAlterConfigs(Map.of(
                        new ConfigResource(ConfigResource.Type.TOPIC, topic),
                        List.of(new AlterConfigOp(entry, AlterConfigOp.OpType.SET))))
                .all()
                .get();
    }

    @Test
    void letters_areAProduct_onEveryFace() throws Exception {
        assertEquals(0, client.json(LETTERS).get("data").size());
        long missing = send("M", "{\"flight_id\":\"M\",\"delay\":1}");
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(
                mesh.flights(),
                0,
                1_700_000_000_123L,
                "L".getBytes(UTF_8),
                flight("L", LATE).getBytes(UTF_8));
        record.headers().add("trace", new byte[] {0, -1});
        record.headers().add("__connect.errors.topic", "the record's own".getBytes(UTF_8));
        long late = TestKafka.send(record);
        send("none", null);
        awaitLetters(3);
        String id = mesh.flights() + ":0:" + late;

        JsonNode row = client.json(LETTERS + "/" + id);
        assertEquals("rejected", row.get("state").textValue());
        assertEquals("maximum", row.get("rule").textValue());
        assertEquals(late, row.get("offset").longValue());
        assertEquals("2023-11-14T22:13:20.123Z", row.get("timestamp").textValue());
        assertEquals("1.0.0", row.get("contract_version").textValue());
        assertEquals("delay", row.at("/violations/0/path").textValue());
        assertFalse(row.get("violations").toString().contains("" + LATE));
        assertEquals("L", new String(row.get("key").binaryValue(), UTF_8));
        assertEquals(flight("L", LATE), new String(row.get("value").binaryValue(), UTF_8));
        assertEquals(
                List.of("trace", "__connect.errors.topic"), row.get("headers").findValuesAsText("name"));
        assertArrayEquals(new byte[] {0, -1}, row.at("/headers/0/value").binaryValue());
        assertEquals(404, client.get(LETTERS + "/nothing").statusCode());

        JsonNode filtered = client.json(LETTERS + "?rule=required&select=id,value_bytes&limit=5");
        assertEquals(1, filtered.get("data").size());
        assertEquals(mesh.flights() + ":0:" + missing, filtered.at("/data/0/id").textValue());
        JsonNode tombstone = client.json(LETTERS + "?rule=value").at("/data/0");
        assertTrue(
                tombstone.get("value").isNull() && tombstone.get("value_bytes").isNull());
        assertEquals(3, client.lines("aviation/flights.dead-letters").size());

        JsonNode descriptor = client.json(FLIGHTS);
        assertEquals(3, descriptor.at("/deadLetters/rejected").asInt());
        assertEquals(LETTERS, descriptor.at("/urls/deadLetters").textValue());
        assertTrue(client.get(FLIGHTS + ".dead-letters/contract").body().contains("id: 'urn:millrace:demo:"));
        assertEquals(
                "upsert", client.json(FLIGHTS + ".dead-letters").get("mode").textValue());
        assertFalse(client.get("/v1/products").body().contains("dead-letters"));
        assertTrue(Client.of(server.managementPort())
                .get("/metrics")
                .body()
                .contains("millrace_product_dead_letters{domain=\"aviation\",product=\"flights\"} 3.0"));
        try (var root = new RootAllocator();
                var flight = FlightClient.builder(root, Location.forGrpcInsecure("127.0.0.1", server.flightPort()))
                        .build()) {
            for (FlightDescriptor path : List.of(
                    FlightDescriptor.path("aviation", "flights", "dead-letters"),
                    FlightDescriptor.path("flights.dead-letters"))) {
                assertEquals(3, flight.getInfo(path).getRecords());
            }
        }
    }

    @Test
    void replay_underANewContract_sendsEachRecordOnce() throws Exception {
        ProducerRecord<byte[], byte[]> traced = new ProducerRecord<>(
                mesh.flights(),
                2,
                1_700_000_000_123L,
                "L1".getBytes(UTF_8),
                flight("L1", LATE).getBytes(UTF_8));
        traced.headers().add("trace", new byte[] {7});
        TestKafka.send(traced);
        send("L2", flight("L2", LATE));
        send("L3", flight("L3", LATE));
        send("B", flight("B", LATE).replace("SFO", "sfo!"));
        send("J", "no JSON");
        awaitLetters(5);
        assertReport(0, Map.of("maximum", 4, "json", 1), "");
        renewContract();
        assertEquals(5, client.json(LETTERS).get("data").size());

        assertReport(3, Map.of("pattern", 1, "json", 1), "{\"dryRun\":true}");
        assertEquals(404, client.get(FLIGHTS + "/rows/L1").statusCode(), "a dry run sends nothing");
        assertReport(0, Map.of("json", 1), "{\"rule\":\"json\"}");
        String first = mesh.flights() + ":2:0";
        JsonNode one = assertReport(1, Map.of("unknown", 1), "{\"ids\":[\"%s\",\"x:0:1\"]}".formatted(first));
        awaitPosition(one);
        assertEquals(5_000, client.json(FLIGHTS + "/rows/L1").get("delay").intValue());

        abandonedReplay("L2"); // as if a server had been killed in between
        awaitPosition(assertReport(2, Map.of("pattern", 1, "json", 1), ""));
        assertReport(0, Map.of("pattern", 1, "json", 1), "");
        assertReport(0, Map.of("unknown", 1), "{\"ids\":[\"%s\"]}".formatted(first));
        assertFlights("L1", "L2", "L3");

        JsonNode letter = client.json(LETTERS + "/" + first);
        assertEquals("replayed", letter.get("state").textValue());
        assertEquals("L1", new String(letter.get("key").binaryValue(), UTF_8));
        assertEquals(2, client.json(FLIGHTS).at("/deadLetters/rejected").asInt());
        assertEquals(5, client.json(FLIGHTS).at("/deadLetters/all").asInt());
        ConsumerRecord<byte[], byte[]> copy = TestKafka.readAll(mesh.flights()).stream()
                .filter(each -> letter.get("replayed_to")
                        .textValue()
                        .equals(mesh.flights() + ":" + each.partition() + ":" + each.offset()))
                .findFirst()
                .orElseThrow();
        assertEquals(2, copy.partition());
        assertEquals(traced.timestamp(), copy.timestamp());
        assertArrayEquals(traced.value(), copy.value());
        assertArrayEquals(new byte[] {7}, copy.headers().lastHeader("trace").value());

        // Read again from the beginning: the originals are taken now, so their copies must not be.
        server.close();
        delete("flights");
        start();
        awaitPosition(one);
        Client.await("live", () -> client.json(FLIGHTS).get("state").textValue().equals("LIVE"));
        assertFlights("L1", "L2", "L3");
        assertEquals(2, client.json(FLIGHTS).at("/deadLetters/rejected").asInt());
    }

    @Test
    void replay_ofWhatWasReadAgain_onlyMarksIt() throws Exception {
        send("L1", flight("L1", LATE));
        awaitLetters(1);
        server.close();
        delete("flights");
        rewriteContract();
        start();
        Client.await("L1", () -> client.get(FLIGHTS + "/rows/L1").statusCode() == 200);
        JsonNode report = assertReport(0, Map.of(), "");
        assertEquals(1, report.get("taken").asInt());
        assertEquals(0, assertReport(0, Map.of(), "").get("taken").asInt());
        assertFlights("L1");
        assertEquals("taken", client.json(LETTERS).at("/data/0/state").textValue());
        // A letter that comes again, from a server that reads later for example, does not wake the old one.
        ConsumerRecord<byte[], byte[]> again =
                TestKafka.readAll(mesh.flights() + ".dlq").getFirst();
        TestKafka.send(new ProducerRecord<>(again.topic(), 0, again.key(), again.value(), again.headers()));
        assertReport(0, Map.of(), "");
        assertEquals(1, client.json(LETTERS).get("data").size());
    }

    @Test
    void replays_atOnce_sendEachRecordOnce() throws Exception {
        List<String> ids = IntStream.range(0, 1_200).mapToObj(i -> "L" + i).toList();
        for (String id : ids) {
            send(id, flight(id, LATE));
        }
        awaitLetters(ids.size());
        renewContract();
        Executor threads = task -> Thread.ofPlatform().start(task);
        List<CompletableFuture<HttpResponse<String>>> answers = IntStream.range(0, 4)
                .mapToObj(i -> CompletableFuture.supplyAsync(() -> client.post(REPLAY, ""), threads))
                .toList();
        long replayed = 0;
        for (var answer : answers) {
            HttpResponse<String> got = answer.join();
            assertTrue(got.statusCode() == 200 || got.statusCode() == 409, got::body);
            replayed += Client.tree(got.body()).path("replayed").asLong();
        }
        assertEquals(ids.size(), replayed);
        Client.await("rows", () -> client.json(FLIGHTS).get("rows").asInt() >= ids.size());
        assertFlights(ids.toArray(new String[0]));
    }

    @Test
    void replay_ofAWrongBody_saysWhatWouldBeRight() {
        for (String body :
                List.of("[]", "{\"id\":\"x\"}", "{\"ids\":[1]}", "{\"ids\":[]}", "{\"dryRun\":\"yes\"}", "{")) {
            HttpResponse<String> answer = client.post(REPLAY, body);
            assertEquals(400, answer.statusCode(), body);
            assertTrue(answer.body().contains("topic:partition:offset"), body);
        }
        assertEquals(413, client.post(REPLAY, " ".repeat(100_000)).statusCode());
        assertEquals(
                404,
                client.post("/v1/products/aviation/none/dead-letters:replay", "")
                        .statusCode());
    }

    private static String flight(String id, int delay) {
        return ("{\"flight_id\":\"%s\",\"date\":\"2001-01-01T10:00:00\",\"delay\":%d,\"distance\":2,"
                        + "\"origin\":\"SFO\",\"destination\":\"LAX\"}")
                .formatted(id, delay);
    }

    private long send(String key, @org.jspecify.annotations.Nullable String value) {
        return TestKafka.send(mesh.flights(), 0, key, value);
    }

    private void awaitLetters(int count) {
        Client.await(
                count + " dead letters",
                () -> client.json(FLIGHTS).at("/deadLetters/all").asInt() == count);
    }

    private void awaitPosition(JsonNode report) {
        Position wanted = position(report);
        Client.await("position " + wanted, () -> position(client.json(FLIGHTS)).hasReached(wanted));
    }

    private static Position position(JsonNode json) {
        return Position.parse(json.get("position").textValue()).orElseThrow();
    }

    private JsonNode assertReport(int replayed, Map<String, Integer> kept, String body) {
        HttpResponse<String> answer = client.post(REPLAY, body);
        assertEquals(200, answer.statusCode(), answer.body());
        JsonNode report = Client.tree(answer.body());
        assertEquals(replayed, report.get("replayed").asInt(), answer.body());
        Map<String, Integer> found = new java.util.HashMap<>();
        report.get("kept")
                .forEach(each -> found.put(
                        each.get("rule").textValue(), each.get("count").intValue()));
        assertEquals(kept, found);
        assertTrue(report.get("complete").booleanValue());
        return report;
    }

    /** The rows are these flights, each once. */
    private void assertFlights(String... ids) {
        List<String> found = client.lines("aviation/flights").stream()
                .map(row -> row.get("flight_id").textValue())
                .sorted()
                .toList();
        assertEquals(Stream.of(ids).sorted().toList(), found);
    }

    /** A new version of the contract, which takes late flights, and a restart. */
    private void renewContract() throws IOException {
        server.close();
        rewriteContract();
        start();
    }

    private void rewriteContract() throws IOException {
        Path file = folder.resolve("mesh/domains/aviation/flights.odcs.yaml");
        String text = Files.readString(file);
        assertTrue(text.contains("maximum: 2880"));
        Files.writeString(
                file, text.replace("maximum: 2880", "maximum: 9999").replace("version: 1.0.0", "version: 1.1.0"));
        Path descriptor = file.resolveSibling("flights.odps.yaml");
        Files.writeString(descriptor, Files.readString(descriptor).replace("version: 1.0.0", "version: 1.1.0"));
    }

    private void delete(String product) throws IOException {
        try (Stream<Path> files =
                Files.walk(folder.resolve("data/domains/aviation").resolve(product))) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** What a replay leaves that ends between its records and its commit. */
    private void abandonedReplay(String key) throws Exception {
        var producer = new KafkaProducer<>(
                Map.<String, Object>of(
                        "bootstrap.servers",
                        TestKafka.bootstrapServers(),
                        "transactional.id",
                        "millrace.replay.aviation.flights"),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        producer.initTransactions();
        producer.beginTransaction();
        var sent = producer.send(new ProducerRecord<>(
                mesh.flights(), 0, key.getBytes(UTF_8), flight(key, LATE).getBytes(UTF_8)));
        producer.flush();
        sent.get();
        producer.close(java.time.Duration.ZERO);
    }
}
