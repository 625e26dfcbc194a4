package dev.millrace.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.layer.BulkheadLayer;
import dev.millrace.layer.Layers;
import dev.millrace.layer.Places;
import dev.millrace.layer.PortLayers;
import dev.millrace.query.SampleRows;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One client takes what it can get; another, at another address, does not notice. */
class FloodIT {
    private static final String ROWS = "/v1/products/aviation/flights/rows";
    private static final String GREEDY = "127.0.0.1";
    private static final String BYSTANDER = "127.0.0.2";
    private static final String RECORDS = "/v1/products/aviation/flights/records";
    private static final long MAX_BODY = 1 << 20;
    private static final int CONNECTIONS = 120;
    private static final int PERCENT = 50;

    @TempDir
    private Path folder;

    private final Places requests = new Places("http.requests", 16, 8, 1);
    private final List<Socket> sockets = new ArrayList<>();
    private HttpFixture server;

    @BeforeEach
    void start() throws Exception {
        PortLayers<Call, Answer> layers = new PortLayers<>(
                waiting -> Layers.of(waiting, new BulkheadLayer<>(requests, Call::client)), call -> Optional.empty());
        server = new HttpFixture(
                folder,
                new SampleRows(folder),
                layers,
                HttpFixture.settings(Duration.ofSeconds(60), Duration.ofSeconds(60), CONNECTIONS),
                PERCENT);
        server.sample().writeUsual(0, 1000);
    }

    @AfterEach
    void stop() throws Exception {
        for (Socket socket : sockets) {
            socket.close();
        }
        server.close();
    }

    private Socket connect(String from) throws IOException {
        var socket = new Socket();
        sockets.add(socket);
        socket.bind(new InetSocketAddress(from, 0));
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
        socket.setSoTimeout(20_000);
        return socket;
    }

    private Socket send(String from, String request) throws IOException {
        Socket socket = connect(from);
        socket.getOutputStream().write(request.getBytes(ISO_8859_1));
        return socket;
    }

    private static String get(String path, String headers) {
        return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
    }

    /** The status line's code; -1 where the connection ends without one. */
    private static int status(Socket socket) throws IOException {
        String line = new String(socket.getInputStream().readNBytes("HTTP/1.1 200".length()), ISO_8859_1);
        return line.isEmpty() ? -1 : Integer.parseInt(line.substring(9));
    }

    private static String all(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }

    private static boolean waits(Socket socket) throws IOException {
        socket.setSoTimeout(200);
        try {
            return socket.getInputStream().read() > 1000;
        } catch (SocketTimeoutException silent) {
            return true;
        }
    }

