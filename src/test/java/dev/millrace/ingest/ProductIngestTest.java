package dev.millrace.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.arrow.Row;
import dev.millrace.codec.SchemaSource;
import dev.millrace.codec.Violation;
import dev.millrace.contract.MeshReader;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.contract.Property;
import dev.millrace.domain.DomainActor;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.domain.QualityWatch;
import dev.millrace.ingest.ProductIngest.Outcome;
import dev.millrace.store.Key;
import dev.millrace.store.KeyMemory;
import dev.millrace.store.LocalStore;
import dev.millrace.store.Position;
import dev.millrace.store.StoreSchema;
import dev.millrace.store.TestOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.apache.arrow.memory.RootAllocator;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What single records do to a product, without a broker. */
@Timeout(60)
class ProductIngestTest {
    private static final String TOPIC = "t";
    private static final String ID = "topic-id";
    private static final long MEMORY = 4 << 20;

    @TempDir
    private Path folder;

    private final RootAllocator root = new RootAllocator();
    private final Map<Long, Violation> letters = new TreeMap<>();
    private KeyMemory keys = KeyMemory.unlimited();

    @AfterEach
    void closeRoot() {
        root.close();
    }

    @Test
    void accept_recordsWhoseReadingFails_areDeadLettersAndHoldUpNoOther() throws Exception {
        int[] found = new int[7];
        SchemaSource schemas = id -> {
            if (id == 5 && ++found[5] <= 3) {
                throw new OutOfMemoryError("others had taken it");
            }
            return switch (id) {
                case 2 -> throw new IllegalStateException("not foreseen");
                case 3 -> throw new StackOverflowError("as deep as the record says");
                case 4 -> throw new OutOfMemoryError("whenever this record is read");
                case 6 -> new SchemaSource.Known("AVRO", "[".repeat(100_000), List.of());
                default ->
                    new SchemaSource.Known(
                            "AVRO",
                            "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"n\",\"type\":\"long\"}]}",
                            List.of());
            };
        };
        try (DomainActor domain = open("avro", "{name: n, logicalType: integer}", "")) {
            Product product = domain.products().getFirst();
            var ingest = new ProductIngest(product, domain.lanes(product), Optional.of(rejection()), schemas);
            ingest.alone(() -> product.store().topic(ID, 1)).join();
            List<ConsumerRecord<ByteBuffer, ByteBuffer>> records = new ArrayList<>();
            for (int id : new int[] {1, 2, 3, 4, 5, 6, 1}) {
                byte[] value = ByteBuffer.allocate(6)
                        .put((byte) 0)
                        .putInt(id)
                        .put((byte) (2 * id))
                        .array();
                records.add(record(records.size(), null, value));
            }
            int refused = take(ingest, records);
            assertTrue(refused >= 5, "memory that ran out is not given up at once");
            assertEquals(
                    List.of("1 unreadable", "2 unreadable", "3 size", "5 schema"),
                    letters.entrySet().stream()
                            .map(letter ->
                                    letter.getKey() + " " + letter.getValue().rule())
                            .toList());
            assertEquals(Position.of(ID, 7), product.position());
            try (var snapshot = product.snapshot()) {
                assertEquals(3, snapshot.rows());
            }
        }
    }

