package dev.millrace.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.layer.PortLayers;
import dev.millrace.query.SampleRows;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The Model Context Protocol at the door, over the operations of the HTTP port. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class McpIT {
    private static final int ROWS = 3_000;
    private static final int MAX_BYTES = 32 << 10;
    private static final String META = "io.modelcontextprotocol/";
    private static final String FLIGHTS = "aviation.flights";

    private final ConcurrentLinkedQueue<String> performed = new ConcurrentLinkedQueue<>();
    private HttpFixture server;

    @BeforeAll
    void start(@TempDir Path folder) throws Exception {
        server = new HttpFixture(
                folder,
                new SampleRows(folder.resolve("store"), SampleRows.ENCODED),
                PortLayers.of(inner -> call -> {
                    performed.add(call.operation() + " of " + call.named());
                    return inner.call(call);
                }),
                HttpFixture.settings(Duration.ofSeconds(30), Duration.ofSeconds(30), 1000));
        server.sample().writeUsual(0, ROWS);
        server.publish();
    }

    @AfterAll
    void stop() throws Exception {
        server.close();
    }

    @BeforeEach
    void forget() {
        performed.clear();
    }

    private static JsonObject message(String method, JsonObject parameters) {
        return new JsonObject()
                .put("jsonrpc", "2.0")
                .put("id", 7)
                .put("method", method)
                .put("params", parameters);
    }

    private static JsonObject meta(String version) {
        return new JsonObject()
                .put(META + "protocolVersion", version)
                .put(META + "clientCapabilities", new JsonObject());
    }

    private HttpResponse<String> post(JsonObject message, String... headers) throws Exception {
        return server.post("/mcp", message.encode(), headers);
    }

    private JsonObject result(String method, JsonObject parameters) throws Exception {
        HttpResponse<String> answer = post(message(method, parameters));
        assertEquals(200, answer.statusCode(), answer.body());
        var json = new JsonObject(answer.body());
        assertEquals(7, json.getValue("id"));
        return json.getJsonObject("result");
    }

    private String text(String tool, boolean fails, JsonObject arguments) throws Exception {
        JsonObject result =
                result("tools/call", new JsonObject().put("name", tool).put("arguments", arguments));
        String text = result.getJsonArray("content").getJsonObject(0).getString("text");
        assertEquals(fails, result.getBoolean("isError"), text);
        return text;
    }

    private JsonObject call(String tool, JsonObject arguments) throws Exception {
        return new JsonObject(text(tool, false, arguments));
    }

    private static JsonObject ofFlights() {
        return new JsonObject().put("product", FLIGHTS);
    }

    @Test
    void tools_areListedOnceEach_andEachIsOneCallThroughTheLayers() throws Exception {
        Set<Object> names = new HashSet<>();
        for (Object tool : result("tools/list", new JsonObject()).getJsonArray("tools")) {
            assertTrue(((JsonObject) tool).getJsonObject("annotations").getBoolean("readOnlyHint"));
            assertTrue(names.add(((JsonObject) tool).getString("name")));
        }
        assertEquals(List.of("callTool of "), List.copyOf(performed));
        performed.clear();
        call("list_products", new JsonObject());
        call("describe_product", ofFlights());
        call("get_quality", ofFlights());
        call("read_rows", ofFlights().put("limit", 1));
        call("group_rows", ofFlights());
        call("run_sql", new JsonObject().put("sql", "SELECT 1 AS one"));
        call("get_changes", ofFlights().put("from", "now"));
        assertEquals(
                List.of(
                        "listProducts of ",
                        "getProduct of aviation.flights",
                        "getQuality of aviation.flights",
                        "listRows of aviation.flights",
                        "listRows of aviation.flights",
                        "runSql of ",
                        "getChanges of aviation.flights"),
                List.copyOf(performed));
        assertEquals(names.size(), performed.size());
    }

    @Test
    void rows_areThoseOfTheApi_pageByPage_eachWithinItsBound() throws Exception {
        var rows = new ArrayList<Object>();
        JsonObject arguments = ofFlights().put("limit", 1000);
        JsonObject page = call("read_rows", arguments);
        for (;
                page.getString("next") != null;
                page = call("read_rows", arguments.put("cursor", page.getString("next")))) {
            assertTrue(page.encode().length() <= MAX_BYTES);
            page.getJsonArray("data").forEach(rows::add);
        }
        page.getJsonArray("data").forEach(rows::add);
        String all =
                server.get("/v1/products/aviation/flights/rows?format=ndjson").body();
        assertEquals(
                all.lines().map(JsonObject::new).map(JsonObject::encode).toList(),
                rows.stream().map(row -> ((JsonObject) row).encode()).toList());
    }

    @Test
    void changes_goOnWhereTheyEnded_toTheEnd() throws Exception {
        int changes = 0;
        String since = "beginning";
        for (boolean more = true; more; ) {
            JsonObject page = call("get_changes", ofFlights().put("from", since));
            assertTrue(page.encode().length() <= MAX_BYTES + 200);
            changes += page.getJsonArray("changes").size();
            since = page.getString("next");
            more = page.getBoolean("more");
        }
        String all =
                server.get("/v1/products/aviation/flights/rows?format=ndjson").body();
        assertEquals(all.lines().count(), changes);
        JsonObject end = call("get_changes", ofFlights().put("from", since));
        assertEquals(new JsonArray(), end.getJsonArray("changes"));
        assertEquals(since, end.getString("next"));
    }

    @Test
    void groupsAndSql_beyondTheBound_sayThatTheyAreNotAll() throws Exception {
        JsonObject all = call(
                "run_sql", new JsonObject().put("sql", "SELECT range AS i, repeat('x', 90) AS t FROM range(1000)"));
        int shown = all.getJsonArray("data").size();
        assertTrue(all.getBoolean("more") && all.getString("note").contains("first " + shown + " rows"), all::encode);
        assertTrue(shown > 100 && shown < 1000, all::encode);
        JsonObject few = call("run_sql", new JsonObject().put("sql", "SELECT 1 AS one"));
        assertFalse(few.getBoolean("more"));
        assertTrue(text("run_sql", true, new JsonObject().put("sql", "SELECT repeat('x', 40000) AS t"))
                .contains("Ask for fewer columns"));
    }

    @Test
    void contracts_areResources() throws Exception {
        JsonArray listed = result("resources/list", new JsonObject()).getJsonArray("resources");
        String uri = listed.getJsonObject(0).getString("uri");
        assertEquals("millrace://contract/aviation/flights", uri);
        JsonObject content = result("resources/read", new JsonObject().put("uri", uri))
                .getJsonArray("contents")
                .getJsonObject(0);
        assertEquals(server.get("/v1/products/aviation/flights/contract").body(), content.getString("text"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "..",
                "aviation",
                "aviation.",
                "aviation/flights",
                "../mcp.x",
                "a.b%2f",
                "a\u0000.b",
                "\u202e.\u202d",
                "aviation.none",
                "aviation.x.."
            })
    void names_hostileOrUnknown_areNoProduct(String name) throws Exception {
        String text = text("describe_product", true, new JsonObject().put("product", name));
        assertTrue(text.contains("There is no data product"), text);
        assertTrue(
                post(message("resources/read", new JsonObject().put("uri", "millrace://contract/" + name + "/" + name)))
                        .body()
                        .contains("-32602"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '~',
            value = {
                "{\"product\":\"aviation.flights\",\"colour\":1}; no such argument",
                "{\"product\":\"aviation.flights\",\"format\":\"parquet\"}; no such argument",
                "{\"limit\":1}; There is no data product",
                "{\"product\":7}; There is no data product",
                "{\"product\":\"aviation.flights\",\"limit\":0}; Parameter 'limit'",
                "{\"product\":\"aviation.flights\",\"limit\":{}}; Parameter 'limit'",
                "{\"product\":\"aviation.flights\",\"limit\":1.5}; Parameter 'limit'",
                "{\"product\":\"aviation.flights\",\"limit\":99999999999}; Parameter 'limit'",
                "{\"product\":\"aviation.flights\",\"where\":{\"none\":1}}; there is no column 'none'",
                "{\"product\":\"aviation.flights\",\"cursor\":\"x\"}; cursor"
            })
    void arguments_wrong_areToldAsTheToolsAnswer(String arguments, String told) throws Exception {
        String text = text("read_rows", true, new JsonObject(arguments));
        assertTrue(text.contains(told), text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "1.5", "\"x\"", "{}"})
    void places_thatAreNone_areToldSo(String from) throws Exception {
        text("list_products", true, new JsonObject("{\"from\":" + from + "}"));
        assertEquals(
                0,
                call("list_products", new JsonObject().put("from", 7))
                        .getJsonArray("data")
                        .size());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '~',
            value = {
                "[]; 400; -32600",
                "{; 400; -32700",
                "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}; 400; -32600",
                "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}; 400; -32600",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"no/such\"}; 200; -32601",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"drop\"}}; 200; -32602",
                "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}; 202; ~~",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}; 202; ~~"
            })
    void messages_ofEachKind_areAnsweredAsTheProtocolSays(String body, int status, String code) throws Exception {
        HttpResponse<String> answer = server.post("/mcp", body);
        assertEquals(status, answer.statusCode(), answer.body());
        assertEquals(!code.isEmpty(), answer.body().contains("\"code\":" + code), answer.body());
    }

    @ParameterizedTest
    @CsvSource({"2025-11-25,2025-11-25", "2024-11-05,2024-11-05", "1999-01-01,2025-11-25"})
    void handshake_agreesOnAVersionOfItsTime(String asked, String agreed) throws Exception {
        JsonObject result = result("initialize", new JsonObject().put("protocolVersion", asked));
        assertEquals(agreed, result.getString("protocolVersion"));
        assertEquals(new JsonObject(), result("ping", new JsonObject()));
    }

    @Test
    void modernRequest_isAnsweredAsItsHeadersSay_orRefused() throws Exception {
        JsonObject discover = message("server/discover", new JsonObject().put("_meta", meta("2026-07-28")));
        HttpResponse<String> answer =
                post(discover, "MCP-Protocol-Version", "2026-07-28", "Mcp-Method", "server/discover");
        JsonObject result = new JsonObject(answer.body()).getJsonObject("result");
        assertEquals(new JsonArray().add("2026-07-28"), result.getJsonArray("supportedVersions"));
        assertEquals("complete", result.getString("resultType"));
        assertEquals("private", result.getString("cacheScope"));

        refused(discover, -32020, "MCP-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/list");
        refused(discover, -32020, "Mcp-Method", "server/discover");
        JsonObject later = message("server/discover", new JsonObject().put("_meta", meta("2030-01-01")));
        refused(later, -32022, "MCP-Protocol-Version", "2030-01-01", "Mcp-Method", "server/discover");
        refused(message("tools/list", new JsonObject()), -32602, "MCP-Protocol-Version", "2026-07-28");

        JsonObject call = message(
                "tools/call",
                new JsonObject()
                        .put("_meta", meta("2026-07-28"))
                        .put("name", "list_products")
                        .put("arguments", new JsonObject()));
        String[] headers = {"MCP-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/call", "Mcp-Name", "run_sql"};
        refused(call, -32020, headers);
        headers[5] = "=?base64?bGlzdF9wcm9kdWN0cw==?=";
        assertEquals(200, post(call, headers).statusCode());
        JsonObject unknown = message("no/such", new JsonObject().put("_meta", meta("2026-07-28")));
        assertEquals(
                404,
                post(unknown, "MCP-Protocol-Version", "2026-07-28", "Mcp-Method", "no/such")
                        .statusCode());
    }

    private void refused(JsonObject message, int code, String... headers) throws Exception {
        HttpResponse<String> answer = post(message, headers);
        assertEquals(400, answer.statusCode(), answer.body());
        assertEquals(code, new JsonObject(answer.body()).getJsonObject("error").getInteger("code"), answer.body());
    }

    @Test
    void pagesOfOtherOrigins_andOtherMethods_areRefused() throws Exception {
        JsonObject ping = message("ping", new JsonObject());
        assertEquals(403, post(ping, "Origin", "https://evil.example").statusCode());
        // Of a name that leads here, whosever it is.
        assertEquals(
                403, post(ping, "Origin", "http://localhost:" + server.port()).statusCode());
        assertEquals(200, post(ping, "Origin", "https://app.example.org").statusCode());
        HttpResponse<String> get = server.get("/mcp");
        assertEquals(405, get.statusCode());
        assertEquals(
                "OPTIONS, POST",
                get.headers().firstValue("Allow").orElseThrow().replace("POST, OPTIONS", "OPTIONS, POST"));
        assertEquals(405, server.send("DELETE", "/mcp").statusCode());
    }
}
