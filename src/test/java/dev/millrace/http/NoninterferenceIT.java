package dev.millrace.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.contract.MeshReader;
import dev.millrace.domain.Governance;
import dev.millrace.domain.Product;
import dev.millrace.layer.PortLayers;
import dev.millrace.query.SampleRows;
import dev.millrace.security.Identity;
import dev.millrace.security.Principal;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two servers whose rows differ only in what the caller may not see answer every request with the same bytes. */
class NoninterferenceIT {
    private static final int REQUESTS = Integer.getInteger("millrace.noninterference.requests", 60);
    private static final Principal ADA =
            new Principal("ada", Set.of("analyst"), Map.of("least", List.of("10")), Optional.empty());
    private static final String CONTRACT = """
            apiVersion: v3.1.0
            kind: DataContract
            id: flights-contract
            name: flights
            version: 1.0.0
            status: active
            schema:
              - name: flights
                properties:
                  - {name: id, logicalType: string, primaryKey: true, required: true}
                  - {name: origin, logicalType: string}
                  - {name: delay, logicalType: integer, logicalTypeOptions: {format: i32}}
                  - {name: limit, logicalType: integer}
                  - {name: speed, logicalType: number}
                  - {name: price, logicalType: number, physicalType: "decimal(20,2)"}
                  - {name: day, logicalType: date}
                  - {name: at, logicalType: timestamp}
                  - {name: ok, logicalType: boolean}
                  - {name: properties, logicalType: object, properties: [{name: mag, logicalType: number}]}
            """;
    private static final String POLICIES = """
            grants:
              - to: {role: analyst}
                products: [flights]
                may: [read]
                columns: {limit: hide, price: null, speed: {round: 10}, day: {round: month}, origin: {keep: 1}}
                rows: {"delay[gte]": "${claims.least}"}
            """;

    @TempDir
    Path folder;

    private HttpFixture server(String name, List<SampleRows.Row> rows) throws Exception {
        Path mesh = Files.createDirectories(folder.resolve(name + "-mesh/domains/aviation"));
        Files.writeString(mesh.resolve("flights.odcs.yaml"), CONTRACT);
        Files.writeString(mesh.resolve("policies.yaml"), POLICIES);
        var read = MeshReader.read(folder.resolve(name + "-mesh"));
        var sample = new SampleRows(folder.resolve(name));
        rows.forEach(row -> sample.write(Math.floorMod(row.id().hashCode(), SampleRows.PARTITIONS), row, false));
        sample.publish();
        var product = new Product(read.product("aviation", "flights").orElseThrow(), sample.store(), Optional.empty());
        product.govern(
                read.policies("aviation"),
                new Governance(
                        Map.of(), "secret of a test".getBytes(UTF_8), sample.allocator(), InstantSource.system()));
        return new HttpFixture(
                folder.resolve(name),
                sample,
                product,
                PortLayers.of(service -> call -> service.call(call.by(new Identity(ADA, "ada")))),
                HttpFixture.settings(Duration.ofSeconds(60), Duration.ofSeconds(60), 1000),
                100);
    }

    private static SampleRows.Row row(String id, Random shown, Random hidden, boolean visible) {
        return new SampleRows.Row(
                id,
                (visible ? "" : hidden.nextInt(100)) + "SFOABC".substring(hidden.nextInt(3), 3) + "X",
                visible ? 10 + shown.nextInt(50) : hidden.nextInt(10),
                (long) hidden.nextInt(100),
                10.0 * (visible ? shown : hidden).nextInt(9) + hidden.nextInt(10),
                BigDecimal.valueOf(hidden.nextInt(10_000), 2),
                LocalDate.of(2001, 1 + (visible ? shown : hidden).nextInt(12), 1 + hidden.nextInt(28)),
                Instant.ofEpochMilli((visible ? shown : hidden).nextInt(1_000_000)),
                (visible ? shown : hidden).nextBoolean(),
                (visible ? shown : hidden).nextBoolean(),
                1.0 * (visible ? shown : hidden).nextInt(5));
    }

