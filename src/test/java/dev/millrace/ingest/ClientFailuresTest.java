package dev.millrace.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.codec.Violation;
import dev.millrace.contract.MeshReader;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.kafka.Reason;
import dev.millrace.kafka.SeekingConsumer;
import dev.millrace.server.Client;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is made of failures of Kafka's clients; these are the ones that Kafka has for tests. */
@Timeout(60)
class ClientFailuresTest {
    @TempDir
    Path folder;

    @Test
    void reason_neverIsNothing() {
        assertEquals("no", Reason.of(new CompletionException(new ExecutionException(new KafkaException("no")))));
        assertEquals("the brokers gave no answer in time", Reason.of(new CompletionException(new TimeoutException())));
        assertEquals("IllegalStateException", Reason.of(new IllegalStateException()));
        assertEquals("CompletionException", Reason.of(new CompletionException(null, null)));
    }

    @Test
    void consumer_thatFailsWithAnError_failsThePoll() {
        var mock = new MockConsumer<ByteBuffer, ByteBuffer>("none");
        Consumer<ByteBuffer, ByteBuffer> consumer = new SeekingConsumer(mock, "t", partition -> -1).consumer();
        consumer.assign(List.of());
        mock.schedulePollTask(() -> {
            throw new OutOfMemoryError("of the client");
        });
        KafkaException failure = assertThrows(KafkaException.class, () -> consumer.poll(Duration.ZERO));
        assertInstanceOf(OutOfMemoryError.class, failure.getCause());
        assertEquals(0, consumer.poll(Duration.ZERO).count());
    }

    @Test
    void letters_thatTheTopicRefuses_areAFaultUntilItTakesThem() throws Exception {
        Vertx vertx = Vertx.vertx();
        try {
            var producer = new MockProducer<>(false, null, new ByteArraySerializer(), new ByteArraySerializer());
            var topic = new DeadLetterTopic(vertx, producer);
            ProductDefinition product = product();
            assertEquals(Optional.empty(), topic.fault(product.deadLetterTopic()));
            var record = new ConsumerRecord<>("t", 0, 7, new byte[0], "bad".getBytes(UTF_8));
            var sent = topic.send(product, record, new Violation("json", "", "It is none."));
            // Refused, then refused as too large with its value and without: none of that is given up or runs hot.
            for (RuntimeException refusal : List.of(
                    new TopicAuthorizationException("Not authorized: [t.dlq]"),
                    new RecordTooLargeException("too large"),
                    new RecordTooLargeException("too large without its value"))) {
                Client.await("a letter", () -> producer.errorNext(refusal));
            }
            Client.await(
                    "the fault",
                    () -> topic.fault(product.deadLetterTopic()).orElse("").equals("too large without its value"));
            assertFalse(sent.isDone());
            assertEquals(Optional.empty(), topic.fault("another.dlq"));
            Client.await("a letter", producer::completeNext);
            sent.get(30, TimeUnit.SECONDS);
            assertEquals(Optional.empty(), topic.fault(product.deadLetterTopic()));
            assertEquals(0, producer.history().getLast().value().length);
            topic.close().await(30, TimeUnit.SECONDS);
            assertTrue(producer.closed());
        } finally {
            vertx.close().await(30, TimeUnit.SECONDS);
        }
    }

    private ProductDefinition product() throws IOException {
        Path domain = Files.createDirectories(folder.resolve("domains/d"));
        Files.writeString(domain.resolve("p.odcs.yaml"), """
                apiVersion: v3.1.0
                kind: DataContract
                id: p
                name: p
                version: 1.0.0
                status: active
                schema: [{name: p, properties: [{name: id, logicalType: string}]}]
                """);
        return MeshReader.read(folder).product("d", "p").orElseThrow();
    }
}
