package dev.millrace.ingest.publish;

import dev.millrace.kafka.Backoff;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/**
 * Leaves every record of a finite source in its topic exactly once, in the source's order within each partition,
 * however often it is interrupted and run again.
 *
 * <p>How: a record's partition depends on its key alone (murmur2, as Kafka's default), so what a partition should hold
 * is a fixed sequence. This publisher is the topic's only writer until a run has ended once, so what the partition does hold is a
 * prefix of that sequence, as long as its end offset. {@link #ensure} reads the end offsets, before anybody else may write,
 * and the next run of a topic skips that many records of each partition. That
 * there are no gaps in the prefix is the idempotent producer's work, as long as no record is ever given up: so there
 * is no delivery timeout, and the first failure stops the run.
 *
 * <p>A Kafka record's timestamp is the time of publishing, never that of the event: a broker that recovers from a kill
 * takes a producer whose last record is older than a day for expired, forgets its sequence numbers, and then appends
 * its retries a second time.
 *
 * <p>All methods block; call them on a worker or virtual thread. {@link #close} may be called from any thread and cuts
 * a run off. The caller owns the publisher.
 */
public final class TopicPublisher implements AutoCloseable {
    /** The largest record that is sent, key, value and framing together. */
    public static final int MAX_RECORD_BYTES = 32 * 1024 * 1024;

    private static final long REPORT_EVERY = 1000;
    private static final Duration KNOWN_WITHIN = Duration.ofSeconds(30);

    private final Admin admin;
    private final KafkaProducer<byte[], byte[]> producer;
    private final Map<String, long[]> ends = new ConcurrentHashMap<>();

    /** A publisher to the cluster behind {@code bootstrapServers}; connects when first used. */
    public TopicPublisher(String bootstrapServers) {
        admin = Admin.create(Map.of(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers));
        producer = new KafkaProducer<>(
                Map.of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                        true,
                        ProducerConfig.ACKS_CONFIG,
                        "all",
                        ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                        Integer.MAX_VALUE,
                        ProducerConfig.MAX_BLOCK_MS_CONFIG,
                        Long.MAX_VALUE,
                        ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                        MAX_RECORD_BYTES,
                        ProducerConfig.BUFFER_MEMORY_CONFIG,
                        2L * MAX_RECORD_BYTES,
                        ProducerConfig.BATCH_SIZE_CONFIG,
                        256 * 1024,
                        ProducerConfig.LINGER_MS_CONFIG,
                        5),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    /**
     * Makes the topics that do not exist yet; those that do stay as they are.
     *
     * @throws ProblemException {@link Problem.Unavailable} when the cluster cannot be reached or refuses
     */
    public void ensure(List<TopicSpecification> topics) {
        List<NewTopic> wanted = topics.stream()
                .map(topic -> new NewTopic(topic.name(), topic.partitions(), (short) 1).configs(topic.configs()))
                .toList();
        admin.createTopics(wanted).values().forEach((name, made) -> {
            try {
                made.get();
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof TopicExistsException)) {
                    throw unavailable(name, e.getCause());
                }
            } catch (InterruptedException e) {
                throw interrupted(name);
            }
            ends.put(name, endOffsets(name));
        });
    }

    /**
     * Publishes the records that the topic does not hold yet, and returns how many that were, when the cluster has
     * acknowledged them all. A topic that holds more than the source, because an earlier run had a longer one, is left
     * alone.
     *
     * @param topic an existing topic, to which nobody else has written before {@link #ensure}, or this without it
     * @param records the whole source from its beginning, the same in every run (or a longer one that begins the same)
     * @param total how many records the source has, for {@code progress}
     * @throws ProblemException {@link Problem.Unavailable} when the cluster refuses a record, or the run was cut off by
     *     {@link #close}; {@link Problem.TooLarge} when a record exceeds {@link #MAX_RECORD_BYTES}. In each case a
     *     later run goes on where this one ended.
     */
    public long publish(String topic, Iterator<SourceRecord> records, long total, PublishProgress progress) {
        long[] before = ends.remove(topic);
        long[] toSkip = before == null ? endOffsets(topic) : before;
        AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
        long seen = 0;
        long sent = 0;
        progress.published(0, total);
        try {
            while (records.hasNext() && failure.get() == null) {
                SourceRecord record = records.next();
                int partition = partition(record.key(), toSkip.length);
                if (toSkip[partition] > 0) {
                    toSkip[partition]--;
                } else {
                    requireSendable(topic, record);
                    producer.send(
                            new ProducerRecord<>(topic, partition, record.key(), record.value()),
                            (metadata, refused) -> {
                                if (refused != null) {
                                    failure.compareAndSet(null, refused);
                                }
                            });
                    sent++;
                }
                if (++seen % REPORT_EVERY == 0) {
                    progress.published(seen, total);
                }
            }
            producer.flush();
        } catch (KafkaException | IllegalStateException e) { // closed or interrupted while sending
            failure.compareAndSet(null, e);
        }
        @Nullable Exception refused = failure.get();
        if (refused != null) {
            throw unavailable(topic, refused);
        }
        progress.published(seen, total);
        return sent;
    }

    /** Where a key's records go: the choice of Kafka's own producer, so that other clients agree. */
    static int partition(byte[] key, int partitions) {
        return Utils.toPositive(Utils.murmur2(key)) % partitions;
    }

    private static void requireSendable(String topic, SourceRecord record) {
        long sizeBytes = (long) record.key().length + record.value().length + 1024;
        if (sizeBytes > MAX_RECORD_BYTES) {
            throw new ProblemException(
                    new Problem.TooLarge("A record for topic " + topic, sizeBytes, MAX_RECORD_BYTES));
        }
    }

    /** Where the topic's partitions end; one that was made just now may not be known to the broker that leads it yet. */
    private long[] endOffsets(String topic) {
        long end = System.nanoTime() + KNOWN_WITHIN.toNanos();
        Backoff backoff = new Backoff(RandomGenerator.getDefault());
        try {
            while (true) {
                try {
                    return endOffsetsNow(topic);
                } catch (ExecutionException e) {
                    if (!(e.getCause() instanceof RetriableException) || System.nanoTime() - end > 0) {
                        throw unavailable(topic, e.getCause());
                    }
                }
                Thread.sleep(backoff.nextMillis());
            }
        } catch (InterruptedException e) {
            throw interrupted(topic);
        }
    }

    private long[] endOffsetsNow(String topic) throws ExecutionException, InterruptedException {
        int partitions = admin.describeTopics(List.of(topic)).allTopicNames().get().values().stream()
                .mapToInt(description -> description.partitions().size())
                .sum();
        Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
        for (int partition = 0; partition < partitions; partition++) {
            latest.put(new TopicPartition(topic, partition), OffsetSpec.latest());
        }
        long[] ends = new long[partitions];
        admin.listOffsets(latest).all().get().forEach((partition, end) -> ends[partition.partition()] = end.offset());
        return ends;
    }

    private static ProblemException interrupted(String topic) {
        Thread.currentThread().interrupt();
        return unavailable(topic, new InterruptedException("interrupted"));
    }

    private static ProblemException unavailable(String topic, @Nullable Throwable cause) {
        String reason = cause == null ? "unknown" : String.valueOf(cause.getMessage());
        return new ProblemException(new Problem.Unavailable("Topic " + topic, reason));
    }

    /**
     * Closes the connections, after waiting at most 5 s for what was sent to be acknowledged: a batch still under way
     * could reach the topic after the next run has counted it.
     */
    @Override
    public void close() {
        producer.close(Duration.ofSeconds(5));
        admin.close(Duration.ofSeconds(1));
    }
}
