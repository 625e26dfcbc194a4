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
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Makes a consumer seek inside the rebalance. The Vert.x client replaces the listener of {@code subscribe} by one that
 * answers later, on its context: records from before the seek would come first. So its consumer is a proxy that puts a
 * synchronous listener in the place of the Vert.x one, bounds the wait of a close, and changes nothing else.
 *
 * <p>The listener also asks for partitions that the group did not give. A static member that comes back is given what it had
 * (KIP-814), and takes the topic as it is now for the one that this was assigned of: partitions added while it was away
 * would never be read.
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
            private int askedFor;

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
                int known = known(consumer);
                if (known > consumer.assignment().size() && known != askedFor) { // else another member has them
                    askedFor = known;
                    consumer.enforceRebalance("partitions were added while this member was away");
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

    /** How many partitions there are, as far as the client knows without asking the brokers. */
    private static int known(Consumer<ByteBuffer, ByteBuffer> consumer) {
        try {
            return consumer.subscription().stream()
                    .mapToInt(topic ->
                            consumer.partitionsFor(topic, Duration.ZERO).size())
                    .sum();
        } catch (TimeoutException unknown) {
            return 0;
        }
    }
}
