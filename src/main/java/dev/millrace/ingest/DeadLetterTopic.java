package dev.millrace.ingest;

import dev.millrace.codec.Violation;
import dev.millrace.config.Configuration;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.kafka.Backoff;
import dev.millrace.kafka.ClientSettings;
import dev.millrace.kafka.Reason;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
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
    private static final Duration CLOSE = Duration.ofSeconds(10);
    private static final int MAX_WAITING = 1_000;
    private static final long MAX_WAITING_BYTES = 64L << 20;

    private final Vertx vertx;
    private final Context context;
    private final Producer<byte[], byte[]> producer;
    private final Map<String, String> faults = new ConcurrentHashMap<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicLong waitingBytes = new AtomicLong();
    private volatile boolean closed;

    DeadLetterTopic(Vertx vertx, Configuration.Kafka kafka) {
        this(
                vertx,
                new KafkaProducer<>(
                        ClientSettings.producer(kafka), new ByteArraySerializer(), new ByteArraySerializer()));
    }

    /** Over a producer, which is closed with it. */
    DeadLetterTopic(Vertx vertx, Producer<byte[], byte[]> producer) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        this.producer = producer;
    }

    /** Why a topic cannot be written at the moment; empty when it can, as far as is known. Tried again by itself. */
    Optional<String> fault(String topic) {
        return Optional.ofNullable(faults.get(topic));
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
        send(letter).onComplete(result -> {
            if (result.succeeded()) {
                faults.remove(letter.topic());
                sent.complete(null);
            } else if (closed) {
                sent.completeExceptionally(result.cause());
            } else if (result.cause() instanceof RecordTooLargeException
                    && letter.value() != null
                    && letter.value().length > 0) {
                attempt(withoutValue(letter), backoff, sent);
            } else {
                long millis = backoff.nextMillis();
                faults.put(letter.topic(), Reason.of(result.cause()));
                LOG.warn(
                        "Dead-letter topic {} cannot be written, trying again in {} ms: {}",
                        letter.topic(),
                        millis,
                        result.cause().toString());
                vertx.setTimer(millis, timer -> attempt(letter, backoff, sent));
            }
        });
    }

    /** A producer may block until it knows the topic, so it is called on a worker, in order. */
    private Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> letter) {
        Promise<RecordMetadata> acknowledged = Promise.promise();
        context.executeBlocking(() -> producer.send(letter, (metadata, failure) -> {
                    if (failure == null) {
                        acknowledged.tryComplete(metadata);
                    } else {
                        acknowledged.tryFail(failure);
                    }
                }))
                .onFailure(acknowledged::tryFail);
        return acknowledged.future();
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
        return vertx.executeBlocking(
                () -> {
                    producer.close(CLOSE);
                    return null;
                },
                false);
    }
}
