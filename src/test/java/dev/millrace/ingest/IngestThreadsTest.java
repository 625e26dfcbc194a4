package dev.millrace.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.codec.SchemaSource;
import dev.millrace.codec.Violation;
import dev.millrace.contract.MeshReader;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.domain.DomainActor;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductState.Phase;
import dev.millrace.ingest.ProductIngest.Outcome;
import dev.millrace.problem.ProblemException;
import dev.millrace.store.LocalStore;
import dev.millrace.store.Position;
import dev.millrace.store.ProductStore;
import dev.millrace.store.Slice;
import dev.millrace.store.Snapshot;
import dev.millrace.store.StoreResources;
import dev.millrace.store.StoreSchema;
import dev.millrace.store.TestOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.arrow.memory.RootAllocator;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Partitions on several ingest threads. */
@Timeout(60)
class IngestThreadsTest {
    private static final String TOPIC = "t";
    private static final String ID = "topic-id";
    private static final int PARTITIONS = 7;
    private static final int RUNS = 12;
    private static final int RUN_OFFSETS = 200;
    private static final long MEMORY = 2 << 20;

    /** In the middle of a run of a partition that shares its thread with another; it fits no budget of this size. */
    private static final int HUGE_PARTITION = 5;

    private static final long HUGE_OFFSET = 1234;

    @TempDir
    private Path folder;

    private final RootAllocator root = new RootAllocator();

