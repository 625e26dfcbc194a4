package dev.millrace.kafka;

import dev.millrace.config.Configuration;
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
public final class TopicAdmin implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TopicAdmin.class);

    /** Room for the largest record of a topic. */
    private static final int LARGE_BYTES = 32 << 20;

    /** What a topic's id and an offset of each of its partitions become; a room above calls it a position. */
    public interface Reached<P> {
        P of(String topicId, long[] offsets);
    }

    private final Vertx vertx;
    private final Admin admin;

    public TopicAdmin(Vertx vertx, Configuration.Kafka kafka) {
        this.vertx = vertx;
        this.admin = KafkaProperties.made(() -> Admin.create(ClientSettings.admin(kafka)));
    }

    /** The topic's id and the end offset of each partition, of committed records; fails when there is no such topic. */
    public <P> Future<P> end(String topic, Reached<P> form) {
        return end(topic, IsolationLevel.READ_COMMITTED, form);
    }

    /** The same; of all records, committed or not, as {@code isolation} says. */
    public <P> Future<P> end(String topic, IsolationLevel isolation, Reached<P> form) {
        return offsets(topic, OffsetSpec.latest(), isolation, form);
    }

    /** The topic's id and the oldest offset of each partition; fails when there is no such topic. */
    public <P> Future<P> begin(String topic, Reached<P> form) {
        return offsets(topic, OffsetSpec.earliest(), IsolationLevel.READ_COMMITTED, form);
    }

    private <P> Future<P> offsets(String topic, OffsetSpec which, IsolationLevel isolation, Reached<P> form) {
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
                            .map(ends -> form.of(description.topicId().toString(), offsets(topic, partitions, ends)));
                });
    }

    private static long[] offsets(
            String topic, int partitions, Map<TopicPartition, ListOffsetsResult.ListOffsetsResultInfo> ends) {
        return IntStream.range(0, partitions)
                .mapToLong(partition -> Objects.requireNonNull(ends.get(new TopicPartition(topic, partition)))
                        .offset())
                .toArray();
    }

    /** Makes a topic of one partition that takes the largest records, unless it exists; where it cannot, says so. */
    public Future<Void> makeDeadLetterTopic(String topic) {
        return make(topic, Map.of());
    }

    /** The same, with further settings. */
    public Future<Void> make(String topic, Map<String, String> settings) {
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
