package dev.millrace.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.documents.OpenApi;
import dev.millrace.layer.Allowance;
import dev.millrace.layer.PortLayers;
import dev.millrace.problem.Problem;
import dev.millrace.query.SampleRows;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class HttpPortIT {
    private static final String FLIGHTS = "/v1/products/aviation/flights";
    private static final String ROWS = FLIGHTS + "/rows";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

    @TempDir
    private Path folder;

    private HttpFixture server;

    @BeforeEach
    void start() throws Exception {
        open(PortLayers.of(service -> service), Duration.ofSeconds(30));
        logged.start();
        ((Logger) LoggerFactory.getLogger("ROOT")).addAppender(logged);
    }

    private void open(PortLayers<Call, Answer> layers, Duration idle) throws Exception {
        server = new HttpFixture(folder, layers, idle);
        server.sample().writeUsual(0, 1000);
    }

    private void reopen(PortLayers<Call, Answer> layers, Duration idle) throws Exception {
        server.close();
        server = new HttpFixture(folder, layers, idle);
    }

    @AfterEach
    void stop_leavesNoLogNoLeakNoBlockedLoop() throws Exception {
        ((Logger) LoggerFactory.getLogger("ROOT")).detachAppender(logged);
        server.close();
        assertEquals(List.of(), server.blocked());
    }

    private void assertQuietLog() {
        assertEquals(
                List.of(),
                logged.list.stream()
                        .filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
                        .filter(event -> event.getLoggerName().startsWith("dev.millrace"))
                        .map(ILoggingEvent::getFormattedMessage)
                        .toList());
    }

    @Test
    void listProducts_andGetProduct_describeTheProduct() throws Exception {
        JsonNode list = json(server.get("/v1/products"), 200);
        assertEquals("mesh", list.get("mesh").asText());
        assertEquals(FLIGHTS, list.get("data").get(0).get("url").asText());
        HttpResponse<String> answer = server.get(FLIGHTS);
        JsonNode product = json(answer, 200);
        assertEquals("aviation-flights-contract", product.at("/contract/id").asText());
        assertEquals("1.2.3", product.at("/contract/version").asText());
        assertEquals(1000, product.get("rows").asLong());
        assertEquals("topic-1:500.500", product.get("position").asText());
        assertEquals("topic-1:500.500", position(answer));
        assertEquals("upsert", product.get("mode").asText());
        assertEquals("id", product.get("key").get(0).asText());
        assertEquals(
                "2023-11-14T22:13:20.499Z",
                product.at("/freshness/newestRecord").asText());
        JsonNode schema = json(server.get(FLIGHTS + "/schema"), 200);
        assertEquals(
                "[\"integer\",\"null\"]", schema.at("/properties/delay/type").toString());
        assertEquals("\"string\"", schema.at("/properties/id/type").toString());
        HttpResponse<String> contract = server.get(FLIGHTS + "/contract");
        assertEquals(
                "application/yaml",
                contract.headers().firstValue("content-type").orElseThrow());
        assertTrue(contract.body().startsWith("apiVersion: v3.1.0"), contract.body());
    }

    @Test
    void getRow_byKey_isTheRowAndItsPosition() throws Exception {
        HttpResponse<String> answer = server.get(ROWS + "/id-3");
        JsonNode row = json(answer, 200);
        assertEquals("id-3", row.get("id").asText());
        assertEquals("SFO", row.get("origin").asText());
        assertEquals("topic-1:500.500", position(answer));
        assertEquals(
                "application/json", answer.headers().firstValue("content-type").orElseThrow());
        assertEquals(row, json(server.get(ROWS + "/id%2D3"), 200));
        assertEquals(row, json(server.get(ROWS + "/id-3?format=json"), 200));
        assertEquals(row, json(server.get(ROWS + "/id-3", "Accept", "text/html, */*;q=0.1"), 200));
        problem(server.get(ROWS + "/id-1000000"), 404, "not-found");
        problem(server.get(ROWS + "/id-3,4"), 400, "invalid-parameter");
    }

    @Test
    void getRow_keyWithSlashAndComma_isReachedEncodedOnly() throws Exception {
        var row = new SampleRows.Row("a/b,c d+é", "X", 1, 2L, 3.0, null, null, null, true, false, null);
        server.sample().write(0, row, false);
        server.sample().publish();
        assertEquals(
                "a/b,c d+é",
                json(server.get(ROWS + "/a%2Fb%2Cc%20d+%C3%A9"), 200).get("id").asText());
        problem(server.get(ROWS + "/a/b%2Cc%20d+%C3%A9"), 404, "not-found");
    }

    @Test
    void listRows_filtersAndSelect_areTrueRows() throws Exception {
        JsonNode page = json(server.get(ROWS + "?origin=SFO&delay%5Bgte%5D=60&limit=5&select=id,origin,delay"), 200);
        assertEquals(5, page.get("data").size());
        for (JsonNode row : page.get("data")) {
            assertEquals(3, row.size());
            assertEquals("SFO", row.get("origin").asText());
            assertTrue(row.get("delay").asInt() >= 60);
        }
        JsonNode nested = json(server.get(ROWS + "?properties.mag[gt]=7&filter[limit]=8&limit=1000"), 200);
        long expected = java.util.stream.IntStream.range(0, 1000)
                .mapToObj(SampleRows::usual)
                .filter(row -> row.properties()
                        && row.mag() != null
                        && row.mag() > 7
                        && Long.valueOf(8).equals(row.limit()))
                .count();
        assertTrue(expected > 0);
        assertEquals(expected, nested.get("data").size());
        assertTrue(nested.get("next").isNull());
    }

    @Test
    void listRows_byPagesWhileRowsAreAdded_seesTheFirstPosition() throws Exception {
        for (String query : List.of("limit=150", "limit=300&delay[null]=false")) {
            long expected = query.contains("delay")
                    ? java.util.stream.IntStream.range(0, 1000)
                            .filter(i -> i % 7 != 0)
                            .count()
                    : 1000;
            int before = 0;
            var ids = new ArrayList<String>();
            String next = "";
            String position = null;
            while (next != null) {
                HttpResponse<String> answer =
                        server.get(ROWS + "?" + query + (next.isEmpty() ? "" : "&cursor=" + next));
                JsonNode page = json(answer, 200);
                position = position == null ? position(answer) : position;
                assertEquals(position, position(answer));
                assertEquals(position, page.get("position").asText());
                page.get("data").forEach(row -> ids.add(row.get("id").asText()));
                next = page.get("next").isNull() ? null : page.get("next").asText();
                var added = new SampleRows.Row(
                        "new-" + query.length() + "-" + before++, "X", 1, 2L, 3.0, null, null, null, true, false, null);
                server.sample().write(before % 2, added, false);
                server.sample().publish();
            }
            assertEquals(
                    expected,
                    ids.stream().filter(id -> id.startsWith("id-")).distinct().count());
            assertEquals(
                    expected, ids.stream().filter(id -> id.startsWith("id-")).count());
        }
        assertQuietLog();
    }

    @Test
    void listRows_asNdjson_isEveryRowOnALine() throws Exception {
        server.sample().writeUsual(1000, 20_000);
        for (String path : List.of(ROWS + "?format=ndjson", ROWS)) {
            HttpResponse<String> answer = server.get(path, "Accept", "application/json;q=0.5, application/x-ndjson");
            assertEquals(200, answer.statusCode());
            assertEquals(
                    "application/x-ndjson",
                    answer.headers().firstValue("content-type").orElseThrow());
            String[] lines = answer.body().split("\n");
            assertEquals(20_000, lines.length);
            assertTrue(answer.body().endsWith("}\n"));
            assertTrue(JSON.readTree(lines[19_999]).has("id"));
        }
        assertEquals(7, server.get(ROWS + "?format=ndjson&limit=7").body().split("\n").length);
        assertEquals(0, server.http().streams());
    }

    @Test
    void listRows_asCsvAndAsArrow_areTheRowsOfNdjson() throws Exception {
        server.sample().writeUsual(1000, 20_000);
        server.sample().write(0, SampleRows.usual(1), true);
        server.sample().publish();
        for (String query : List.of("", "&origin=SFO", "&limit=101", "&select=delay,id&limit=5001")) {
            List<JsonNode> wanted = new ArrayList<>();
            for (String line :
                    server.get(ROWS + "?format=ndjson" + query).body().split("\n")) {
                wanted.add(JSON.readTree(line));
            }
            HttpResponse<String> csv = server.get(ROWS + "?format=csv" + query);
            assertEquals(
                    "text/csv; charset=utf-8; header=present",
                    csv.headers().firstValue("content-type").orElseThrow());
            String[] lines = csv.body().split("\r\n");
            assertEquals(wanted.size(), lines.length - 1);
            int id = List.of(lines[0].split(",")).indexOf("\"id\"");
            assertEquals(
                    wanted.stream().map(row -> row.get("id").toString()).toList(),
                    Stream.of(lines).skip(1).map(line -> line.split(",")[id]).toList());

            HttpResponse<byte[]> answer = server.bytes(ROWS + "?format=arrow" + query);
            assertEquals(
                    "application/vnd.apache.arrow.stream",
                    answer.headers().firstValue("content-type").orElseThrow());
            List<String> ids = new ArrayList<>();
            List<Object> delays = new ArrayList<>();
            try (var root = new RootAllocator();
                    var reader = new ArrowStreamReader(new ByteArrayInputStream(answer.body()), root)) {
                assertEquals(
                        answer.headers().firstValue("millrace-position").orElseThrow(),
                        reader.getVectorSchemaRoot()
                                .getSchema()
                                .getCustomMetadata()
                                .get("millrace.position"));
                while (reader.loadNextBatch()) {
                    for (int i = 0; i < reader.getVectorSchemaRoot().getRowCount(); i++) {
                        ids.add(String.valueOf(
                                reader.getVectorSchemaRoot().getVector("id").getObject(i)));
                        delays.add(String.valueOf(
                                reader.getVectorSchemaRoot().getVector("delay").getObject(i)));
                    }
                }
            }
            assertEquals(wanted.stream().map(row -> row.get("id").asText()).toList(), ids);
            assertEquals(wanted.stream().map(row -> row.get("delay").toString()).toList(), delays);
        }
        assertEquals(0, server.http().streams());
        assertQuietLog();
    }

    @Test
    void listRows_largeJsonPage_isWhole() throws Exception {
        server.sample().writeUsual(1000, 12_000);
        JsonNode page = json(server.get(ROWS + "?limit=10000"), 200);
        assertEquals(10_000, page.get("data").size());
        JsonNode rest =
                json(server.get(ROWS + "?limit=10000&cursor=" + page.get("next").asText()), 200);
        assertEquals(2_000, rest.get("data").size());
        assertTrue(rest.get("next").isNull());
    }

    @Test
    void listRows_asOfAPosition_isTheProductThen() throws Exception {
        String then = position(server.get(ROWS + "?limit=1"));
        server.sample().write(0, SampleRows.usual(0), true);
        server.sample().publish();
        assertEquals(
                1000,
                json(server.get(ROWS + "?limit=2000&as_of=" + then), 200)
                        .get("data")
                        .size());
        assertEquals(
                999, json(server.get(ROWS + "?limit=2000"), 200).get("data").size());
        problem(server.get(ROWS + "?as_of=topic-1:900.900"), 400, "invalid-parameter");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "?orign=SFO|orign",
                "?delay[like]=1|delay[like]",
                "?delay[gte]=x|delay[gte]",
                "?limit=0|limit",
                "?limit=10001|limit",
                "?cursor=abc|cursor",
                "?as_of=abc|as_of",
                "?sort=delays|sort",
                "?sort=properties|sort",
                "?sort=-delay,delay|sort",
                "?sort=delay&format=ndjson|limit",
                "?group=properties|group",
                "?format=xml|format",
                "?origin=%ZZ|origin",
                "?origin=%FF|origin",
                "?origin=%00|origin",
            })
    void listRows_wrongParameter_isAProblemThatNamesIt(String query, String parameter) throws Exception {
        String raw = raw("GET " + ROWS + query + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assertTrue(raw.startsWith("HTTP/1.1 400 "), raw);
        assertTrue(raw.contains("application/problem+json"), raw);
        JsonNode problem = JSON.readTree(raw.substring(raw.indexOf("\r\n\r\n") + 4));
        assertEquals(parameter, problem.get("parameter").asText());
        assertFalse(problem.get("expected").asText().isEmpty());
        assertEquals(ROWS, problem.get("instance").asText());
        assertQuietLog();
    }

    @Test
    void lookUpRows_ofManyKeys_isARowOrNullForEachInOrder() throws Exception {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < LookupJson.MAX_KEYS; i++) {
            ids.add("\"id-" + (i % 2 == 0 ? i : -i) + "\"");
        }
        JsonNode found = lookUp("{\"keys\":" + ids + "}", 200);
        assertEquals(LookupJson.MAX_KEYS, found.get("data").size());
        for (int i = 0; i < ids.size(); i++) {
            JsonNode row = found.get("data").get(i);
            assertEquals(i % 2 != 0, row.isNull());
            assertTrue(row.isNull() || row.get("id").asText().equals("id-" + i));
        }
        assertEquals("topic-1:500.500", found.get("position").asText());
        assertEquals(
                "id-2",
                lookUp("{\"keys\":[[\"id-2\"]]}", 200)
                        .get("data")
                        .get(0)
                        .get("id")
                        .asText());
        ids.add("\"one-more\"");
        for (String body : List.of(
                "{\"keys\":" + ids + "}",
                "{\"keys\":[]}",
                "{\"keys\":[null]}",
                "{\"keys\":[{}]}",
                "{\"keys\":\"id-1\"}",
                "{\"keys\":[\"id-1\"],\"more\":1}",
                "{\"keys\":[[\"id-1\",\"two\"]]}",
                "[]",
                "")) {
            lookUp(body, 400);
        }
        assertQuietLog();
    }

    private JsonNode lookUp(String body, int status) throws IOException {
        String raw = raw("POST " + ROWS + ":lookup HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length()
                + "\r\nConnection: close\r\n\r\n" + body);
        assertTrue(raw.startsWith("HTTP/1.1 " + status + " "), raw);
        return JSON.readTree(raw.substring(raw.indexOf("\r\n\r\n") + 4));
    }

    @Test
    void unknownPathMethodAndFormat_areProblems() throws Exception {
        problem(server.get("/v0"), 404, "not-found");
        problem(server.get("/v1/products/aviation/nothing"), 404, "not-found");
        problem(server.get("/v1/products/aviation/flights/nothing"), 404, "not-found");
        problem(server.get("/v1/products?x=1"), 400, "invalid-parameter");
        HttpResponse<String> refused = server.send("POST", ROWS);
        problem(refused, 405, "method-not-allowed");
        assertEquals("GET, HEAD, OPTIONS", refused.headers().firstValue("allow").orElseThrow());
        JsonNode wrong = problem(server.get(ROWS, "Accept", "text/html, application/json;q=0"), 406, "not-acceptable");
        assertTrue(wrong.get("detail")
                .asText()
                .contains("application/json, application/x-ndjson, text/csv, application/vnd.apache.arrow.stream"));
        assertQuietLog();
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/products/aviation/flights/rows/../../../products, 400",
        "/v1/products/aviation/%2e%2e/products, 400",
        "/v1/products/aviation/flights/rows/.., 400",
        "/v1//products, 400",
        "/v1/products/aviation/flights/rows/%00, 400",
        "/v1/products/aviation/flights/rows/%c0%ae, 400",
        "/v1/products/aviation/flights/rows/%, 400",
        "/v1/products%2Faviation%2Fflights, 404",
        "/v1/products/aviation%2Fflights, 404",
        "/v1/products/aviation/flights%2Frows, 404",
        "/v1/products/, 400",
        "*, 400",
    })
    void path_withTricks_reachesNoRoute(String path, int status) throws Exception {
        String raw = raw("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assertTrue(raw.startsWith("HTTP/1.1 " + status + " "), raw);
        assertQuietLog();
    }

    @ParameterizedTest
    @CsvSource({
        "GET /{9000} HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n, 414",
        "GET / HTTP/1.1\\r\\nHost: x\\r\\nX: {20000}\\r\\n\\r\\n, 431",
        "GET / HTTP/1.1\\r\\nHost: x\\r\\nA B: c\\r\\n\\r\\n, 400",
        "GET /v1/products HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 2000000\\r\\n\\r\\n, 413",
    })
    void request_aboveALimitOrBroken_isAProblem(String request, int status) throws Exception {
        String bytes = request.replace("\\r\\n", "\r\n")
                .replace("{9000}", "x".repeat(9000))
                .replace("{20000}", "x".repeat(20_000));
        String raw = raw(bytes);
        // Netty answers in HTTP/1.0 where it could not read the version.
        assertTrue(raw.matches("(?s)HTTP/1\\.[01] " + status + " .*"), raw);
        assertTrue(raw.contains("application/problem+json"), raw);
        assertTrue(raw.contains("\"status\":" + status), raw);
        assertQuietLog();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/docs", "/"})
    void pages_areWhole_withNothingFromElsewhere(String path) throws Exception {
        String page = server.get(path).body();
        List<String> links = java.util.regex.Pattern.compile("(?:src|href)=\"([^\"#]+)\"")
                .matcher(page)
                .results()
                .map(link -> link.group(1))
                .toList();
        assertTrue(links.size() >= 5);
        for (String link : links) {
            HttpResponse<String> file = server.get(link.startsWith("/") ? link : "/" + link);
            assertEquals(200, file.statusCode(), link);
            assertTrue(file.body().length() > 100, link);
        }
        assertTrue(server.get("/docs/swagger-ui-bundle.js").body().contains("SwaggerUIBundle"));
        problem(server.get("/docs/index.html"), 404, "not-found");
        problem(server.get("/docs/..%2Fdocs.js"), 404, "not-found");
        problem(server.get("/portal/docs.html"), 404, "not-found");
        problem(server.get("/portal/..%2Fportal%2Fportal.js"), 404, "not-found");
    }

    /** Each module names others; one that the server does not know would be a page that stays empty. */
    @Test
    void portal_modules_areAllServed_andRunNothingInline() throws Exception {
        assertFalse(server.get("/").body().matches("(?s).*(<script>|javascript:| style=| onclick=).*"));
        assertTrue(server.get("/")
                .headers()
                .firstValue("content-security-policy")
                .orElse("")
                .startsWith("default-src 'self'"));
        var found = new java.util.ArrayDeque<>(List.of("portal.js"));
        var seen = new java.util.HashSet<String>();
        while (!found.isEmpty()) {
            String name = found.pop();
            if (seen.add(name)) {
                HttpResponse<String> file = server.get("/portal/" + name);
                assertEquals(200, file.statusCode(), name);
                java.util.regex.Pattern.compile("from \"\\./([a-z]+\\.js)\"")
                        .matcher(file.body())
                        .results()
                        .forEach(module -> found.add(module.group(1)));
            }
        }
        assertEquals(
                java.util.Set.of("portal.js", "api.js", "page.js", "product.js", "rows.js", "take.js", "sql.js"), seen);
    }

    @ParameterizedTest
    @CsvSource({"fliGHTS, flights", "TEST product, flights", "aviation.flights delay, flights", "flights nowhere, ''"})
    void catalogue_searched_findsEveryWordInNamesMeaningsAndColumns(String words, String expected) throws Exception {
        JsonObject found = new JsonObject(
                server.get("/v1/products?q=" + words.replace(" ", "%20")).body());
        assertEquals(
                expected,
                found.getJsonArray("data").stream()
                        .map(each -> ((JsonObject) each).getString("product"))
                        .collect(java.util.stream.Collectors.joining(",")));
    }

    @Test
    void productOpenApi_hasTypedRowsFiltersAndARealRow() throws Exception {
        HttpResponse<String> answer = server.get(FLIGHTS + "/openapi.yaml");
        assertEquals(200, answer.statusCode());
        OpenApi document = OpenApi.parse(answer.body());
        assertFalse(document.operations().isEmpty());
        assertTrue(
                document.operations().stream().allMatch(each -> each.template().startsWith(FLIGHTS)));
        JsonNode tree = JSON.valueToTree(document.tree());
        assertEquals(1, tree.at("/components/schemas/Row/examples").size());
        JsonNode row = tree.at("/components/schemas/Row/examples/0");
        assertEquals(row, json(server.get(ROWS + "/" + row.get("id").asText()), 200));
        assertEquals(
                "number",
                tree.at("/components/schemas/Row/properties/properties/properties/mag/type/0")
                        .asText());
        List<String> parameters = new ArrayList<>();
        tree.at("/paths/" + ROWS.replace("/", "~1") + "/get/parameters")
                .forEach(each -> parameters.add(each.path("name").asText()));
        assertTrue(parameters.containsAll(
                List.of("origin", "delay[gte]", "properties.mag[lt]", "filter[limit]", "origin[prefix]")));
        assertFalse(parameters.contains("properties[gt]"));
    }

    @Test
    void head_follows_get() throws Exception {
        for (String path : List.of("/v1/products", FLIGHTS, ROWS + "/id-3", ROWS + "?limit=3", "/openapi.yaml")) {
            HttpResponse<String> get = server.get(path);
            HttpResponse<String> head = server.send("HEAD", path);
            assertEquals(200, head.statusCode(), path);
            assertEquals("", head.body());
            assertEquals(
                    get.headers().firstValue("content-type"), head.headers().firstValue("content-type"));
            if (!path.equals(FLIGHTS)) {
                assertEquals(
                        get.headers().firstValue("content-length"),
                        head.headers().firstValue("content-length"),
                        path);
            }
        }
        assertEquals(200, server.send("HEAD", ROWS + "?format=ndjson").statusCode());
        assertEquals(404, server.send("HEAD", ROWS + "/none").statusCode());
    }

    @Test
    void client_thatStopsReading_isCutOffAndGivesItsPlaceBack() throws Exception {
        reopen(PortLayers.of(service -> service), Duration.ofMillis(700));
        server.sample().writeUsual(0, 200_000);
        try (Socket socket = new Socket("localhost", server.port())) {
            socket.setReceiveBufferSize(4096);
            socket.getOutputStream()
                    .write(("GET " + ROWS + "?format=ndjson HTTP/1.1\r\nHost: x\r\n\r\n").getBytes(UTF_8));
            assertTrue(socket.getInputStream().read() > 0);
            awaitStreams(1);
            awaitStreams(0);
        }
    }

    @Test
    void client_thatGoesAway_givesItsPlaceBack() throws Exception {
        server.sample().writeUsual(1000, 200_000);
        try (Socket socket = new Socket("localhost", server.port())) {
            socket.getOutputStream()
                    .write(("GET " + ROWS + "?format=ndjson HTTP/1.1\r\nHost: x\r\n\r\n").getBytes(UTF_8));
            assertTrue(socket.getInputStream().read() > 0);
            awaitStreams(1);
        }
        awaitStreams(0);
        assertQuietLog();
    }

    @Test
    void layers_aroundEveryOperation_refuseAndCount() throws Exception {
        var allowance = new Allowance(10, 0, 60, 7);
        reopen(
                new PortLayers<Call, Answer>(
                        waiting -> inner -> call -> call.operation().equals("listProducts")
                                ? inner.call(call)
                                : Future.failedFuture(new Problem.RateLimited(10, 60, 7).exception()),
                        call -> Optional.of(allowance)),
                Duration.ofSeconds(30));
        HttpResponse<String> passed = server.get("/v1/products");
        assertEquals(200, passed.statusCode());
        assertEquals(
                "\"default\";q=10;w=60",
                passed.headers().firstValue("ratelimit-policy").orElseThrow());
        for (String path : List.of(ROWS, ROWS + "/id-3", FLIGHTS, "/openapi.yaml")) {
            HttpResponse<String> refused = server.get(path);
            problem(refused, 429, "rate-limited");
            assertEquals("7", refused.headers().firstValue("retry-after").orElseThrow());
            assertEquals(
                    "\"default\";r=0;t=7",
                    refused.headers().firstValue("ratelimit").orElseThrow());
        }
    }

    @Test
    void unexpectedFailure_isAReferenceAndOneLogLine() throws Exception {
        reopen(
                PortLayers.of(inner -> call -> {
                    throw new IllegalStateException("secret");
                }),
                Duration.ofSeconds(30));
        ((Logger) LoggerFactory.getLogger(HttpFaults.class)).setAdditive(true);
        JsonNode problem = problem(server.get(ROWS), 500, "internal");
        assertFalse(problem.toString().contains("secret"));
        List<ILoggingEvent> errors = logged.list.stream()
                .filter(event -> event.getLevel() == Level.ERROR)
                .toList();
        assertEquals(1, errors.size());
        String reference = String.valueOf(errors.getFirst().getArgumentArray()[0]);
        assertTrue(problem.get("detail").asText().contains(reference));
    }

    @Test
    void eventLoops_underMixedRequests_areNeverBlocked() throws Exception {
        server.sample().writeUsual(1000, 50_000);
        for (int round = 0; round < 40; round++) {
            if (round == 20) {
                server.watchEventLoops();
            }
            assertEquals(200, server.get(ROWS + "/id-" + round).statusCode());
            assertEquals(200, server.get(ROWS + "?limit=200").statusCode());
            assertEquals(200, server.get(ROWS + "?limit=1000&delay[gt]=170").statusCode());
            assertEquals(200, server.get(FLIGHTS).statusCode());
            if (round % 10 == 0) {
                assertEquals(200, server.get(ROWS + "?format=ndjson").statusCode());
            }
        }
    }

    @Test
    void twoHosts_areRefused_andABodyTooLargeEndsItsConnection() throws IOException {
        assertTrue(raw("GET /v1/products HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n")
                .startsWith("HTTP/1.1 400"));
        // What the client says of the connection is only in the name of another header: the server closes it.
        String refused = raw("POST /v1/products HTTP/1.1\r\nHost: a\r\nX-No: Connection: close\r\n"
                + "Content-Length: 999999999\r\n\r\n" + "x".repeat(100_000));
        assertTrue(refused.startsWith("HTTP/1.1 413"), refused);
        assertTrue(refused.toLowerCase(java.util.Locale.ROOT).contains("connection: close"), refused);
    }

    private void awaitStreams(int wanted) {
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (server.http().streams() != wanted) {
            assertTrue(
                    System.nanoTime() < deadline,
                    "streams stay at " + server.http().streams());
            Thread.onSpinWait();
        }
    }

    private String raw(String request) throws IOException {
        try (Socket socket = new Socket("localhost", server.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(request.getBytes(ISO_8859_1));
            InputStream in = socket.getInputStream();
            var head = new StringBuilder();
            byte[] buffer = new byte[8192];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                head.append(new String(buffer, 0, n, ISO_8859_1));
                if (!request.contains("Connection: close") && head.indexOf("}") > 0) {
                    break;
                }
            }
            return head.toString();
        }
    }

    private static String position(HttpResponse<String> answer) {
        return answer.headers().firstValue("millrace-position").orElseThrow();
    }

    private static JsonNode json(HttpResponse<String> answer, int status) throws IOException {
        assertEquals(status, answer.statusCode(), answer.body());
        return JSON.readTree(answer.body());
    }

    private static JsonNode problem(HttpResponse<String> answer, int status, String type) throws IOException {
        JsonNode problem = json(answer, status);
        assertEquals(
                "application/problem+json",
                answer.headers().firstValue("content-type").orElseThrow());
        assertEquals("/problems/" + type, problem.get("type").asText());
        assertEquals(status, problem.get("status").asInt());
        assertFalse(problem.get("title").asText().isEmpty());
        assertFalse(problem.get("detail").asText().isEmpty());
        assertEquals(
                answer.request().uri().getRawPath(), problem.get("instance").asText());
        return problem;
    }
}
