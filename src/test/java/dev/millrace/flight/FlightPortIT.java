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
import dev.millrace.layer.PortLayers;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.store.Position;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.stream.LongStream;
import java.util.stream.StreamSupport;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.AsyncPutListener;
import org.apache.arrow.flight.Criteria;
import org.apache.arrow.flight.FlightCallHeaders;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.HeaderCallOption;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class FlightPortIT {
    private final ServedPort served = new ServedPort();

    @AfterEach
    void stop_everythingIsGivenBack() throws Exception {
        served.close();
    }

    @Test
    void doGet_denseRows_areAllThere(@TempDir Path folder) throws Exception {
        served.flights.add(served.root, 100_000, 40, i -> true).addMapped(served.root, folder, 50_000, i -> true);
        served.flights.add(served.root, 77, 0, i -> true);
        FlightInfo info = served.client.getInfo(FlightDescriptor.path("aviation", "flights"));
        assertEquals(150_077, info.getRecords());
        assertTrue(info.getBytes() > 150_077L * 40);
        assertEquals(
                LongStream.range(0, 150_077).boxed().toList(),
                served.read(info.getEndpoints().getFirst().getTicket()));
        assertEquals(
                150_077,
                served.meters
                        .get("millrace.flight.rows")
                        .tag("product", "aviation.flights")
                        .counter()
                        .count());
        assertFalse(served.askedOn.isEmpty());
        assertTrue(
                served.askedOn.stream().allMatch(thread -> thread.startsWith("vert.x-eventloop")),
                served.askedOn::toString);
    }

    @Test
    void doGet_hiddenRows_areLeftOut() {
        served.airports.add(served.root, 30_000, 0, i -> i % 3 != 1).add(served.root, 10, 0, i -> false);
        FlightInfo info = served.client.getInfo(FlightDescriptor.path("aviation.airports"));
        assertEquals(20_000, info.getRecords());
        assertEquals(
                LongStream.range(0, 30_000).filter(i -> i % 3 != 1).boxed().toList(),
                served.read(info.getEndpoints().getFirst().getTicket()));
    }

    @Test
    void doGet_emptyProduct_isASchemaAlone() {
        FlightInfo info = served.client.getInfo(FlightDescriptor.path("earthquakes"));
        assertEquals(0, info.getRecords());
        assertEquals(List.of(), served.read(info.getEndpoints().getFirst().getTicket()));
    }

    @Test
    void doGet_laterThanItsTicket_readsAtTheTicketsPosition() {
        served.quakes.add(served.root, 10, 0, i -> true);
        FlightInfo info = served.client.getInfo(FlightDescriptor.path("seismology", "earthquakes"));
        served.quakes.add(served.root, 10, 0, i -> true);
        assertEquals(10, served.read(info.getEndpoints().getFirst().getTicket()).size());
        String position = Position.of("topic", 10).toString();
        FlightInfo then =
                served.client.getInfo(FlightDescriptor.path("seismology", "earthquakes", "as_of=" + position));
        assertEquals(10, then.getRecords());
        assertEquals(
                position,
                then.getSchemaOptional().orElseThrow().getCustomMetadata().get("millrace.position"));
    }

    @Test
    void getInfo_select_choosesAndOrdersColumns() throws Exception {
        served.flights.add(served.root, 100, 0, i -> true);
        FlightInfo info = served.client.getInfo(FlightDescriptor.path("aviation", "flights", "select=delay,id"));
        try (FlightStream stream =
                served.client.getStream(info.getEndpoints().getFirst().getTicket())) {
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
        var schema = served.client.getSchema(FlightDescriptor.path("flights")).getSchema();
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
    void doGet_queries_askWhatHttpAsks() throws Exception {
        served.flights.add(served.root, 5_000, 0, i -> i % 2 == 0);
        assertEquals(
                List.of(0L, 2L, 4L),
                served.read(served.command("{\"product\":\"flights\",\"select\":[\"id\"],\"limit\":3}")));
        assertEquals(List.of(10L), served.read(ticket("flights", "id=10")));
        assertEquals(List.of(4_996L, 4_998L), served.read(ticket("aviation", "flights", "id[gte]=4996")));
        assertEquals(
                List.of(4_998L, 4_996L),
                served.read(served.command("{\"product\":\"aviation.flights\",\"where\":{\"id[gte]\":4000,"
                        + "\"or\":[{\"late\":true},{\"id[lt]\":5000}]},\"sort\":[\"-id\"],\"limit\":2}")));
        FlightInfo filtered = served.info("flights", "late=true");
        assertEquals(-1, filtered.getRecords(), "nobody knows before the rows are looked at");
        FlightInfo groups = served.info("flights", "group=late", "agg=count,max(id)", "sort=late");
        try (FlightStream stream =
                served.client.getStream(groups.getEndpoints().getFirst().getTicket())) {
            assertEquals(groups.getSchemaOptional().orElseThrow(), stream.getSchema());
            assertTrue(stream.next());
            assertEquals(
                    List.of(1_666L, 834L),
                    List.of(
                            stream.getRoot().getVector("count").getObject(0),
                            stream.getRoot().getVector("count").getObject(1)));
            assertEquals(4_996L, stream.getRoot().getVector("max(id)").getObject(0));
            assertFalse(stream.next());
        }
    }

    private Ticket ticket(String... path) {
        return served.info(path).getEndpoints().getFirst().getTicket();
    }

    @Test
    void getInfo_longCommand_isTakenUpToItsLimitAndItsTicketsToo() {
        served.flights.add(served.root, 10, 0, i -> true);
        int frame = 6; // the type of a descriptor, and the tag and length of its command
        String command = "{\"product\":\"flights\",\"select\":[\"id\"],\"where\":{\"origin\":\"%s\"}}";
        int fits = InboundBytes.ASKING_BYTES - frame - command.formatted("").length();
        ServedPort.assertFault( // the ticket has more to say than the command
                FlightStatusCode.INVALID_ARGUMENT,
                "The ticket of this query",
                () -> served.command(command.formatted("x".repeat(fits))));
        for (int more : new int[] {1, 100_000, 3_000_000, 8_000_000}) {
            ServedPort.assertFault(
                    FlightStatusCode.INVALID_ARGUMENT,
                    "the limit is 65536",
                    () -> served.command(command.formatted("x".repeat(fits + more))));
        }
        assertEquals(List.of(), served.read(served.command(command.formatted("x".repeat(fits - 300)))));
        String[] empty = new String[4_000_000];
        Arrays.fill(empty, "");
        ServedPort.assertFault(FlightStatusCode.INVALID_ARGUMENT, "the limit is 65536", () -> served.info(empty));
    }

    @Test
    void getInfo_messageDeclaredTooLarge_isRefusedWithoutALineInTheLog() {
        var lines = new ConcurrentLinkedQueue<LogRecord>();
        var handler = new Handler() {
            @Override
            public void publish(LogRecord line) {
                lines.add(line);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        var logger = java.util.logging.Logger.getLogger("io.grpc.netty.NettyServerStream");
        logger.addHandler(handler);
        try {
            ServedPort.assertFault(
                    FlightStatusCode.RESOURCE_EXHAUSTED,
                    "exceeds maximum size",
                    () -> served.command("{\"product\":\"" + "x".repeat(20_000_000)));
        } finally {
            logger.removeHandler(handler);
        }
        assertEquals(List.of(), List.copyOf(lines));
    }

    @Test
    void wrongRequests_sayWhatIsWrong() {
        ServedPort.assertFault(
                FlightStatusCode.NOT_FOUND, "no product 'aviation.nothing'", () -> served.info("aviation", "nothing"));
        ServedPort.assertFault(FlightStatusCode.NOT_FOUND, "no product '€€€€", () -> served.info("€".repeat(20_000)));
        ServedPort.assertFault(FlightStatusCode.INVALID_ARGUMENT, "seismology.airports", () -> served.info("airports"));
        ServedPort.assertFault(
                FlightStatusCode.INVALID_ARGUMENT, "[domain, product]", () -> served.info("a", "b", "c"));
        ServedPort.assertFault(FlightStatusCode.INVALID_ARGUMENT, "[domain, product]", () -> served.info());
        ServedPort.assertFault(
                FlightStatusCode.INVALID_ARGUMENT, "'colour'", () -> served.info("flights", "select=id,colour"));
        ServedPort.assertFault(
                FlightStatusCode.INVALID_ARGUMENT, "twice", () -> served.info("flights", "select=id,id"));
        ServedPort.assertFault(FlightStatusCode.INVALID_ARGUMENT, "no column 'x'", () -> served.info("flights", "x=1"));
        ServedPort.assertFault(
                FlightStatusCode.INVALID_ARGUMENT, "no position", () -> served.info("flights", "as_of=now"));
        ServedPort.assertFault(
                FlightStatusCode.NOT_FOUND, "another topic", () -> served.info("flights", "as_of=other:1"));
        ServedPort.assertFault(
                FlightStatusCode.UNAVAILABLE, "not seen its topic", () -> served.info("seismology", "airports"));
        ServedPort.assertFault(
                FlightStatusCode.INVALID_ARGUMENT, "ticket", () -> served.read(new Ticket("nonsense".getBytes(UTF_8))));
        ServedPort.assertFault(
                FlightStatusCode.INVALID_ARGUMENT,
                "'limit'",
                () -> served.command("{\"product\":\"flights\",\"limit\":-1}"));
        for (String limit : List.of("sort=id", "sort=id&limit=10001")) {
            String[] options = ("flights&" + limit).split("&");
            ServedPort.assertFault(FlightStatusCode.INVALID_ARGUMENT, "'limit'", () -> served.info(options));
        }
        assertEquals(List.of(), served.read(ticket("flights", "sort=id", "limit=10000")));
        ServedPort.assertFault(FlightStatusCode.INVALID_ARGUMENT, "'cursor'", () -> served.info("flights", "cursor=x"));
        for (String command : List.of(
                "{",
                "{}",
                "{\"product\":1}",
                "{\"product\":\"flights\",\"colour\":1}",
                "{\"product\":\"flights\",\"product\":\"airports\"}",
                "{\"product\":\"flights\",\"limit\":true}")) {
            ServedPort.assertFault(FlightStatusCode.INVALID_ARGUMENT, "Expected", () -> served.command(command));
        }
        ServedPort.assertFault(
                FlightStatusCode.INVALID_ARGUMENT,
                "Flight SQL",
                () -> served.client.getInfo(FlightDescriptor.command(new byte[] {1})));
        ServedPort.assertFault(
                FlightStatusCode.INVALID_ARGUMENT,
                "Flight SQL",
                () -> served.client.getSchema(FlightDescriptor.command(new byte[] {1})));
        ServedPort.assertFault(
                FlightStatusCode.UNIMPLEMENTED,
                "ListFlights, GetFlightInfo, GetSchema, DoGet, DoPut",
                () -> served.client.doAction(new Action("x")).next());
        var actions = new ArrayList<String>();
        served.client.listActions().forEach(action -> actions.add(action.getType()));
        assertEquals(List.of("CreatePreparedStatement", "ClosePreparedStatement"), actions);
        try (VectorSchemaRoot empty =
                VectorSchemaRoot.create(FakeStore.SCHEMA.layout().schema(), served.clients)) {
            for (String product : List.of("flights", "none")) {
                boolean known = product.equals("flights");
                ServedPort.assertFault(
                        known ? FlightStatusCode.UNAVAILABLE : FlightStatusCode.NOT_FOUND,
                        known ? "Writing" : "none",
                        () -> {
                            var put = served.client.startPut(
                                    FlightDescriptor.path(product), empty, new AsyncPutListener());
                            put.completed();
                            put.getResult();
                        });
            }
        }
    }

    @Test
    void doGet_tamperedTicket_isRefused() {
        byte[] ticket =
                served.info("flights").getEndpoints().getFirst().getTicket().getBytes();
        ticket[ticket.length - 3] ^= 1;
        ServedPort.assertFault(FlightStatusCode.INVALID_ARGUMENT, "signature", () -> served.read(new Ticket(ticket)));
    }

    @Test
    void everyCall_passesTheLayersOnce_whateverItWaitsFor() throws Exception {
        served.flights.add(served.root, 10, 0, i -> true);
        var seen = new CopyOnWriteArrayList<String>();
        FlightPort counting = served.start(0, 64 << 20, PortLayers.of(service -> request -> {
            seen.add(request.method());
            return service.call(request);
        }));
        try (FlightClient client = FlightClient.builder(
                        served.clients, Location.forGrpcInsecure("localhost", counting.port()))
                .build()) {
            for (String wanted : List.of("", "topic:10", "other:1")) {
                var headers = new FlightCallHeaders();
                if (!wanted.isEmpty()) {
                    headers.insert("millrace-min-position", wanted);
                }
                var option = new HeaderCallOption(headers);
                FlightDescriptor flights = FlightDescriptor.path("flights");
                Ticket ticket = served.info("flights").getEndpoints().getFirst().getTicket();
                for (Executable call : List.<Executable>of(
                        () -> client.listFlights(Criteria.ALL, option).forEach(info -> {}),
                        () -> client.getInfo(flights, option),
                        () -> client.getSchema(flights, option),
                        () -> {
                            try (FlightStream stream = client.getStream(ticket, option)) {
                                ServedPort.ids(stream);
                            }
                        },
                        () -> {
                            try (VectorSchemaRoot empty = VectorSchemaRoot.create(
                                    FakeStore.SCHEMA.layout().schema(), served.clients)) {
                                var put = client.startPut(flights, empty, new AsyncPutListener(), option);
                                put.completed();
                                put.getResult();
                            }
                        })) {
                    try {
                        call.execute();
                    } catch (FlightRuntimeException refused) {
                        assertFalse(
                                wanted.equals("topic:10") && refused.status().code() == FlightStatusCode.NOT_FOUND);
                    } catch (Throwable broken) {
                        throw new AssertionError(broken);
                    }
                }
            }
        }
        List<String> once = List.of("ListFlights", "GetFlightInfo", "GetSchema", "DoGet", "DoPut");
        assertEquals(
                java.util.stream.Stream.of(once, once, once)
                        .flatMap(List::stream)
                        .toList(),
                seen);
        ServedPort.await(counting.close(Duration.ofSeconds(5)));
    }

    @Test
    void doPut_pathOfManyParts_isRefusedAboveTheLimit() {
        try (VectorSchemaRoot empty =
                VectorSchemaRoot.create(FakeStore.SCHEMA.layout().schema(), served.clients)) {
            for (int parts : new int[] {16, 17, 100_000}) {
                ServedPort.assertFault(
                        FlightStatusCode.INVALID_ARGUMENT,
                        parts == 16 ? "descriptor path" : "it has " + parts + " parts",
                        () -> {
                            var put = served.client.startPut(
                                    FlightDescriptor.path(java.util.Collections.nCopies(parts, "a")),
                                    empty,
                                    new AsyncPutListener());
                            put.completed();
                            put.getResult();
                        });
            }
        }
    }

    @Test
    void layer_refusing_isTheClientsStatus() throws Exception {
        FlightPort refusing = served.start(
                0,
                64 << 20,
                PortLayers.of(service -> request -> Future.failedFuture(new Problem.RateLimited(1, 1, 1).exception())));
        try (FlightClient refused = FlightClient.builder(
                        served.clients, Location.forGrpcInsecure("localhost", refusing.port()))
                .build()) {
            ServedPort.assertFault(
                    FlightStatusCode.RESOURCE_EXHAUSTED,
                    "Try again",
                    () -> refused.getInfo(FlightDescriptor.path("flights")));
        }
        ServedPort.await(refusing.close(Duration.ofSeconds(5)));
    }

    @Test
    void layer_failingUnexpectedly_isAReferenceAndLoggedOnce() throws Exception {
        var log = (Logger) LoggerFactory.getLogger(FlightFaults.class);
        var lines = new ListAppender<ILoggingEvent>();
        lines.start();
        log.addAppender(lines);
        log.setAdditive(false);
        FlightPort broken = served.start(0, 64 << 20, PortLayers.of(service -> request -> {
            throw new IllegalStateException("a secret of the server");
        }));
        try (FlightClient failed = FlightClient.builder(
                        served.clients, Location.forGrpcInsecure("localhost", broken.port()))
                .build()) {
            for (Executable call : List.<Executable>of(
                    () -> failed.getInfo(FlightDescriptor.path("flights")),
                    () -> failed.getSchema(FlightDescriptor.path("flights")),
                    () -> failed.listFlights(Criteria.ALL).iterator().hasNext(),
                    () -> ServedPort.read(failed, new Ticket(new byte[] {1})))) {
                ServedPort.assertFault(FlightStatusCode.INTERNAL, "log under reference", call);
            }
        } finally {
            log.detachAppender(lines);
            log.setAdditive(true);
        }
        assertEquals(4, lines.list.size());
        ServedPort.await(broken.close(Duration.ofSeconds(5)));
    }

    @Test
    void start_onNio_serves() throws Exception {
        served.flights.add(served.root, 1000, 0, i -> true);
        Vertx nio = Vertx.vertx();
        FlightPort other = served.start(nio, 0, 64 << 20, ServedPort.NONE, new SimpleMeterRegistry());
        try (FlightClient reader = FlightClient.builder(
                        served.clients, Location.forGrpcInsecure("localhost", other.port()))
                .build()) {
            assertEquals(
                    1000,
                    ServedPort.read(reader, served.command("{\"product\":\"flights\"}"))
                            .size());
        }
        ServedPort.await(other.close(Duration.ofSeconds(5)));
        ServedPort.await(nio.close());
    }

    @Test
    void start_occupiedPort_cannotStart() {
        var failure =
                assertThrows(ProblemException.class, () -> served.start(served.port.port(), 64 << 20, ServedPort.NONE));
        assertInstanceOf(Problem.CannotStart.class, failure.problem());
        assertTrue(failure.problem().detail().contains("localhost:" + served.port.port()), failure.problem()::detail);
    }

    private List<List<String>> flightsOf(String prefix) {
        return StreamSupport.stream(
                        served.client
                                .listFlights(new Criteria(prefix.getBytes(UTF_8)))
                                .spliterator(),
                        false)
                .map(info -> info.getDescriptor().getPath())
                .map(List::copyOf)
                .toList();
    }

    private static List<String> names(List<Field> fields) {
        return fields.stream().map(Field::getName).toList();
    }
}
