package dev.millrace.flight;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.domain.Products;
import dev.millrace.layer.Layer;
import dev.millrace.layer.Layers;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.store.Position;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.util.concurrent.EventExecutor;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.internal.VertxInternal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.StreamSupport;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.AsyncPutListener;
import org.apache.arrow.flight.Criteria;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.flight.impl.Flight;
import org.apache.arrow.flight.impl.FlightServiceGrpc;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class FlightPortIT {
    private static final Layer<FlightRequest, FlightAnswer> NONE = Layers.of();

    private final BufferAllocator root = new RootAllocator();
    private final BufferAllocator clients = new RootAllocator();
    private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final FakeStore flights = new FakeStore();
    private final FakeStore airports = new FakeStore();
    private final FakeStore quakes = new FakeStore();
    private final FakeStore unseen = new FakeStore().withoutTopic();
    private final Set<String> askedOn = ConcurrentHashMap.newKeySet();
    private FlightPort port;
    private FlightClient client;

    @BeforeEach
    void start() {
        // The layer notes on which thread it is asked, and answers later, as one with a queue would.
        Layer<FlightRequest, FlightAnswer> later = service -> request -> {
            askedOn.add(Thread.currentThread().getName());
            Promise<FlightAnswer> answer = Promise.promise();
            vertx.setTimer(1, fired -> service.call(request).onComplete(answer));
            return answer.future();
        };
        port = start(vertx, 0, 64 << 20, Layers.of(later), meters);
        client = FlightClient.builder(clients, Location.forGrpcInsecure("localhost", port.port()))
                .build();
    }

    private FlightPort start(int number, int memoryBytes, Layer<FlightRequest, FlightAnswer> layers) {
        return start(vertx, number, memoryBytes, layers, new SimpleMeterRegistry());
    }

    private FlightPort start(
            Vertx vertx,
            int number,
            int memoryBytes,
            Layer<FlightRequest, FlightAnswer> layers,
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
        return await(FlightPort.start(vertx, options, registry, root, layers, into));
    }

    @AfterEach
    void stop_everythingIsGivenBack() throws Exception {
        client.close();
        await(port.close(Duration.ofSeconds(5)));
        for (FakeStore store : List.of(flights, airports, quakes, unseen)) {
            assertEquals(0, store.open());
            store.close();
        }
        await(vertx.close());
        clients.close();
        root.close();
    }

    @Test
    void doGet_denseRows_areAllThere(@TempDir Path folder) throws Exception {
        flights.add(root, 100_000, 40, i -> true).addMapped(root, folder, 50_000, i -> true);
        flights.add(root, 77, 0, i -> true);
        FlightInfo info = client.getInfo(FlightDescriptor.path("aviation", "flights"));
        assertEquals(150_077, info.getRecords());
        assertTrue(info.getBytes() > 150_077L * 40);
        assertEquals(
                LongStream.range(0, 150_077).boxed().toList(),
                read(info.getEndpoints().getFirst().getTicket()));
        assertEquals(
                150_077,
                meters.get("millrace.flight.rows")
                        .tag("product", "aviation.flights")
                        .counter()
                        .count());
        assertTrue(askedOn.stream().allMatch(thread -> thread.startsWith("vert.x-eventloop")), askedOn::toString);
    }

    @Test
    void doGet_hiddenRows_areLeftOut() {
        airports.add(root, 30_000, 0, i -> i % 3 != 1).add(root, 10, 0, i -> false);
        FlightInfo info = client.getInfo(FlightDescriptor.path("aviation.airports"));
        assertEquals(20_000, info.getRecords());
        assertEquals(
                LongStream.range(0, 30_000).filter(i -> i % 3 != 1).boxed().toList(),
                read(info.getEndpoints().getFirst().getTicket()));
    }

    @Test
    void doGet_emptyProduct_isASchemaAlone() {
        FlightInfo info = client.getInfo(FlightDescriptor.path("earthquakes"));
        assertEquals(0, info.getRecords());
        assertEquals(List.of(), read(info.getEndpoints().getFirst().getTicket()));
    }

    @Test
    void doGet_laterThanItsTicket_readsAtTheTicketsPosition() {
        quakes.add(root, 10, 0, i -> true);
        FlightInfo info = client.getInfo(FlightDescriptor.path("seismology", "earthquakes"));
        quakes.add(root, 10, 0, i -> true);
        assertEquals(10, read(info.getEndpoints().getFirst().getTicket()).size());
        String position = Position.of("topic", 10).toString();
        FlightInfo then = client.getInfo(FlightDescriptor.path("seismology", "earthquakes", "as_of=" + position));
        assertEquals(10, then.getRecords());
        assertEquals(
                position,
                then.getSchemaOptional().orElseThrow().getCustomMetadata().get("millrace.position"));
    }

    @Test
    void getInfo_select_choosesAndOrdersColumns() throws Exception {
        flights.add(root, 100, 0, i -> true);
        FlightInfo info = client.getInfo(FlightDescriptor.path("aviation", "flights", "select=delay,id"));
        try (FlightStream stream =
                client.getStream(info.getEndpoints().getFirst().getTicket())) {
            assertEquals(info.getSchemaOptional().orElseThrow(), stream.getSchema());
            assertEquals(List.of("delay", "id"), names(stream.getSchema().getFields()));
            assertEquals(
                    Map.of(
                            "millrace.product", "aviation.flights",
                            "millrace.contract.id", "aviation-flights-contract",
                            "millrace.contract.version", "1.2.3",
                            "millrace.position", "topic:100"),
                    stream.getSchema().getCustomMetadata());
            assertTrue(stream.next());
            assertEquals(4.5, stream.getRoot().getVector("delay").getObject(9));
            assertFalse(stream.next());
        }
    }

    @Test
    void getSchema_hasTheContractsColumnsAlone() {
        var schema = client.getSchema(FlightDescriptor.path("flights")).getSchema();
        assertEquals(List.of("id", "origin", "late", "tags", "delay"), names(schema.getFields()));
        assertEquals("topic:0", schema.getCustomMetadata().get("millrace.position"));
    }

    @Test
    void listFlights_prefix_filters() {
        assertEquals(4, flightsOf("").size());
        assertEquals(List.of(List.of("aviation", "airports"), List.of("aviation", "flights")), flightsOf("aviation."));
        assertEquals(List.of(), flightsOf("nothing"));
    }

    @Test
    void doGet_plainTicket_isRead() {
        flights.add(root, 100, 0, i -> true);
        assertEquals(List.of(0L, 1L, 2L), read(plain("{\"product\":\"flights\",\"select\":[\"id\"],\"limit\":3}")));
    }

    @Test
    void wrongRequests_sayWhatIsWrong() {
        assertFault(FlightStatusCode.NOT_FOUND, "no product 'aviation.nothing'", () -> info("aviation", "nothing"));
        assertFault(FlightStatusCode.INVALID_ARGUMENT, "seismology.airports", () -> info("airports"));
        assertFault(FlightStatusCode.INVALID_ARGUMENT, "[domain, product]", () -> info("a", "b", "c"));
        assertFault(FlightStatusCode.INVALID_ARGUMENT, "[domain, product]", () -> info());
        assertFault(FlightStatusCode.INVALID_ARGUMENT, "'colour'", () -> info("flights", "select=id,colour"));
        assertFault(FlightStatusCode.INVALID_ARGUMENT, "twice", () -> info("flights", "select=id,id"));
        assertFault(FlightStatusCode.INVALID_ARGUMENT, "none of its options", () -> info("flights", "x=1"));
        assertFault(FlightStatusCode.INVALID_ARGUMENT, "no position", () -> info("flights", "as_of=now"));
        assertFault(FlightStatusCode.NOT_FOUND, "another topic", () -> info("flights", "as_of=other:1"));
        assertFault(FlightStatusCode.UNAVAILABLE, "not seen its topic", () -> info("seismology", "airports"));
        assertFault(FlightStatusCode.INVALID_ARGUMENT, "ticket", () -> read(plain("nonsense")));
        assertFault(
                FlightStatusCode.INVALID_ARGUMENT,
                "negative",
                () -> read(plain("{\"product\":\"flights\",\"limit\":-1}")));
        assertFault(
                FlightStatusCode.UNIMPLEMENTED,
                "Flight SQL",
                () -> client.getInfo(FlightDescriptor.command(new byte[] {1})));
        assertFault(
                FlightStatusCode.UNIMPLEMENTED,
                "Flight SQL",
                () -> client.getSchema(FlightDescriptor.command(new byte[] {1})));
        assertFault(
                FlightStatusCode.UNIMPLEMENTED,
                "ListFlights, GetFlightInfo, GetSchema, DoGet",
                () -> client.doAction(new Action("x")).next());
        assertFalse(client.listActions().iterator().hasNext());
        try (VectorSchemaRoot empty =
                VectorSchemaRoot.create(FakeStore.SCHEMA.layout().schema(), clients)) {
            assertFault(FlightStatusCode.UNIMPLEMENTED, "DoPut", () -> {
                var put = client.startPut(FlightDescriptor.path("flights"), empty, new AsyncPutListener());
                put.completed();
                put.getResult();
            });
        }
    }

    @Test
    void doGet_tamperedTicket_isRefused() {
        byte[] ticket = info("flights").getEndpoints().getFirst().getTicket().getBytes();
        ticket[ticket.length - 3] ^= 1;
        assertFault(FlightStatusCode.INVALID_ARGUMENT, "signature", () -> read(new Ticket(ticket)));
    }

    @Test
    void doGet_cancelledInMidStream_givesTheSnapshotBack() throws Exception {
        flights.add(root, 400_000, 100, i -> i % 2 == 0);
        try (FlightStream stream = client.getStream(plain("{\"product\":\"flights\"}"))) {
            assertTrue(stream.next());
            assertEquals(1, flights.open());
            stream.cancel("enough", null);
            flights.awaitReleased();
        }
    }

    @Test
    void doGet_clientVanishes_givesTheSnapshotBack(@TempDir Path folder) throws Exception {
        flights.add(root, 200_000, 100, i -> true).addMapped(root, folder, 200_000, i -> true);
        ManagedChannel channel = channel();
        var messages = FlightServiceGrpc.newBlockingStub(channel).doGet(proto("{\"product\":\"flights\"}"));
        messages.next();
        assertEquals(1, flights.open());
        channel.shutdownNow();
        flights.awaitReleased();
        assertTrue(channel.awaitTermination(10, TimeUnit.SECONDS));
    }

    @Test
    void doGet_clientWithGrpcsLimit_getsEveryMessage() throws Exception {
        flights.add(root, 300_000, 200, i -> true).add(root, 100_000, 100, i -> i % 2 == 0);
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
    void doGet_slowClient_holdsLittleMemory() throws Exception {
        flights.add(root, 400_000, 300, i -> i % 2 == 0);
        BufferAllocator flight = root.getChildAllocators().stream()
                .filter(child -> child.getName().equals("flight"))
                .findFirst()
                .orElseThrow();
        try (FlightStream stream = client.getStream(plain("{\"product\":\"flights\"}"))) {
            stream.getSchema();
            // Without back-pressure all would be queued after a few turns of the loops.
            for (int turn = 0; turn < 100; turn++) {
                turnLoops();
            }
            double rows = meters.get("millrace.flight.rows")
                    .tag("product", "aviation.flights")
                    .counter()
                    .count();
            assertTrue(rows > 0 && rows < 150_000, () -> rows + " rows sent to a client that reads none");
            List<Long> ids = ids(stream);
            assertEquals(200_000, ids.size());
        }
        assertTrue(
                flight.getPeakMemoryAllocation() < 24 << 20, () -> flight.getPeakMemoryAllocation() + " bytes at most");
    }

    @Test
    void doGet_copiesBeyondTheLimit_isUnavailable() throws Exception {
        flights.add(root, 10_000, 100, i -> i % 2 == 0);
        FlightPort small = start(0, 1 << 17, NONE);
        try (FlightClient refused = FlightClient.builder(clients, Location.forGrpcInsecure("localhost", small.port()))
                .build()) {
            assertFault(
                    FlightStatusCode.UNAVAILABLE, "memory", () -> read(refused, plain("{\"product\":\"flights\"}")));
        }
        await(small.close(Duration.ofSeconds(5)));
    }

    @Test
    void layer_refusing_isTheClientsStatus() throws Exception {
        FlightPort refusing = start(
                0,
                64 << 20,
                Layers.of(service -> request -> Future.failedFuture(new Problem.RateLimited(1, 1, 1).exception())));
        try (FlightClient refused = FlightClient.builder(
                        clients, Location.forGrpcInsecure("localhost", refusing.port()))
                .build()) {
            assertFault(
                    FlightStatusCode.RESOURCE_EXHAUSTED,
                    "Try again",
                    () -> refused.getInfo(FlightDescriptor.path("flights")));
        }
        await(refusing.close(Duration.ofSeconds(5)));
    }

    @Test
    void layer_failingUnexpectedly_isAReferenceAndLoggedOnce() throws Exception {
        var log = (Logger) LoggerFactory.getLogger(Faults.class);
        var lines = new ListAppender<ILoggingEvent>();
        lines.start();
        log.addAppender(lines);
        log.setAdditive(false);
        FlightPort broken = start(0, 64 << 20, Layers.of(service -> request -> {
            throw new IllegalStateException("a secret of the server");
        }));
        try (FlightClient failed = FlightClient.builder(clients, Location.forGrpcInsecure("localhost", broken.port()))
                .build()) {
            for (Executable call : List.<Executable>of(
                    () -> failed.getInfo(FlightDescriptor.path("flights")),
                    () -> failed.getSchema(FlightDescriptor.path("flights")),
                    () -> failed.listFlights(Criteria.ALL).iterator().hasNext(),
                    () -> read(failed, plain("{}")))) {
                assertFault(FlightStatusCode.INTERNAL, "log under reference", call);
            }
        } finally {
            log.detachAppender(lines);
            log.setAdditive(true);
        }
        assertEquals(4, lines.list.size());
        await(broken.close(Duration.ofSeconds(5)));
    }

    @Test
    void start_onNio_serves() throws Exception {
        flights.add(root, 1000, 0, i -> true);
        Vertx nio = Vertx.vertx();
        FlightPort other = start(nio, 0, 64 << 20, NONE, new SimpleMeterRegistry());
        try (FlightClient reader = FlightClient.builder(clients, Location.forGrpcInsecure("localhost", other.port()))
                .build()) {
            assertEquals(1000, read(reader, plain("{\"product\":\"flights\"}")).size());
        }
        await(other.close(Duration.ofSeconds(5)));
        await(nio.close());
    }

    @Test
    void close_withAStreamUnderWay_endsItAfterItsGrace() throws Exception {
        flights.add(root, 400_000, 100, i -> true);
        FlightPort closing = start(0, 64 << 20, NONE);
        try (FlightClient reader = FlightClient.builder(clients, Location.forGrpcInsecure("localhost", closing.port()))
                        .build();
                FlightStream stream = reader.getStream(plain("{\"product\":\"flights\"}"))) {
            assertTrue(stream.next());
            await(closing.close(Duration.ofMillis(1)));
            assertEquals(0, flights.open());
            assertThrows(FlightRuntimeException.class, () -> ids(stream));
        }
    }

    @Test
    void start_occupiedPort_cannotStart() {
        var failure = assertThrows(ProblemException.class, () -> start(port.port(), 64 << 20, NONE));
        assertInstanceOf(Problem.CannotStart.class, failure.problem());
        assertTrue(failure.problem().detail().contains("localhost:" + port.port()), failure.problem()::detail);
    }

    private void turnLoops() throws InterruptedException {
        for (EventExecutor loop : ((VertxInternal) vertx).eventLoopGroup()) {
            loop.submit(() -> {}).sync();
        }
    }

    private ManagedChannel channel() {
        return NettyChannelBuilder.forAddress("localhost", port.port())
                .usePlaintext()
                .build();
    }

    private FlightInfo info(String... path) {
        return client.getInfo(FlightDescriptor.path(path));
    }

    private List<List<String>> flightsOf(String prefix) {
        return StreamSupport.stream(
                        client.listFlights(new Criteria(prefix.getBytes(UTF_8))).spliterator(), false)
                .map(info -> info.getDescriptor().getPath())
                .map(List::copyOf)
                .toList();
    }

    private List<Long> read(Ticket ticket) {
        return read(client, ticket);
    }

    private static List<Long> read(FlightClient client, Ticket ticket) {
        try (FlightStream stream = client.getStream(ticket)) {
            return ids(stream);
        } catch (FlightRuntimeException fault) {
            throw fault;
        } catch (Exception closing) {
            throw new AssertionError(closing);
        }
    }

    private static List<Long> ids(FlightStream stream) {
        var ids = new ArrayList<Long>();
        while (stream.next()) {
            var id = (BigIntVector) stream.getRoot().getVector("id");
            IntStream.range(0, stream.getRoot().getRowCount()).forEach(i -> ids.add(id.get(i)));
        }
        return ids;
    }

    private static Ticket plain(String json) {
        return new Ticket(json.getBytes(UTF_8));
    }

    private static Flight.Ticket proto(String json) {
        return Flight.Ticket.newBuilder()
                .setTicket(com.google.protobuf.ByteString.copyFromUtf8(json))
                .build();
    }

    private static List<String> names(List<Field> fields) {
        return fields.stream().map(Field::getName).toList();
    }

    private static void assertFault(FlightStatusCode code, String says, Executable call) {
        var fault = assertThrows(FlightRuntimeException.class, call);
        assertEquals(code, fault.status().code(), fault.status()::description);
        assertTrue(fault.status().description().contains(says), fault.status()::description);
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.await(30, TimeUnit.SECONDS);
        } catch (TimeoutException late) {
            throw new AssertionError(late);
        }
    }
}
