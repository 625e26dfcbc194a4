package dev.millrace.flight;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.layer.Places;
import io.grpc.Attributes;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.apache.arrow.flight.AsyncPutListener;
import org.apache.arrow.flight.CallHeaders;
import org.apache.arrow.flight.FlightCallHeaders;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightGrpcUtils;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.HeaderCallOption;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One client takes what it can get; another, at another address, does not notice. */
class FlightFloodIT {
    private static final int SHARE_BYTES = 50_000;
    private static final byte HEADERS = 1;
    private static final byte DATA = 0;
    private static final byte SETTINGS = 4;
    private static final byte RESET = 3;
    private static final byte END_HEADERS = 4;

    private final FlightPlaces places = new FlightPlaces(
            new Places("flight.connections", 12, 6, 1),
            new Places("flight.calls", 20, 10, 1),
            new Places("flight.waiters", 8, 4, 1),
            new Places("request.bytes", 2 * SHARE_BYTES, SHARE_BYTES, 1));
    private final ServedPort served = new ServedPort(places);
    private final List<Socket> sockets = new ArrayList<>();
    private final List<ManagedChannel> channels = new ArrayList<>();
    private FlightClient bystander;

    @BeforeEach
    void connect() {
        served.flights.add(served.root, 100, 0, i -> true);
        bystander = client("127.0.0.2");
    }

    @AfterEach
    void everythingIsGivenBack() throws Exception {
        bystander.close();
        channels.forEach(ManagedChannel::shutdownNow);
        for (Socket socket : sockets) {
            socket.close();
        }
        served.close();
        for (Places each : List.of(places.calls(), places.waiters(), places.memory(), places.connections())) {
            await(() -> each.taken() == 0, each.kind() + " stay taken");
        }
    }

