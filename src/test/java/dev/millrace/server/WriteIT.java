package dev.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.ingest.TestKafka;
import dev.millrace.store.Position;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.arrow.flight.CallHeaders;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightCallHeaders;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.HeaderCallOption;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.flight.SyncPutListener;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.avro.Schema;
import org.apache.avro.file.CodecFactory;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Writes over HTTP and Flight through a whole server into real topics, and reads of what was written. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WriteIT {
    private static final String CONTRACT = """
            apiVersion: v3.1.0
            kind: DataContract
            id: %1$s
            name: %1$s
            version: 1.0.0
            status: active
            servers:
              - server: broker
                type: kafka
                host: localhost:9092
                format: %2$s
            customProperties:
              - property: millrace.mode
                value: %4$s
            schema:
              - name: %1$s
                physicalName: %3$s
                logicalType: object
                properties:
                  - name: id
                    physicalName: order_id
                    logicalType: string
                    required: true
                    primaryKey: true
                    primaryKeyPosition: 1
                  - name: total
                    logicalType: integer
                    required: true
                    logicalTypeOptions:
                      minimum: 0
                  - name: placed
                    physicalName: placed_at
                    logicalType: timestamp
                    physicalType: epoch_seconds
            """;
    private static final Schema AVRO = new Schema.Parser().parse("""
            {"type":"record","name":"Order","fields":[
              {"name":"order_id","type":"string"},{"name":"total","type":"long"},
              {"name":"placed_at","type":{"type":"long","logicalType":"timestamp-millis"}}]}
            """);
    private static final String ORDERS = "/v1/products/shop/orders";
    private static final String RECORDS = ORDERS + "/records";
    private static final int MAX_RECORDS = 50;

    private Path folder;
    private String orders;
    private String batches;
    private MillraceServer server;
    private Client client;

    @BeforeAll
    void open(@TempDir Path temporary) throws Exception {
        folder = temporary;
        orders = TestKafka.topic(3, Map.of("max.message.bytes", "20000"));
        batches = TestKafka.topic(1);
        Path domain = Files.createDirectories(folder.resolve("mesh/domains/shop"));
        contract(domain, "orders", "json", orders, "upsert");
        contract(domain, "batches", "arrow", batches, "append");
        contract(domain, "avros", "avro", TestKafka.topic(1), "append");
        start();
    }

    private static void contract(Path domain, String name, String format, String topic, String mode)
            throws IOException {
        Files.writeString(domain.resolve(name + ".odcs.yaml"), CONTRACT.formatted(name, format, topic, mode));
    }

    private void start() {
        server = MillraceServer.start(new TestMesh(folder, "", "", "")
                .configuration(Map.of("writes.maxRecords", Integer.toString(MAX_RECORDS), "http.maxBody", "64KiB")));
        client = Client.of(server.httpPort());
        for (String product : List.of("orders", "batches", "avros")) {
            Client.await(
                    product,
                    () -> client.json("/v1/products/shop/" + product)
                            .get("state")
                            .textValue()
                            .equals("LIVE"));
        }
    }

    @AfterAll
    void close() {
        server.close();
    }

    @Test
    void everyForm_isReadAtItsPosition_andIsTheSameJsonOnTheTopic() throws Exception {
        write(1, "application/json", order("j1", 1).getBytes(UTF_8), "j1"); // one object
        write(
                2,
                "application/json",
                (" [" + order("j2", 2) + " ,\n" + order("j3", 3) + "]\n").getBytes(UTF_8),
                "j2",
                "j3");
        write(2, "application/x-ndjson", (order("n1", 4) + "\r\n\n" + order("n2", 5)).getBytes(UTF_8), "n1", "n2");
        write(2, "application/avro", avro(CodecFactory.nullCodec(), order("a1", 6), order("a2", 7)), "a1", "a2");
        write(2, "application/vnd.apache.arrow.stream", arrow("order_id", "r1:8", "r2:9"), "r1", "r2");
        write(0, "application/json; charset=utf-8", "[]".getBytes(UTF_8));
        Map<String, JsonNode> values = TestKafka.readAll(orders).stream()
                .filter(record -> record.value() != null)
                .collect(Collectors.toMap(
                        record -> new String(record.key(), UTF_8),
                        record -> Client.tree(new String(record.value(), UTF_8)),
                        (before, after) -> after));
        assertEquals(Client.tree(order("a1", 6)), values.get("a1"));
        assertEquals(Client.tree("{\"order_id\":\"r2\",\"total\":9,\"placed_at\":null}"), values.get("r2"));
        // The key is what a delete names, and what Kafka's own partitioner goes by.
        TestKafka.readAll(orders).stream()
                .filter(record -> !new String(record.key(), UTF_8).equals("dd"))
                .forEach(record -> assertEquals(
                        org.apache.kafka.common.utils.Utils.toPositive(
                                        org.apache.kafka.common.utils.Utils.murmur2(record.key()))
                                % 3,
                        record.partition()));
    }

    /** Writes, and reads each row at the position that the answer names. */
    private void write(int accepted, String type, byte[] body, String... ids) {
        HttpResponse<String> answer = client.send("POST", RECORDS, body, "Content-Type", type);
        assertEquals(200, answer.statusCode(), answer.body());
        JsonNode receipt = Client.tree(answer.body());
        assertEquals(accepted, receipt.get("accepted").asInt());
        assertFalse(receipt.has("rejected"));
        String position = receipt.get("position").textValue();
        assertEquals(position, header(answer, "Millrace-Position"));
        for (String id : ids) {
            HttpResponse<String> row = at(ORDERS + "/rows/" + id, position);
            assertEquals(200, row.statusCode(), row.body());
            assertTrue(reached(row, position));
        }
    }

    private HttpResponse<String> at(String path, String position) {
        return client.get(path, "Millrace-Min-Position", position, "Prefer", "respond-async, wait=20");
    }

    private static boolean reached(HttpResponse<String> answer, String position) {
        return Position.parse(header(answer, "Millrace-Position"))
                .orElseThrow()
                .hasReached(Position.parse(position).orElseThrow());
    }

    @Test
    void brokenRecords_refuseARequest_orOnlyThemselvesWhereItIsLenient() throws Exception {
        List<byte[]> bodies = List.of(
                ("[" + order("s1", 1) + "," + order("s2", -1) + ",{\"order_id\":\"s3\"}]").getBytes(UTF_8),
                (order("s1", 1) + "\n" + order("s2", -1) + "\n{\"order_id\":\"s3\"}").getBytes(UTF_8),
                avro(CodecFactory.nullCodec(), order("s1", 1), order("s2", -1), order("s3", -2)),
                arrow("order_id", "s1:1", "s2:-1", "s3:-2"));
        List<String> types = List.of(
                "application/json", "application/x-ndjson", "avro/binary", "application/vnd.apache.arrow.stream");
        int before = TestKafka.readAll(orders).size();
        for (int i = 0; i < bodies.size(); i++) {
            HttpResponse<String> strict = client.send("POST", RECORDS, bodies.get(i), "Content-Type", types.get(i));
            assertEquals(422, strict.statusCode(), strict.body());
            JsonNode problem = Client.tree(strict.body());
            assertEquals("/problems/broken-records", problem.get("type").textValue());
            assertEquals("[1, 2]", problem.findValues("index").toString());
            assertEquals("minimum", problem.at("/rejected/0/rule").textValue());
            assertEquals("total", problem.at("/rejected/0/path").textValue());
            HttpResponse<String> lenient = client.send(
                    "POST", RECORDS, bodies.get(i), "Content-Type", types.get(i), "Prefer", "wait=1, handling=lenient");
            assertEquals(200, lenient.statusCode(), lenient.body());
            assertEquals("handling=lenient", header(lenient, "Preference-Applied"));
            JsonNode receipt = Client.tree(lenient.body());
            assertEquals(1, receipt.get("accepted").asInt());
            assertEquals("[1, 2]", receipt.findValues("index").toString());
        }
        assertEquals(before + bodies.size(), TestKafka.readAll(orders).size());
        for (String body : List.of("", "{", "[{},]", "[1]", "7", "{}{}", "[{}]x", "null", "[{\"a\":1]")) {
            assertEquals(400, post(body, "application/json").statusCode(), body);
        }
        byte[] compressed = avro(CodecFactory.deflateCodec(6), order("x", 1));
        assertEquals(
                400,
                client.send("POST", RECORDS, compressed, "Content-Type", "application/avro")
                        .statusCode());
        for (String type : types.subList(2, 4)) {
            assertEquals(400, post("no such thing", type).statusCode(), type);
        }
        // Nothing that was accepted has become a dead letter.
        assertEquals(0, client.json(ORDERS).at("/deadLetters/all").asInt());
    }

    @Test
    void idempotencyKey_writesOnce_overARestartToo() {
        String key = "\"" + UUID.randomUUID() + "\"";
        String body = order("i1", 1);
        HttpResponse<String> first = post(body, "application/json", "Idempotency-Key", key);
        assertEquals(200, first.statusCode(), first.body());
        HttpResponse<String> again = post(body, "application/json", "Idempotency-Key", key);
        assertEquals(first.body(), again.body());
        assertEquals(header(first, "Millrace-Position"), header(again, "Millrace-Position"));
        assertEquals(
                422,
                post(order("i1", 2), "application/json", "Idempotency-Key", key).statusCode());
        // A refusal leaves no trace of its key.
        String other = UUID.randomUUID().toString();
        assertEquals(
                422,
                post(order("i2", -1), "application/json", "Idempotency-Key", other)
                        .statusCode());
        assertEquals(
                200,
                post(order("i2", 1), "application/json", "Idempotency-Key", other)
                        .statusCode());

        server.close();
        start();
        assertEquals(
                first.body(),
                post(body, "application/json", "Idempotency-Key", key).body());
        assertEquals(
                422,
                post(order("i1", 2), "application/json", "Idempotency-Key", key).statusCode());
        assertEquals(1, sent("i1"));
        String unquoted = key.replace("\"", "");
        assertEquals(
                first.body(),
                post(body, "application/json", "Idempotency-Key", unquoted).body());
        for (String wrong : List.of("\"\"", "\"a", "x".repeat(256))) {
            assertEquals(
                    400,
                    post(body, "application/json", "Idempotency-Key", wrong).statusCode(),
                    wrong);
        }
        String longest = UUID.randomUUID() + "x".repeat(255 - 36);
        assertEquals(
                200,
                post(order("i3", 1), "application/json", "Idempotency-Key", longest)
                        .statusCode());

        String shared = UUID.randomUUID().toString();
        Executor threads = task -> Thread.ofPlatform().start(task);
        List<CompletableFuture<Integer>> racing = IntStream.range(0, 8)
                .mapToObj(i -> CompletableFuture.supplyAsync(
                        () -> post(order("i4", 4), "application/json", "Idempotency-Key", shared)
                                .statusCode(),
                        threads))
                .toList();
        List<Integer> seen = racing.stream().map(CompletableFuture::join).toList();
        assertTrue(seen.contains(200) && List.of(200, 409).containsAll(seen), seen::toString);
        assertEquals(1, sent("i4"));
    }

    private long sent(String id) {
        return TestKafka.readAll(orders).stream()
                .filter(record -> new String(record.key(), UTF_8).equals(id))
                .count();
    }

    @Test
    void delete_ofAKeyInSeveralPartitions_reachesAll() {
        String rows = ORDERS + "/rows/";
        long past = System.currentTimeMillis() - 1_000;
        for (int partition = 0; partition < 3; partition++) {
            TestKafka.send(new ProducerRecord<>(
                    orders,
                    partition,
                    past + partition,
                    "dd".getBytes(UTF_8),
                    order("dd", partition).getBytes(UTF_8)));
        }
        // A producer whose clock is fast: the greatest timestamp counts, but a delete of its partition all the same.
        TestKafka.send(new ProducerRecord<>(
                orders,
                1,
                past + 3_600_000,
                "dd".getBytes(UTF_8),
                order("dd", 100).getBytes(UTF_8)));
        Client.await("dd", () -> total(rows + "dd") == 100);
        JsonNode one = client.json(ORDERS + "/rows?id=dd");
        assertEquals(1, one.get("data").size(), one::toString);
        HttpResponse<String> deleted = client.send("DELETE", rows + "dd", new byte[0]);
        assertEquals(200, deleted.statusCode(), deleted.body());
        assertEquals(1, Client.tree(deleted.body()).get("accepted").asInt());
        assertEquals(404, at(rows + "dd", header(deleted, "Millrace-Position")).statusCode());
        assertEquals(
                List.of(0, 1, 2),
                TestKafka.readAll(orders).stream()
                        .filter(record -> new String(record.key(), UTF_8).equals("dd") && record.value() == null)
                        .map(ConsumerRecord::partition)
                        .sorted()
                        .toList());
    }

    private int total(String row) {
        HttpResponse<String> answer = client.get(row);
        return answer.statusCode() == 200
                ? Client.tree(answer.body()).get("total").asInt()
                : -1;
    }

    @Test
    void delete_ofAKey_removesItsRow() {
        String rows = ORDERS + "/rows/";
        String position = header(post(order("d,1", 1), "application/json"), "Millrace-Position");
        assertEquals(200, at(rows + "d%2C1", position).statusCode());
        String key = UUID.randomUUID().toString();
        HttpResponse<String> deleted = client.send("DELETE", rows + "d%2C1", new byte[0], "Idempotency-Key", key);
        assertEquals(200, deleted.statusCode(), deleted.body());
        assertEquals(1, Client.tree(deleted.body()).get("accepted").asInt());
        assertEquals(
                404, at(rows + "d%2C1", header(deleted, "Millrace-Position")).statusCode());
        assertEquals(
                deleted.body(),
                client.send("DELETE", rows + "d%2C1", new byte[0], "Idempotency-Key", key)
                        .body());
        assertEquals(
                422,
                client.send("DELETE", rows + "d2", new byte[0], "Idempotency-Key", key)
                        .statusCode());
        assertEquals(400, client.send("DELETE", rows + "a,b", new byte[0]).statusCode());
        HttpResponse<String> append = client.send("DELETE", "/v1/products/shop/batches/rows/x", new byte[0]);
        assertEquals(405, append.statusCode());
        assertEquals("GET, HEAD", header(append, "Allow"));
    }

    @Test
    void limits_atAndAbove() {
        String most =
                IntStream.range(0, MAX_RECORDS).mapToObj(i -> order("m" + i, i)).collect(Collectors.joining(","));
        assertEquals(200, post("[" + most + "]", "application/json").statusCode());
        assertEquals(
                413,
                post("[" + most + "," + order("m", 1) + "]", "application/json").statusCode());
        String one = order("size", 1);
        int limit = 64 << 10;
        for (int more : new int[] {-1, 0}) {
            assertEquals(
                    200,
                    post(one + " ".repeat(limit + more - one.length()), "application/json")
                            .statusCode());
        }
        HttpResponse<String> tooLarge = post(one + " ".repeat(limit + 1 - one.length()), "application/json");
        assertEquals(413, tooLarge.statusCode());
    }

    /** Requests that go into one transaction do not suffer from one that the topic does not take. */
    @Test
    void recordTooLargeForTheTopic_isRefusedAlone() {
        Executor threads = task -> Thread.ofPlatform().start(task);
        List<CompletableFuture<HttpResponse<String>>> answers = IntStream.range(0, 24)
                .mapToObj(i -> CompletableFuture.supplyAsync(
                        () -> post(
                                order("g" + i, i).replace("}", ",\"note\":\"" + note(i % 4 == 3 ? 30_000 : 10) + "\"}"),
                                "application/json"),
                        threads))
                .toList();
        for (int i = 0; i < answers.size(); i++) {
            HttpResponse<String> answer = answers.get(i).join();
            assertEquals(i % 4 == 3 ? 400 : 200, answer.statusCode(), answer.body());
            assertTrue(i % 4 != 3 || answer.body().contains("max.message.bytes"), answer.body());
        }
    }

    /** Of letters that no compression makes small. */
    private static String note(int length) {
        return new java.util.Random(7)
                .ints(length, 'a', 'z')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    @Test
    void products_thatTakeNothingOrOneFormOnly_sayWhatTheyTake() throws Exception {
        assertEquals(
                415, post(order("u", 1), "application/x-www-form-urlencoded").statusCode());
        HttpResponse<String> packed = post(order("u", 1), "application/json", "Content-Encoding", "gzip");
        assertEquals(415, packed.statusCode());
        assertTrue(header(packed, "Accept").contains("application/avro"));
        HttpResponse<String> avros = client.send(
                "POST",
                "/v1/products/shop/avros/records",
                avro(CodecFactory.nullCodec(), order("u", 1)),
                "Content-Type",
                "application/avro");
        assertEquals(415, avros.statusCode());
        String path = "/v1/products/shop/batches/records";
        HttpResponse<String> json = client.send("POST", path, new byte[0], "Content-Type", "application/json");
        assertEquals("application/vnd.apache.arrow.stream", header(json, "Accept"));
        String arrow = "application/vnd.apache.arrow.stream";
        HttpResponse<String> broken =
                client.send("POST", path, arrow("order_id", "b1:1", "b2:-1"), "Content-Type", arrow);
        assertEquals(422, broken.statusCode(), broken.body());
        assertEquals(1, Client.tree(broken.body()).at("/rejected/0/index").asInt());
        HttpResponse<String> whole = client.send(
                "POST", path, arrow("order_id", "b1:1", "b2:2"), "Content-Type", arrow, "Prefer", "handling=lenient");
        assertEquals(2, Client.tree(whole.body()).get("accepted").asInt(), whole.body());
        assertTrue(whole.headers().firstValue("Preference-Applied").isEmpty());
        HttpResponse<String> rows = at("/v1/products/shop/batches/rows", header(whole, "Millrace-Position"));
        assertTrue(Client.tree(rows.body()).findValuesAsText("id").containsAll(List.of("b1", "b2")), rows.body());

        HttpResponse<String> letters =
                client.send("POST", ORDERS + ".dead-letters/records", new byte[0], "Content-Type", "application/json");
        assertEquals(405, letters.statusCode());
        assertEquals("", header(letters, "Allow"));
        assertEquals(
                404,
                client.post(ORDERS + ".dead-letters/dead-letters:replay", "").statusCode());
        assertEquals(
                400,
                client.post(ORDERS + "/dead-letters:replay", "{\"dryRun\":true,\"dryRun\":false}")
                        .statusCode());
    }

    @Test
    void minPosition_notReached_isAProblemThatNamesTheOneThatIs() {
        Position now =
                Position.parse(client.json(ORDERS).get("position").textValue()).orElseThrow();
        String ahead = now.topicId() + ":999999999999.0.0";
        for (String path : List.of("", "/contract", "/schema", "/rows", "/rows/j1", "/quality", "/stats")) {
            HttpResponse<String> late = client.get(ORDERS + path, "Millrace-Min-Position", ahead);
            assertEquals(412, late.statusCode(), path);
            assertEquals("1", header(late, "Retry-After"));
            assertEquals(
                    header(late, "Millrace-Position"),
                    Client.tree(late.body()).get("position").textValue());
        }
        HttpResponse<String> lookUp = client.send(
                "POST", ORDERS + "/rows:lookup", "{\"keys\":[\"j1\"]}".getBytes(UTF_8), "Millrace-Min-Position", ahead);
        assertEquals(412, lookUp.statusCode());
        HttpResponse<String> waited = client.get(ORDERS + "/rows", "Millrace-Min-Position", ahead, "Prefer", "wait=1");
        assertEquals(412, waited.statusCode());
        assertEquals(
                400,
                client.get(ORDERS + "/rows", "Millrace-Min-Position", "soon").statusCode());
        assertEquals(
                410,
                client.get(ORDERS + "/rows", "Millrace-Min-Position", "other:0").statusCode());
        // A position that is not reached yet can be waited for and read at.
        String position = header(post(order("p1", 1), "application/json"), "Millrace-Position");
        HttpResponse<String> exact = at(ORDERS + "/rows?as_of=" + position, position);
        assertEquals(position, header(exact, "Millrace-Position"));
    }

    @Test
    void flight_putsAndReadsItsOwn() throws Exception {
        try (var root = new RootAllocator();
                var flight = FlightClient.builder(root, Location.forGrpcInsecure("localhost", server.flightPort()))
                        .build()) {
            String key = UUID.randomUUID().toString();
            String receipt = put(flight, root, List.of("shop", "orders"), key, "f1:1", "f2:2");
            assertEquals(2, Client.tree(receipt).get("accepted").asInt());
            assertEquals(receipt, put(flight, root, List.of("shop", "orders"), key, "f1:1", "f2:2"));
            String position = Client.tree(receipt).get("position").textValue();
            CallHeaders headers = new FlightCallHeaders();
            headers.insert("millrace-min-position", position);
            headers.insert("prefer", "wait=20");
            FlightInfo info = flight.getInfo(FlightDescriptor.path("shop", "orders"), new HeaderCallOption(headers));
            Position seen =
                    Position.parse(new String(info.getAppMetadata(), UTF_8)).orElseThrow();
            assertTrue(seen.hasReached(Position.parse(position).orElseThrow()));
            List<String> ids = new ArrayList<>();
            try (FlightStream stream =
                    flight.getStream(info.getEndpoints().getFirst().getTicket())) {
                while (stream.next()) {
                    byte[] at = new byte[(int) stream.getLatestMetadata().readableBytes()];
                    stream.getLatestMetadata().getBytes(0, at);
                    assertEquals(seen.toString(), new String(at, UTF_8));
                    for (int i = 0; i < stream.getRoot().getRowCount(); i++) {
                        ids.add(stream.getRoot().getVector("id").getObject(i).toString());
                    }
                }
            }
            assertTrue(ids.containsAll(List.of("f1", "f2")), ids::toString);
            assertEquals(
                    FlightStatusCode.INVALID_ARGUMENT,
                    refusal(() -> put(flight, root, List.of("shop", "orders"), "", "f3:-3"))
                            .code());
            assertEquals(
                    FlightStatusCode.NOT_FOUND,
                    refusal(() -> put(flight, root, List.of("shop", "none"), "", "f3:3"))
                            .code());
            assertEquals(
                    FlightStatusCode.INVALID_ARGUMENT,
                    refusal(() -> put(flight, root, List.of("shop", "orders"), "", "f3" + "x".repeat(65 << 10) + ":3"))
                            .code());
            CallHeaders ahead = new FlightCallHeaders();
            ahead.insert("millrace-min-position", seen.topicId() + ":999999999999.0.0");
            assertEquals(
                    FlightStatusCode.UNAVAILABLE,
                    refusal(() -> flight.getInfo(FlightDescriptor.path("shop", "orders"), new HeaderCallOption(ahead)))
                            .code());
        }
    }

    private interface Putting {
        void run() throws Exception;
    }

    private static CallStatus refusal(Putting putting) {
        return assertThrows(FlightRuntimeException.class, putting::run).status();
    }

    private static String put(FlightClient flight, RootAllocator root, List<String> path, String key, String... rows)
            throws Exception {
        CallHeaders headers = new FlightCallHeaders();
        if (!key.isEmpty()) {
            headers.insert("idempotency-key", key);
        }
        try (var listener = new SyncPutListener();
                VectorSchemaRoot batch = batch(root, "order_id", rows)) {
            FlightClient.ClientStreamListener writer =
                    flight.startPut(FlightDescriptor.path(path), batch, listener, new HeaderCallOption(headers));
            writer.putNext();
            writer.completed();
            PutResult result = listener.read();
            writer.getResult();
            try (result) {
                byte[] json = new byte[(int) result.getApplicationMetadata().readableBytes()];
                result.getApplicationMetadata().getBytes(0, json);
                return new String(json, UTF_8);
            }
        } catch (java.util.concurrent.ExecutionException failure) {
            throw failure.getCause() instanceof FlightRuntimeException refused ? refused : failure;
        }
    }

    private static String order(String id, int total) {
        return "{\"order_id\":\"" + id + "\",\"total\":" + total + ",\"placed_at\":1000000000.123}";
    }

    private HttpResponse<String> post(String body, String type, String... headers) {
        List<String> all = new ArrayList<>(List.of("Content-Type", type));
        all.addAll(List.of(headers));
        return client.send("POST", RECORDS, body.getBytes(UTF_8), all.toArray(new String[0]));
    }

    private static String header(HttpResponse<String> answer, String name) {
        return answer.headers().firstValue(name).orElseThrow(() -> new AssertionError(name + ": " + answer.body()));
    }

    private static byte[] avro(CodecFactory codec, String... orders) throws IOException {
        var out = new ByteArrayOutputStream();
        try (var writer = new DataFileWriter<GenericRecord>(new GenericDatumWriter<>(AVRO)).setCodec(codec)) {
            writer.create(AVRO, out);
            for (String order : orders) {
                JsonNode json = Client.tree(order);
                GenericRecord record = new GenericData.Record(AVRO);
                record.put("order_id", json.get("order_id").textValue());
                record.put("total", json.get("total").longValue());
                record.put("placed_at", 1_000_000_000_123L);
                writer.append(record);
                if (codec.toString().equals("null")) {
                    writer.sync(); // a block for each
                }
            }
        }
        return out.toByteArray();
    }

    private static VectorSchemaRoot batch(RootAllocator root, String name, String... rows) {
        var ids = new VarCharVector(name, root);
        var totals = new BigIntVector("total", root);
        for (int row = 0; row < rows.length; row++) {
            String[] parts = rows[row].split(":", 2);
            ids.setSafe(row, parts[0].getBytes(UTF_8));
            totals.setSafe(row, Long.parseLong(parts[1]));
        }
        ids.setValueCount(rows.length);
        totals.setValueCount(rows.length);
        VectorSchemaRoot batch = VectorSchemaRoot.of(ids, totals);
        batch.setRowCount(rows.length);
        return batch;
    }

    private static byte[] arrow(String name, String... rows) throws IOException {
        var out = new ByteArrayOutputStream();
        try (var root = new RootAllocator();
                VectorSchemaRoot batch = batch(root, name, rows);
                var writer = new ArrowStreamWriter(batch, null, out)) {
            writer.start();
            writer.writeBatch();
            writer.end();
        }
        return out.toByteArray();
    }
}
