package dev.millrace.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.config.Configuration;
import dev.millrace.config.ConfigurationReader;
import dev.millrace.kafka.ClientSettings;
import dev.millrace.kafka.SeekingConsumer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteBufferDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A topic that grows while the server is away, whose place in its group is kept for it. */
@Timeout(120)
class GrownTopicIT {
    @Test
    void topic_grownWhileItsMemberWasAway_isReadWhole() throws Exception {
        String topic = TestKafka.topic(2);
        TestKafka.sendAll(topic, 0, List.of("a"));
        TestKafka.sendAll(topic, 1, List.of("b"));
        assertEquals(Set.of(0, 1), read(topic, 2));
        TestKafka.admin()
                .createPartitions(Map.of(topic, NewPartitions.increaseTo(5)))
                .all()
                .get();
        for (int partition = 2; partition < 5; partition++) {
            TestKafka.sendAll(topic, partition, List.of("c"));
        }
        assertEquals(Set.of(0, 1, 2, 3, 4), read(topic, 5));
    }

    /** The partitions of which the member of the topic's group gets records; ends with so many, or after half a minute. */
    private static Set<Integer> read(String topic, int partitions) {
        Configuration.Kafka kafka = ConfigurationReader.ofDefaults()
                .withOverrides(Map.of("kafka.bootstrapServers", TestKafka.bootstrapServers()))
                .read()
                .kafka();
        Set<Integer> read = new TreeSet<>();
        long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        try (Consumer<ByteBuffer, ByteBuffer> consumer = SeekingConsumer.over(
                new KafkaConsumer<>(
                        ClientSettings.consumer(kafka, "member-of-" + topic),
                        new ByteBufferDeserializer(),
                        new ByteBufferDeserializer()),
                partition -> -1)) {
            consumer.subscribe(List.of(topic), new ConsumerRebalanceListener() {
                @Override
                public void onPartitionsRevoked(Collection<TopicPartition> gone) {}

                @Override
                public void onPartitionsAssigned(Collection<TopicPartition> given) {}
            });
            while (read.size() < partitions && System.nanoTime() < end) {
                for (ConsumerRecord<ByteBuffer, ByteBuffer> record : consumer.poll(Duration.ofMillis(100))) {
                    read.add(record.partition());
                }
            }
        }
        return read;
    }
}
