package dev.millrace.write;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.config.Configuration;
import dev.millrace.domain.Writes.Receipt;
import dev.millrace.kafka.ClientSettings;
import dev.millrace.kafka.TopicAdmin;
import dev.millrace.store.Position;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * The answers to requests that had an idempotency key: a topic of them, written in the transaction of the records
 * themselves, and in memory only where each one stands. One thread; blocks.
 */
final class WriteKeys implements AutoCloseable {
    static final String TOPIC = "millrace.writes";
    private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** What a request with that key was, and the answer to it. */
    record Entry(String fingerprint, Receipt receipt) {}

    /** An entry as a record of the topic has it. */
    private record Kept(String fingerprint, boolean lenient, String position, String answer) {}

    private record Place(long offset, long timestampMillis) {}

    private final TopicAdmin admin;
    private final Configuration.Writes settings;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Map<String, Place> places = new LinkedHashMap<>();

    /** Makes the topic, unless it exists. */
    WriteKeys(TopicAdmin admin, Configuration.Kafka kafka, Configuration.Writes settings) {
        this.admin = admin;
        this.settings = settings;
        String millis = Long.toString(settings.window().toMillis());
        admin.make(TOPIC, Map.of("cleanup.policy", "compact,delete", "retention.ms", millis, "segment.ms", millis))
                .toCompletionStage()
                .toCompletableFuture()
                .join();
        this.consumer = new KafkaConsumer<>(
                ClientSettings.plainConsumer(kafka), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        consumer.assign(List.of(PARTITION));
    }

    /**
     * Reads on to the topic's end, past whatever transactions are open now: what another server, or this one before it
     * died, has written or is about to write is known afterwards.
     */
    void catchUp() {
        long end = admin.end(TOPIC, IsolationLevel.READ_UNCOMMITTED, Position::of)
                .toCompletionStage()
                .toCompletableFuture()
                .orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                .join()
                .next(0);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (consumer.position(PARTITION) < end) {
            if (System.nanoTime() > deadline) {
                throw new TimeoutException("the topic " + TOPIC + " has a transaction that is open for long.");
            }
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                String key = new String(record.key(), UTF_8);
                places.remove(key);
                places.put(key, new Place(record.offset(), record.timestamp()));
            }
        }
        Iterator<Place> oldest = places.values().iterator();
        while (oldest.hasNext() && (isOver(oldest.next()) || places.size() > settings.maxKeys())) {
            oldest.remove();
        }
    }

    private boolean isOver(Place place) {
        return place.timestampMillis
                < System.currentTimeMillis() - settings.window().toMillis();
    }

    /** What is known of a key, as of the last {@link #catchUp}. */
    Optional<Entry> find(String key) {
        Place place = places.get(key);
        if (place == null || isOver(place)) {
            return Optional.empty();
        }
        long next = consumer.position(PARTITION);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        try {
            consumer.seek(PARTITION, place.offset);
            while (System.nanoTime() < deadline) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    return record.offset() == place.offset ? Optional.of(entry(record.value())) : Optional.empty();
                }
            }
            throw new TimeoutException("the topic " + TOPIC + " cannot be read.");
        } finally {
            consumer.seek(PARTITION, next);
        }
    }

    /** The record that makes an entry known. */
    static ProducerRecord<byte[], byte[]> record(String key, Entry entry) {
        Receipt receipt = entry.receipt;
        var kept = new Kept(
                entry.fingerprint, receipt.lenient(), receipt.position().toString(), receipt.json());
        return new ProducerRecord<>(
                TOPIC, 0, key.getBytes(UTF_8), JSON.valueToTree(kept).toString().getBytes(UTF_8));
    }

    private static Entry entry(byte[] value) {
        try {
            Kept kept = JSON.readValue(value, Kept.class);
            Position position = Position.parse(kept.position).orElseThrow();
            return new Entry(kept.fingerprint, new Receipt(kept.answer, position, kept.lenient));
        } catch (IOException foreign) {
            throw new UncheckedIOException("the topic " + TOPIC + " has a record that is not Millrace's", foreign);
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
