package dev.millrace.ingest;

import dev.millrace.Folders;
import dev.millrace.ingest.broker.EmbeddedBroker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * The Kafka of a test run: one broker in this JVM, started by the first test that asks and closed at the end of the
 * run, and a topic of its own for every test. Listed in {@code META-INF/services}, so that the launcher closes it.
 */
public final class TestKafka implements LauncherSessionListener {
    private static final AtomicReference<@Nullable Running> RUNNING = new AtomicReference<>();

    private record Running(Path folder, EmbeddedBroker broker, Admin admin, KafkaProducer<byte[], byte[]> producer) {}

    /** The address for {@code bootstrap.servers}. */
    public static String bootstrapServers() {
        return running().broker().bootstrapServers();
    }

    /** An administrative client, shared; do not close it. */
    public static Admin admin() {
        return running().admin();
    }

    /** A new topic with a name that no other test has; takes records of up to 32 MiB. */
    public static String topic(int partitions) {
        return topic(partitions, Map.of());
    }

    /** A new topic with a name that no other test has. */
    public static String topic(int partitions, Map<String, String> configs) {
        String name = "test-" + Uuid.randomUuid();
        settle(() -> admin().createTopics(List.of(new NewTopic(name, partitions, (short) 1).configs(configs)))
                .all()
                .get());
        return name;
    }

    /** How many partitions a topic has. */
    public static int partitions(String topic) {
        return settle(() -> admin().describeTopics(List.of(topic))
                        .topicNameValues()
                        .values()
                        .iterator()
                        .next()
                        .get())
                .partitions()
                .size();
    }

    /** Sends one record, waits for the acknowledgement and returns its offset; a null value is a tombstone. */
    public static long send(String topic, int partition, String key, @Nullable String value) {
        byte @Nullable [] bytes = value == null ? null : value.getBytes(StandardCharsets.UTF_8);
        return send(new ProducerRecord<>(topic, partition, key.getBytes(StandardCharsets.UTF_8), bytes));
    }

    /** Sends one record, waits for the acknowledgement and returns its offset. */
    public static long send(ProducerRecord<byte[], byte[]> record) {
        return settle(() -> running().producer().send(record).get()).offset();
    }

    /** Sends values without keys to one partition and waits until all are acknowledged. */
    public static void sendAll(String topic, int partition, Collection<String> values) {
        for (String value : values) {
            var unused = running()
                    .producer()
                    .send(new ProducerRecord<>(topic, partition, null, value.getBytes(StandardCharsets.UTF_8)));
        }
        running().producer().flush();
    }

    /** All records that the topic holds at the time of the call, partition after partition. */
    public static List<ConsumerRecord<byte[], byte[]>> readAll(String topic) {
        return readAll(bootstrapServers(), topic);
    }

    /** The same, from any cluster. */
    public static List<ConsumerRecord<byte[], byte[]>> readAll(String bootstrapServers, String topic) {
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        readEach(bootstrapServers, topic, records::add);
        records.sort(Comparator.comparingInt((ConsumerRecord<byte[], byte[]> record) -> record.partition())
                .thenComparingLong(ConsumerRecord::offset));
        return records;
    }

    /** Reads all that a topic has now, the records of each partition in order. */
    public static void readEach(
            String bootstrapServers, String topic, Consumer<ConsumerRecord<byte[], byte[]>> reader) {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers",
                        bootstrapServers,
                        "enable.auto.commit",
                        false,
                        "max.partition.fetch.bytes",
                        33 * 1024 * 1024),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(partition -> new TopicPartition(topic, partition.partition()))
                    .toList();
            Map<TopicPartition, Long> ends = new HashMap<>(consumer.endOffsets(partitions));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(Duration.ofMillis(200)).forEach(reader);
            }
        }
    }

    @Override
    public void launcherSessionClosed(LauncherSession session) {
        @Nullable Running running = RUNNING.getAndSet(null);
        if (running != null) {
            running.producer().close(Duration.ZERO);
            running.admin().close(Duration.ZERO);
            running.broker().close();
            delete(running.folder());
        }
    }

    private static synchronized Running running() {
        @Nullable Running running = RUNNING.get();
        if (running == null) {
            running = start();
            RUNNING.set(running);
        }
        return running;
    }

    private static Running start() {
        try {
            Path folder = Files.createTempDirectory("millrace-kafka");
            EmbeddedBroker broker = EmbeddedBroker.start(folder, 0);
            Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
            KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                    Map.of(
                            "bootstrap.servers",
                            broker.bootstrapServers(),
                            "linger.ms",
                            0,
                            "buffer.memory",
                            68L * 1024 * 1024,
                            "max.request.size",
                            33 * 1024 * 1024),
                    new ByteArraySerializer(),
                    new ByteArraySerializer());
            return new Running(folder, broker, admin, producer);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path folder) {
        try {
            Folders.delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private interface Asked<T> {
        T get() throws ExecutionException, InterruptedException;
    }

    private static <T> T settle(Asked<T> asked) {
        try {
            return asked.get();
        } catch (ExecutionException e) {
            throw new AssertionError("Kafka refused", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }
}
