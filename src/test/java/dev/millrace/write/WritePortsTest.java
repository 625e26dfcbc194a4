package dev.millrace.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.codec.BodyForm;
import dev.millrace.config.ConfigurationReader;
import dev.millrace.domain.Product;
import dev.millrace.domain.Products;
import dev.millrace.domain.Writes;
import dev.millrace.domain.Writes.Receipt;
import dev.millrace.domain.Writes.Records;
import dev.millrace.layer.Lease;
import dev.millrace.layer.Places;
import dev.millrace.layer.WorkerPool;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.store.LocalStore;
import dev.millrace.store.StoreResources;
import dev.millrace.store.StoreSchema;
import dev.millrace.store.TestOptions;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What waits while no broker answers. */
class WritePortsTest {
    private static final int RECORD_BYTES = 1 << 16;

    private final Vertx vertx = Vertx.vertx();
    private final RootAllocator root = new RootAllocator();

    @TempDir
    Path folder;

    private LocalStore store;
    private Product product;
    private WritePorts ports;
    private final Places waiting = Places.unshared("writes", 1_000);
    private final Places requestBytes = new Places("request.bytes", 20 << 20, 10 << 20, 1);

    @BeforeEach
    void open() throws Exception {
        store = LocalStore.open(
                new StoreSchema(new Schema(List.of(Field.nullable("id", ArrowType.Utf8.INSTANCE))), List.of(), false),
                TestOptions.of(1 << 20, Duration.ofHours(1)),
                folder,
                new StoreResources(root, root, Runnable::run));
        store.topic("topic", 1);
        product = Products.of("d", "p", store);
        var configuration = ConfigurationReader.ofDefaults()
                .withOverrides(Map.of(
                        "kafka.bootstrapServers", "127.0.0.1:1",
                        "kafka.properties.max.block.ms", "2500",
                        "limits.requestTimeout", "1m"))
                .read();
        ports = WritePorts.start(
                vertx,
                configuration,
                "test",
                List.of(product),
                root,
                WorkerPool.unwatched(vertx, "writes", 2),
                waiting);
    }

    @AfterEach
    void close() throws Exception {
        vertx.close().await(30, TimeUnit.SECONDS);
        store.close();
        root.close();
    }

    private CompletableFuture<Receipt> write(int bytes, String key) {
        String record = "{\"id\":\"" + "x".repeat(Math.max(0, RECORD_BYTES - 9)) + "\"}";
        byte[] body = (bytes < RECORD_BYTES
                        ? "{}" + " ".repeat(bytes - 2)
                        : "[" + String.join(",", Collections.nCopies(bytes / RECORD_BYTES, record)) + "]")
                .getBytes(UTF_8);
        try (Lease memory = requestBytes.lease("client")) {
            memory.take(body.length);
            return product.writes().write(new Records(BodyForm.JSON, body, false, key, memory, Writes.By.ANYBODY));
        }
    }

    private static Problem problem(CompletableFuture<Receipt> answer) {
        Throwable failure =
                assertThrows(CompletionException.class, answer::join).getCause();
        return assertInstanceOf(ProblemException.class, failure).problem();
    }

    /** One more than the limit is refused; whatever waits is answered when the server stops, and was not written. */
    private void assertLimit(int requests, int bytes) throws Exception {
        List<CompletableFuture<Receipt>> waiting = new ArrayList<>();
        for (int i = 0; i < requests; i++) {
            waiting.add(write(bytes, ""));
        }
        assertTrue(waiting.stream().noneMatch(CompletableFuture::isDone));
        Problem tooMany =
                assertThrows(ProblemException.class, () -> write(bytes, "")).problem();
        assertInstanceOf(Problem.Overloaded.class, tooMany);
        ports.stop().await(30, TimeUnit.SECONDS);
        ProblemException late = assertThrows(ProblemException.class, () -> write(2, ""));
        assertTrue(late.problem().detail().contains("Nothing was written"));
        for (CompletableFuture<Receipt> answer : waiting) {
            assertTrue(problem(answer).detail().contains("Nothing was written"));
        }
    }

    @Test
    void requests_beyondTheirNumber_areRefused() throws Exception {
        assertLimit(1_000, 2);
    }

    /** A body counts, and the record that is made of it once more. */
    @Test
    void requests_beyondTheirClientsMemory_areRefused_andItComesBack() throws Exception {
        assertInstanceOf(Problem.TooLarge.class, problem(write(6 << 20, "")));
        assertEquals(0, requestBytes.taken());
        List<CompletableFuture<Receipt>> waiting = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            waiting.add(write(1 << 20, ""));
        }
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (requestBytes.taken() < 8 << 20) {
            assertTrue(System.nanoTime() < deadline, () -> requestBytes.taken() + " bytes");
            Thread.onSpinWait();
        }
        Problem tooMuch = problem(write(3 << 19, ""));
        assertInstanceOf(Problem.ShareTaken.class, tooMuch);
        assertTrue(waiting.stream().noneMatch(CompletableFuture::isDone));
        ports.stop().await(30, TimeUnit.SECONDS);
        for (CompletableFuture<Receipt> answer : waiting) {
            assertTrue(problem(answer).detail().contains("Nothing was written"));
        }
        assertEquals(0, requestBytes.taken());
    }

    @Test
    void aKeyThatIsUnderWay_isAConflict() throws Exception {
        CompletableFuture<Receipt> first = write(2, "key");
        assertEquals(
                new Problem.Conflict("The request", "another one with the same Idempotency-Key is under way."),
                assertThrows(ProblemException.class, () -> write(2, "key")).problem());
        ports.stop().await(30, TimeUnit.SECONDS);
        assertTrue(problem(first).detail().contains("Nothing was written"));
    }
}