    @Test
    void accept_recordsWhoseKeysHaveNoRoom_waitAndAreNoDeadLetters() throws Exception {
        String key = "{name: id, logicalType: integer, required: true, primaryKey: true, primaryKeyPosition: 1}";
        String upsert = "    customProperties: [{property: millrace.mode, value: upsert}]";
        keys = new KeyMemory(128 << 10);
        List<ConsumerRecord<ByteBuffer, ByteBuffer>> records = new ArrayList<>();
        for (int n = 0; n < 20_000; n++) {
            records.add(record(n, utf8("" + n), utf8("{\"id\":" + n + "}")));
        }
        var at = new TopicPartition(TOPIC, 0);
        var run = new ConsumerRecords<>(Map.of(at, records), Map.of(at, new OffsetAndMetadata(records.size())));
        try (DomainActor domain = open("json", key, upsert)) {
            Product product = domain.products().getFirst();
            var ingest = ingest(domain, product);
            Outcome outcome = Outcome.EXHAUSTED;
            for (int i = 0; i < 100; i++) {
                outcome = ingest.accept(run).join();
            }
            assertEquals(Outcome.EXHAUSTED, outcome);
            assertTrue(product.store().keyFault().isPresent());
            long in = product.position().next(0);
            assertTrue(in > 1_000 && in < 20_000, "rows " + in);
            assertEquals(Map.of(), letters);
            try (var snapshot = product.snapshot()) {
                assertEquals(in, snapshot.rows());
            }
        }
        keys = KeyMemory.unlimited(); // a larger heap
        try (DomainActor domain = open("json", key, upsert)) {
            Product product = domain.products().getFirst();
            take(ingest(domain, product), records);
            assertEquals(Map.of(), letters);
            try (var snapshot = product.snapshot()) {
                assertEquals(20_000, snapshot.rows());
            }
        }
    }

    @Test
    void accept_recordsWithHostileHeaders_areRowsAsOthers() throws Exception {
        try (DomainActor domain = open("json", "{name: n, logicalType: integer}", "")) {
            Product product = domain.products().getFirst();
            var ingest = ingest(domain, product);
            List<ConsumerRecord<ByteBuffer, ByteBuffer>> records = new ArrayList<>();
            for (String place : new String[] {
                null,
                "",
                "t",
                "t:0",
                "t:0:",
                "t:0:0",
                "t:0:1",
                "t:-1:0",
                "t:1:0",
                "t:99:0",
                "t:2147483647:0",
                "t:2147483648:0",
                "t:99999999999999999999:0",
                "t:0:-1",
                "t:0:9223372036854775807",
                "t:0:9223372036854775808",
                "t:0:99999999999999999999",
                "other:0:0",
                "::",
                "t:0:0\0"
            }) {
                var record = record(records.size(), null, utf8("{\"n\":1}"));
                record.headers().add(DeadLetters.REPLAY_OF, place == null ? null : utf8(place));
                records.add(record);
            }
            take(ingest, records);
            assertEquals(Map.of(), letters);
            try (var snapshot = product.snapshot()) {
                // Those of offset 5 and 6 say that they are copies of the first rows.
                assertEquals(records.size() - 2, snapshot.rows());
            }
        }
    }

    @Test
    void accept_hostileLetters_holdUpNoOther() throws Exception {
        try (DomainActor domain = open("json", "{name: n, logicalType: integer}", "")) {
            Product product = domain.products().getFirst().deadLetters().orElseThrow();
            SchemaSource none = id -> new SchemaSource.Missing("there is no registry");
            var ingest = new ProductIngest(product, domain.lanes(product), Optional.empty(), none);
            ingest.alone(() -> product.store().topic(ID, 1)).join();
            List<ConsumerRecord<ByteBuffer, ByteBuffer>> records = new ArrayList<>();
            Map<String, String> good = Map.of(
                    DeadLetters.TOPIC, "t",
                    DeadLetters.PARTITION, "0",
                    DeadLetters.OFFSET, "1",
                    DeadLetters.CONTRACT_ID, "a-contract",
                    DeadLetters.CONTRACT_VERSION, "1.0.0",
                    DeadLetters.VIOLATIONS, "[{\"path\":\"n\",\"rule\":\"type\",\"reason\":\"no\"}]",
                    DeadLetters.REJECTED_AT, "2026-01-01T00:00:00Z");
            records.add(letter(records.size(), 1_000, good));
            for (String name : good.keySet()) {
                for (String value : List.of(
                        "",
                        "x",
                        "\0",
                        "-1",
                        "99999999999999999999",
                        "[".repeat(5_000),
                        "{\"rule\":".repeat(900),
                        "[[]]",
                        "[1e999999999]",
                        "\uD83D\uDE00".repeat(3_000))) {
                    Map<String, String> bad = new HashMap<>(good);
                    bad.put(name, value);
                    bad.merge(DeadLetters.OFFSET, "2", (own, other) -> own.equals("1") ? other : own);
                    records.add(letter(records.size(), 1_000, bad));
                }
            }
            for (String name : List.of(DeadLetters.OMITTED, DeadLetters.STATE, DeadLetters.REPLAYED_TO)) {
                for (String value : List.of("", "x", "-1", "9999999999999999999999", "\0")) {
                    Map<String, String> odd = new HashMap<>(good);
                    odd.put(name, value);
                    records.add(letter(records.size(), 1_000, odd));
                }
            }
            for (long timestamp : new long[] {-1, 0, Long.MAX_VALUE, Long.MIN_VALUE}) {
                Map<String, String> other = new HashMap<>(good);
                other.put(DeadLetters.OFFSET, "3");
                records.add(letter(records.size(), timestamp, other));
            }
            Map<String, String> last = new HashMap<>(good);
            last.put(DeadLetters.OFFSET, "4");
            records.add(letter(records.size(), 1_000, last));
            take(ingest, records);
            assertEquals(Position.of(ID, records.size()), product.position());
            try (var snapshot = product.snapshot()) {
                for (String offset : List.of("1", "4")) {
                    Row row = snapshot.find(Key.ofText(product.schema(), utf8("t:0:" + offset)))
                            .orElseThrow();
                    assertTrue(
                            row.batch()
                                    .column(product.schema().column("state"))
                                    .equalsBytes(row.row(), utf8("rejected")),
                            offset);
                }
            }
        }
    }

