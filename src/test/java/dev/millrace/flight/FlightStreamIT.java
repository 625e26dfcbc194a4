package dev.millrace.flight;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.layer.WorkerPool;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.util.concurrent.EventExecutor;
import io.vertx.core.Future;
import io.vertx.core.internal.VertxInternal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.impl.Flight;
import org.apache.arrow.flight.impl.FlightServiceGrpc;
import org.apache.arrow.memory.BufferAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Streams that end in other ways than by being read to their end at full speed. */
class FlightStreamIT {
    private final ServedPort served = new ServedPort();

    @AfterEach
    void stop_everythingIsGivenBack() throws Exception {
        served.close();
    }

    @Test
    void doGet_cancelledInMidStream_givesTheSnapshotBack() throws Exception {
        served.flights.add(served.root, 400_000, 100, i -> i % 2 == 0);
        try (FlightStream stream = served.client.getStream(served.command("{\"product\":\"flights\"}"))) {
            assertTrue(stream.next());
            assertEquals(1, served.flights.open());
            stream.cancel("enough", null);
            served.flights.awaitReleased();
        }
    }

    @Test
    void doGet_clientVanishes_givesTheSnapshotBack(@TempDir Path folder) throws Exception {
        served.flights.add(served.root, 200_000, 100, i -> true).addMapped(served.root, folder, 200_000, i -> true);
        ManagedChannel channel = channel();
        var messages = FlightServiceGrpc.newBlockingStub(channel).doGet(proto("{\"product\":\"flights\"}"));
        messages.next();
        assertEquals(1, served.flights.open());
        channel.shutdownNow();
        served.flights.awaitReleased();
        assertTrue(channel.awaitTermination(10, TimeUnit.SECONDS));
    }

    @Test
    void doGet_clientWithGrpcsLimit_getsEveryMessage() throws Exception {
        served.flights.add(served.root, 300_000, 200, i -> true).add(served.root, 100_000, 100, i -> i % 2 == 0);
        ManagedChannel channel = channel();
        var messages = new ArrayList<Integer>();
        FlightServiceGrpc.newBlockingStub(channel)
                .doGet(proto("{\"product\":\"flights\"}"))
                .forEachRemaining(message -> messages.add(message.getSerializedSize()));
        assertTrue(messages.stream().allMatch(size -> size < 4 << 20), messages::toString);
        assertTrue(messages.stream().mapToLong(size -> size).sum() > 300_000L * 200);
        channel.shutdownNow();
        assertTrue(channel.awaitTermination(10, TimeUnit.SECONDS));
    }

    @Test
    void doGet_everyMessage_beginsItsBodyWhereClientsFindItAligned() throws Exception {
        served.flights.add(served.root, 70_000, 10, i -> true).add(served.root, 100, 10, i -> i % 2 == 0);
        ManagedChannel channel = channel();
        var begins = new ArrayList<Integer>();
        FlightServiceGrpc.newBlockingStub(channel)
                .doGet(proto("{\"product\":\"flights\"}"))
                .forEachRemaining(message -> begins.add(
                        message.getSerializedSize() - message.getDataBody().size()));
        assertTrue(begins.size() >= 3, begins::toString);
        // A schema has no body, and a parser that counts leaves an empty one out.
        assertTrue(begins.stream().skip(1).allMatch(begin -> begin % 64 == 0), begins::toString);
        channel.shutdownNow();
        assertTrue(channel.awaitTermination(10, TimeUnit.SECONDS));
    }

    @Test
    void doGet_slowClient_holdsLittleMemory() throws Exception {
        served.flights.add(served.root, 400_000, 300, i -> i % 2 == 0);
        BufferAllocator flight = served.root.getChildAllocators().stream()
                .filter(child -> child.getName().equals("flight"))
                .findFirst()
                .orElseThrow();
        try (FlightStream stream = served.client.getStream(served.command("{\"product\":\"flights\"}"))) {
            stream.getSchema();
            // Without back-pressure all would be queued after a few turns of the loops and of the workers between them.
            long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            double sent = -1;
            while (sent <= 0 || sent < rows()) {
                sent = rows();
                for (int turn = 0; turn < 100; turn++) {
                    turnLoops();
                    turnWorkers();
                }
                assertTrue(System.nanoTime() < patience, "the stream neither begins nor waits");
            }
            double rows = sent;
            assertTrue(rows < 150_000, () -> rows + " rows sent to a client that reads none");
            List<Long> ids = ServedPort.ids(stream);
            assertEquals(200_000, ids.size());
        }
        assertTrue(
                flight.getPeakMemoryAllocation() < 24 << 20, () -> flight.getPeakMemoryAllocation() + " bytes at most");
    }

    @Test
    void doGet_copiesBeyondTheLimit_isUnavailable() throws Exception {
        served.flights.add(served.root, 10_000, 100, i -> i % 2 == 0);
        FlightPort small = served.start(0, 1 << 17, ServedPort.NONE);
        try (FlightClient refused = FlightClient.builder(
                        served.clients, Location.forGrpcInsecure("localhost", small.port()))
                .build()) {
            ServedPort.assertFault(
                    FlightStatusCode.UNAVAILABLE,
                    "memory",
                    () -> ServedPort.read(refused, served.command("{\"product\":\"flights\"}")));
        }
        ServedPort.await(small.close(Duration.ofSeconds(5)));
    }

    @Test
    void close_withAStreamUnderWay_endsItAfterItsGrace() throws Exception {
        served.flights.add(served.root, 400_000, 100, i -> true);
        FlightPort closing = served.start(0, 64 << 20, ServedPort.NONE);
        try (FlightClient reader = FlightClient.builder(
                                served.clients, Location.forGrpcInsecure("localhost", closing.port()))
                        .build();
                FlightStream stream = reader.getStream(served.command("{\"product\":\"flights\"}"))) {
            assertTrue(stream.next());
            ServedPort.await(closing.close(Duration.ofMillis(1)));
            assertEquals(0, served.flights.open());
            assertThrows(FlightRuntimeException.class, () -> ServedPort.ids(stream));
        }
    }

    private double rows() {
        return served.meters
                .get("millrace.flight.rows")
                .tag("product", "aviation.flights")
                .counter()
                .count();
    }

    private void turnWorkers() {
        WorkerPool pages =
                WorkerPool.unwatched(served.vertx, "pages", 2); // the threads of that name, which the port has
        ServedPort.await(Future.join(pages.run(() -> true), pages.run(() -> true)));
    }

    private void turnLoops() throws InterruptedException {
        for (EventExecutor loop : ((VertxInternal) served.vertx).eventLoopGroup()) {
            loop.submit(() -> {}).sync();
        }
    }

    private ManagedChannel channel() {
        return NettyChannelBuilder.forAddress("localhost", served.port.port())
                .usePlaintext()
                .build();
    }

    private Flight.Ticket proto(String json) {
        return Flight.Ticket.newBuilder()
                .setTicket(com.google.protobuf.ByteString.copyFrom(
                        served.command(json).getBytes()))
                .build();
    }
}
