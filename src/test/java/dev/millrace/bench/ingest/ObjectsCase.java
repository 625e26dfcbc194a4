package dev.millrace.bench.ingest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** The consumer that most people write: texts, Jackson, a class, a concurrent map by id. */
final class ObjectsCase implements IngestCase {
    private final Source source;
    private final Map<String, Object> fetching;
    private final ObjectMapper mapper = Row.mapper();
    private int pass;

    /** {@code fetching} is added to the client's default settings. */
    ObjectsCase(Source source, Map<String, Object> fetching) {
        this.source = source;
        this.fetching = Map.copyOf(fetching);
    }

    @Override
    public Reading read() {
        Map<String, Object> settings = new HashMap<>(Map.of(
                "bootstrap.servers",
                source.bootstrapServers(),
                "group.id",
                "objects-" + ProcessHandle.current().pid() + "-" + pass++,
                "auto.offset.reset",
                "earliest"));
        settings.putAll(fetching);
        var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
        consumer.subscribe(Set.of(source.topic()));
        return new ToMap(consumer);
    }

    private final class ToMap implements Reading {
        private final KafkaConsumer<String, String> consumer;
        private final Map<String, Row> rows = new ConcurrentHashMap<>();

        ToMap(KafkaConsumer<String, String> consumer) {
            this.consumer = consumer;
        }

        @Override
        public long await() {
            while (rows.size() < source.records()) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    Row row = row(record.value());
                    rows.put(row.id(), row);
                }
            }
            return rows.size();
        }

        private Row row(String json) {
            try {
                return mapper.readValue(json, source.dataSet().row());
            } catch (JsonProcessingException broken) {
                throw new IllegalStateException(broken);
            }
        }

        @Override
        public void close() {
            consumer.close();
            rows.clear();
        }
    }
}