    private static ConsumerRecord<ByteBuffer, ByteBuffer> letter(
            long offset, long timestampMillis, Map<String, String> headers) {
        var all = new RecordHeaders();
        all.add("null", null);
        headers.forEach((name, value) -> all.add(name, utf8(value)));
        return new ConsumerRecord<>(
                TOPIC,
                0,
                offset,
                timestampMillis,
                TimestampType.CREATE_TIME,
                0,
                0,
                null,
                ByteBuffer.wrap(utf8("bad")),
                all,
                Optional.empty());
    }

    @Test
    void accept_deletesByEveryFormOfKey_deletesTheirRowsAndCountsThoseWithout() throws Exception {
        String key = "{name: id, logicalType: %s, required: true, primaryKey: true, primaryKeyPosition: 1}";
        String upsert = "customProperties: [{property: millrace.mode, value: upsert}]";
        try (DomainActor domain = open("json", key.formatted("integer"), upsert)) {
            Product product = domain.products().getFirst();
            var ingest = ingest(domain, product);
            List<ConsumerRecord<ByteBuffer, ByteBuffer>> records = new ArrayList<>();
            for (int id : new int[] {1, 2, 3, 5, 6, 7}) {
                records.add(record(records.size(), utf8("any"), utf8("{\"id\":" + id + "}")));
            }
            byte[][] keys = {
                utf8("1"),
                utf8("\"2\""),
                utf8("{\"id\":3}"),
                ByteBuffer.allocate(8).putLong(5).array(),
                ByteBuffer.allocate(4).putInt(6).array(),
                utf8("1"),
                utf8("order-12"),
                utf8("4711")
            };
            for (byte[] each : keys) {
                records.add(record(records.size(), each, null));
            }
            take(ingest, records);
            try (var snapshot = product.snapshot()) {
                assertEquals(1, snapshot.rows());
            }
            assertEquals(List.of(12L), List.copyOf(letters.keySet()), letters::toString);
            assertEquals(2, product.store().deletesWithoutRow());
        }
    }

