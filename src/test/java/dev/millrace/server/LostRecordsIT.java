package dev.millrace.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.ingest.TestKafka;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a product whose topic loses records, is made anew, or takes records back. */
class LostRecordsIT {
    private static final String FLIGHTS = "/v1/products/aviation/flights";
    private static final String FLIGHT = "{\"flight_id\":\"%s\",\"date\":\"2001-01-01T00:00:00\",\"delay\":1,"
            + "\"distance\":100,\"origin\":\"SFO\",\"destination\":\"LAX\"}";

    @TempDir
    private Path folder;

    private TestMesh mesh;
    private MillraceServer server;
    private Client client;

    @BeforeEach
    void makeMesh() throws IOException {
        mesh = TestMesh.in(folder);
        Path contract = folder.resolve("mesh/domains/aviation/flights.odcs.yaml");
        Files.writeString(
                contract,
                Files.readString(contract)
                        .replace(
                                "customProperties:\n",
                                "customProperties:\n  - property: millrace.onRecreated\n    value: rebuild\n"));
        start();
    }

    @AfterEach
    void close() {
        server.close();
    }

    private void start(String... settings) {
        server = MillraceServer.start(
                mesh.configuration(settings.length == 0 ? Map.of() : Map.of(settings[0], settings[1])));
        client = Client.of(server.httpPort());
    }

    @Test
    void gap_byEachPolicy_isShownAndActedOn() throws Exception {
        send("a", "b", "c");
        awaitRows("LIVE", 3);
        server.close();
        send("d", "e", "f");
        deleteBefore(5);

        start();
        awaitRows("GAP", 3);
        assertTrue(
                flights().get("stateDetail").asText().contains("millrace.onGap"),
                flights().toString());
        assertEquals(1, metric("millrace_product_state", "state=\"GAP\""));
        server.close();

        start("input.onGap", "skip");
        awaitRows("LIVE", 4);
        assertEquals(2, flights().get("lostRecords").asInt());
        assertEquals(2, metric("millrace_product_lost_records", ""));
        server.close();
        send("g", "h");
        deleteBefore(8);

        start("input.onGap", "skip");
        Client.await("what the topic lost", () -> flights().path("lostRecords").asInt() == 2);
        awaitRows("LIVE", 4); // though nothing came behind the gap
        send("i");
        awaitRows("LIVE", 5);
        server.close();
        send("j", "k");
        deleteBefore(10);

        start("input.onGap", "rebuild");
        awaitRows("LIVE", 1);
        assertEquals("k", rows().get(0).get("flight_id").textValue());
        server.close();
        start();
        awaitRows("LIVE", 1);
    }

    @Test
    void recreated_byEachPolicy_isShownAndActedOn() throws Exception {
        send("a", "b");
        TestKafka.send(mesh.airports(), 0, "SFO", "{\"iata\":\"SFO\",\"latitude\":1,\"longitude\":1}");
        awaitRows("LIVE", 2);

        makeAnew(mesh.flights(), 4);
        makeAnew(mesh.airports(), 1);
        send("c");
        awaitRows("LIVE", 1);
        assertEquals("c", rows().get(0).get("flight_id").textValue());
        Client.await(
                "the airports to stop",
                () -> client.json("/v1/products/aviation/airports")
                        .get("state")
                        .textValue()
                        .equals("RECREATED"));
        assertEquals(1, metric("millrace_product_state", "state=\"RECREATED\""));
        send("d");
        awaitRows("LIVE", 2);
    }

