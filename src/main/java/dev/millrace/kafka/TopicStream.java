package dev.millrace.kafka;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.kafka.client.consumer.KafkaReadStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteBufferDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The client of one input port, as long as it is used. The port's context; results come there. */
public final class TopicStream {
    private static final Logger LOG = LoggerFactory.getLogger(TopicStream.class);
    private static final long RETRY_MILLIS = 10;
    private static final long CLOSE_SECONDS = 5;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Opens clients of a topic. */
    public interface Opener {
        TopicStream open(Vertx vertx, String topic, Map<String, Object> settings, SeekingConsumer.Start start);
    }

    private final Vertx vertx;
    private final String topic;
    private final Consumer<ByteBuffer, ByteBuffer> client;
    private final Duration patience;
    private final KafkaReadStream<ByteBuffer, ByteBuffer> stream;
    private long polledAt;

    /**
     * @param client owned
     * @param start where to read each partition from, asked on the client's polling thread
     * @param patience how long a poll may take before it is said to hang
     */
    public TopicStream(
            Vertx vertx,
            String topic,
            Consumer<ByteBuffer, ByteBuffer> client,
            SeekingConsumer.Start start,
            Duration patience) {
        this.vertx = vertx;
        this.topic = topic;
        this.client = client;
        this.patience = patience;
        this.stream = KafkaReadStream.create(vertx, SeekingConsumer.over(client, start));
    }

    /** A client of its own for a topic. */
    public static TopicStream open(
            Vertx vertx, String topic, Map<String, Object> settings, SeekingConsumer.Start start) {
        var client = new KafkaConsumer<>(settings, new ByteBufferDeserializer(), new ByteBufferDeserializer());
        return new TopicStream(vertx, topic, client, start, PATIENCE);
    }

    public Future<Void> subscribe() {
        return stream.subscribe(Set.of(topic));
    }

    public Future<ConsumerRecords<ByteBuffer, ByteBuffer>> poll(Duration wait) {
        polledAt = System.nanoTime();
        return stream.poll(wait);
    }

    /** Whether the poll that is under way takes longer than any should. */
    public boolean hangs() {
        return System.nanoTime() - polledAt > patience.toNanos();
    }

    /** Ends a poll at once; any thread. */
    public void wakeup() {
        client.wakeup();
    }

    /** Pauses or resumes all partitions; tries until it can: the client refuses calls while another thread of its own is in it. */
    public void pause(boolean pausing, BooleanSupplier isWanted) {
        stream.assignment()
                .compose(partitions -> pausing ? stream.pause(partitions) : stream.resume(partitions))
                .onFailure(failure -> vertx.setTimer(RETRY_MILLIS, timer -> {
                    if (isWanted.getAsBoolean()) {
                        LOG.debug("{}: not paused or resumed: {}", topic, Reason.of(failure));
                        pause(pausing, isWanted);
                    }
                }));
    }

    /** Ends the client; one that hangs is left behind. */
    public Future<Void> close() {
        return stream.close().timeout(CLOSE_SECONDS, TimeUnit.SECONDS);
    }
}
