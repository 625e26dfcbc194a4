package dev.millrace.kafka;

import dev.millrace.config.Configuration;
import dev.millrace.problem.Problem;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Looks at the first records of a topic and leaves no trace at the brokers: no group, no commit, no topic made. */
public final class TopicSample {
    private static final int POLL_RECORDS = 500;
    private static final byte[] NOTHING = {};

    private TopicSample() {}

    /**
     * Gives the values of at most {@code records} records to {@code sink}, from the beginnings of all partitions up to
     * the ends that they have now, and for {@code limit} at most; a record without a value is an empty array. Blocks.
     *
     * @return how many were given
     * @throws dev.millrace.problem.ProblemException {@link Problem.NotFound} when there is no such topic; {@link
     *     Problem.Unavailable} when the brokers do not answer or refuse
     */
    public static long read(
            Configuration.Kafka kafka, String topic, long records, Duration limit, Consumer<byte[]> sink) {
        Map<String, Object> settings = ClientSettings.consumer(kafka);
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, POLL_RECORDS);
        settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) limit.toMillis());
        long deadline = System.nanoTime() + limit.toNanos();
        try (var consumer = KafkaProperties.made(
                () -> new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer()))) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(partition -> new TopicPartition(topic, partition.partition()))
                    .toList();
            if (partitions.isEmpty()) {
                throw new Problem.NotFound("topic", topic).exception();
            }
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            long given = 0;
            while (given < records
                    && System.nanoTime() < deadline
                    && ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    if (given < records) {
                        sink.accept(record.value() == null ? NOTHING : record.value());
                        given++;
                    }
                }
            }
            return given;
        } catch (KafkaException refused) {
            throw new Problem.Unavailable("Topic " + topic, Reason.of(refused)).exception();
        }
    }
}
