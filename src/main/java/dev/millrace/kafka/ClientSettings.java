package dev.millrace.kafka;

import dev.millrace.config.Configuration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;

/**
 * The Kafka clients' properties. What the user's configuration says comes first (security, time-outs), then what
 * Millrace's promises rest on and nobody may change: byte arrays, no committed offsets, no silent reset.
 */
public final class ClientSettings {
    /** Twice the largest record that a broker takes by default settings of the demo, so that any can be passed on. */
    private static final int MAX_REQUEST_BYTES = 64 << 20;

    private ClientSettings() {}

    public static Map<String, Object> admin(Configuration.Kafka kafka) {
        Map<String, Object> settings = new HashMap<>(Map.of(
                CommonClientConfigs.REQUEST_TIMEOUT_MS_CONFIG, 5_000,
                CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, 8_000));
        settings.putAll(common(kafka));
        return settings;
    }

    /** A consumer of partitions that it is told, in no group. */
    public static Map<String, Object> consumer(Configuration.Kafka kafka) {
        Map<String, Object> settings = new HashMap<>(Map.of(
                // A fetch waits for the first record; the input port rests between small runs, so that few come of many
                // fetches. To have the broker wait for more bytes would be a hundred fetches a second of an idle topic.
                ConsumerConfig.FETCH_MIN_BYTES_CONFIG, 1,
                ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 500,
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 20_000,
                // How soon the leaders of partitions that were added are known; by default it is five minutes.
                ConsumerConfig.METADATA_MAX_AGE_CONFIG, 2_000,
                ConsumerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 2_000));
        settings.putAll(common(kafka));
        settings.remove(ConsumerConfig.GROUP_ID_CONFIG);
        settings.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        return settings;
    }

    /** A consumer of dead letters, which are few: little memory, and no work while none come. */
    public static Map<String, Object> deadLetterConsumer(Configuration.Kafka kafka) {
        Map<String, Object> settings = consumer(kafka);
        settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 2_000);
        settings.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, 4 << 20);
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 500);
        return settings;
    }

    /** A consumer of one partition from its beginning, in no group. */
    public static Map<String, Object> plainConsumer(Configuration.Kafka kafka) {
        Map<String, Object> settings = new HashMap<>(common(kafka));
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest"); // what retention took is not missed
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 5_000);
        settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 20); // who waits has a client that waits
        return settings;
    }

    /** A producer that writes to several topics as one; a second one of that name ends the first one's work. */
    public static Map<String, Object> transactionalProducer(Configuration.Kafka kafka, String name) {
        Map<String, Object> settings = producer(kafka);
        settings.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, name);
        // Readers of the topic wait for a transaction whose producer died until the brokers give it up.
        settings.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, 10_000);
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 8_000);
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 4_000);
        return settings;
    }

    public static Map<String, Object> producer(Configuration.Kafka kafka) {
        Map<String, Object> settings = new HashMap<>(Map.of(
                ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                MAX_REQUEST_BYTES,
                ProducerConfig.BUFFER_MEMORY_CONFIG,
                2L * MAX_REQUEST_BYTES,
                ProducerConfig.MAX_BLOCK_MS_CONFIG,
                10_000));
        settings.putAll(common(kafka));
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        return settings;
    }

    private static Map<String, Object> common(Configuration.Kafka kafka) {
        Map<String, Object> settings = new HashMap<>(kafka.properties());
        settings.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, kafka.bootstrapServers());
        return settings;
    }
}
