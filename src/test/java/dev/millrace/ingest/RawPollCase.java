package dev.millrace.ingest;

import dev.millrace.bench.ingest.IngestCase;
import dev.millrace.bench.ingest.Source;
import dev.millrace.config.Configuration;
import dev.millrace.kafka.ClientSettings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** The Kafka client alone, with the settings of Millrace's own: records are polled and counted, nothing else. */
public final class RawPollCase implements IngestCase {
    private final Source source;

    public RawPollCase(Source source) {
        this.source = source;
    }

    @Override
    public Reading read() {
        var consumer = new KafkaConsumer<>(
                ClientSettings.consumer(new Configuration.Kafka(source.bootstrapServers(), Map.of())),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        List<TopicPartition> partitions = IntStream.range(
                        0, consumer.partitionsFor(source.topic()).size())
                .mapToObj(partition -> new TopicPartition(source.topic(), partition))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        return new Counting(consumer);
    }

    private final class Counting implements Reading {
        private final KafkaConsumer<byte[], byte[]> consumer;

        Counting(KafkaConsumer<byte[], byte[]> consumer) {
            this.consumer = consumer;
        }

        @Override
        public long await() {
            long count = 0;
            while (count < source.records()) {
                count += consumer.poll(Duration.ofMillis(200)).count();
            }
            return count;
        }

        @Override
        public void close() {
            consumer.close();
        }
    }
}
