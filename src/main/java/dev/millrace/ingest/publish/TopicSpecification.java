package dev.millrace.ingest.publish;

import java.util.Map;

/**
 * A topic as it should be made.
 *
 * @param partitions how many partitions, at least 1
 * @param configs topic configuration by Kafka's names, for example {@code max.message.bytes}
 */
public record TopicSpecification(String name, int partitions, Map<String, String> configs) {
    public TopicSpecification {
        if (partitions < 1) {
            throw new IllegalArgumentException("A topic has at least one partition: " + name);
        }
        configs = Map.copyOf(configs);
    }

    /** The topic for records of this one that broke their contract: {@code <name>.dlq}, one partition, same configs. */
    public TopicSpecification deadLetters() {
        return new TopicSpecification(name + ".dlq", 1, configs);
    }
}