    private static void await(BooleanSupplier condition, String what) {
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, what);
            Thread.onSpinWait();
        }
    }

    private void assertServed(String client) throws IOException {
        assertEquals(200, status(send(client, get(ROWS + "/id-1", "Connection: close\r\n"))));
    }

    @Test
    void connections_ofOneClient_endAtItsShare_andAnotherConnects() throws Exception {
        int share = CONNECTIONS * PERCENT / 100;
        for (int i = 0; i < share; i++) {
            connect(GREEDY);
        }
        await(() -> server.http().connections() == share, "not all are open");
        assertEquals(-1, status(connect(GREEDY)));
        assertServed(BYSTANDER);
        sockets.getFirst().close();
        await(() -> server.http().connections() < share, "none is closed");
        assertServed(GREEDY);
    }

    @Test
    void waiters_ofOneClient_endAtItsShare_andLeaveWithTheirConnections() throws Exception {
        String tag = server.get(ROWS + "?limit=1").headers().firstValue("ETag").orElseThrow();
        String poll = get(ROWS + "?limit=1", "Prefer: wait=30\r\nIf-None-Match: " + tag + "\r\n");
        int share = HttpFixture.WAITERS * PERCENT / 100;
        List<Socket> waiting = new ArrayList<>();
        for (int i = 0; i < share; i++) {
            waiting.add(send(GREEDY, poll));
        }
        await(() -> server.http().waiters() == share, "not all wait");

        Socket refused = send(GREEDY, poll.replace("Host: x", "Host: x\r\nConnection: close"));
        String answer = all(refused);
        assertTrue(answer.startsWith("HTTP/1.1 429"), answer);
        assertTrue(answer.toLowerCase(Locale.ROOT).contains("retry-after: 1"), answer);

        Socket other = send(BYSTANDER, poll);
        await(() -> server.http().waiters() == share + 1, "the other client does not wait");
        assertTrue(waits(other));
        for (Socket socket : waiting) {
            socket.close();
        }
        await(() -> server.http().waiters() == 1, "places stay taken when their connections are closed");

        server.sample().writeUsual(1000, 1001);
        server.publish();
        other.setSoTimeout(20_000);
        assertEquals(200, status(other));
        assertEquals(0, server.http().waiters());
    }

    @Test
    void minPositions_ofOneClient_endAtItsShare_andLeaveWithTheirConnections() throws Exception {
        String position = server.get(ROWS + "?limit=1")
                .headers()
                .firstValue("Millrace-Position")
                .orElseThrow();
        int last = position.lastIndexOf('.') + 1;
        String later = position.substring(0, last) + (Long.parseLong(position.substring(last)) + 5);
        String wait = get(ROWS + "/id-1", "Prefer: wait=30\r\nMillrace-Min-Position: " + later + "\r\n");
        int share = HttpFixture.WAITERS * PERCENT / 100;
        for (int i = 0; i < share; i++) {
            send(GREEDY, wait);
        }
        await(() -> server.http().waiters() == share, "not all wait");
        assertEquals(429, status(send(GREEDY, wait)));
        // What is reached already needs no place.
        assertEquals(200, status(send(GREEDY, wait.replace(later, position))));
        Socket other = send(BYSTANDER, wait);
        await(() -> server.http().waiters() == share + 1, "the other client does not wait");
        for (Socket socket : sockets) {
            if (socket != other) {
                socket.close();
            }
        }
        await(() -> server.http().waiters() == 1, "places stay taken when their connections are closed");
    }

    /** Each is a body that does not come. */
    @Test
    void requests_ofOneClient_endAtItsShare_andLeaveWithTheirConnections() throws Exception {
        String half = "POST " + ROWS + ":lookup HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{";
        for (int i = 0; i < requests.share(); i++) {
            send(GREEDY, half);
        }
        await(() -> requests.taken() == requests.share(), "not all are under way");
        Socket refused = send(GREEDY, get(ROWS + "/id-1", "Connection: close\r\n"));
        String answer = all(refused);
        assertTrue(answer.startsWith("HTTP/1.1 429"), answer);
        assertTrue(answer.toLowerCase(Locale.ROOT).contains("retry-after: 1"), answer);
        for (int i = 0; i < 20; i++) {
            assertServed(BYSTANDER);
        }
        for (Socket socket : sockets) {
            socket.close();
        }
        await(() -> requests.taken() == 0, "places stay taken when their connections are closed");
    }

    private String post(String path, long declared, int sent) {
        return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: "
                + declared + "\r\n\r\n" + "\n".repeat(sent);
    }

    /** Each has all but its last bytes; there is memory of one client for four. */
    @Test
    void halfBodies_ofOneClient_endAtItsShare_andGiveTheirMemoryBack() throws Exception {
        String half = post(RECORDS, MAX_BODY, 900_000);
        for (int i = 0; i < 4; i++) {
            send(GREEDY, half);
        }
        await(() -> server.memory().taken() == 4L * MAX_BODY, "not all is counted");
        // Answered before its body has come, and ended, since that may still come.
        String refused = all(send(GREEDY, post(RECORDS, MAX_BODY, 0)));
        assertTrue(refused.startsWith("HTTP/1.1 429"), refused);
        assertTrue(refused.contains("request.bytes"), refused);
        assertTrue(refused.toLowerCase(Locale.ROOT).contains("retry-after: 1"), refused);
        String lookup = "{\"keys\":[\"id-1\"]}";
        for (int i = 0; i < 20; i++) {
            assertServed(BYSTANDER);
            assertEquals(200, status(send(BYSTANDER, post(ROWS + ":lookup", lookup.length(), 0) + lookup)));
        }
        for (Socket socket : sockets) {
            socket.close();
        }
        await(() -> server.memory().taken() == 0, "memory stays taken when its connections are closed");
    }

    @ParameterizedTest
    @CsvSource({"-1, false", "0, false", "1, true"})
    void contentLength_isJudgedBeforeTheBody(int more, boolean refused) throws Exception {
        Socket socket = send(GREEDY, post(RECORDS, MAX_BODY + more, 0));
        if (refused) {
            assertTrue(all(socket).startsWith("HTTP/1.1 413"));
        } else {
            await(() -> server.memory().taken() == MAX_BODY + more, "it is not counted");
            socket.close();
        }
        await(() -> server.memory().taken() == 0, "memory stays taken");
    }

    /** A chunked body says nothing of its length. */
    @Test
    void chunks_areCountedAsTheyCome() throws Exception {
        String head = "POST " + RECORDS + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n";
        String chunk = "30d40\r\n" + "\n".repeat(200_000) + "\r\n";
        Socket socket = send(GREEDY, head + chunk);
        await(() -> server.memory().taken() >= 200_000, "it is not counted");
        assertTrue(server.memory().taken() <= MAX_BODY);
        socket.close();
        await(() -> server.memory().taken() == 0, "memory stays taken");
        String tooLarge = all(send(GREEDY, head + chunk.repeat(6)));
        assertTrue(tooLarge.startsWith("HTTP/1.1 413"), tooLarge);
        await(() -> server.memory().taken() == 0, "memory stays taken");
    }

    /** The layers refuse it, so that nobody ever reads its body. */
    @Test
    void memory_ofARefusedRequest_comesBackWithItsAnswer() throws Exception {
        for (int i = 0; i < requests.share(); i++) {
            send(GREEDY, post(ROWS + ":lookup", 1000, 1));
        }
        await(() -> requests.taken() == requests.share(), "not all are under way");
        Socket refused = send(GREEDY, post(ROWS + ":lookup", 1000, 1));
        assertEquals(429, status(refused));
        await(() -> server.memory().taken() == 1000 * requests.share(), "memory stays taken");
    }

    /** A key may be asked for a thousand times; what the answer takes counts as the body does. */
    @ParameterizedTest
    @CsvSource({"10, 200", "1000, 429"})
    void lookUp_whoseAnswerFindsNoMemory_isRefused(int keys, int status) throws Exception {
        long room = 40_000;
        for (int i = 0; i < 4; i++) {
            send(GREEDY, post(RECORDS, MAX_BODY - room / 4, 1));
        }
        await(() -> server.memory().taken() == 4 * MAX_BODY - room, "not all is counted");
        String body = "{\"keys\":[" + String.join(",", Collections.nCopies(keys, "\"id-1\"")) + "]}";
        String head = post(ROWS + ":lookup", body.length(), 0).replace("Host: x", "Host: x\r\nConnection: close");
        assertEquals(status, status(send(GREEDY, head + body)));
        assertEquals(200, status(send(BYSTANDER, head + body)));
        await(() -> server.memory().taken() == 4 * MAX_BODY - room, "memory stays taken");
    }

    @Test
    void subscribersOfOneClient_leaveWithTheirConnections() throws Exception {
        for (int i = 0; i < 20; i++) {
            send(GREEDY, get("/v1/products/aviation/flights/changes", "Accept: text/event-stream\r\n"));
        }
        await(() -> server.http().subscribers() == 20, "not all are subscribed");
        for (Socket socket : sockets) {
            socket.close();
        }
        await(() -> server.http().subscribers() == 0, "places stay taken when their connections are closed");
    }
}
