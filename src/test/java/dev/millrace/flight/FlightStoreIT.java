package dev.millrace.flight;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.domain.ProductRegistry;
import dev.millrace.domain.Products;
import dev.millrace.layer.PortLayers;
import dev.millrace.layer.WorkerPool;
import dev.millrace.store.LocalStore;
import dev.millrace.store.PartitionWriter;
import dev.millrace.store.StoreResources;
import dev.millrace.store.TestOptions;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Location;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Flight port over the real store: sealed and mapped segments, open ones, rows superseded and deleted. */
class FlightStoreIT {
    private final BufferAllocator root = new RootAllocator();
    private final BufferAllocator clients = new RootAllocator();
    private final ExecutorService files = Executors.newSingleThreadExecutor();
    private final Vertx vertx = Vertx.vertx();
    private final Map<Long, Double> expected = new TreeMap<>();

    @TempDir
    private Path folder;

    private LocalStore store;
    private FlightPort port;
    private FlightClient client;

    @BeforeEach
    void start() throws Exception {
        store = LocalStore.open(
                FakeStore.SCHEMA,
                TestOptions.of(1000, 1 << 20, 64 << 20, Duration.ofHours(1)),
                folder,
                new StoreResources(root, root, files));
        store.topic("topic", 2);
        port = FlightPort.start(
                        vertx,
                        new FlightOptions(
                                "localhost",
                                0,
                                64 << 20,
                                FlightOptions.Tickets.signedWith("0123456789abcdef".getBytes(UTF_8))),
                        new ProductRegistry("mesh", List.of(Products.of("d", "p", store))),
                        root,
                        ServedPort.duckDb(),
                        PortLayers.of(service -> service),
                        FlightPlaces.unshared(),
                        WorkerPool.unwatched(vertx, "pages", 2),
                        WorkerPool.unwatched(vertx, "statements", 1),
                        java.util.Optional.empty(),
                        new SimpleMeterRegistry())
                .await(30, TimeUnit.SECONDS);
        client = FlightClient.builder(clients, Location.forGrpcInsecure("localhost", port.port()))
                .build();
    }

    @AfterEach
    void stop_everythingIsGivenBack() throws Exception {
        client.close();
        port.close(Duration.ofSeconds(5)).await(30, TimeUnit.SECONDS);
        store.close();
        files.shutdown();
        assertTrue(files.awaitTermination(30, TimeUnit.SECONDS));
        vertx.close().await(30, TimeUnit.SECONDS);
        clients.close();
        root.close();
    }

    @Test
    void doGet_upsertsAndDeletes_isTheStateAtTheTicketsPosition() throws Exception {
        for (int key = 0; key < 3000; key++) {
            put(key, key, false);
        }
        publish();
        store.flush().get(30, TimeUnit.SECONDS);
        for (int key = 0; key < 3000; key += 7) {
            put(key, -key, false);
        }
        for (int key = 1; key < 3000; key += 501) {
            put(key, 0, true);
        }
        publish();
        Map<Long, Double> then = Map.copyOf(expected);
        FlightInfo info = client.getInfo(FlightDescriptor.path("p", "select=id,delay"));
        assertEquals(expected.size(), info.getRecords());
        assertEquals(expected, read(info));
        for (int key = 0; key < 3500; key += 3) {
            put(key, 1_000_000 + key, false);
        }
        publish();
        store.flush().get(30, TimeUnit.SECONDS);
        assertEquals(then, read(info));
        assertEquals(expected, read(client.getInfo(FlightDescriptor.path("p"))));
        String position =
                info.getSchemaOptional().orElseThrow().getCustomMetadata().get("millrace.position");
        FlightInfo asOf = client.getInfo(FlightDescriptor.path("d", "p", "as_of=" + position));
        assertEquals(then.size(), asOf.getRecords());
        assertEquals(then, read(asOf));
    }

    private void put(int key, double delay, boolean deleted) {
        PartitionWriter writer = store.writer(key % 2);
        assertTrue(writer.ready(1));
        var batch = writer.batch();
        batch.column(0).putInt64(key);
        batch.column(1).putNull();
        batch.column(2).putNull();
        batch.column(3).putNull();
        if (deleted) {
            batch.column(4).putNull();
            expected.remove((long) key);
        } else {
            batch.column(4).putFloat64(delay);
            expected.put((long) key, delay);
        }
        writer.commit(writer.next(), 0, deleted);
    }

    private void publish() {
        store.writer(0).publish();
        store.writer(1).publish();
    }

    private Map<Long, Double> read(FlightInfo info) throws Exception {
        var rows = new TreeMap<Long, Double>();
        try (FlightStream stream =
                client.getStream(info.getEndpoints().getFirst().getTicket())) {
            while (stream.next()) {
                for (int i = 0; i < stream.getRoot().getRowCount(); i++) {
                    Long id = (Long) stream.getRoot().getVector("id").getObject(i);
                    Double before = rows.put(
                            id, (Double) stream.getRoot().getVector("delay").getObject(i));
                    assertEquals(null, before, () -> "key " + id + " twice");
                }
            }
        }
        return rows;
    }
}
