package dev.millrace.write;

import dev.millrace.config.Configuration;
import dev.millrace.kafka.ClientSettings;
import dev.millrace.kafka.KafkaProperties;
import dev.millrace.security.Audit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The audit as records of a topic, which must be there. The audit's thread alone, which waits until they are written. */
public final class AuditTopic implements Audit.Target {
    private static final long BUFFER_BYTES = 4 << 20;
    private static final int PATIENCE_MILLIS = 8_000;

    private final String topic;
    private final KafkaProducer<byte[], byte[]> producer;

    public AuditTopic(Configuration.Kafka kafka, String topic) {
        this.topic = topic;
        Map<String, Object> settings = ClientSettings.producer(kafka);
        settings.put(ProducerConfig.BUFFER_MEMORY_CONFIG, BUFFER_BYTES);
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, PATIENCE_MILLIS);
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, PATIENCE_MILLIS / 2);
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, PATIENCE_MILLIS);
        this.producer = KafkaProperties.made(
                () -> new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer()));
    }

    @Override
    public void write(List<byte[]> lines) throws Exception {
        List<Future<?>> sent = new ArrayList<>();
        for (byte[] line : lines) {
            sent.add(producer.send(new ProducerRecord<>(topic, line)));
        }
        for (Future<?> each : sent) {
            each.get(PATIENCE_MILLIS * 2L, TimeUnit.MILLISECONDS);
        }
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(1));
    }
}
