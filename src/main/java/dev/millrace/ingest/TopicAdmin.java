package dev.millrace.ingest;

import dev.millrace.config.Configuration;
import dev.millrace.store.Position;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the brokers say about topics; any thread, never blocks. */
final class TopicAdmin implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TopicAdmin.class);

    /** Room for the largest record of a topic. */
    private static final int LARGE_BYTES = 32 << 20;

    private final Vertx vertx;
    private final Admin admin;

    TopicAdmin(Vertx vertx, Configuration.Kafka kafka) {
        this.vertx = vertx;
        this.admin = KafkaProperties.made(() -> Admin.create(ClientSettings.admin(kafka)));
    }

    /** The topic's id and the end offset of each partition, of committed records; fails when there is no such topic. */
    Future<Position> end(String topic) {
        return end(topic, IsolationLevel.READ_COMMITTED);
    }

    /** The same; of all records, committed or not, as {@code isolation} says. */
    Future<Position> end(String topic, IsolationLevel isolation) {
        return offsets(topic, OffsetSpec.latest(), isolation);
    }

    /** The topic's id and the oldest offset of each partition; fails when there is no such topic. */
    Future<Position> begin(String topic) {
        return offsets(topic, OffsetSpec.earliest(), IsolationLevel.READ_COMMITTED);
    }

    private Future<Position> offsets(String topic, OffsetSpec which, IsolationLevel isolation) {
        return future(admin.describeTopics(List.of(topic)).allTopicNames())
                .map(descriptions -> Objects.requireNonNull(descriptions.get(topic)))
                .compose(description -> {
                    int partitions = description.partitions().size();
                    Map<TopicPartition, OffsetSpec> wanted = IntStream.range(0, partitions)
                            .boxed()
                            .collect(Collectors.toMap(
                                    partition -> new TopicPartition(topic, partition), partition -> which));
                    return future(admin.listOffsets(wanted, new ListOffsetsOptions(isolation))
                                    .all())
                            .map(ends -> position(description.topicId().toString(), topic, partitions, ends));
                });
    }

    private static Position position(
            String id,
            String topic,
            int partitions,
            Map<TopicPartition, ListOffsetsResult.ListOffsetsResultInfo> ends) {
        return Position.of(
                id,
                IntStream.range(0, partitions)
                        .mapToLong(partition -> Objects.requireNonNull(ends.get(new TopicPartition(topic, partition)))
                                .offset())
                        .toArray());
    }

    /** Makes a topic of one partition that takes the largest records, unless it exists; where it cannot, says so. */
    Future<Void> makeDeadLetterTopic(String topic) {
        return make(topic, Map.of());
    }

    /** The same, with further settings. */
    Future<Void> make(String topic, Map<String, String> settings) {
        Map<String, String> all = new java.util.HashMap<>(settings);
        all.put(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(LARGE_BYTES));
        var wanted = new NewTopic(topic, Optional.of(1), Optional.empty()).configs(all);
        return future(admin.createTopics(List.of(wanted)).all()).otherwise(failure -> {
            if (!(failure instanceof TopicExistsException)) {
                LOG.warn("Topic {} cannot be made: {}", topic, failure.toString());
            }
            return null;
        });
    }

    private <T> Future<T> future(org.apache.kafka.common.KafkaFuture<T> future) {
        return Future.fromCompletionStage(future.toCompletionStage(), vertx.getOrCreateContext());
    }

    @Override
    public void close() {
        admin.close(java.time.Duration.ofSeconds(5));
    }
}
