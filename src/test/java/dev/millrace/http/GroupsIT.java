package dev.millrace.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.millrace.layer.PortLayers;
import java.io.ByteArrayInputStream;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** Groups and Parquet files over HTTP. */
class GroupsIT {
    private static final String ROWS = "/v1/products/aviation/flights/rows?";

    @Test
    void groupsAndFiles_inEveryFormat(@TempDir Path folder) throws Exception {
        try (var server = new HttpFixture(folder, PortLayers.of(service -> service), Duration.ofSeconds(30))) {
            server.sample().writeUsual(0, 1000);
            JsonNode first = page(server, "group=origin&agg=count,avg(delay)&limit=3");
            assertEquals("JFK", first.at("/data/0/origin").asText());
            assertTrue(first.at("/data/0/avg(delay)").isDouble());
            JsonNode last = page(
                    server,
                    "group=origin&agg=count,avg(delay)&limit=3&cursor="
                            + first.get("next").asText());
            assertTrue(last.at("/data/0/origin").isNull() && last.get("next").isNull(), last.toString());
            assertEquals(91, last.at("/data/0/count").asInt(), "i % 11 == 0");
            assertEquals(
                    "\"origin\",\"count\"",
                    server.get(ROWS + "group=origin&sort=count&format=csv&origin=none")
                            .body()
                            .strip());
            String days = "group=day&agg=max(price),p95(speed)&sort=-day";
            List<String> expected = expectedDays();
            assertEquals(expected, days(page(server, days + "&limit=1000").get("data")));
            String lines = new String(file(server, days, "ndjson"), UTF_8);
            assertEquals(
                    expected,
                    days(new ObjectMapper().readTree("[" + lines.strip().replace("\n", ",") + "]")));
            assertEquals(expected, daysOfArrow(file(server, days, "arrow")));
            assertEquals(
                    expected,
                    daysOfParquet(Files.write(folder.resolve("days.parquet"), file(server, days, "parquet"))));
            assertEquals(
                    400, server.get(ROWS + "group=id&agg=count,min(nothing)").statusCode());
            assertEquals(200, server.get(ROWS + "group=id").statusCode(), "1000 groups");
            String position = server.get(ROWS + "limit=1")
                    .headers()
                    .firstValue("millrace-position")
                    .orElseThrow();
            server.sample().writeUsual(1000, 1001);
            assertEquals(1001, page(server, "agg=count").at("/data/0/count").asInt());
            assertEquals(
                    1000,
                    page(server, "agg=count&as_of=" + position)
                            .at("/data/0/count")
                            .asInt());
            assertEquals(400, server.get(ROWS + "group=id").statusCode(), "1001 groups");

            JsonNode document = new ObjectMapper()
                    .valueToTree(new Load(LoadSettings.builder().build())
                            .loadFromString(server.get("/v1/products/aviation/flights/openapi.yaml")
                                    .body()));
            ObjectNode schema = new ObjectMapper().createObjectNode();
            schema.set("components", document.get("components"));
            schema.put("$ref", "#/components/schemas/Page");
            var pages = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                    .getSchema(schema);
            for (String query : new String[] {"agg=count", "group=origin&agg=p95(delay)", "group=origin", "limit=2"}) {
                assertEquals(List.of(), pages.validate(page(server, query)), query);
            }
            ObjectNode other = (ObjectNode) page(server, "limit=1");
            ((ObjectNode) other.at("/data/0")).put("delay", "late");
            assertEquals(false, pages.validate(other).isEmpty(), "a row's columns have their types");

            String file = ROWS + "format=parquet&select=id,delay,price,at,ok";
            HttpResponse<byte[]> whole = server.bytes(file);
            byte[] bytes = whole.body();
            assertEquals(200, whole.statusCode());
            assertEquals("PAR1", new String(bytes, bytes.length - 4, 4, java.nio.charset.StandardCharsets.US_ASCII));
            assertEquals(400, server.get(ROWS + "format=parquet").statusCode(), "a nested column");
            String tag = whole.headers().firstValue("etag").orElseThrow();
            range(server, file, "bytes=10-19", Optional.empty(), 206, Arrays.copyOfRange(bytes, 10, 20));
            range(
                    server,
                    file,
                    "bytes=-4",
                    Optional.of(tag),
                    206,
                    Arrays.copyOfRange(bytes, bytes.length - 4, bytes.length));
            range(server, file, "bytes=10-", Optional.of("\"other\""), 200, bytes);
            range(server, file, "bytes=" + bytes.length + "-", Optional.empty(), 416, new byte[0]);
        }
        try (var left = Files.list(folder.resolve("duckdb"))) {
            assertEquals(0, left.filter(Files::isRegularFile).count());
        }
    }

