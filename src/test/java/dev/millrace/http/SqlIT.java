package dev.millrace.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.layer.PortLayers;
import dev.millrace.query.SampleRows;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.InputStream;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** SQL at the door, run by a real worker process. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SqlIT {
    private static final int ROWS = 3_000;
    private static final ObjectMapper JSON = new ObjectMapper();

    private HttpFixture server;

    @BeforeAll
    void start(@TempDir Path folder) throws Exception {
        server = new HttpFixture(
                folder,
                new SampleRows(folder.resolve("store"), SampleRows.ENCODED),
                PortLayers.of(service -> service),
                HttpFixture.settings(Duration.ofSeconds(30), Duration.ofSeconds(30), 1000));
        server.sample().writeUsual(0, ROWS);
        server.publish();
    }

    @AfterAll
    void stop() throws Exception {
        server.close();
    }

    private static String body(String sql) {
        return new JsonObject().put("sql", sql).encode();
    }

    private HttpResponse<String> ask(String sql, Object... parameters) throws Exception {
        return server.post(
                "/v1/sql",
                new JsonObject()
                        .put("sql", sql)
                        .put("parameters", new JsonArray(List.of(parameters)))
                        .encode());
    }

    private JsonNode data(HttpResponse<String> answer) throws Exception {
        assertEquals(200, answer.statusCode(), answer.body());
        return JSON.readTree(answer.body()).get("data");
    }

    /** Each value of each kind is as the ordinary door writes it; what is within a struct is reached by its path. */
    @Test
    void everyColumn_isAsRowsHaveIt() throws Exception {
        var rows = new ArrayList<ObjectNode>();
        for (String line : server.get("/v1/products/aviation/flights/rows?format=ndjson")
                .body()
                .lines()
                .toList()) {
            var row = (ObjectNode) JSON.readTree(line);
            JsonNode properties = row.remove("properties");
            row.set("mag", properties.isNull() ? properties : properties.get("mag"));
            row.put(
                    "price",
                    new BigDecimal(row.get("price").asText())
                            .setScale(2)
                            .toPlainString()); // 60 digits are text in DuckDB
            rows.add(row);
        }
        HttpResponse<String> answer = server.post(
                "/v1/sql?format=ndjson",
                body(
                        "SELECT id, origin, delay, \"limit\", speed, price, day, \"at\", ok, properties.mag FROM aviation.flights"));
        List<ObjectNode> found = answer.body().lines().map(SqlIT::read).toList();

        assertEquals(ROWS, found.size(), answer.body());
        List<String> expected = sorted(rows);
        List<String> actual = sorted(found);
        for (int i = 0; i < ROWS; i++) {
            // SQL has microseconds.
            assertEquals(expected.get(i), actual.get(i).replaceFirst("(\\.\\d{3})000Z", "$1Z"));
        }
    }

    private static ObjectNode read(String line) {
        try {
            return (ObjectNode) JSON.readTree(line);
        } catch (java.io.IOException failure) {
            throw new java.io.UncheckedIOException(failure);
        }
    }

    private static List<String> sorted(List<ObjectNode> rows) {
        return rows.stream().map(ObjectNode::toString).sorted().toList();
    }

    @Test
    void groupsJoinsAndWindows_areThoseOfTheRows() throws Exception {
        JsonNode groups =
                data(ask("SELECT origin, count(*) AS n FROM aviation.flights GROUP BY origin ORDER BY n DESC"));
        assertEquals(4, groups.size());
        long counted = 0;
        for (JsonNode group : groups) {
            counted += group.get("n").asLong();
        }
        assertEquals(ROWS, counted);
        JsonNode joined = data(ask("""
                WITH sfo AS (SELECT id FROM aviation.flights WHERE origin = ?)
                SELECT count(*) AS n, max(r) AS last FROM (
                  SELECT row_number() OVER (ORDER BY f.id) AS r FROM mesh.aviation.flights f JOIN sfo USING (id)) t
                """, "SFO"));
        assertEquals(joined.get(0).get("n"), joined.get(0).get("last"));
        assertTrue(joined.get(0).get("n").asLong() > 100);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "SELECT $1::INT + $2::INT AS x | [1,2] | 3",
                "SELECT ?::INT + ?::INT AS x | [1,2] | 3",
                "SELECT $b::INT - $a::INT AS x | {\"a\":1,\"b\":5} | 4",
                "SELECT $1 AS x | [\"it's ; -- $2\"] | it's ; -- $2",
                "SELECT $1 IS NULL AS x | [null] | true",
                "SELECT $1 AS x | [true] | true",
                "SELECT $1::DECIMAL(38,2) AS x | [12.25] | 12.25",
                "SELECT count(*) AS x FROM aviation.flights WHERE day = $1 | [\"2000-02-13\"] | 30",
                "SELECT 1 AS x; | [] | 1",
                "SELECT 1 AS x -- a remark | [] | 1"
            })
    void parameters_areValues_whateverIsInThem(String sql, String parameters, String expected) throws Exception {
        HttpResponse<String> answer = server.post(
                "/v1/sql",
                "{\"sql\":" + new JsonArray().add(sql).encode().replaceAll("^\\[|\\]$", "") + ",\"parameters\":"
                        + parameters + "}");
        assertEquals(expected, data(answer).get(0).get("x").asText());
    }

    @Test
    void kindsOfResults_areThoseOfTheTable() throws Exception {
        JsonNode row = data(ask("""
                SELECT 1::TINYINT a, 2::UBIGINT b, 170141183460469231731::HUGEINT c, 1.5::FLOAT d, 'x'::BLOB e,
                  DATE '1500-01-01' f, TIME '10:00:00.5' g, TIMESTAMP '2020-01-01 01:02:03.000004' h,
                  TIMESTAMP_NS '2020-01-01 01:02:03.000000005' i, TIMESTAMPTZ '2020-01-01 00:00:00+02' j, INTERVAL 1 DAY k,
                  [1,2] l, {'a': 1} m, NULL n, 12.340::DECIMAL(18,3) o, 1 a
                """)).get(0);
        assertEquals(JSON.readTree("""
            {"a":1,"b":2,"c":170141183460469231731,"d":1.5,"e":"eA==","f":"1500-01-01","g":"10:00:00.500000",
             "h":"2020-01-01T01:02:03.000004","i":"2020-01-01T01:02:03.000000005","j":"2019-12-31T22:00:00Z","k":"1 day",
             "l":"[1,2]","m":"{\\"a\\":1}","n":null,"o":12.340,"a_1":1}\
            """), row);
    }

    @ParameterizedTest
    @ValueSource(strings = {"csv", "ndjson", "arrow", "json"})
    void formats_areThoseOfRows(String format) throws Exception {
        HttpResponse<String> answer =
                server.post("/v1/sql?format=" + format, body("SELECT id FROM aviation.flights ORDER BY id LIMIT 2"));
        assertEquals(200, answer.statusCode());
        assertTrue(answer.body().contains("id-1") || format.equals("arrow"), answer.body());
        assertTrue(answer.headers().firstValue("Millrace-Position").orElse("").startsWith("aviation.flights=topic-1:"));
    }

    @Test
    void parquet_isNotAcceptable_andAWrongBodyIsTold() throws Exception {
        assertEquals(
                406, server.post("/v1/sql?format=parquet", body("SELECT 1")).statusCode());
        assertEquals(400, server.post("/v1/sql", "{\"sql\":1}").statusCode());
        assertEquals(
                400,
                server.post("/v1/sql", "{\"sql\":\"SELECT 1\",\"other\":1}").statusCode());
        assertEquals(400, server.post("/v1/sql", "[]").statusCode());
        assertEquals(
                400,
                server.post("/v1/sql", "{\"sql\":\"SELECT 1\",\"parameters\":[[1]]}")
                        .statusCode());
        assertEquals(
                413,
                server.post("/v1/sql", body("SELECT '" + "x".repeat(65_536) + "'"))
                        .statusCode());
        assertEquals(
                200,
                server.post("/v1/sql", body("SELECT length('" + "x".repeat(65_000) + "') AS x"))
                        .statusCode());
    }

    @Test
    void positions_ofAnotherTime_areTheRowsOfThen() throws Exception {
        String then = JSON.readTree(
                        server.get("/v1/products/aviation/flights/rows?limit=1").body())
                .get("position")
                .asText();
        server.sample().write(0, SampleRows.usual(ROWS), false);
        server.publish();
        assertEquals(
                ROWS + 1,
                data(ask("SELECT count(*) AS n FROM aviation.flights"))
                        .get(0)
                        .get("n")
                        .asInt());
        var asked = new JsonObject()
                .put("sql", "SELECT count(*) AS n FROM aviation.flights")
                .put("positions", new JsonObject().put("aviation.flights", then));
        assertEquals(
                ROWS,
                data(server.post("/v1/sql", asked.encode())).get(0).get("n").asInt());
        asked.put("sql", "SELECT 1");
        assertEquals(400, server.post("/v1/sql", asked.encode()).statusCode(), "it does not name the product");
        server.sample().write(0, SampleRows.usual(ROWS), true);
        server.publish();
    }

    @Test
    void catalogue_listsWhatIsSeen() throws Exception {
        JsonNode columns = data(ask("""
            SELECT column_name, data_type FROM information_schema.columns
            WHERE table_schema = 'aviation' AND table_name = 'flights' ORDER BY ordinal_position\
            """));
        assertEquals("id", columns.get(0).get("column_name").asText());
        assertEquals("TIMESTAMP WITH TIME ZONE", columns.get(7).get("data_type").asText());
        assertEquals(10, columns.size());
        assertTrue(data(ask("EXPLAIN SELECT count(*) FROM aviation.flights"))
                .get(0)
                .get("explain_value")
                .asText()
                .contains("MILLRACE"));
        assertEquals(
                "id",
                data(ask("DESCRIBE SELECT * FROM aviation.flights"))
                        .get(0)
                        .get("column_name")
                        .asText());
    }

    static Stream<String> hostile() throws Exception {
        try (InputStream in = Objects.requireNonNull(SqlIT.class.getResourceAsStream("/sql-hostile.txt"))) {
            return new String(in.readAllBytes(), UTF_8).lines().filter(line -> !line.startsWith("#")).toList().stream();
        }
    }

    /** None reads what it must not, and the next statement works. */
    @ParameterizedTest
    @MethodSource("hostile")
    void hostileStatements_areRefused(String line) throws Exception {
        String[] parts = line.split(" \\| ", 2);
        HttpResponse<String> answer = server.post("/v1/sql", body(parts.length < 2 ? "" : parts[1]));
        assertEquals(400, answer.statusCode(), answer.body());
        assertTrue(answer.body().contains(parts[0].strip()), answer.body());
        assertFalse(answer.body().contains("root:"), answer.body());
    }

    /** What a cast tells of the value that it fails on may be of a row that the statement would not have shown. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT CAST(origin AS INT) FROM aviation.flights",
                "SELECT strptime(id, '%Y') FROM aviation.flights",
                "SELECT delay / 0, CAST(id AS DATE) FROM aviation.flights",
                "SELECT (delay + 2147483647)::INT FROM aviation.flights WHERE delay > 0",
                "SELECT regexp_matches(id, id || '(') FROM aviation.flights",
                "SELECT list_value(1)[delay]::STRUCT(a INT) FROM aviation.flights",
                "SELECT (SELECT id FROM aviation.flights WHERE delay > 0)",
                "SELECT chr(delay * 100000000) FROM aviation.flights"
            })
    void failures_tellNoValues(String sql) throws Exception {
        HttpResponse<String> answer = ask(sql);
        assertEquals(400, answer.statusCode());
        assertFalse(answer.body().matches("(?s).*(SFO|LAX|JFK|id-\\d).*"), answer.body());
        assertEquals(1, data(ask("SELECT 1 AS x")).get(0).get("x").asInt());
    }

    /** Too much memory or too much time is that statement's alone; the worker is replaced, and the next one is answered. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT length(repeat(repeat($1, 1000000), 4000))",
                "SELECT max(length(s)) FROM (SELECT string_agg(repeat($1, 100000)) AS s FROM range(100000))",
                "SELECT count(*) FROM range(100000000) a, range(100000) b WHERE a.range + b.range > 5 AND $1 = 'x'",
                "SELECT list_sum(range(2000000000)) WHERE $1 = 'x'",
                "SELECT length(lpad($1, 2000000000, 'ab'))"
            })
    void statementsWithoutMeasure_areEnded_andTheNextWorks(String sql) throws Exception {
        HttpResponse<String> answer = ask(sql, "x");
        assertTrue(List.of(400, 503, 504).contains(answer.statusCode()), answer.body());
        assertEquals(1, data(ask("SELECT 1 AS x")).get(0).get("x").asInt());
        assertTrue(server.get("/v1/products").statusCode() == 200);
    }

    @Test
    void aClientThatGoes_endsItsStatement() throws Exception {
        var request = server.later("/v1/products"); // warms the client
        request.join();
        try (var socket = new java.net.Socket("localhost", server.port())) {
            String json = body("SELECT count(*) FROM range(100000000) a, range(100000) b WHERE a.range + b.range > 5");
            socket.getOutputStream()
                    .write(("POST /v1/sql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: "
                                    + json.length() + "\r\n\r\n" + json)
                            .getBytes(UTF_8));
            socket.getOutputStream().flush();
        }
        // There is one worker: this is answered only when that statement has ended.
        assertEquals(1, data(ask("SELECT 1 AS x")).get(0).get("x").asInt());
    }
}
