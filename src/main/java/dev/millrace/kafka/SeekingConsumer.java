package dev.millrace.kafka;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A consumer that is told what to read, and does it itself before each poll: takes partitions, seeks each to where the store is,
 * pauses and resumes. The Vert.x client would make tasks of these, with a poll between them that gives records from before the
 * seek. In no group (ADR 15). It also bounds the wait of a close, and changes nothing else.
 *
 * <p>{@link #read} and {@link #pause} are for any thread, the consumer for its polling thread.
 */
public final class SeekingConsumer implements InvocationHandler {
    /** Where to read a partition from, asked on the client's polling thread; negative for its beginning. */
    public interface Start {
        long next(int partition);
    }

    private static final CloseOptions CLOSE = CloseOptions.timeout(Duration.ofSeconds(2));

    private final Consumer<ByteBuffer, ByteBuffer> client;
    private final String topic;
    private final Start start;
    private volatile int wanted;
    private volatile boolean pausing;
    private int read;
    private boolean paused;

    public SeekingConsumer(Consumer<ByteBuffer, ByteBuffer> client, String topic, Start start) {
        this.client = client;
        this.topic = topic;
        this.start = start;
    }

    /** What polls; it reads what it was told last. */
    @SuppressWarnings("unchecked") // the proxy implements just this interface
    public Consumer<ByteBuffer, ByteBuffer> consumer() {
        return (Consumer<ByteBuffer, ByteBuffer>)
                Proxy.newProxyInstance(SeekingConsumer.class.getClassLoader(), new Class<?>[] {Consumer.class}, this);
    }

    /** Has the partitions below a number read, from the next poll on; one that is read goes on being read. */
    public void read(int partitions) {
        wanted = partitions;
    }

    /** Has all partitions paused or not, from the next poll on. */
    public void pause(boolean pausing) {
        this.pausing = pausing;
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments) throws Throwable {
        try {
            switch (method.getName()) {
                case "assign" -> {
                    apply();
                    return null;
                }
                case "poll" -> apply();
                case "close" -> {
                    client.close(CLOSE); // the default waits half a minute for a broker that is away
                    return null;
                }
                default -> {}
            }
            return method.invoke(client, arguments);
        } catch (InvocationTargetException failure) {
            // The Vert.x client answers exceptions only; whoever waits for an error waits for ever.
            throw failure.getCause() instanceof Error error
                    ? new KafkaException("the client failed: " + error, error)
                    : failure.getCause();
        }
    }

    private void apply() {
        int partitions = wanted;
        if (partitions > read) {
            List<TopicPartition> all = IntStream.range(0, partitions)
                    .mapToObj(partition -> new TopicPartition(topic, partition))
                    .toList();
            client.assign(all);
            for (TopicPartition added : all.subList(read, partitions)) {
                long next = start.next(added.partition());
                if (next < 0) {
                    client.seekToBeginning(List.of(added));
                } else {
                    client.seek(added, next);
                }
            }
            read = partitions;
            paused = false; // those that were added are not
        }
        if (pausing != paused) {
            paused = pausing;
            if (paused) {
                client.pause(client.assignment());
            } else {
                client.resume(client.assignment());
            }
        }
    }
}
