package dev.millrace.kafka;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * Makes a consumer seek inside the rebalance. The Vert.x client replaces the listener of {@code subscribe} by one that
 * answers later, on its context: records from before the seek would come first. So its consumer is a proxy that puts a
 * synchronous listener in the place of the Vert.x one, bounds the wait of a close, and changes nothing else.
 */
public final class SeekingConsumer {
    /** Where to read a partition from, asked on the client's polling thread; negative for its beginning. */
    public interface Start {
        long next(int partition);
    }

    private static final CloseOptions CLOSE = CloseOptions.timeout(Duration.ofSeconds(2));

    private SeekingConsumer() {}

    @SuppressWarnings("unchecked") // the proxy implements just this interface
    public static Consumer<ByteBuffer, ByteBuffer> over(Consumer<ByteBuffer, ByteBuffer> consumer, Start start) {
        var listener = new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> partitions) {}

            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                for (TopicPartition partition : partitions) {
                    long next = start.next(partition.partition());
                    if (next < 0) {
                        consumer.seekToBeginning(java.util.List.of(partition));
                    } else {
                        consumer.seek(partition, next);
                    }
                }
            }
        };
        return (Consumer<ByteBuffer, ByteBuffer>) Proxy.newProxyInstance(
                SeekingConsumer.class.getClassLoader(), new Class<?>[] {Consumer.class}, (proxy, method, arguments) -> {
                    Object[] given = arguments == null ? new Object[0] : arguments.clone();
                    for (int i = 0; i < given.length; i++) {
                        if (given[i] instanceof ConsumerRebalanceListener) {
                            given[i] = listener;
                        }
                    }
                    if (method.getName().equals("close") && given.length == 0) {
                        consumer.close(CLOSE); // the default waits half a minute for a broker that is away
                        return null;
                    }
                    try {
                        return method.invoke(consumer, given);
                    } catch (InvocationTargetException failure) {
                        // The Vert.x client answers exceptions only; whoever waits for an error waits for ever.
                        throw failure.getCause() instanceof Error error
                                ? new KafkaException("the client failed: " + error, error)
                                : failure.getCause();
                    }
                });
    }
}
