package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.ingest.broker.ChildBroker;
import dev.millrace.ingest.publish.TopicPublisher;
import dev.millrace.problem.ProblemException;
import dev.millrace.server.demo.DemoData;
import dev.millrace.server.demo.DemoMesh;
import dev.millrace.server.demo.DemoSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The server and the broker are killed in turn while flights are loaded; afterwards every flight is there exactly once.
 */
class KilledIT {
    private static final int FLIGHTS = 100_000;
    private static final int KILLS = 10;

    @TempDir
    Path folder;

    @Test
    void killedTenTimes_whileLoading_losesAndDoublesNothing() throws Exception {
        long seed = System.nanoTime();
        System.out.println("KilledIT seed " + seed);
        var random = new Random(seed);
        DemoMesh.unpack(folder.resolve("mesh"));
        DemoData data = DemoData.unpack(folder.resolve("source"));
        ChildBroker broker = ChildBroker.start(folder.resolve("kafka"), 0).join();
        ChildServer server = null;
        try {
            try (var publisher = new TopicPublisher(broker.bootstrapServers())) {
                publisher.ensure(DemoData.topics());
            }
            Path configuration = folder.resolve("millrace.yaml");
            Files.writeString(configuration, """
                    mesh: {name: killed, folder: mesh}
                    data: {folder: data}
                    kafka: {bootstrapServers: "%s"}
                    http: {host: 127.0.0.1, port: 0}
                    flight: {host: 127.0.0.1, port: 0}
                    management: {host: 127.0.0.1, port: 0}
                    store: {flushInterval: 200ms, segmentRows: 4096}
                    """.formatted(broker.bootstrapServers()));
            Path log = folder.resolve("server.log");
            server = ChildServer.start(configuration, log);
            for (int kill = 0; kill < KILLS; kill++) {
                int until = FLIGHTS * (kill + 1) / KILLS;
                CompletableFuture<Boolean> publishing = publish(broker.bootstrapServers(), data, until);
                pause(random.nextInt(600));
                if (kill % 2 == 0) {
                    server.kill();
                    server = ChildServer.start(configuration, log);
                } else {
                    broker.process().destroyForcibly();
                    broker.process().waitFor();
                    broker = broker.restart().join();
                }
                publishing.orTimeout(120, TimeUnit.SECONDS).join();
            }
            while (!publish(broker.bootstrapServers(), data, FLIGHTS)
                    .orTimeout(120, TimeUnit.SECONDS)
                    .join()) {
                pause(100);
            }
            Client client = Client.of(server.httpPort());
            Client.await(
                    "all flights",
                    () -> client.json("/v1/products/aviation/flights")
                                    .get("rows")
                                    .asLong()
                            >= FLIGHTS);
            BitSet seen = new BitSet(FLIGHTS + 1);
            for (JsonNode row : client.lines("aviation/flights")) {
                int number = Integer.parseInt(row.get("flight_id").textValue().substring(1));
                assertTrue(!seen.get(number), () -> "twice: " + row);
                seen.set(number);
            }
            assertEquals(FLIGHTS, seen.cardinality());
            assertEquals(
                    0,
                    client.json("/v1/products/aviation/flights")
                            .at("/deadLetters/all")
                            .asLong());
        } finally {
            if (server != null) {
                server.close();
            }
            broker.close();
        }
    }

    private static String state(Client client) {
        return client.json("/v1/products/aviation/flights").get("state").textValue();
    }

    /** Publishes the flights up to a number, from where the topic ends; false when the broker went away meanwhile. */
    private static CompletableFuture<Boolean> publish(String bootstrapServers, DemoData data, int until) {
        // Not on the common pool, which on two cores has one thread: a wait for the broker would hold up all else
        // there.
        Executor own = task -> Thread.ofPlatform().daemon().name("publish").start(task);
        return CompletableFuture.supplyAsync(
                () -> {
                    try (var publisher = new TopicPublisher(bootstrapServers);
                            DemoSource source = data.flights(until)) {
                        publisher.publish(
                                DemoData.FLIGHTS.name(), source.records(), source.total(), (done, total) -> {});
                        return true;
                    } catch (ProblemException broken) {
                        return false;
                    }
                },
                own);
    }

    private static void pause(int millis) throws InterruptedException {
        var unused = new CountDownLatch(1).await(millis, TimeUnit.MILLISECONDS);
    }
}