    private static void await(BooleanSupplier condition, String what) {
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, what);
            Thread.onSpinWait();
        }
    }

    private void assertBystanderIsServed() {
        assertEquals(
                100,
                ServedPort.read(
                                bystander,
                                bystander
                                        .getInfo(FlightDescriptor.path("aviation", "flights"))
                                        .getEndpoints()
                                        .getFirst()
                                        .getTicket())
                        .size());
    }

    @Test
    void halfOpenPuts_ofOneClient_endAtItsShare() throws Exception {
        try (var ids = new BigIntVector("id", served.clients);
                var root = VectorSchemaRoot.of(ids)) {
            List<FlightClient.ClientStreamListener> open = new ArrayList<>();
            for (int i = 0; i < places.calls().share(); i++) {
                open.add(served.client.startPut(
                        FlightDescriptor.path("aviation", "flights"), root, new AsyncPutListener()));
            }
            await(() -> places.calls().taken() == places.calls().share(), "not all are open");
            ServedPort.assertFault(
                    FlightStatusCode.RESOURCE_EXHAUSTED, "flight.calls", () -> served.info("aviation", "flights"));
            for (int i = 0; i < 5; i++) {
                assertBystanderIsServed();
            }
            open.forEach(each -> each.error(new IllegalStateException("enough")));
            await(() -> places.calls().taken() == 0, "places stay taken");
            assertEquals(100, served.info("aviation", "flights").getRecords());
        }
    }

    @Test
    void waiters_ofOneClient_endAtItsShare_andLeaveWhenTheyAreCancelled() throws Exception {
        CallHeaders headers = new FlightCallHeaders();
        headers.insert("millrace-min-position", "topic:1000000");
        headers.insert("prefer", "wait=30");
        List<Thread> waiting = new ArrayList<>();
        try (FlightClient leaving = client("127.0.0.3")) {
            for (int i = 0; i < 4; i++) {
                waiting.add(Thread.ofVirtual().start(() -> {
                    try {
                        leaving.getInfo(FlightDescriptor.path("aviation", "flights"), new HeaderCallOption(headers));
                    } catch (FlightRuntimeException left) {
                        // what the test waits for
                    }
                }));
            }
            await(() -> places.waiters().taken() == 4, "not all wait");
            FlightRuntimeException refused = assertThrows(
                    FlightRuntimeException.class,
                    () -> leaving.getInfo(FlightDescriptor.path("aviation", "flights"), new HeaderCallOption(headers)));
            assertEquals(FlightStatusCode.RESOURCE_EXHAUSTED, refused.status().code());
            assertBystanderIsServed();
        }
        channels.forEach(ManagedChannel::shutdownNow);
        await(() -> places.waiters().taken() == 0, "places stay taken when their connections are closed");
        for (Thread thread : waiting) {
            thread.join();
        }
    }

    private FlightClient client(String from) {
        ManagedChannel made = NettyChannelBuilder.forAddress("127.0.0.1", served.port.port())
                .localSocketPicker(new NettyChannelBuilder.LocalSocketPicker() {
                    @Override
                    public SocketAddress createSocketAddress(SocketAddress remote, Attributes attributes) {
                        return new InetSocketAddress(from, 0);
                    }
                })
                .usePlaintext()
                .build();
        channels.add(made);
        return FlightGrpcUtils.createFlightClient(served.clients, made);
    }

    private Socket socket(String from) throws IOException {
        var socket = new Socket();
        sockets.add(socket);
        socket.bind(new InetSocketAddress(from, 0));
        socket.connect(new InetSocketAddress("127.0.0.1", served.port.port()));
        socket.setSoTimeout(20_000);
        return socket;
    }

    @Test
    void connections_ofOneClient_endAtItsShare() throws Exception {
        for (int i = 0; i < 6; i++) {
            socket("127.0.0.4");
        }
        await(() -> places.connections().taken("127.0.0.4") == 6, "not all are open");
        Socket more = socket("127.0.0.4");
        int first;
        try {
            first = more.getInputStream().read();
        } catch (SocketException reset) {
            first = -1;
        }
        assertEquals(-1, first);
        assertBystanderIsServed();
    }

    /** A message of which not all comes, as no gRPC library would send it. */
    @ParameterizedTest
    @CsvSource({"49000, false", "50000, false", "50001, true"})
    void halfMessage_isCounted_andRefusedAboveTheShare(int sent, boolean refused) throws Exception {
        Socket socket = socket("127.0.0.4");
        var out = new ByteArrayOutputStream();
        out.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
        frame(out, SETTINGS, 0, 0, new byte[0]);
        frame(out, HEADERS, END_HEADERS, 1, headers());
        byte[] message = new byte[5 + sent];
        ByteBuffer.wrap(message).put(1, new byte[] {0, 0, 0, 0}).putInt(1, 1_000_000);
        for (int from = 0; from < message.length; from += 16_000) {
            frame(
                    out,
                    DATA,
                    0,
                    1,
                    java.util.Arrays.copyOfRange(message, from, Math.min(message.length, from + 16_000)));
        }
        socket.getOutputStream().write(out.toByteArray());
        if (refused) {
            var in = new DataInputStream(socket.getInputStream());
            while (!endsTheCall(in)) {
                // frames of the connection
            }
            await(() -> places.memory().taken() == 0, "memory stays taken");
        } else {
            await(() -> places.memory().taken() == sent, "it is not counted");
            assertBystanderIsServed();
            socket.close();
            await(() -> places.memory().taken() == 0, "memory stays taken when its connection is closed");
        }
    }

    private static boolean endsTheCall(DataInputStream in) throws IOException {
        int lengthAndType = in.readInt();
        int flags = in.read();
        int stream = in.readInt();
        in.skipNBytes(lengthAndType >>> 8);
        int type = lengthAndType & 0xFF;
        return stream == 1 && (type == RESET || (type == HEADERS && (flags & 1) == 1));
    }

    private static void frame(ByteArrayOutputStream out, int type, int flags, int stream, byte[] payload) {
        out.writeBytes(ByteBuffer.allocate(9)
                .putInt(payload.length << 8 | type)
                .put((byte) flags)
                .putInt(stream)
                .array());
        out.writeBytes(payload);
    }

    /** RFC 7541, "Literal Header Field without Indexing", new names, no Huffman code. */
    private static byte[] headers() {
        var out = new ByteArrayOutputStream();
        for (String text : new String[] {
            ":method", "POST", ":scheme", "http", ":path", "/arrow.flight.protocol.FlightService/DoPut",
            ":authority", "x", "content-type", "application/grpc", "te", "trailers"
        }) {
            if (text.startsWith(":") || text.equals("content-type") || text.equals("te")) {
                out.write(0);
            }
            out.write(text.length());
            out.writeBytes(text.getBytes(US_ASCII));
        }
        return out.toByteArray();
    }
}
