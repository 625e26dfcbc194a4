package dev.millrace.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.layer.PortLayers;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sends the bytes of known attacks, and looks at what comes back byte by byte. */
class HttpAbuseIT {
    private static final String ROWS = "/v1/products/aviation/flights/rows";
    private static final Pattern STATUS = Pattern.compile("HTTP/\\d\\.\\d (\\d{3}) ");
    private static final Duration SHORT = Duration.ofMillis(600);
    private static final int CONNECTIONS = 40;

    @TempDir
    private Path folder;

    private HttpFixture server;

    @BeforeEach
    void start() throws Exception {
        server = new HttpFixture(
                folder,
                PortLayers.of(service -> service),
                HttpFixture.settings(Duration.ofSeconds(30), SHORT, CONNECTIONS));
        server.sample().writeUsual(0, 1000);
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    /**
     * A broken chunk ends the connection without an answer.
     *
     * <p>Each first request is followed by one that a proxy in front would take for a part of it. Either both readings are the
     * same, or the first is refused and the connection ends: then the second must never be answered.
     */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "both lengths              | Content-Length: 6~Transfer-Encoding: chunked~~0~~G | 400",
                "two different lengths     | Content-Length: 0~Content-Length: 44~~ | 400",
                "a list of lengths         | Content-Length: 0, 44~~ | 400",
                "a length with a plus      | Content-Length: +0~~ | 400",
                "a negative length         | Content-Length: -1~~ | 400",
                "a length that is no number| Content-Length: 1e1~~ | 400",
                "a length beyond a long    | Content-Length: 99999999999999999999~~ | 400",
                "an unknown coding         | Transfer-Encoding: xchunked~~0~~ | 400",
                "chunked is not the last   | Transfer-Encoding: chunked, identity~~0~~ | 400",
                "a blank before the colon  | Transfer-Encoding : chunked~~0~~ | 400",
                "a chunk size that is none | Transfer-Encoding: chunked~~zz~~ | ",
                "a chunk size too large    | Transfer-Encoding: chunked~~ffffffffffffffff1~~ | ",
                "a negative chunk size     | Transfer-Encoding: chunked~~-1~~ | ",
                "a NUL in a header         | X: a\\0b~~ | 400",
                "no name                   | : x~~ | 400",
            })
    void request_thatTwoServersReadDifferently_isRefusedAndItsConnectionEnds(String name, String rest, String statuses)
            throws IOException {
        String bytes = "POST " + ROWS + ":lookup HTTP/1.1\r\nHost: x\r\n"
                + rest.replace("~", "\r\n").replace("\\0", "\0")
                + "GET " + ROWS + "/id-1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        assertEquals(statuses == null ? List.of() : List.of(Integer.valueOf(statuses)), statuses(bytes), name);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "no host           | GET {rows}/id-1 HTTP/1.1~Connection: close~~ | 400",
                "an empty line     | ~~GET {rows}/id-1 HTTP/1.1~Host: x~Connection: close~~ | 200",
                "HTTP/0.9          | GET {rows}/id-1~~ | 400",
                "HTTP/3.0          | GET {rows}/id-1 HTTP/3.0~Host: x~~ | 501",
                "HTTP/2 as it is   | PRI * HTTP/2.0~~SM~~ | 501",
                "no method         | {rows}/id-1 HTTP/1.1~Host: x~~ | 400",
                "a strange method  | GETS {rows}/id-1 HTTP/1.1~Host: x~Connection: close~~ | 405",
                "CONNECT           | CONNECT x:80 HTTP/1.1~Host: x~Connection: close~~ | 400",
                "TRACE             | TRACE {rows} HTTP/1.1~Host: x~Connection: close~~ | 405",
                "TLS               | \\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xfc~~ | 400",
                "absolute form     | GET http://x{rows}/id-1 HTTP/1.1~Host: x~Connection: close~~ | 200",
                "a body with a GET | GET {rows}/id-1 HTTP/1.1~Host: x~Connection: close~Content-Length: 2~~{} | 200",
                "a raw NUL in it   | GET {rows}/\\x00 HTTP/1.1~Host: x~Connection: close~~ | 400",
                "a raw UTF-8 path  | GET {rows}/\\xc3\\xa9 HTTP/1.1~Host: x~Connection: close~~ | 404",
                "an overlong dot   | GET {rows}/%c0%2e HTTP/1.1~Host: x~Connection: close~~ | 400",
                "an encoded slash  | GET /v1%2fproducts HTTP/1.1~Host: x~Connection: close~~ | 404",
                "a backslash       | GET /v1\\products HTTP/1.1~Host: x~Connection: close~~ | 404",
            })
    void line_ofAnotherKind_isAnsweredOrRefused_neverMisread(String name, String request, int status)
            throws IOException {
        assertEquals(List.of(status), statuses(unescaped(request.replace("{rows}", ROWS))), name);
    }

    private static String unescaped(String text) {
        return Pattern.compile("\\\\x([0-9a-f]{2})")
                .matcher(text.replace("~", "\r\n"))
                .replaceAll(hex -> String.valueOf((char) Integer.parseInt(hex.group(1), 16))
                        .replace("\\", "\\\\")
                        .replace("$", "\\$"));
    }

    @ParameterizedTest
    @CsvSource({
        "line, 8150, 200",
        "line, 8193, 414",
        "headers, 16300, 200",
        "headers, 16385, 431",
        "headerCount, 1000, 200",
        "headerCount, 9000, 431",
        "parameters, 100, 400",
        "parameters, 101, 400",
        "filters, 32, 400",
        "filters, 33, 400",
    })
    void limit_isHeldBelowAtAndAbove(String what, int size, int status) throws IOException {
        String path = ROWS + "/id-1";
        String headers = "";
        String wanted = "";
        switch (what) {
            case "line" ->
                path = ROWS + "?origin=" + "a".repeat(size - ROWS.length() - "GET ?origin= HTTP/1.1".length());
            case "headers" -> headers = "X: " + "a".repeat(size - "Host: xConnection: closeX: ".length()) + "\r\n";
            case "headerCount" -> headers = "a:\r\n".repeat(size);
            case "parameters" -> {
                path = ROWS + "?" + "x=1&".repeat(size);
                wanted = size > 100 ? "too many parameters" : "there is no column 'x'";
            }
            default -> {
                path = ROWS + "?"
                        + IntStream.range(0, size)
                                .mapToObj(each -> "filter[delay][" + operator(each) + "]=1&")
                                .collect(Collectors.joining());
                wanted = "";
            }
        }
        String answer = exchange("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + "\r\n");
        assertEquals(List.of(status), statusesIn(answer));
        assertTrue(answer.contains(wanted), answer);
    }

    private static String operator(int index) {
        return List.of("gt", "gte", "lt", "lte", "ne", "eq", "in", "null").get(index % 8);
    }

    /** A byte now and then keeps a connection from being idle; the whole request has its own time. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET {rows} HTTP/1.1~Host: x~X: | 408",
                "POST {rows}:lookup HTTP/1.1~Host: x~Content-Length: 10000~~{ | 408",
                "GET {rows}/id-1 HTTP/1.1~Host: x~~GET {rows} HTTP/1.1~Host: x~X: | 200",
            })
    void slowRequest_isCutOff(String begun, int status) throws Exception {
        long started = System.nanoTime();
        try (Socket socket = new Socket("localhost", server.port())) {
            OutputStream out = socket.getOutputStream();
            out.write(begun.replace("{rows}", ROWS).replace("~", "\r\n").getBytes(ISO_8859_1));
            var dripping = Thread.ofVirtual().start(() -> drip(out));
            String answer = all(socket.getInputStream());
            assertEquals(List.of(status), statusesIn(answer));
            dripping.join();
        }
        assertTrue(System.nanoTime() - started >= SHORT.toNanos());
        awaitConnections(0);
    }

    private static void drip(OutputStream out) {
        try {
            for (int i = 0; i < 1000; i++) {
                out.write('a');
                Thread.sleep(20); // the attack is its slowness
            }
        } catch (IOException | InterruptedException cutOff) {
            // what the test waits for
        }
    }

    @Test
    void connections_beyondTheLimit_areClosed_andOthersServed() throws Exception {
        List<Socket> held = new ArrayList<>();
        try {
            for (int i = 0; i < CONNECTIONS; i++) {
                held.add(new Socket("localhost", server.port()));
            }
            awaitConnections(CONNECTIONS);
            try (Socket more = new Socket("localhost", server.port())) {
                assertEquals("", all(more.getInputStream()));
            }
            awaitConnections(CONNECTIONS);
            held.getFirst()
                    .getOutputStream()
                    .write(("GET " + ROWS + "/id-1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                            .getBytes(ISO_8859_1));
            assertEquals(List.of(200), statusesIn(all(held.getFirst().getInputStream())));
            held.getFirst().close();
            awaitConnections(CONNECTIONS - 1);
            assertEquals(200, server.get(ROWS + "/id-2").statusCode());
        } finally {
            for (Socket each : held) {
                each.close();
            }
        }
    }

    private static final String UPGRADE =
            "GET /v1/products/aviation/flights/changes HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                    + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "                              | 101",
                "Origin: http://x              | 101",
                "Origin: https://app.example.org | 101",
                "Origin: https://evil.example  | 403",
                "Content-Length: 9000          | 400",
                "Transfer-Encoding: chunked    | 400",
            })
    void webSockets_areOpenedForTheirOwnPages_andForgottenWhenTheyEnd(String header, int status) throws Exception {
        try (Socket socket = new Socket("localhost", server.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write((UPGRADE + (header == null ? "" : header + "\r\n") + "\r\n").getBytes(ISO_8859_1));
            byte[] head = socket.getInputStream().readNBytes("HTTP/1.1 101".length());
            assertEquals("HTTP/1.1 " + status, new String(head, ISO_8859_1));
        }
        awaitConnections(0);
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (server.http().subscribers() != 0) {
            assertTrue(System.nanoTime() < deadline, "a subscriber is left");
            Thread.onSpinWait();
        }
    }

    @Test
    void longAnswer_beforeHttp11_endsWithItsConnection() throws Exception {
        server.sample().writeUsual(1000, 20_000);
        String answer = exchange("GET " + ROWS + "?format=ndjson HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        assertEquals(20_000, answer.split("\r\n\r\n", 2)[1].lines().count());
    }

    @Test
    void pipelinedRequests_areAnsweredInOrder_andAFloodOfThemEnds() throws Exception {
        String one = "GET " + ROWS + "/id-{n} HTTP/1.1\r\nHost: x\r\n\r\n";
        String flood = IntStream.range(0, 2000)
                .mapToObj(n -> one.replace("{n}", Integer.toString(n % 1000)))
                .collect(Collectors.joining());
        String answer = exchange(flood + "GET " + ROWS + "/id-0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        var ids = Pattern.compile("\"id\":\"id-(\\d+)\"")
                .matcher(answer)
                .results()
                .map(found -> Integer.parseInt(found.group(1)))
                .toList();
        assertEquals(IntStream.rangeClosed(0, 2000).map(n -> n % 1000).boxed().toList(), ids);
    }

    private List<Integer> statuses(String request) throws IOException {
        return statusesIn(exchange(request));
    }

    private static List<Integer> statusesIn(String answer) {
        return STATUS.matcher(answer)
                .results()
                .map(found -> Integer.parseInt(found.group(1)))
                .toList();
    }

    private String exchange(String request) throws IOException {
        try (Socket socket = new Socket("localhost", server.port())) {
            socket.setSoTimeout(20_000);
            var writer = Thread.ofVirtual().start(() -> {
                try {
                    socket.getOutputStream().write(request.getBytes(ISO_8859_1));
                } catch (IOException closed) {
                    // the answer says why
                }
            });
            String answer = all(socket.getInputStream());
            writer.interrupt();
            return answer;
        }
    }

    /** What comes until the server ends the connection. */
    private static String all(InputStream in) throws IOException {
        var answer = new StringBuilder();
        byte[] buffer = new byte[1 << 16];
        try {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                answer.append(new String(buffer, 0, n, ISO_8859_1));
            }
        } catch (SocketException reset) {
            // an end as well
        }
        return answer.toString();
    }

    private void awaitConnections(int wanted) {
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (server.http().connections() != wanted) {
            assertTrue(
                    System.nanoTime() < deadline,
                    "connections stay at " + server.http().connections());
            Thread.onSpinWait();
        }
    }
}
