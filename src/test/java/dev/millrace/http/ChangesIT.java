package dev.millrace.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.millrace.layer.PortLayers;
import dev.millrace.query.ChangeToken;
import dev.millrace.query.SampleRows;
import dev.millrace.store.Position;
import dev.millrace.store.Retention;
import dev.millrace.store.TestOptions;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** Changes over real connections. */
class ChangesIT {
    private static final String FLIGHTS = "/v1/products/aviation/flights";
    private static final String CHANGES = FLIGHTS + "/changes";
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration BEAT = Duration.ofMillis(200);

    private final HttpClient http = HttpClient.newHttpClient();

    @TempDir
    private Path folder;

    private volatile HttpFixture server;

    private volatile Position end = Position.of("-");

    @BeforeEach
    void start() throws Exception {
        open(LONG, 1000, 900);
    }

    private void open(Duration idle, int subscribers, int perClient) throws Exception {
        server = new HttpFixture(
                folder,
                PortLayers.of(service -> service),
                HttpFixture.settings(idle, LONG, 1000, BEAT, subscribers, perClient));
    }

    @AfterEach
    void stop() throws Exception {
        http.shutdownNow();
        server.close();
        assertEquals(List.of(), server.blocked());
    }

    private ChangeClient open(ChangeClient.Form form, String query) throws IOException {
        return ChangeClient.open(http, form, server.uri(CHANGES + query), "");
    }

    private static SampleRows.Row row(String id, String origin, int delay) {
        return new SampleRows.Row(id, origin, delay, null, null, null, null, null, null, false, null);
    }

    private void write(String id, String origin, int delay, boolean deleted) {
        server.sample().write(id.hashCode() & 1, row(id, origin, delay), deleted);
    }

    private static String text(ChangeClient.Event event) {
        return event.type() + " " + event.before().path("delay").asText("-") + " "
                + event.after().path("delay").asText("-");
    }

    @ParameterizedTest
    @EnumSource
    void changes_throughAFilter_areWhatTheyAreWithinIt(ChangeClient.Form form) throws Exception {
        write("x", "SFO", 1, false);
        write("y", "LAX", 2, false);
        server.publish();
        try (ChangeClient client = open(form, "?origin=SFO&select=id,delay")) {
            assertEquals("position", client.next().orElseThrow().type());
            write("y", "LAX", 3, false); // not within, before and after
            write("y", "SFO", 4, false); // enters
            write("y", "SFO", 5, false); // stays
            write("x", "JFK", 6, false); // leaves
            write("x", "JFK", 0, true); // was not within
            write("y", "SFO", 0, true); // goes
            write("z", "SFO", 7, false); // comes
            write("w", "LAX", 8, false); // comes elsewhere
            write("q", "SFO", 0, true); // was never there
            server.publish();
            var seen = new ArrayList<String>();
            for (int i = 0; i < 5; i++) {
                ChangeClient.Event event = client.change();
                JsonNode row = event.before().isNull() ? event.after() : event.before();
                assertEquals(2, row.size());
                seen.add(row.get("id").asText() + " " + text(event));
            }
            seen.sort(null);
            assertEquals(List.of("x delete 1 -", "y delete 5 -", "y insert - 4", "y update 4 5", "z insert - 7"), seen);
        }
    }

    @ParameterizedTest
    @EnumSource
    void beginning_isEveryRow_thenItsChanges_andAPositionReplays(ChangeClient.Form form) throws Exception {
        server.sample().writeUsual(0, 3000);
        for (int i = 0; i < 1000; i++) {
            server.sample().write(i % 2, SampleRows.usual(i), true);
        }
        server.publish();
        try (ChangeClient client = open(form, "?from=beginning&select=id")) {
            var seen = new TreeMap<String, String>();
            while (seen.size() < 2000) {
                ChangeClient.Event event = client.change();
                assertEquals("insert", event.type());
                assertEquals(null, seen.put(event.after().get("id").asText(), event.id()));
            }
            write("new", "SFO", 1, false);
            server.publish();
            assertEquals("new", client.change().after().get("id").asText());
        }
        try (ChangeClient client = open(form, "?from=topic-1:1500.1500&select=id")) {
            var types = new TreeMap<String, Integer>();
            for (int i = 0; i < 1001; i++) {
                types.merge(client.change().type(), 1, Integer::sum);
            }
            assertEquals(Map.of("delete", 1000, "insert", 1), types);
        }
    }

