package dev.millrace.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.luben.zstd.ZstdInputStream;
import dev.millrace.layer.PortLayers;
import dev.millrace.query.SampleRows;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.apache.arrow.compression.CommonsCompressionFactory;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What standards say of reads, over one server: conditions, counts, codings, origins, nested columns. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HttpReadsIT {
    private static final String FLIGHTS = "/v1/products/aviation/flights";
    private static final String ROWS = FLIGHTS + "/rows";
    private static final int COUNT = 3000;
    private static final ObjectMapper JSON = new ObjectMapper();

    private HttpFixture server;

    @BeforeAll
    void start(@TempDir Path folder) throws Exception {
        server = new HttpFixture(folder, PortLayers.of(service -> service), Duration.ofSeconds(30));
        server.sample().writeUsual(0, COUNT);
    }

    @AfterAll
    void stop_leavesNoLeak() throws Exception {
        assertEquals(0, server.http().streams());
        server.close();
    }

    private static String header(HttpResponse<?> answer, String name) {
        return answer.headers().firstValue(name).orElse("");
    }

    private JsonNode json(String path, String... headers) throws Exception {
        HttpResponse<String> answer = server.get(path, headers);
        assertEquals(200, answer.statusCode(), answer.body());
        return JSON.readTree(answer.body());
    }

    /** Another position than before, and waiters told. */
    private void advance() {
        server.sample().write(0, SampleRows.usual(0), false);
        server.sample().publish();
        server.product().advanced();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/openapi.yaml",
                "/v1/products",
                FLIGHTS + "/contract",
                FLIGHTS + "/schema",
                FLIGHTS + "/openapi.yaml",
                FLIGHTS + "/quality",
                FLIGHTS + "/stats",
                ROWS,
                ROWS + "?limit=3&sort=delay",
                ROWS + "?format=ndjson",
                ROWS + "?format=arrow&limit=3",
                ROWS + "?limit=3&count=exact",
                ROWS + "/id-3",
                ROWS + "/id-3?format=json",
            })
    void ifNoneMatch_ofTheAnswerTheClientHas_isNotModified(String path) throws Exception {
        String tag = server.bytes(path).headers().firstValue("etag").orElseThrow();
        String opaque = tag.substring(2);
        // One path is asked in every way.
        List<String> ways = List.of(
                tag,
                opaque,
                "*",
                " * ",
                "\"x\", " + tag,
                tag + ",\"y\"",
                ",, \"a,b\" ,\t" + tag + " ,",
                "junk, " + tag);
        for (String known : path.endsWith("/id-3") ? ways : ways.subList(0, 1)) {
            for (String method : List.of("GET", "HEAD")) {
                HttpResponse<String> answer = server.send(method, path, "If-None-Match", known);
                assertEquals(304, answer.statusCode(), known);
                assertEquals(tag, header(answer, "etag"));
                assertEquals("no-cache", header(answer, "cache-control"));
                assertEquals("Accept, Accept-Encoding, Origin", header(answer, "vary"));
                assertEquals("", header(answer, "content-type") + header(answer, "content-length") + answer.body());
                assertEquals(
                        path.startsWith(FLIGHTS),
                        !header(answer, "millrace-position").isEmpty());
            }
        }
        String bare = opaque.substring(1, opaque.length() - 1);
        for (String other :
                List.of("", "\"x\"", bare, "w/" + opaque, "W/ " + opaque, "\"" + bare, opaque + "x", "*,x")) {
            if (!path.endsWith("/id-3")) {
                break;
            }
            assertEquals(200, server.get(path, "If-None-Match", other).statusCode(), other);
        }
        assertEquals(
                304,
                server.get(path, "If-None-Match", "\"x\"", "If-None-Match", tag).statusCode());
    }

    @Test
    void format_thatMainCodeDoesNotKnow_isOfferedByItsLine(@TempDir Path folder) throws Exception {
        try (var server = new HttpFixture(folder, PortLayers.of(service -> service), Duration.ofSeconds(30))) {
            server.sample().writeUsual(0, 30);
            for (String[] asked : new String[][] {{"?format=keys"}, {"", "Accept", "text/x-keys"}}) {
                HttpResponse<String> answer = server.client()
                        .send(
                                server.request(
                                        "GET",
                                        "/v1/products/aviation/flights/rows" + asked[0],
                                        asked.length == 1 ? new String[0] : new String[] {asked[1], asked[2]}),
                                HttpResponse.BodyHandlers.ofString());
                assertEquals(200, answer.statusCode());
                assertEquals(
                        "text/x-keys",
                        answer.headers().firstValue("Content-Type").orElseThrow());
                assertEquals(30, answer.body().lines().distinct().count());
                assertTrue(answer.headers().firstValue("ETag").isPresent());
            }
        }
    }

    @Test
    void eTag_changesWithAllThatTheAnswerDependsOn() throws Exception {
        List<String> tags = new ArrayList<>();
        for (String[] request : new String[][] {
            {ROWS},
            {ROWS + "?limit=3"},
            {ROWS + "?limit=4"},
            {ROWS, "Accept", "application/x-ndjson"},
            {ROWS, "Accept", "application/json; numbers=string"},
            {ROWS, "Accept", "application/vnd.apache.arrow.stream"},
            {ROWS, "Accept", "application/vnd.apache.arrow.stream; codec=zstd"},
            {ROWS + "/id-1"},
            {ROWS + "/id-2"},
        }) {
            String[] headers = java.util.Arrays.copyOfRange(request, 1, request.length);
            tags.add(header(server.bytes(request[0], headers), "etag"));
            assertEquals(tags.getLast(), header(server.bytes(request[0], headers), "etag"));
        }
        assertEquals(tags.size(), tags.stream().distinct().count());
        HttpResponse<String> now = server.get(ROWS + "?limit=3");
        String position = header(now, "millrace-position");
        String cursor = JSON.readTree(now.body()).get("next").asText();
        List<String> fixed = List.of(ROWS + "?limit=3&as_of=" + position, ROWS + "?limit=3&cursor=" + cursor);
        List<String> before =
                List.of(header(server.get(fixed.get(0)), "etag"), header(server.get(fixed.get(1)), "etag"));
        advance();
        assertNotEquals(header(now, "etag"), header(server.get(ROWS + "?limit=3"), "etag"));
        for (int i = 0; i < fixed.size(); i++) {
            HttpResponse<String> answer = server.get(fixed.get(i), "If-None-Match", before.get(i), "Prefer", "wait=20");
            assertEquals(304, answer.statusCode());
            assertEquals("max-age=600", header(answer, "cache-control"));
        }
        // A write is no read, and a problem is no answer to keep.
        HttpResponse<String> missing = server.get(ROWS + "/none", "If-None-Match", "*");
        assertEquals(404, missing.statusCode());
        assertEquals("no-store", header(missing, "cache-control") + header(missing, "etag"));
    }

    @ParameterizedTest
    @ValueSource(strings = {ROWS + "?limit=2", ROWS + "/id-4", ROWS + "/id-4?format=json"})
    void longPoll_endsWithTheNextPosition_orAfterItsTime(String path) throws Exception {
        HttpResponse<String> first = server.get(path);
        String tag = header(first, "etag");
        long from = System.nanoTime();
        HttpResponse<String> same = server.get(path, "If-None-Match", tag, "Prefer", "wait=1");
        assertEquals(304, same.statusCode());
        assertTrue(System.nanoTime() - from > TimeUnit.MILLISECONDS.toNanos(990));
        assertEquals(tag, header(same, "etag"));
        var waiting = server.later(path, "If-None-Match", tag, "Prefer", "wait=20");
        advance();
        HttpResponse<String> next = waiting.get(15, TimeUnit.SECONDS);
        assertEquals(200, next.statusCode());
        assertNotEquals(tag, header(next, "etag"));
        assertNotEquals(header(first, "millrace-position"), header(next, "millrace-position"));
        // What has changed already is not waited for.
        assertEquals(
                200, server.get(path, "If-None-Match", tag, "Prefer", "wait=20").statusCode());
    }

    @Test
    void count_exact_isTheSameOnAllPagesAndFormats() throws Exception {
        for (String filter : List.of("", "&origin=SFO&delay[gte]=60", "&origin=none")) {
            long wanted = filter.isEmpty()
                    ? COUNT
                    : filter.contains("none")
                            ? 0
                            : IntStream.range(0, COUNT)
                                    .mapToObj(SampleRows::usual)
                                    .filter(row ->
                                            "SFO".equals(row.origin()) && row.delay() != null && row.delay() >= 60)
                                    .count();
            String next = "";
            for (int page = 0; page < 3 && next != null; page++) {
                JsonNode answer =
                        json(ROWS + "?count=exact&limit=20" + filter + (next.isEmpty() ? "" : "&cursor=" + next));
                assertEquals(wanted, answer.get("count").asLong());
                next = answer.get("next").isNull() ? null : answer.get("next").asText();
                advance();
            }
            for (String format : List.of("ndjson", "csv", "arrow", "ndjson&limit=5", "json&sort=delay")) {
                for (String method : List.of("GET", "HEAD")) {
                    HttpResponse<String> answer = server.send(method, ROWS + "?count=exact&format=" + format + filter);
                    assertEquals(Long.toString(wanted), header(answer, "millrace-count"), format);
                }
            }
        }
        assertEquals("", header(server.get(ROWS + "?count=none"), "millrace-count"));
        assertTrue(!json(ROWS).has("count"));
        for (String wrong :
                List.of("count=5", "count=", "count=exact&count=exact", "codec=zstd", "format=arrow&codec=gzip")) {
            HttpResponse<String> answer = server.get(ROWS + "?" + wrong);
            assertEquals(400, answer.statusCode());
            assertEquals(
                    wrong.contains("count") ? "count" : "codec",
                    JSON.readTree(answer.body()).get("parameter").asText());
        }
    }

    @ParameterizedTest
    @CsvSource({
        ROWS + ", true",
        ROWS + "?limit=2, false",
        ROWS + "?limit=1000&count=exact, true",
        ROWS + "?format=ndjson, true",
        ROWS + "?format=csv, true",
        ROWS + "?format=arrow, true",
        ROWS + "/id-3, false",
        "/openapi.yaml, true",
        "/v1/products, false",
        FLIGHTS + "/schema, false",
    })
    void acceptEncoding_ofLargeAnswers_isUsed(String path, boolean large) throws Exception {
        byte[] plain = server.bytes(path).body();
        assertEquals("", header(server.bytes(path), "content-encoding"));
        for (String coding : List.of("gzip", "zstd")) {
            HttpResponse<byte[]> answer = server.bytes(path, "Accept-Encoding", coding);
            assertEquals(large ? coding : "", header(answer, "content-encoding"));
            assertArrayEquals(plain, decoded(answer));
            HttpResponse<byte[]> forced = server.bytes(path, "Accept-Encoding", coding + ", identity;q=0");
            assertEquals(coding, header(forced, "content-encoding"));
            assertArrayEquals(plain, decoded(forced));
            HttpResponse<String> head = server.send("HEAD", path, "Accept-Encoding", coding);
            assertEquals(200, head.statusCode());
            if (!path.contains("format=")) {
                assertEquals(header(answer, "content-encoding"), header(head, "content-encoding"));
                assertEquals(header(answer, "content-length"), header(head, "content-length"));
            }
        }
        HttpResponse<String> refused = server.get(path, "Accept-Encoding", "br, *;q=0");
        assertEquals(406, refused.statusCode());
        assertEquals("", header(refused, "etag") + header(refused, "content-encoding"));
    }

    private static byte[] decoded(HttpResponse<byte[]> answer) throws IOException {
        var bytes = new ByteArrayInputStream(answer.body());
        try (InputStream stream = switch (header(answer, "content-encoding")) {
            case "gzip" -> new GZIPInputStream(bytes);
            case "zstd" -> new ZstdInputStream(bytes);
            default -> bytes;
        }) {
            return stream.readAllBytes();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "zstd", "lz4"})
    void arrow_withACodec_isTheSameRowsAndNotCompressedTwice(String codec) throws Exception {
        int plain = server.bytes(ROWS + "?format=arrow").body().length;
        String type = "application/vnd.apache.arrow.stream; codec=" + codec;
        for (HttpResponse<byte[]> answer : List.of(
                server.bytes(ROWS + "?format=arrow&codec=" + codec, "Accept-Encoding", "gzip"),
                server.bytes(ROWS, "Accept", type, "Accept-Encoding", "gzip"))) {
            assertEquals(codec.equals("none") ? "gzip" : "", header(answer, "content-encoding"));
            assertTrue(answer.body().length < plain, answer.body().length + " of " + plain);
            int rows = 0;
            try (var root = new RootAllocator();
                    var reader = new ArrowStreamReader(
                            new ByteArrayInputStream(decoded(answer)), root, CommonsCompressionFactory.INSTANCE)) {
                while (reader.loadNextBatch()) {
                    rows += reader.getVectorSchemaRoot().getRowCount();
                    assertTrue(reader.getVectorSchemaRoot()
                            .getVector("id")
                            .getObject(0)
                            .toString()
                            .startsWith("id-"));
                }
            }
            assertEquals(COUNT, rows);
        }
        assertEquals(
                codec.equals("none") ? 200 : 406,
                server.bytes(ROWS + "?format=arrow&codec=" + codec, "Accept-Encoding", "gzip, identity;q=0")
                        .statusCode());
        assertEquals(
                406,
                server.get(ROWS, "Accept", "application/vnd.apache.arrow.stream; codec=brotli")
                        .statusCode());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/v1/products | GET, HEAD, OPTIONS",
                ROWS + " | GET, HEAD, OPTIONS",
                ROWS + "/id-1 | DELETE, GET, HEAD, OPTIONS",
                FLIGHTS + "/records | OPTIONS, POST",
            })
    void options_sayWhatIsAllowed_andTellKnownOriginsMore(String path, String allowed) throws Exception {
        HttpResponse<String> plain = server.send("OPTIONS", path);
        assertEquals(204, plain.statusCode());
        assertEquals(allowed, header(plain, "allow"));
        assertEquals("", header(plain, "access-control-allow-origin"));
        HttpResponse<String> known = server.send(
                "OPTIONS", path, "Origin", "https://app.example.org", "Access-Control-Request-Method", "GET");
        assertEquals("https://app.example.org", header(known, "access-control-allow-origin"));
        assertEquals(allowed, header(known, "access-control-allow-methods"));
        assertTrue(header(known, "access-control-allow-headers").contains("If-None-Match"));
        assertEquals("true", header(known, "access-control-allow-credentials"));
        for (String other : List.of("https://app.example.org.evil", "http://app.example.org", "null")) {
            HttpResponse<String> foreign =
                    server.send("OPTIONS", path, "Origin", other, "Access-Control-Request-Method", "GET");
            assertEquals(204, foreign.statusCode());
            assertEquals(
                    "",
                    header(foreign, "access-control-allow-origin") + header(foreign, "access-control-allow-methods"));
        }
        assertEquals(404, server.send("OPTIONS", "/nothing").statusCode());
    }

    @Test
    void origin_thatIsKnown_mayReadAnswersAndProblems() throws Exception {
        for (String path : List.of(ROWS + "/id-1", ROWS + "?limit=2", ROWS + "?nothing=1", FLIGHTS)) {
            HttpResponse<String> answer = server.get(path, "Origin", "https://app.example.org");
            assertEquals("https://app.example.org", header(answer, "access-control-allow-origin"));
            String exposed = header(answer, "access-control-expose-headers");
            for (String name : List.of("ETag", "Millrace-Position", "Millrace-Count", "RateLimit")) {
                assertTrue(exposed.contains(name), exposed);
            }
            assertTrue(header(answer, "vary").toLowerCase(java.util.Locale.ROOT).contains("origin"));
            assertEquals("", header(server.get(path, "Origin", "https://evil.org"), "access-control-allow-origin"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "&sort=-properties.mag", "&properties.mag[gte]=5"})
    void select_ofAField_keepsItWithinItsColumn(String more) throws Exception {
        String query = "?limit=50&select=id,properties.mag" + more;
        JsonNode whole = json(ROWS + query.replace("properties.mag" + more, "properties" + more))
                .get("data");
        JsonNode rows = json(ROWS + query).get("data");
        assertEquals(50, rows.size());
        assertEquals(whole, rows); // the sample's struct has one field
        String[] lines = server.get(ROWS + query + "&format=csv").body().split("\r\n");
        assertEquals("\"id\",\"properties.mag\"", lines[0]);
        HttpResponse<byte[]> arrow =
                server.bytes(ROWS + query.replace("[", "%5B").replace("]", "%5D") + "&format=arrow");
        try (var root = new RootAllocator();
                var reader = new ArrowStreamReader(new ByteArrayInputStream(arrow.body()), root)) {
            int row = 0;
            while (reader.loadNextBatch()) {
                var properties = (StructVector) reader.getVectorSchemaRoot().getVector("properties");
                for (int i = 0; i < reader.getVectorSchemaRoot().getRowCount(); i++, row++) {
                    JsonNode wanted = rows.get(row).path("properties");
                    Object mag = properties.getChild("mag").getObject(i);
                    assertEquals(wanted.isNull(), properties.isNull(i));
                    assertEquals(
                            wanted.path("mag").isNumber() ? wanted.get("mag").asDouble() : null, mag);
                    String field = lines[row + 1].substring(lines[row + 1].indexOf(',') + 1);
                    assertEquals(mag == null ? "" : mag.toString(), field);
                }
            }
            assertEquals(50, row);
        }
        assertTrue(arrow.body().length > 0 && new String(arrow.body(), UTF_8).contains("properties"));
    }
}