    @Test
    void accept_recordsThatBreakRulesOfSeverityWarning_areCountedOnceOverRestarts() throws Exception {
        String rule = "quality: [{type: custom, engine: cel, name: 'small one', severity: warning, implementation: 'n <"
                + " 10'}]";
        List<ConsumerRecord<ByteBuffer, ByteBuffer>> records = new ArrayList<>();
        for (int n : new int[] {1, 12, 13, 4, 15}) {
            records.add(record(records.size(), null, utf8("{\"n\":" + n + "}")));
        }
        try (DomainActor domain = open("json", "{name: n, logicalType: integer}", "    " + rule)) {
            Product product = domain.products().getFirst();
            var ingest = ingest(domain, product);
            take(ingest, records);
            assertEquals(Map.of("small one", 3L), product.warnings());
            ingest.check(List.of(new ConsumerRecord<>(TOPIC, 0, 9, null, utf8("{\"n\":99}"))))
                    .join();
            assertEquals(Map.of("small one", 3L), product.warnings(), "a check counts nothing");
            ingest.alone(() -> product.store().rewind(0, 2)).join();
            take(ingest, records);
            assertEquals(Map.of("small one", 3L), product.warnings(), "what is read again is not counted again");
            QualityWatch.start(new ProductRegistry("mesh", List.of(product)), Clock.systemUTC())
                    .close();
        }
        try (DomainActor domain = open("json", "{name: n, logicalType: integer}", "    " + rule)) {
            Product product = domain.products().getFirst();
            assertEquals(Map.of("small one", 3L), product.warnings());
            var ingest = ingest(domain, product);
            ingest.alone(() -> product.store().rewind(0, 1)).join();
            records.add(record(records.size(), null, utf8("{\"n\":16}")));
            take(ingest, records);
            assertEquals(Map.of("small one", 4L), product.warnings());
        }
    }

    private ProductIngest ingest(DomainActor domain, Product product) {
        var ingest = new ProductIngest(
                product,
                domain.lanes(product),
                Optional.of(rejection()),
                id -> new SchemaSource.Missing("there is no registry"));
        ingest.alone(() -> product.store().topic(ID, 1)).join();
        return ingest;
    }

    private int take(ProductIngest ingest, List<ConsumerRecord<ByteBuffer, ByteBuffer>> records) {
        var at = new TopicPartition(TOPIC, 0);
        var run = new ConsumerRecords<>(Map.of(at, records), Map.of(at, new OffsetAndMetadata(records.size())));
        int refused = 0;
        while (ingest.accept(run).join() != Outcome.DONE) {
            refused++;
        }
        return refused;
    }

    private static ConsumerRecord<ByteBuffer, ByteBuffer> record(
            long offset, byte @Nullable [] key, byte @Nullable [] value) {
        return new ConsumerRecord<>(
                TOPIC,
                0,
                offset,
                key == null ? null : ByteBuffer.wrap(key),
                value == null ? null : ByteBuffer.wrap(value));
    }

    private ProductIngest.Rejection rejection() {
        return new ProductIngest.Rejection() {
            @Override
            public boolean isFull() {
                return false;
            }

            @Override
            public CompletableFuture<Void> send(ConsumerRecord<byte[], byte[]> record, Violation violation) {
                letters.put(record.offset(), violation);
                return CompletableFuture.completedFuture(null);
            }
        };
    }

    private DomainActor open(String format, String properties, String more) throws IOException {
        Path domain = Files.createDirectories(folder.resolve("mesh/domains/d"));
        Files.writeString(domain.resolve("a.odcs.yaml"), """
            apiVersion: v3.1.0
            kind: DataContract
            id: a-contract
            name: a
            version: 1.0.0
            status: active
            servers: [{server: k, type: kafka, host: 'localhost:1', format: %s}]
            schema:
              - name: a
                properties:
                  - %s
            %s
            """.formatted(format, properties, more));
        ProductDefinition definition =
                MeshReader.read(folder.resolve("mesh")).product("d", "a").orElseThrow();
        return DomainActor.open("d", List.of(definition), MEMORY, 1, root, (product, resources) -> {
            try {
                return LocalStore.open(
                        new StoreSchema(
                                ArrowSchemas.of(product.object()),
                                product.key().stream().map(Property::name).toList(),
                                !product.key().isEmpty()),
                        TestOptions.of(512, 256 << 10, MEMORY / 2, Duration.ofMillis(1)),
                        folder.resolve("data").resolve(product.name()),
                        resources.with(keys));
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        });
    }

    static byte[] utf8(String text) {
        return text.getBytes(UTF_8);
    }
}