    /** The state goes on behind any row, and a record of several rows behind any of them. */
    @Test
    void resume_withinARecord_goesOnBehindTheRow() throws Exception {
        server.sample().writeRecord(1, List.of(row("a", "SFO", 1), row("b", "SFO", 2), row("c", "SFO", 3)));
        server.sample().write(0, row("d", "SFO", 4), false);
        server.publish();
        for (String from : new String[] {"beginning", "topic-1:0.0"}) {
            var all = new ArrayList<ChangeClient.Event>();
            try (ChangeClient client = open(ChangeClient.Form.EVENTS, "?from=" + from)) {
                for (int i = 0; i < 4; i++) {
                    all.add(client.change());
                }
            }
            for (int i = 0; i < 4; i++) {
                try (ChangeClient client = ChangeClient.open(
                        http,
                        ChangeClient.Form.LINES,
                        server.uri(CHANGES),
                        all.get(i).id())) {
                    for (ChangeClient.Event wanted : all.subList(i + 1, 4)) {
                        ChangeClient.Event event = client.change();
                        assertEquals(wanted.id(), event.id());
                        assertEquals(wanted.after(), event.after());
                    }
                    write("end", "SFO", i, false);
                    server.publish();
                    if (i > 0 || from.equals("topic-1:0.0")) {
                        continue;
                    }
                    assertEquals("end", client.change().after().get("id").asText());
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "sort=delay, 400, sort",
        "limit=1, 400, limit",
        "cursor=x, 400, cursor",
        "as_of=topic-1:0.0, 400, as_of",
        "format=csv, 400, format",
        "orign=SFO, 400, orign",
        "from=yesterday, 400, from",
        "from=topic-1:0.0.0, 400, from",
        "from=topic-1:0.0~7.1, 400, from",
        "from=now&from=now, 400, from",
        "from=other:1.1, 410, other",
        "from=other:1.1@0.0.0, 410, other"
    })
    void wrongRequests_areRefused_byName(String query, int status, String named) throws Exception {
        HttpResponse<String> answer = server.get(CHANGES + "?" + query);
        assertEquals(status, answer.statusCode());
        assertTrue(answer.body().contains(named), answer.body());
        assertEquals(0, server.http().subscribers());
    }

    /** Retention takes what a subscriber has not seen: who comes for it is told where it can begin. */
    @Test
    void changes_olderThanWhatIsKept_areGone_andTheOldestIsNot() throws Exception {
        server.close();
        var options = TestOptions.of(
                8,
                8 << 20,
                256 << 20,
                Duration.ZERO,
                Duration.ZERO,
                true,
                new Retention(Optional.empty(), 20, Long.MAX_VALUE, ""));
        server = new HttpFixture(
                folder,
                new SampleRows(folder.resolve("few"), SampleRows.SCHEMA, options),
                PortLayers.of(service -> service),
                HttpFixture.settings(LONG, LONG, 1000));
        String first = FLIGHTS + "/rows?as_of=" + SampleRows.TOPIC + ":1.1";
        for (int i = 0; server.get(first).statusCode() != 410; i += 20) {
            server.sample().writeUsual(i, i + 20);
            server.sample().store().flush().get(10, TimeUnit.SECONDS);
            assertTrue(i < 2000, "nothing is let go of");
        }
        Position oldest = Position.parse(
                        server.get(first).body().replaceFirst("(?s).*Oldest readable: ([^ \"]*)\\.\".*", "$1"))
                .orElseThrow();
        Position older = oldest.next(0) > 0
                ? Position.of(SampleRows.TOPIC, oldest.next(0) - 1, oldest.next(1))
                : Position.of(SampleRows.TOPIC, 0, oldest.next(1) - 1);
        for (ChangeClient.Form form : List.of(ChangeClient.Form.EVENTS, ChangeClient.Form.LINES)) {
            String accept = form == ChangeClient.Form.LINES ? "application/x-ndjson" : "text/event-stream";
            HttpResponse<String> gone = server.get(CHANGES + "?from=" + older, "Accept", accept);
            assertEquals(410, gone.statusCode(), gone.body());
            assertTrue(gone.body().contains(oldest.toString()), gone.body());
            HttpResponse<String> resumed = server.get(CHANGES, "Accept", accept, "Last-Event-ID", older.toString());
            assertEquals(410, resumed.statusCode(), resumed.body());
            try (ChangeClient client = open(form, "?from=" + oldest)) {
                // Nothing may have come since; a client that came for what is gone would be told so here.
                assertTrue(Set.of("insert", "position").contains(next(client).type()));
            }
        }
        assertEquals(410, server.get(FLIGHTS + "/rows?as_of=" + older).statusCode());
        assertEquals(200, server.get(FLIGHTS + "/rows?as_of=" + oldest).statusCode());
    }

    @Test
    void head_andForms_areNegotiated() throws Exception {
        assertEquals(
                "text/event-stream",
                server.send("HEAD", CHANGES)
                        .headers()
                        .firstValue("content-type")
                        .orElseThrow());
        assertEquals(406, server.get(CHANGES, "Accept", "text/csv").statusCode());
        assertEquals(404, server.get("/v1/products/aviation/none/changes").statusCode());
        assertEquals(0, server.http().subscribers());
    }

    @Test
    void oneMoreThanTheLimit_isRefused_untilOneLeaves() throws Exception {
        server.close();
        open(LONG, 3, 2);
        try (ChangeClient first = open(ChangeClient.Form.EVENTS, "")) {
            try (ChangeClient second = open(ChangeClient.Form.SOCKET, "")) {
                second.next();
                HttpResponse<String> refused = server.get(CHANGES);
                assertEquals(429, refused.statusCode());
                assertTrue(refused.headers().firstValue("retry-after").isPresent());
            }
            await(() -> server.http().subscribers() == 1);
            try (ChangeClient third = open(ChangeClient.Form.LINES, "")) {
                assertEquals("position", third.next().orElseThrow().type());
            }
            assertEquals("position", first.next().orElseThrow().type());
        }
        await(() -> server.http().subscribers() == 0);
    }

    @Test
    void stop_endsEveryStream_soThatItResumes() throws Exception {
        try (ChangeClient events = open(ChangeClient.Form.EVENTS, "");
                ChangeClient socket = open(ChangeClient.Form.SOCKET, "")) {
            events.next();
            socket.next();
            server.http().stop(java.time.Duration.ZERO).await(30, TimeUnit.SECONDS);
            while (socket.next().isPresent()) {
                // positions
            }
            assertEquals(1001, ((ChangeClient.Socket) socket).code());
            while (events.next().isPresent()) {
                // positions
            }
        }
    }

    /** 500 who wait, on one query: each gets what comes, and it is encoded once. */
    @Test
    void manyIdle_getTheSameEvent() throws Exception {
        server.watchEventLoops();
        var sockets = new ArrayList<Socket>();
        try {
            for (int i = 0; i < 500; i++) {
                sockets.add(raw(CHANGES + "?select=id"));
            }
            await(() -> server.http().subscribers() == 500);
            write("one", "SFO", 1, false);
            server.publish();
            for (Socket socket : sockets) {
                readUntil(socket, "data: {\"before\":null,\"after\":{\"id\":\"one\"}}");
            }
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
        await(() -> server.http().subscribers() == 0);
    }

    /** One who reads nothing is told and ended, and another is not slowed. */
    @Test
    void slowReader_isTold_andSlowsNobody() throws Exception {
        server.close();
        open(Duration.ofSeconds(4), 1000, 900);
        try (Socket slow = raw(CHANGES)) {
            try (ChangeClient quick = open(ChangeClient.Form.LINES, "?select=id")) {
                quick.next();
                int rows = 0;
                // Long enough for the system's buffers on both sides to be full for half of the idle time.
                long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
                while (server.http().subscribers() == 2 && System.nanoTime() < end) {
                    for (int i = 0; i < 5000; i++) {
                        server.sample().write(rows % 2, SampleRows.usual(rows++ % 5000), false);
                    }
                    server.publish();
                    for (int i = 0; i < 5000; i++) {
                        quick.change();
                    }
                }
                assertEquals(1, server.http().subscribers());
                assertEquals("position", next(quick).type());
            }
            String all = new String(slow.getInputStream().readAllBytes(), UTF_8);
            assertTrue(all.contains("event: problem\ndata: {"), all.substring(Math.max(0, all.length() - 500)));
            assertTrue(all.length() < 64 << 20, "bounded");
        }
    }

    private static ChangeClient.Event next(ChangeClient client) throws IOException {
        return client.next().orElseThrow();
    }

    /** The plain model: clients that are cut off and resume at random, and a store that restarts, end at what was written. */
    @Test
    void resume_underDisconnectsAndRestarts_losesNothing_andDoublesNothing() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        Map<String, String> model = new TreeMap<>();
        try (var threads = Executors.newCachedThreadPool()) {
            List<Future<Map<String, String>>> clients = new ArrayList<>();
            for (ChangeClient.Form form : ChangeClient.Form.values()) {
                for (String filter : new String[] {"", "&origin=SFO"}) {
                    clients.add(threads.submit(follower(form, filter, random.nextLong())));
                }
            }
            for (int round = 0; round < 5; round++) {
                for (int batch = 0; batch < 60; batch++) {
                    for (int i = random.nextInt(40); i >= 0; i--) {
                        write(random, model);
                    }
                    server.publish();
                    LockSupport.parkNanos(random.nextInt(5_000_000));
                }
                if (round < 4) {
                    server.close();
                    open(LONG, 1000, 900);
                }
            }
            end = server.sample().store().position();
            for (int i = 0; i < clients.size(); i++) {
                Map<String, String> wanted = new TreeMap<>(model);
                if (i % 2 == 1) {
                    wanted.values().removeIf(row -> !row.contains("\"SFO\""));
                }
                assertEquals(wanted, clients.get(i).get(60, TimeUnit.SECONDS), "seed " + seed);
            }
        }
    }

    private void write(Random random, Map<String, String> model) {
        String id = "id-" + random.nextInt(50);
        String origin = random.nextBoolean() ? "SFO" : "LAX";
        int delay = random.nextInt(1000);
        boolean deleted = random.nextInt(5) == 0;
        write(id, origin, delay, deleted);
        if (deleted) {
            model.remove(id);
        } else {
            model.put(id, "{\"id\":\"" + id + "\",\"origin\":\"" + origin + "\",\"delay\":" + delay + "}");
        }
    }

    private Callable<Map<String, String>> follower(ChangeClient.Form form, String filter, long seed) {
        return () -> {
            var random = new Random(seed);
            Map<String, String> rows = new TreeMap<>();
            String last = "";
            long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (System.nanoTime() < patience) {
                String query = "?select=id,origin,delay&from=beginning" + filter;
                try (ChangeClient client = ChangeClient.open(http, form, server.uri(CHANGES + query), last)) {
                    for (int left = random.nextInt(200); left >= 0; left--) {
                        Optional<ChangeClient.Event> event = client.next();
                        if (event.isEmpty()) {
                            break;
                        }
                        apply(event.get(), rows);
                        last = event.get().id();
                        ChangeToken token = ChangeToken.parse(last).orElseThrow();
                        if (!token.state() && token.isAt(end)) {
                            return rows;
                        }
                    }
                } catch (IOException restarting) {
                    LockSupport.parkNanos(1_000_000);
                }
            }
            throw new AssertionError(form + filter + " never got to the end; at " + last);
        };
    }

    private static void apply(ChangeClient.Event event, Map<String, String> rows) {
        switch (event.type()) {
            case "position" -> {}
            case "insert" ->
                assertEquals(
                        null,
                        rows.put(event.after().get("id").asText(), event.after().toString()),
                        event::toString);
            case "update" ->
                assertEquals(
                        event.before().toString(),
                        rows.put(event.after().get("id").asText(), event.after().toString()),
                        event::toString);
            case "delete" ->
                assertEquals(
                        event.before().toString(),
                        rows.remove(event.before().get("id").asText()),
                        event::toString);
            default -> throw new AssertionError(event);
        }
    }

    @Test
    void asyncApi_describesWhatComes() throws Exception {
        HttpResponse<String> answer = server.get(FLIGHTS + "/asyncapi.yaml");
        JsonNode document =
                ChangeClient.JSON.valueToTree(new Load(LoadSettings.builder().build()).loadFromString(answer.body()));
        assertEquals("3.0.0", document.get("asyncapi").asText());
        assertEquals(CHANGES, document.at("/channels/changes/address").asText());
        assertEquals("send", document.at("/operations/pushChanges/action").asText());
        for (JsonNode reference : document.findValues("$ref")) {
            assertFalse(document.at(reference.asText().substring(1)).isMissingNode(), reference::asText);
        }
        var schemas = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
        try (ChangeClient client = open(ChangeClient.Form.LINES, "")) {
            var events = new ArrayList<>(List.of(next(client)));
            write("x", "SFO", 1, false);
            write("x", "SFO", 2, false);
            write("x", "SFO", 2, true);
            server.publish();
            for (int i = 0; i < 3; i++) {
                events.add(client.change());
            }
            assertEquals(
                    List.of("position", "insert", "update", "delete"),
                    events.stream().map(ChangeClient.Event::type).toList());
            for (ChangeClient.Event event : events) {
                var schema = ChangeClient.JSON.createObjectNode();
                schema.set("components", document.get("components"));
                schema.put("$ref", "#/components/messages/" + event.type() + "/payload");
                assertEquals(List.of(), schemas.getSchema(schema).validate(event.line()));
            }
        }
    }

    private Socket raw(String path) throws IOException {
        var socket = new Socket("localhost", server.port());
        socket.setSoTimeout(30_000);
        socket.getOutputStream().write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n").getBytes(UTF_8));
        return socket;
    }

    private static void readUntil(Socket socket, String wanted) throws IOException {
        var seen = new StringBuilder();
        byte[] bytes = new byte[4096];
        while (seen.indexOf(wanted) < 0) {
            int read = socket.getInputStream().read(bytes);
            if (read < 0) {
                throw new IOException("it ended: " + seen);
            }
            seen.append(new String(bytes, 0, read, UTF_8));
        }
    }

    private static void await(Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.call()) {
            assertTrue(System.nanoTime() < end, "it does not come true");
            LockSupport.parkNanos(1_000_000);
        }
    }
}
