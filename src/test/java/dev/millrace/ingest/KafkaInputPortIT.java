package dev.millrace.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.codec.SchemaSource;
import dev.millrace.codec.Violation;
import dev.millrace.config.Configuration;
import dev.millrace.config.ConfigurationReader;
import dev.millrace.contract.MeshReader;
import dev.millrace.domain.DomainActor;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductState;
import dev.millrace.domain.ProductState.Phase;
import dev.millrace.kafka.TopicAdmin;
import dev.millrace.kafka.TopicStream;
import dev.millrace.server.Client;
import dev.millrace.store.LocalStore;
import dev.millrace.store.StoreSchema;
import dev.millrace.store.TestOptions;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.arrow.memory.RootAllocator;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An input port whose product's own threads fail. */
@Timeout(120)
class KafkaInputPortIT {
    @TempDir
    Path folder;

    private final Vertx vertx = Vertx.vertx();
    private final RootAllocator root = new RootAllocator();
    private String topic;
    private DomainActor domain;
    private Product product;
    private @Nullable TopicAdmin admin;
    private @Nullable KafkaInputPort port;

    @BeforeEach
    void open() throws IOException {
        topic = TestKafka.topic(1);
        Path mesh = Files.createDirectories(folder.resolve("mesh/domains/d"));
        Files.writeString(mesh.resolve("p.odcs.yaml"), """
                apiVersion: v3.1.0
                kind: DataContract
                id: p
                name: p
                version: 1.0.0
                status: active
                schema: [{name: p, physicalName: %s, properties: [{name: n, logicalType: integer, required: true}]}]
                """.formatted(topic));
        var definition =
                MeshReader.read(folder.resolve("mesh")).product("d", "p").orElseThrow();
        domain = DomainActor.open("d", List.of(definition), 16 << 20, 1, root, (each, resources) -> {
            try {
                return LocalStore.open(
                        new StoreSchema(ArrowSchemas.of(each.object()), List.of(), false),
                        TestOptions.of(4 << 20, Duration.ofMillis(50)),
                        folder.resolve("data").resolve(each.name()),
                        resources);
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        });
        product = domain.products().getFirst();
    }

    private void start(ProductIngest.Rejection rejection) {
        start(rejection, TopicStream::open);
    }

    private void start(ProductIngest.Rejection rejection, TopicStream.Opener opener) {
        Configuration configuration = ConfigurationReader.ofDefaults()
                .withOverrides(Map.of("kafka.bootstrapServers", TestKafka.bootstrapServers()))
                .read();
        var topics = new TopicAdmin(vertx, configuration.kafka());
        admin = topics;
        SchemaSource none = id -> new SchemaSource.Missing("there is no registry");
        var ingest = new ProductIngest(product, domain.lanes(product), Optional.of(rejection), none);
        var opened = new KafkaInputPort(
                vertx, configuration.kafka(), domain, product, topics, ingest, configuration.input(), opener);
        port = opened;
        opened.start();
    }

    @AfterEach
    void close() throws Exception {
        Objects.requireNonNull(port).stop().await(30, TimeUnit.SECONDS);
        Objects.requireNonNull(admin).close();
        domain.close();
        vertx.close().await(30, TimeUnit.SECONDS);
        root.close();
    }

    @Test
    void ingestThatFails_isShownAndBegunAnewUntilItDoesNot() {
        var failures = new AtomicInteger();
        var shown = new AtomicReference<>(new ProductState(Phase.STARTING, ""));
        start((FailingRejection) (record, violation) -> {
            int number = failures.incrementAndGet();
            if (number == 2) {
                throw new OutOfMemoryError("of the ingest thread");
            }
            if (number <= 3) {
                throw new IllegalStateException("not foreseen");
            }
            return CompletableFuture.completedFuture(null);
        });
        TestKafka.sendAll(topic, 0, List.of("{\"n\":1}", "bad", "{\"n\":2}"));
        Client.await("the failure to be shown", () -> {
            ProductState now = product.state();
            if (now.phase() == Phase.RETRYING) {
                shown.set(now);
            }
            return Objects.requireNonNull(shown.get()).phase() == Phase.RETRYING;
        });
        assertTrue(
                List.of("not foreseen", "of the ingest thread")
                        .contains(Objects.requireNonNull(shown.get()).detail()),
                shown::toString);
        Client.await("the product", () -> product.state().phase() == Phase.LIVE && rows() == 2);
        assertEquals(4, failures.get());
        TestKafka.sendAll(topic, 0, List.of("{\"n\":3}"));
        Client.await("the next row", () -> rows() == 3);
    }

    @Test
    void client_thatDoesNotComeBackFromAPoll_isShownAndReplaced() {
        var held = new CountDownLatch(1);
        var opened = new AtomicInteger();
        var shown = new AtomicBoolean();
        start(
                (FailingRejection) (record, violation) -> CompletableFuture.completedFuture(null),
                (vertx, topic, settings, start) -> opened.getAndIncrement() == 0
                        ? new TopicStream(vertx, topic, new Hanging(held), start, Duration.ofMillis(100))
                        : TopicStream.open(vertx, topic, settings, start));
        TestKafka.sendAll(topic, 0, List.of("{\"n\":1}"));
        try {
            Client.await("the client to be given up", () -> {
                ProductState now = product.state();
                shown.set(shown.get()
                        || now.equals(new ProductState(Phase.RETRYING, "the Kafka client does not answer")));
                return shown.get();
            });
            Client.await("the next one", () -> product.state().phase() == Phase.LIVE && rows() == 1);
            assertEquals(2, opened.get());
        } finally {
            held.countDown();
        }
    }

    /** A group would give a member that comes back what it had, and no more. */
    @Test
    void topic_thatGrowsWhileNothingReads_isReadInItsAddedPartitions() throws Exception {
        FailingRejection none = (record, violation) -> CompletableFuture.completedFuture(null);
        start(none);
        TestKafka.sendAll(topic, 0, List.of("{\"n\":1}"));
        Client.await("the row", () -> product.state().phase() == Phase.LIVE && rows() == 1);
        Objects.requireNonNull(port).stop().await(30, TimeUnit.SECONDS);
        Objects.requireNonNull(admin).close();
        TestKafka.admin()
                .createPartitions(Map.of(topic, NewPartitions.increaseTo(4)))
                .all()
                .get();
        start(none);
        for (int partition = 0; partition < 4; partition++) {
            TestKafka.sendAll(topic, partition, List.of("{\"n\":2}"));
        }
        Client.await("rows of each partition", () -> product.state().phase() == Phase.LIVE && rows() == 5);
    }

    /** A client that does not come back from a poll. */
    private static final class Hanging extends MockConsumer<ByteBuffer, ByteBuffer> {
        private final CountDownLatch held;

        Hanging(CountDownLatch held) {
            super("none");
            this.held = held;
        }

        @Override
        public ConsumerRecords<ByteBuffer, ByteBuffer> poll(Duration timeout) {
            try {
                held.await();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
            return ConsumerRecords.empty();
        }
    }

    @Test
    void letters_thatCannotBeWritten_areShownThoughRowsComeIn() {
        var fault = new AtomicReference<>(Optional.of("the dead-letter topic cannot be written"));
        start(new ProductIngest.Rejection() {
            @Override
            public boolean isFull() {
                return false;
            }

            @Override
            public Optional<String> fault() {
                return Objects.requireNonNull(fault.get());
            }

            @Override
            public CompletableFuture<Void> send(ConsumerRecord<byte[], byte[]> record, Violation violation) {
                return CompletableFuture.completedFuture(null);
            }
        });
        TestKafka.sendAll(topic, 0, List.of("{\"n\":1}", "bad"));
        Client.await(
                "the fault",
                () -> product.state()
                        .equals(new ProductState(Phase.UNWRITABLE, "the dead-letter topic cannot be written")));
        TestKafka.sendAll(topic, 0, List.of("{\"n\":2}"));
        Client.await("the next row", () -> rows() == 2);
        assertEquals(Phase.UNWRITABLE, product.state().phase());
        fault.set(Optional.empty());
        Client.await("its end", () -> product.state().equals(new ProductState(Phase.LIVE, "")));
    }

    private long rows() {
        try (var snapshot = product.snapshot()) {
            return snapshot.rows();
        }
    }

    /** One that is never full. */
    private interface FailingRejection extends ProductIngest.Rejection {
        @Override
        default boolean isFull() {
            return false;
        }
    }
}