    private ProductDefinition definition(String name) {
        try {
            Path domain = Files.createDirectories(folder.resolve("mesh/domains/d"));
            Files.writeString(domain.resolve(name + ".odcs.yaml"), """
                    apiVersion: v3.1.0
                    kind: DataContract
                    id: %s-contract
                    name: %s
                    version: 1.0.0
                    status: active
                    schema:
                      - name: %s
                        properties:
                          - {name: n, logicalType: integer, required: true}
                          - {name: text, logicalType: string}
                          - {name: more, logicalType: string}
                    """.formatted(name, name, name));
            return MeshReader.read(folder.resolve("mesh")).product("d", name).orElseThrow();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @AfterEach
    void closeRoot() {
        root.close();
    }

    /** Takes letters and acknowledges them on a thread of its own. */
    private static final class Letters implements ProductIngest.Rejection {
        private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
        private final AtomicInteger waiting = new AtomicInteger();
        private final Executor broker;

        Letters(Executor broker) {
            this.broker = broker;
        }

        @Override
        public boolean isFull() {
            return waiting.get() >= 8;
        }

        @Override
        public CompletableFuture<Void> send(ConsumerRecord<byte[], byte[]> record, Violation violation) {
            waiting.incrementAndGet();
            return CompletableFuture.runAsync(
                    () -> {
                        acknowledged.add(record.partition() + ":" + record.offset());
                        waiting.decrementAndGet();
                    },
                    broker);
        }
    }

    @Test
    void partitions_onFourThreadsShortOfMemory_haveEveryRecordOnce() throws Exception {
        try (var broker = Executors.newSingleThreadExecutor();
                var beside = Executors.newSingleThreadExecutor()) {
            var letters = new Letters(broker);
            DomainActor domain = open("d", 4, List.of("a"));
            Product product = domain.products().getFirst();
            ProductStore store = product.store();
            var ingest = ingest(domain, product, letters);
            ingest.alone(() -> store.topic(ID, PARTITIONS - 1)).join(); // a partition more comes with the records
            Position end = Position.of(
                    ID,
                    LongStream.generate(() -> RUNS * RUN_OFFSETS)
                            .limit(PARTITIONS)
                            .toArray());

            var ended = new AtomicBoolean();
            var watched = CompletableFuture.runAsync(
                    () -> {
                        while (!ended.get()) {
                            lookBeside(ingest, product, letters);
                        }
                    },
                    beside);
            int refused = 0;
            try {
                for (int run = 0; run < RUNS; run++) {
                    refused += give(ingest, run);
                    if (run % 3 == 1) {
                        int partition = run % PARTITIONS;
                        long back = (run - 1) * RUN_OFFSETS + 77;
                        ingest.alone(() -> store.rewind(partition, back)).join();
                        assertEquals(back, store.position().next(partition));
                        refused += give(ingest, run - 1);
                        refused += give(ingest, run);
                    }
                }
            } finally {
                ended.set(true);
            }
            assertTrue(refused > 0, "memory was never short");
            watched.join();
            product.reach(end, Duration.ofSeconds(10)).join();
            check(store, end);
            assertEquals(badOffsets(), letters.acknowledged);
            domain.close();

            try (ProductStore reopened =
                    store("d", definition("a"), new StoreResources(root, root, Runnable::run), 64 << 20)) {
                check(reopened, end);
            }
        }
    }

    /** What other threads do meanwhile: the watch, a replay's check, readers. */
    private static void lookBeside(ProductIngest ingest, Product product, Letters letters) {
        Position durable = product.store().durable();
        for (int partition = 0; partition < durable.partitions(); partition++) {
            for (long offset = 0; offset < durable.next(partition); offset++) {
                assertTrue(
                        !isBad(partition, offset) || letters.acknowledged.contains(partition + ":" + offset),
                        "durable before its letter");
            }
        }
        ingest.tick().join();
        var good = new ConsumerRecord<byte[], byte[]>(
                TOPIC, 3, 0, null, value(3, 1).getBytes(UTF_8));
        var bad = new ConsumerRecord<byte[], byte[]>(TOPIC, 0, 0, null, "{}".getBytes(UTF_8));
        if (product.position().partitions() > 3) {
            try {
                List<Optional<Violation>> verdicts =
                        ingest.check(List.of(good, bad, good)).join();
                assertEquals(
                        List.of(false, true, false),
                        verdicts.stream().map(Optional::isPresent).toList());
            } catch (CompletionException noMemory) {
                assertTrue(noMemory.getCause() instanceof ProblemException, noMemory.toString());
            }
        }
        try (Snapshot snapshot = product.snapshot()) {
            assertEquals(snapshot.rows(), allRows(snapshot));
        }
    }

    private static long allRows(Snapshot snapshot) {
        return IntStream.range(0, snapshot.partitions())
                .mapToLong(partition -> offsets(snapshot, partition).size())
                .sum();
    }

    private static int give(ProductIngest ingest, int run) throws Exception {
        int refused = 0;
        ConsumerRecords<ByteBuffer, ByteBuffer> records = run(run);
        while (ingest.accept(records).get(30, TimeUnit.SECONDS) != Outcome.DONE) {
            refused++;
        }
        return refused;
    }

    private static boolean isBad(int partition, long offset) {
        return offset % 50 != 49
                && (offset % 23 == partition || (partition == HUGE_PARTITION && offset == HUGE_OFFSET));
    }

    private static Set<String> badOffsets() {
        Set<String> bad = ConcurrentHashMap.newKeySet();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            for (long offset = 0; offset < RUNS * RUN_OFFSETS; offset++) {
                if (isBad(partition, offset)) {
                    bad.add(partition + ":" + offset);
                }
            }
        }
        return bad;
    }

    private static String value(int partition, long offset) {
        if (partition == HUGE_PARTITION && offset == HUGE_OFFSET) {
            String most = "x".repeat(1_000_000);
            return "{\"n\":1,\"text\":\"" + most + "\",\"more\":\"" + most + "\"}";
        }
        return isBad(partition, offset)
                ? "{\"n\":\"no number\"}"
                : "{\"n\":" + offset + ",\"text\":\"" + "y".repeat(400) + "\"}";
    }

    /** A run of all partitions, without every 50th offset, with which it may end. */
    private static ConsumerRecords<ByteBuffer, ByteBuffer> run(int run) {
        long from = (long) run * RUN_OFFSETS;
        return records(PARTITIONS, from, from + RUN_OFFSETS);
    }

    private static ConsumerRecords<ByteBuffer, ByteBuffer> records(int partitions, long from, long to) {
        Map<TopicPartition, List<ConsumerRecord<ByteBuffer, ByteBuffer>>> records = new HashMap<>();
        Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
        for (int number = 0; number < partitions; number++) {
            int partition = number;
            var at = new TopicPartition(TOPIC, partition);
            records.put(
                    at,
                    LongStream.range(from, to)
                            .filter(offset -> offset % 50 != 49)
                            .mapToObj(offset -> new ConsumerRecord<ByteBuffer, ByteBuffer>(
                                    TOPIC,
                                    partition,
                                    offset,
                                    null,
                                    ByteBuffer.wrap(value(partition, offset).getBytes(UTF_8))))
                            .toList());
            next.put(at, new OffsetAndMetadata(to));
        }
        return new ConsumerRecords<>(records, next);
    }

    private static void check(ProductStore store, Position end) {
        assertEquals(end, store.position());
        try (Snapshot snapshot = store.snapshot()) {
            for (int partition = 0; partition < PARTITIONS; partition++) {
                List<Long> found = offsets(snapshot, partition);
                int at = 0;
                for (long offset = 0; offset < RUNS * RUN_OFFSETS; offset++) {
                    if (offset % 50 != 49 && !isBad(partition, offset)) {
                        assertEquals(offset, found.get(at++), "partition " + partition);
                    }
                }
                assertEquals(at, found.size());
            }
        }
    }

    private static List<Long> offsets(Snapshot snapshot, int partition) {
        List<Long> offsets = new ArrayList<>();
        for (Slice slice : snapshot.slices(partition)) {
            int[] rows = new int[slice.rows()];
            int count = slice.select(0, slice.rows(), rows);
            for (int i = 0; i < count; i++) {
                offsets.add(slice.offset(rows[i]));
            }
        }
        return offsets;
    }

    @Test
    void thread_thatIsHeldUp_holdsUpNoOther() throws Exception {
        var held = new CountDownLatch(1);
        var begun = new CountDownLatch(1);
        DomainActor domain = open("d", 3, List.of("a", "b"));
        DomainActor other = open("e", 1, List.of("a"));
        Product hostile = domain.products().getFirst();
        var hostileIngest = ingest(domain, hostile, new ProductIngest.Rejection() {
            @Override
            public boolean isFull() {
                if (Thread.currentThread().getName().equals("domain-d-ingest-2")) {
                    begun.countDown();
                    awaitUninterrupted(held);
                }
                return false;
            }

            @Override
            public CompletableFuture<Void> send(ConsumerRecord<byte[], byte[]> record, Violation violation) {
                return CompletableFuture.completedFuture(null);
            }
        });
        hostileIngest.alone(() -> hostile.store().topic(ID, 3)).join();
        CompletableFuture<Outcome> slow = hostileIngest.accept(records(3, 0, 10));
        begun.await();
        var ranBeside = new AtomicBoolean();
        CompletableFuture<Void> alone = hostileIngest.alone(() -> ranBeside.set(held.getCount() > 0));
        for (Product product :
                List.of(domain.products().get(1), other.products().getFirst())) {
            DomainActor its = product == domain.products().get(1) ? domain : other;
            var ingest = ingest(its, product, new Letters(Runnable::run));
            ingest.alone(() -> product.store().topic(ID, 1)).get(20, TimeUnit.SECONDS);
            assertEquals(Outcome.DONE, ingest.accept(records(1, 0, 10)).get(20, TimeUnit.SECONDS));
            assertEquals(Optional.empty(), ingest.tick().get(20, TimeUnit.SECONDS));
            its.state(product, Phase.LIVE, "");
            ingest.alone(() -> product.store().rewind(0, 5)).get(20, TimeUnit.SECONDS);
            assertEquals(Phase.LIVE, product.state().phase());
            assertEquals(Position.of(ID, 5), product.position());
        }
        assertFalse(slow.isDone());
        assertEquals(0, hostile.position().next(2));
        held.countDown();
        assertEquals(Outcome.DONE, slow.join());
        alone.join();
        assertFalse(ranBeside.get(), "the whole product was changed while a thread was at work on it");
        assertEquals(Position.of(ID, 10, 10, 10), hostile.position());
        domain.close();
        other.close();
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    private DomainActor open(String name, int threads, List<String> products) {
        return DomainActor.open(
                name,
                products.stream().map(this::definition).toList(),
                MEMORY,
                threads,
                root,
                (product, resources) -> store(name, product, resources, MEMORY / products.size()));
    }

    private ProductStore store(String domain, ProductDefinition product, StoreResources resources, long budget) {
        try {
            return LocalStore.open(
                    new StoreSchema(ArrowSchemas.of(product.object()), List.of(), false),
                    TestOptions.of(512, 256 << 10, budget, Duration.ofMillis(1)),
                    folder.resolve(domain).resolve(product.name()),
                    resources);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static ProductIngest ingest(DomainActor domain, Product product, ProductIngest.Rejection rejection) {
        SchemaSource none = id -> new SchemaSource.Missing("there is no registry");
        return new ProductIngest(product, domain.lanes(product), Optional.of(rejection), none);
    }
}