    private static List<SampleRows.Row> world(long seed, long secret) {
        var which = new Random(seed);
        var shown = new Random(seed + 1);
        var hidden = new Random(secret);
        List<SampleRows.Row> rows = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            rows.add(row("id-" + which.nextInt(300), shown, hidden, which.nextInt(3) > 0));
        }
        return rows;
    }

    @Test
    void answers_overHttp_areTheSameBytes() throws Exception {
        long seed = Long.getLong("millrace.seed", System.nanoTime());
        try (HttpFixture left = server("left", world(seed, seed + 10));
                HttpFixture right = server("right", world(seed, seed + 20))) {
            List<String> paths = paths(new Random(seed), left);
            for (String path : paths) {
                for (String accept :
                        List.of("*/*", "application/x-ndjson", "text/csv", "application/vnd.apache.arrow.stream")) {
                    String one = shown(left.bytes(path, "Accept", accept));
                    String other = shown(right.bytes(path, "Accept", accept));
                    int at = 0;
                    while (at < one.length() && at < other.length() && one.charAt(at) == other.charAt(at)) {
                        at++;
                    }
                    int from = Math.max(0, at - 200);
                    String difference = from + ": " + one.substring(from) + "\n-- and --\n" + other.substring(from);
                    assertEquals(one, other, () -> "seed " + seed + " " + path + " " + accept + " " + difference);
                }
            }
            for (String call : List.of(
                    "\"describe_product\",\"arguments\":{\"product\":\"aviation.flights\"}",
                    "\"read_rows\",\"arguments\":{\"product\":\"aviation.flights\",\"limit\":20}",
                    "\"group_rows\",\"arguments\":{\"product\":\"aviation.flights\",\"group\":[\"origin\"]}",
                    "\"run_sql\",\"arguments\":{\"sql\":\"SELECT * FROM aviation.flights ORDER BY id LIMIT 20\"}",
                    "\"get_changes\",\"arguments\":{\"product\":\"aviation.flights\",\"from\":\"beginning\"}")) {
                String message =
                        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":" + call + "}}";
                String one = left.post("/mcp", message).body().replaceAll("ageMillis[^,]*,", "");
                String other = right.post("/mcp", message).body().replaceAll("ageMillis[^,]*,", "");
                assertEquals(one, other, () -> "seed " + seed + " " + message);
                assertTrue(one.contains("\"isError\":false") && !one.contains("limit\\\":"), one);
            }
            // There is something to see, and something that differs.
            assertTrue(left.get("/v1/products/aviation/flights/rows").body().length() > 1000);
            assertNotEquals(world(seed, seed + 10), world(seed, seed + 20));
        }
    }

    private static List<String> paths(Random random, HttpFixture server) throws Exception {
        String base = "/v1/products/aviation/flights";
        List<String> paths = new ArrayList<>(List.of("/v1/products"));
        for (String path : List.of(
                "",
                "/contract",
                "/schema",
                "/openapi.yaml",
                "/asyncapi.yaml",
                "/quality",
                "/stats",
                "/dead-letters",
                "/rows?count=exact",
                "/rows?limit=x",
                "/rows?price=1",
                "/rows?price[null]=true",
                "/rows?limit=5&sort=price",
                "/rows?filter[limit]=3",
                "/rows?group=origin&agg=count,sum:speed,min:day",
                "/rows?group=price&agg=count")) {
            paths.add(base + path);
        }
        String[] columns = {"id", "origin", "delay", "speed", "price", "day", "at", "ok", "properties.mag", "limit"};
        String[] values = {"id-7", "***X", "20", "30", "1", "2001-05-01", "1970-01-01T00:05:00Z", "true", "3", "3"};
        String[] operators = {"", "[gte]", "[lt]", "[ne]", "[null]", "[in]", "[prefix]"};
        while (paths.size() < REQUESTS) {
            int column = random.nextInt(columns.length);
            String operator = operators[random.nextInt(operators.length)];
            String value = operator.equals("[null]") ? "false" : values[column];
            String sort = random.nextBoolean()
                    ? ""
                    : "&sort=" + (random.nextBoolean() ? "-" : "") + columns[random.nextInt(columns.length)];
            paths.add(
                    switch (random.nextInt(4)) {
                        case 0 -> base + "/rows/id-" + random.nextInt(310);
                        case 1 -> base + "/rows?count=exact&limit=" + (1 + random.nextInt(50)) + sort;
                        default ->
                            base + "/rows?limit=20&filter[" + columns[column] + "]" + operator + "="
                                    + value.replace(":", "%3A") + sort;
                    });
        }
        HttpResponse<String> page = server.get(base + "/rows?limit=7");
        assertTrue(page.body().contains("\"next\":\""), page.body());
        String next = page.body().replaceAll("(?s).*\"next\":\"([^\"]+)\".*", "$1");
        paths.add(base + "/rows?limit=7&cursor=" + next);
        return paths;
    }

    private static String shown(HttpResponse<byte[]> answer) {
        Map<String, List<String>> headers = new TreeMap<>(answer.headers().map());
        headers.remove("date");
        if (new String(answer.body(), UTF_8).contains("\"ageMillis\"")) { // the clock's, and so its digest
            headers.keySet().removeAll(Set.of("etag", "content-length"));
        }
        String body = new String(answer.body(), java.nio.charset.StandardCharsets.ISO_8859_1)
                .replaceAll("\"ageMillis\":\\d+", "")
                .replaceAll("\"reference\":\"[^\"]*\"", "");
        return answer.statusCode() + " " + headers + " " + body;
    }
}