    @Test
    void brokenFile_foundWhileRunning_isReadAgain() throws Exception {
        send("a", "b", "c");
        awaitRows("LIVE", 3);
        server.close();
        Path file;
        try (Stream<Path> files = Files.walk(folder.resolve("data"))) {
            file = files.filter(each -> each.toString().contains("aviation/flights/p0/")
                            && each.toString().endsWith(".arrow"))
                    .findFirst()
                    .orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(file);
        bytes[new String(bytes, ISO_8859_1).indexOf("SFO")] = 'X';
        Files.write(file, bytes);

        start();
        Client.await("the note", () -> flights().path("brokenFiles").asInt() == 1);
        Client.await("the rows", () -> {
            JsonNode rows = rows();
            return rows.size() == 3 && rows.get(0).path("origin").asText().equals("SFO");
        });
        awaitRows("LIVE", 3);
        assertEquals(1, flights().path("filesAside").asInt());
        try (Stream<Path> files = Files.walk(folder.resolve("data"))) {
            assertTrue(files.anyMatch(each -> each.toString().contains("aviation/flights/aside/")
                    && each.endsWith(Path.of("p0", file.getFileName().toString()))));
        }
        send("d");
        awaitRows("LIVE", 4);
    }

    @Test
    void transaction_aborted_neverShows() {
        try (var producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", TestKafka.bootstrapServers(), "transactional.id", mesh.flights()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            producer.initTransactions();
            for (String id : List.of("a", "b", "c")) {
                producer.beginTransaction();
                for (int i = 0; i < 3; i++) {
                    var unused = producer.send(new ProducerRecord<>(
                            mesh.flights(), 0, null, FLIGHT.formatted(id + i).getBytes(UTF_8)));
                }
                producer.flush(); // so that the brokers have them all, aborted ones too
                if (id.equals("b")) {
                    producer.abortTransaction();
                } else {
                    producer.commitTransaction();
                }
            }
        }
        awaitRows("LIVE", 6);
        assertFalse(rows().toString().contains("\"b"), rows().toString());
        // Three records and a marker of each transaction.
        Client.await("the end", () -> flights().get("position").asText().contains("12"));
        assertEquals(6, flights().get("rows").asInt());
    }

    @Test
    void partitions_addedWhileRunning_areRead() throws Exception {
        send("a");
        awaitRows("LIVE", 1);
        int more = 1 + TestKafka.partitions(mesh.flights());
        TestKafka.admin()
                .createPartitions(Map.of(mesh.flights(), NewPartitions.increaseTo(more)))
                .all()
                .get();
        TestKafka.send(mesh.flights(), more - 1, "b", FLIGHT.formatted("b"));
        send("c");
        awaitRows("LIVE", 3);
    }

    private void send(String... ids) {
        for (String id : ids) {
            TestKafka.send(mesh.flights(), 0, id, FLIGHT.formatted(id));
        }
    }

    private void deleteBefore(long offset) throws ExecutionException, InterruptedException {
        TestKafka.admin()
                .deleteRecords(Map.of(new TopicPartition(mesh.flights(), 0), RecordsToDelete.beforeOffset(offset)))
                .all()
                .get();
    }

    private static void makeAnew(String topic, int partitions) throws ExecutionException, InterruptedException {
        TestKafka.admin().deleteTopics(List.of(topic)).all().get();
        Client.await("the topic to be made anew", () -> {
            try {
                TestKafka.admin()
                        .createTopics(List.of(new NewTopic(topic, partitions, (short) 1)))
                        .all()
                        .get();
                return true;
            } catch (ExecutionException refused) {
                if (refused.getCause() instanceof TopicExistsException) {
                    return false;
                }
                throw new IllegalStateException(refused);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(interrupted);
            }
        });
    }

    private JsonNode flights() {
        return client.json(FLIGHTS);
    }

    private JsonNode rows() {
        return client.json(FLIGHTS + "/rows").get("data");
    }

    private void awaitRows(String state, int count) {
        Client.await(
                count + " rows, " + state,
                () -> flights().path("state").asText().equals(state)
                        && flights().path("rows").asInt() == count);
    }

    private double metric(String name, String tag) {
        String text = Client.of(server.managementPort()).get("/metrics").body();
        return text.lines()
                .filter(line -> line.startsWith(name + "{") && line.contains(tag))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }
}
