package dev.millrace.kafka;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.kafka.client.consumer.KafkaReadStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteBufferDeserializer;

/** The client of one input port, as long as it is used. The port's context; results come there. */
public final class TopicStream {
    private static final long CLOSE_SECONDS = 5;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Opens clients of a topic. */
    public interface Opener {
        TopicStream open(Vertx vertx, String topic, Map<String, Object> settings, SeekingConsumer.Start start);
    }

    private final Consumer<ByteBuffer, ByteBuffer> client;
    private final Duration patience;
    private final SeekingConsumer seeking;
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
        this.client = client;
        this.patience = patience;
        this.seeking = new SeekingConsumer(client, topic, start);
        this.stream = KafkaReadStream.create(vertx, seeking.consumer());
    }

    /** A client of its own for a topic. */
    public static TopicStream open(
            Vertx vertx, String topic, Map<String, Object> settings, SeekingConsumer.Start start) {
        var client = new KafkaConsumer<>(settings, new ByteBufferDeserializer(), new ByteBufferDeserializer());
        return new TopicStream(vertx, topic, client, start, PATIENCE);
    }

    /** Begins with the partitions below a number. */
    public Future<Void> open(int partitions) {
        seeking.read(partitions);
        return stream.assign(Set.of()); // which ones says the consumer itself
    }

    /** Has the partitions below a number read from the next poll on, when there are more than before. */
    public void grow(int partitions) {
        seeking.read(partitions);
    }

    /** Pauses or resumes all partitions from the next poll on. */
    public void pause(boolean pausing) {
        seeking.pause(pausing);
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

    /** Ends the client; one that hangs is left behind. */
    public Future<Void> close() {
        return stream.close().timeout(CLOSE_SECONDS, TimeUnit.SECONDS);
    }
}
