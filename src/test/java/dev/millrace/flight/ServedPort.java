package dev.millrace.flight;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.domain.ProductRegistry;
import dev.millrace.domain.Products;
import dev.millrace.layer.Layer;
import dev.millrace.layer.PortLayers;
import dev.millrace.layer.WorkerPool;
import dev.millrace.query.DuckDbEngine;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.junit.jupiter.api.function.Executable;

/** A Flight port over four products, with a client, for tests. */
final class ServedPort implements AutoCloseable {
    static final PortLayers<FlightRequest, FlightAnswer> NONE = PortLayers.of(service -> service);

    final BufferAllocator root = new RootAllocator();
    final BufferAllocator clients = new RootAllocator();
    final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
    final DuckDbEngine duckDb = duckDb();
    final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    final FakeStore flights = new FakeStore();
    final FakeStore airports = new FakeStore();
    final FakeStore quakes = new FakeStore();
    final FakeStore unseen = new FakeStore().withoutTopic();
    final FlightPlaces places;
    final Set<String> askedOn = ConcurrentHashMap.newKeySet();
    final FlightPort port;
    final FlightClient client;

    ServedPort() {
        this(FlightPlaces.unshared());
    }

    ServedPort(FlightPlaces places) {
        this.places = places;
        // The layer notes on which thread it is asked, and answers later, as one with a queue would.
        Layer<FlightRequest, FlightAnswer> later = service -> request -> {
            askedOn.add(Thread.currentThread().getName());
            Promise<FlightAnswer> answer = Promise.promise();
            vertx.setTimer(1, fired -> service.call(request).onComplete(answer));
            return answer.future();
        };
        port = start(vertx, 0, 64 << 20, PortLayers.of(later), meters);
        client = FlightClient.builder(clients, Location.forGrpcInsecure("localhost", port.port()))
                .build();
    }

    FlightPort start(int number, int memoryBytes, PortLayers<FlightRequest, FlightAnswer> layers) {
        return start(vertx, number, memoryBytes, layers, new SimpleMeterRegistry());
    }

    FlightPort start(
            Vertx vertx,
            int number,
            int memoryBytes,
            PortLayers<FlightRequest, FlightAnswer> layers,
            SimpleMeterRegistry into) {
        var registry = new ProductRegistry(
                "mesh",
                List.of(
                        Products.of("aviation", "flights", flights),
                        Products.of("aviation", "airports", airports),
                        Products.of("seismology", "earthquakes", quakes),
                        Products.of("seismology", "airports", unseen)));
        var options = new FlightOptions(
                "localhost", number, memoryBytes, FlightOptions.Tickets.signedWith("0123456789abcdef".getBytes(UTF_8)));
        return await(FlightPort.start(
                vertx,
                options,
                registry,
                root,
                duckDb,
                layers,
                places,
                WorkerPool.unwatched(vertx, "pages", 2),
                WorkerPool.unwatched(vertx, "statements", 1),
                java.util.Optional.empty(),
                into));
    }

    /** Fails when anything is not given back. */
    @Override
    public void close() throws Exception {
        client.close();
        await(port.close(Duration.ofSeconds(5)));
        for (FakeStore store : List.of(flights, airports, quakes, unseen)) {
            assertEquals(0, store.open());
            store.close();
        }
        await(vertx.close());
        duckDb.close();
        clients.close();
        root.close();
    }

    FlightInfo info(String... path) {
        return client.getInfo(FlightDescriptor.path(path));
    }

    List<Long> read(Ticket ticket) {
        return read(client, ticket);
    }

    static List<Long> read(FlightClient client, Ticket ticket) {
        try (FlightStream stream = client.getStream(ticket)) {
            return ids(stream);
        } catch (FlightRuntimeException fault) {
            throw fault;
        } catch (Exception closing) {
            throw new AssertionError(closing);
        }
    }

    static List<Long> ids(FlightStream stream) {
        var ids = new ArrayList<Long>();
        while (stream.next()) {
            var id = (BigIntVector) stream.getRoot().getVector("id");
            IntStream.range(0, stream.getRoot().getRowCount()).forEach(i -> ids.add(id.get(i)));
        }
        return ids;
    }

    static DuckDbEngine duckDb() {
        return new DuckDbEngine(
                new DuckDbEngine.Limits(Path.of("target", "flight-duckdb"), 1 << 28, 1, 10_000, 1 << 28));
    }

    /** The ticket that a command gives. */
    Ticket command(String json) {
        return client.getInfo(FlightDescriptor.command(json.getBytes(UTF_8)))
                .getEndpoints()
                .getFirst()
                .getTicket();
    }

    static void assertFault(FlightStatusCode code, String says, Executable call) {
        var fault = assertThrows(FlightRuntimeException.class, call);
        assertEquals(code, fault.status().code(), fault.status()::description);
        assertTrue(fault.status().description().contains(says), fault.status()::description);
    }

    static <T> T await(Future<T> future) {
        try {
            return future.await(30, TimeUnit.SECONDS);
        } catch (TimeoutException late) {
            throw new AssertionError(late);
        }
    }
}
