package dev.millrace.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.ingest.TestKafka;
import dev.millrace.ingest.publish.TopicPublisher;
import dev.millrace.server.demo.DemoData;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.apache.arrow.flight.impl.Flight;
import org.apache.arrow.flight.impl.FlightServiceGrpc;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server in a process of its own is told to stop while clients of every kind are at it, those that do nothing among them. */
class StopIT {
    private static final String ROWS = "/v1/products/aviation/flights/rows";
    private static final int FLIGHTS = 200_000;
    private static final Duration WITHIN = Duration.ofSeconds(20);

    @TempDir
    private Path folder;

    @Test
    @Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void stop_underClientsOfEveryKind_saysNothingWrong_inTime_andLogsNothing() throws Exception {
        TestMesh mesh = TestMesh.in(folder);
        DemoData data = DemoData.unpack(folder.resolve("source"));
        try (var publisher = new TopicPublisher(TestKafka.bootstrapServers());
                var flights = data.flights(FLIGHTS)) {
            publisher.publish(mesh.flights(), flights.records(), flights.total(), (done, total) -> {});
        }
        Path configuration = folder.resolve("millrace.yaml");
        Files.writeString(configuration, """
                mesh: {name: stopped, folder: mesh}
                data: {folder: data}
                kafka: {bootstrapServers: "%s"}
                http: {host: 127.0.0.1, port: 0}
                flight: {host: 127.0.0.1, port: 0}
                management: {host: 127.0.0.1, port: 0}
                stop: {notice: 4s, streams: 3s, within: %ds}
                """.formatted(TestKafka.bootstrapServers(), WITHIN.toSeconds()));
        Path log = folder.resolve("server.log");
        ChildServer server = ChildServer.start(configuration, log);
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", server.flightPort())
                .usePlaintext()
                .flowControlWindow(64 << 10)
                .maxInboundMessageSize(64 << 20)
                .build();
        try {
            Client client = Client.of(server.httpPort());
            Client management = Client.of(server.managementPort());
            Client.await(
                    "all flights",
                    () -> client.json("/v1/products/aviation/flights")
                                    .get("rows")
                                    .asLong()
                            == FLIGHTS);
            Client.await("ready", () -> management.get("/health/ready").statusCode() == 200);

            CompletableFuture<Ended> lines = ended(get(server, ROWS + "?format=ndjson"), 64 << 10, 200);
            CompletableFuture<Ended> csv = ended(get(server, ROWS + "?format=csv"), 64 << 10, 200);
            CompletableFuture<Ended> arrow = ended(get(server, ROWS + "?format=arrow"), 64 << 10, 300);
            CompletableFuture<Ended> slow = ended(get(server, ROWS + "?format=ndjson"), 1 << 10, 20);
            CompletableFuture<Ended> events = ended(get(server, "/v1/products/aviation/flights/changes"), 1 << 10, 0);
            Socket deaf = get(server, ROWS + "?format=ndjson");
            Socket half = open(server, 2048);
            half.getOutputStream()
                    .write(("POST " + ROWS + ":lookup HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                                    + "Content-Length: 1000\r\n\r\n{\"keys\":[")
                            .getBytes(US_ASCII));
            CompletableFuture<Ended> halfEnded = ended(half, 1 << 10, 0);
            Unread unread = Unread.of(channel);
            try (Socket group = get(server, ROWS + "?group=flight_id&agg=count,p95(delay)&sort=-count&limit=1")) {

                long begun = System.nanoTime();
                // A process's own destroy() closes its output, too, and what it says then is the matter here.
                server.process().toHandle().destroy();
                Client.await("not ready", () -> management.get("/health/ready").statusCode() == 503);
                assertTrue(management.get("/health/ready").body().contains("\"state\":\"STOPPING\""));
                assertEquals(200, client.get(ROWS + "?limit=1").statusCode(), "it is said first, and served on");
                assertTrue(server.process().waitFor(WITHIN.toSeconds() + 2, TimeUnit.SECONDS), "it ends in time");
                Duration took = Duration.ofNanos(System.nanoTime() - begun);
                System.out.println("stopped after " + took.toMillis() + " ms");

                String last = lines.get(30, TimeUnit.SECONDS).lastLine();
                JsonNode problem = new ObjectMapper().readTree(last).get("millrace:problem");
                assertEquals(503, problem.get("status").asInt(), last);
                assertTrue(lines.get().whole(), "the line that says it is not all is the end of the body");
                for (CompletableFuture<Ended> cut : List.of(csv, arrow)) {
                    assertTrue(cut.get(30, TimeUnit.SECONDS).bytes() > 0);
                    assertFalse(cut.get().whole());
                }
                slow.get(60, TimeUnit.SECONDS);
                Ended pushed = events.get(30, TimeUnit.SECONDS);
                assertTrue(pushed.whole());
                assertTrue(pushed.text().contains("\nid: "), pushed.text());
                assertTrue(
                        halfEnded.get(30, TimeUnit.SECONDS).text().startsWith("HTTP/1.1 503 "), halfEnded.get()::text);
                unread.call().request(1_000);
                // UNAVAILABLE stands behind what it does not read; then its stream is taken from it.
                assertFalse(unread.closed().get(30, TimeUnit.SECONDS).isOk());
                assertTrue(group.isConnected());
            }
            deaf.close();
        } finally {
            channel.shutdownNow();
            server.kill();
        }
        List<String> lines = Files.readAllLines(log);
        assertTrue(lines.stream().anyMatch(line -> line.endsWith("Stopping")), "what it says then is in the file");
        assertEquals(
                List.of(),
                lines.stream()
                        .filter(line ->
                                line.matches(".*\\b(WARN|ERROR|SEVERE|WARNING)\\b.*") || line.contains("Exception"))
                        .toList());
    }

    /** A Flight client that asks for all rows and takes one message. */
    private record Unread(ClientCall<Flight.Ticket, Flight.FlightData> call, CompletableFuture<Status> closed) {
        static Unread of(ManagedChannel channel) {
            Flight.FlightInfo info = FlightServiceGrpc.newBlockingStub(channel)
                    .getFlightInfo(Flight.FlightDescriptor.newBuilder()
                            .setType(Flight.FlightDescriptor.DescriptorType.PATH)
                            .addPath("aviation")
                            .addPath("flights")
                            .build());
            var unread = new Unread(
                    channel.newCall(FlightServiceGrpc.getDoGetMethod(), CallOptions.DEFAULT),
                    new CompletableFuture<>());
            unread.call()
                    .start(
                            new ClientCall.Listener<>() {
                                @Override
                                public void onClose(Status status, Metadata trailers) {
                                    unread.closed().complete(status);
                                }
                            },
                            new Metadata());
            unread.call().request(1);
            unread.call().sendMessage(info.getEndpoint(0).getTicket());
            unread.call().halfClose();
            return unread;
        }
    }

    /** What a client got until the connection ended, and how that was. */
    private record Ended(long bytes, String text, boolean whole) {
        /** The last line of a chunked body. */
        String lastLine() {
            return text.lines()
                    .filter(line -> line.startsWith("{"))
                    .reduce((before, line) -> line)
                    .orElseThrow();
        }
    }

    private static Socket open(ChildServer server, int receiveBytes) throws IOException {
        var socket = new Socket();
        socket.setReceiveBufferSize(receiveBytes);
        socket.connect(new java.net.InetSocketAddress("127.0.0.1", server.httpPort()));
        return socket;
    }

    private static Socket get(ChildServer server, String target) throws IOException {
        Socket socket = open(server, 4096);
        socket.getOutputStream().write(("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n").getBytes(US_ASCII));
        return socket;
    }

    /** Reads so many bytes at a time, with a rest after each, until the connection ends. */
    private static CompletableFuture<Ended> ended(Socket socket, int bytes, long restMillis) {
        Supplier<Ended> reading = () -> {
            long sum = 0;
            var tail = new StringBuilder();
            try (socket;
                    InputStream in = socket.getInputStream()) {
                byte[] read;
                while ((read = in.readNBytes(restMillis == 0 ? 1 : bytes)).length > 0) {
                    sum += read.length;
                    tail.append(new String(read, UTF_8));
                    tail.delete(0, Math.max(0, tail.length() - (128 << 10)));
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(restMillis));
                }
            } catch (IOException reset) {
                tail.append("\nreset");
            }
            String text = tail.toString();
            return new Ended(sum, text, text.endsWith("\r\n0\r\n\r\n"));
        };
        return CompletableFuture.supplyAsync(
                reading, task -> Thread.ofPlatform().daemon().start(task));
    }
}
