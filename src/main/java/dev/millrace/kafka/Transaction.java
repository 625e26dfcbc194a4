package dev.millrace.kafka;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;

/** One transaction of a producer, which has no other meanwhile. Blocks; one thread. */
public final class Transaction {
    /** How long a commit is repeated. */
    public static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Producer<byte[], byte[]> producer;
    private boolean unknown;

    private Transaction(Producer<byte[], byte[]> producer) {
        this.producer = producer;
    }

    /** Begins one. */
    public static Transaction begin(Producer<byte[], byte[]> producer) {
        producer.beginTransaction();
        return new Transaction(producer);
    }

    /** Sends all, or up to one that fails at once: its future says why, and no later one would be taken. */
    public List<Future<RecordMetadata>> send(List<ProducerRecord<byte[], byte[]>> records) {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (ProducerRecord<byte[], byte[]> record : records) {
            Future<RecordMetadata> future;
            try {
                future = producer.send(record);
            } catch (KafkaException earlier) {
                future = CompletableFuture.failedFuture(earlier);
            }
            sent.add(future);
            if (future.isDone() && future.state() == Future.State.FAILED) {
                break;
            }
        }
        return sent;
    }

    /** Waits until the brokers have answered for all that was sent. */
    public void flush() {
        producer.flush();
    }

    /** The offsets behind those given and behind records that were sent, by partition; fails as the first that failed. */
    public static long[] behind(long[] next, List<Future<RecordMetadata>> sent) {
        long[] reached = next;
        for (Future<RecordMetadata> each : sent) {
            if (each.state() == Future.State.FAILED) {
                throw each.exceptionNow() instanceof KafkaException cause
                        ? cause
                        : new KafkaException(each.exceptionNow());
            }
            RecordMetadata at = each.resultNow();
            reached = Arrays.copyOf(reached, Math.max(reached.length, at.partition() + 1));
            reached[at.partition()] = Math.max(reached[at.partition()], at.offset() + 1);
        }
        return reached;
    }

    /** Commits. Whether a commit that was begun has happened is only known when it is repeated until it says so. */
    public void commit() {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                producer.commitTransaction();
                unknown = false;
                return;
            } catch (TimeoutException late) {
                unknown = true;
                if (System.nanoTime() > deadline) {
                    throw late;
                }
            }
        }
    }

    /** Takes everything back, but for a commit of which it is not known whether it has happened. */
    public void abort() {
        if (!unknown) {
            producer.abortTransaction();
        }
    }
}