    /** Of each of the hundred days, which have ten rows, the greatest price and the least speed that 95 % do not exceed, the newest day first. */
    private static List<String> expectedDays() {
        return IntStream.iterate(99, day -> day >= 0, day -> day - 1)
                .mapToObj(day -> day(
                        LocalDate.ofEpochDay(11_000 + day),
                        BigDecimal.valueOf(900 + day, 2),
                        day % 5 == 0 ? null : (day + 900) / 4.0))
                .toList();
    }

    private static String day(Object day, Object price, @Nullable Object speed) {
        return day + " " + price + " " + (speed == null ? "none" : String.format(Locale.ROOT, "%.6f", (Double) speed));
    }

    private static List<String> days(JsonNode rows) {
        return StreamSupport.stream(rows.spliterator(), false)
                .map(row -> day(
                        row.get("day").asText(),
                        row.get("max(price)").decimalValue().setScale(2, RoundingMode.UNNECESSARY),
                        row.get("p95(speed)").isNull()
                                ? null
                                : row.get("p95(speed)").doubleValue()))
                .toList();
    }

    private static List<String> daysOfArrow(byte[] stream) throws Exception {
        List<String> days = new ArrayList<>();
        try (var root = new RootAllocator();
                var reader = new ArrowStreamReader(new ByteArrayInputStream(stream), root)) {
            while (reader.loadNextBatch()) {
                VectorSchemaRoot batch = reader.getVectorSchemaRoot();
                for (int row = 0; row < batch.getRowCount(); row++) {
                    days.add(day(
                            LocalDate.ofEpochDay(
                                    (Integer) batch.getVector("day").getObject(row)),
                            batch.getVector("max(price)").getObject(row),
                            batch.getVector("p95(speed)").getObject(row)));
                }
            }
        }
        return days;
    }

    private static List<String> daysOfParquet(Path file) throws Exception {
        List<String> days = new ArrayList<>();
        try (var connection = DriverManager.getConnection("jdbc:duckdb:");
                var statement = connection.createStatement();
                var found = statement.executeQuery("SELECT * FROM read_parquet('" + file + "')")) {
            while (found.next()) {
                days.add(day(found.getObject("day"), found.getObject("max(price)"), found.getObject("p95(speed)")));
            }
        }
        return days;
    }

    private static byte[] file(HttpFixture server, String query, String format) throws Exception {
        HttpResponse<byte[]> answer = server.bytes(ROWS + query + "&format=" + format);
        assertEquals(200, answer.statusCode(), () -> new String(answer.body(), UTF_8));
        return answer.body();
    }

    private static JsonNode page(HttpFixture server, String query) throws Exception {
        HttpResponse<String> answer = server.get(ROWS + query);
        assertEquals(200, answer.statusCode(), answer.body());
        return new ObjectMapper().readTree(answer.body());
    }

    private static void range(
            HttpFixture server, String path, String range, Optional<String> ifRange, int status, byte[] expected)
            throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://localhost:" + server.port() + path))
                .header("Range", range);
        ifRange.ifPresent(tag -> request.header("If-Range", tag));
        try (var client = HttpClient.newHttpClient()) {
            HttpResponse<byte[]> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
            assertEquals(status, answer.statusCode());
            assertArrayEquals(expected, answer.body());
        }
    }
}
