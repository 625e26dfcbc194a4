package dev.millrace.ingest;

import dev.millrace.codec.Violation;
import dev.millrace.config.Configuration;
import dev.millrace.contract.ProductDefinition;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.kafka.client.producer.KafkaWriteStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts rejected records into their dead-letter topics as they came: key, value, headers and timestamp, and beside them
 * the headers that Kafka Connect gives a dead letter and those of the contract. A record is tried again until the
 * brokers have it; one too large for the topic goes without its value, and says so in a header.
 *
 * <p>{@link #send} may be called from any thread and never blocks.
 */
final class DeadLetterTopic {
    private static final Logger LOG = LoggerFactory.getLogger(DeadLetterTopic.class);
    private static final int MAX_WAITING = 1_000;
    private static final long MAX_WAITING_BYTES = 64L << 20;

    private final Vertx vertx;
    private final KafkaWriteStream<byte[], byte[]> producer;
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicLong waitingBytes = new AtomicLong();
    private volatile boolean closed;

    DeadLetterTopic(Vertx vertx, Configuration.Kafka kafka) {
        this.vertx = vertx;
        this.producer = KafkaWriteStream.create(
                vertx,
                new KafkaProducer<>(
                        ClientSettings.producer(kafka), new ByteArraySerializer(), new ByteArraySerializer()));
    }

    /** Whether so many records wait for the brokers that no more should be given. */
    boolean isFull() {
        return waiting.get() >= MAX_WAITING || waitingBytes.get() >= MAX_WAITING_BYTES;
    }

    /** Sends a record; the result ends when the brokers have it. */
    CompletableFuture<Void> send(
            ProductDefinition product, ConsumerRecord<byte[], byte[]> record, Violation violation) {
        var letter = new ProducerRecord<>(
                product.deadLetterTopic(),
                DeadLetters.DEAD_LETTER_PARTITION,
                record.timestamp() < 0 ? null : record.timestamp(),
                record.key(),
                record.value(),
                DeadLetters.headers(product.contract(), record, violation));
        long bytes = Math.max(0, record.serializedKeySize()) + Math.max(0L, record.serializedValueSize());
        waiting.incrementAndGet();
        waitingBytes.addAndGet(bytes);
        CompletableFuture<Void> sent = new CompletableFuture<>();
        attempt(letter, new Backoff(RandomGenerator.getDefault()), sent);
        return sent.whenComplete((ignored, failure) -> {
            waiting.decrementAndGet();
            waitingBytes.addAndGet(-bytes);
        });
    }

    private void attempt(ProducerRecord<byte[], byte[]> letter, Backoff backoff, CompletableFuture<Void> sent) {
        producer.send(letter).onComplete(result -> {
            if (result.succeeded()) {
                sent.complete(null);
            } else if (closed) {
                sent.completeExceptionally(result.cause());
            } else if (result.cause() instanceof RecordTooLargeException && letter.value() != null) {
                attempt(withoutValue(letter), backoff, sent);
            } else {
                long millis = backoff.nextMillis();
                LOG.warn(
                        "Dead-letter topic {} cannot be written, trying again in {} ms: {}",
                        letter.topic(),
                        millis,
                        result.cause().toString());
                vertx.setTimer(millis, timer -> attempt(letter, backoff, sent));
            }
        });
    }

    private static ProducerRecord<byte[], byte[]> withoutValue(ProducerRecord<byte[], byte[]> letter) {
        Headers headers = new RecordHeaders(letter.headers());
        DeadLetters.add(headers, DeadLetters.OMITTED, Integer.toString(letter.value().length));
        return new ProducerRecord<>(
                letter.topic(), letter.partition(), letter.timestamp(), letter.key(), new byte[0], headers);
    }

    /** Waits a bounded time for the records under way, then ends. */
    Future<Void> close() {
        closed = true;
        return producer.close(10_000);
    }
}
