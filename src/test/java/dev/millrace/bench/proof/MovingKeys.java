package dev.millrace.bench.proof;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.ingest.TestKafka;
import dev.millrace.server.Client;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Writes keys and deletes of them into a topic by two partitioners, Kafka's and librdkafka's, while the topic grows. What a
 * table of it must say is reckoned from the topic's records: the newest of each partition, of these the one with the
 * greatest timestamp, of equal ones that of the highest partition.
 */
final class MovingKeys implements AutoCloseable {
    static final String TOPIC = "moving";
    private static final int KEYS = 2_000;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final String bootstrapServers;
    private final KafkaProducer<byte[], byte[]> producer;
    private final Random random;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private volatile boolean ending;

    private MovingKeys(String bootstrapServers, long seed) {
        this.bootstrapServers = bootstrapServers;
        this.random = new Random(seed);
        // It waits for a broker that is away; a record that comes twice is one more of its key.
        this.producer = new KafkaProducer<>(
                Map.of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ProducerConfig.MAX_BLOCK_MS_CONFIG,
                        Long.MAX_VALUE,
                        ProducerConfig.METADATA_MAX_AGE_CONFIG,
                        1_000),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    static MovingKeys start(String bootstrapServers, long seed) {
        var moving = new MovingKeys(bootstrapServers, seed);
        Thread.ofPlatform().daemon().name("moving").start(moving::run);
        return moving;
    }

    private void run() {
        try {
            for (long number = 0; !ending; number++) {
                byte[] key = ("k" + random.nextInt(KEYS)).getBytes(UTF_8);
                byte @Nullable [] value = random.nextInt(4) == 0
                        ? null
                        : Ledger.value(new String(key, UTF_8), number).getBytes(UTF_8);
                @Nullable Integer partition = random.nextBoolean() ? null : crc(key);
                var unused = producer.send(new ProducerRecord<>(TOPIC, partition, key, value));
                LockSupport.parkNanos(PAUSE_NANOS);
            }
            producer.flush();
            ended.complete(null);
        } catch (RuntimeException failure) {
            ended.completeExceptionally(failure);
        }
    }

    private int crc(byte[] key) {
        var crc = new CRC32();
        crc.update(key);
        return (int) (crc.getValue() % producer.partitionsFor(TOPIC).size());
    }

    /** Gives the topic more partitions; the broker must be there. */
    void grow(int partitions) throws InterruptedException {
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers))) {
            admin.createPartitions(Map.of(TOPIC, NewPartitions.increaseTo(partitions)))
                    .all()
                    .get();
        } catch (ExecutionException failure) {
            throw new IllegalStateException(failure);
        }
    }

    /** Ends the writing; all is in the topic then. */
    void end() {
        ending = true;
        ended.orTimeout(5, TimeUnit.MINUTES).join();
    }

    /** A record by its key, and where it is. */
    private record Found(
            int partition, long timestamp, @Nullable String value) {
        boolean counts(@Nullable Found other) {
            return other == null
                    || timestamp > other.timestamp
                    || (timestamp == other.timestamp && partition > other.partition);
        }
    }

    /** How a table differs from the topic. */
    record Verdict(int keys, int several, int lost, int twice, int ghosts, int wrong) {
        boolean isRight() {
            return lost + twice + ghosts + wrong == 0;
        }
    }

    /** The verdict once the product has read all, or after a minute. */
    Verdict settled(Client client, String product) {
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        Verdict verdict = judge(client, product);
        while (!verdict.isRight() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(500));
            verdict = judge(client, product);
        }
        return verdict;
    }

    /** Holds the rows of a product against the topic. */
    private Verdict judge(Client client, String product) {
        Map<String, Map<Integer, Found>> newest = new HashMap<>();
        TestKafka.readEach(
                bootstrapServers,
                TOPIC,
                record -> newest.computeIfAbsent(new String(record.key(), UTF_8), key -> new HashMap<>())
                        .put(
                                record.partition(),
                                new Found(
                                        record.partition(),
                                        record.timestamp(),
                                        record.value() == null ? null : new String(record.value(), UTF_8))));
        Map<String, JsonNode> expected = new HashMap<>();
        newest.forEach((key, each) -> {
            Found best = null;
            for (Found found : each.values()) {
                best = found.counts(best) ? found : best;
            }
            if (best != null && best.value() != null) {
                expected.put(key, Client.tree(best.value()));
            }
        });
        Map<String, Integer> served = new HashMap<>();
        int[] wrong = new int[1];
        try (Stream<JsonNode> rows = client.stream(product + "/rows")) {
            rows.forEach(row -> {
                String key = row.get("account").textValue();
                served.merge(key, 1, Integer::sum);
                wrong[0] += !expected.containsKey(key) || expected.get(key).equals(row) ? 0 : 1;
            });
        }
        return new Verdict(
                newest.size(),
                (int) newest.values().stream().filter(each -> each.size() > 1).count(),
                (int) expected.keySet().stream()
                        .filter(key -> !served.containsKey(key))
                        .count(),
                (int) served.values().stream().filter(times -> times > 1).count(),
                (int) served.keySet().stream()
                        .filter(key -> !expected.containsKey(key))
                        .count(),
                wrong[0]);
    }

    @Override
    public void close() {
        ending = true;
        producer.close(java.time.Duration.ofSeconds(2));
    }
}
