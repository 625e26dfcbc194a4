package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.Any;
import com.google.protobuf.Message;
import dev.millrace.ingest.TestKafka;
import dev.millrace.security.NewKey;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.CallOption;
import org.apache.arrow.flight.Criteria;
import org.apache.arrow.flight.FlightCallHeaders;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.HeaderCallOption;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.flight.sql.impl.FlightSql;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Grants at every door of a whole server: an owner, an analyst who sees a part of one product, a stranger. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PolicyIT {
    private static final String FLIGHTS = "/v1/products/aviation/flights";
    private static final String POLICIES = """
            grants:
              - {to: {role: owner}, products: "*", may: [read, write, replay, administer]}
              - to: {role: analyst}
                products: [flights]
                may: [read, write]
                columns: {destination: {keep: 1}, distance: hide}
                rows: {origin: "${claims.airport}"}
              - to: {role: analyst}
                products: [airports]
                may: [read, write]
                columns: {city: {keep: 1}, name: hide}
                rows: {state: "${claims.state}"}
            """;
    private static final String AIRPORTS = "/v1/products/aviation/airports";
    private static final String AIRPORT = """
            {"iata":"%s","name":"n","city":"JFK","state":"%s","country":"USA","latitude":1.5,"longitude":2.5}
            """;

    private final NewKey owner = NewKey.of("olga", List.of("owner"), Optional.empty());
    private final NewKey analyst = NewKey.of("ada", List.of("analyst"), Optional.empty());
    private final NewKey claimless = NewKey.of("carl", List.of("analyst"), Optional.empty());
    private final NewKey stranger = NewKey.of("sam", List.of(), Optional.empty());
    private MillraceServer server;
    private Client client;
    private Client management;
    private Path policies;
    private TestMesh mesh;

    @BeforeAll
    void serve(@TempDir Path folder) throws Exception {
        String lines = String.join(
                "\n",
                owner.line(),
                analyst.line().replace("sha256:", "claims: {airport: SFO, state: CA}, sha256:"),
                claimless.line(),
                stranger.line());
        Path keys = Files.writeString(folder.resolve("keys.yaml"), lines + "\n");
        mesh = TestMesh.in(folder);
        policies = folder.resolve("mesh/domains/aviation/policies.yaml");
        Files.writeString(policies, POLICIES);
        String[] origins = {"SFO", "LAX"};
        for (int i = 0; i < 40; i++) {
            TestKafka.send(mesh.flights(), i % 4, "f" + i, """
                    {"flight_id":"f%d","date":"2001-02-03T04:05:06","delay":%d,"distance":%d,"origin":"%s","destination":"JF%s"}
                    """.formatted(
                    i, i, 100 + i, origins[i / 2 % 2], "KL".charAt(i % 2)).strip());
        }
        server = MillraceServer.start(mesh.configuration(Map.of(
                "security.keys", keys.toString(), "security.failures", "1000000", "mesh.watchInterval", "50ms")));
        client = Client.of(server.httpPort());
        management = Client.of(server.managementPort());
        Client.await(
                "all flights",
                () -> as(owner, FLIGHTS).statusCode() == 200
                        && json(as(owner, FLIGHTS)).get("rows").asLong() == 40);
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private HttpResponse<String> as(NewKey who, String path, String... headers) {
        var all = new ArrayList<>(List.of("Authorization", "Bearer " + who.key()));
        all.addAll(List.of(headers));
        return client.get(path, all.toArray(String[]::new));
    }

    private static JsonNode json(HttpResponse<String> answer) {
        assertEquals(200, answer.statusCode(), answer.body());
        return Client.tree(answer.body());
    }

    @Test
    void whoHasNoGrant_isToldWhatIsToldOfNoProduct() {
        List<String> paths = List.of(
                "",
                "/contract",
                "/schema",
                "/openapi.yaml",
                "/asyncapi.yaml",
                "/rows",
                "/rows/f0",
                "/quality",
                "/stats",
                "/changes",
                "/dead-letters",
                "/rows?limit=x",
                "/rows?cursor=x");
        for (NewKey who : List.of(stranger, claimless)) {
            assertEquals(0, json(as(who, "/v1/products")).get("data").size());
            for (String path : paths) {
                HttpResponse<String> hidden =
                        as(who, FLIGHTS + path, "Millrace-Min-Position", "x:9.9", "Prefer", "wait=1");
                HttpResponse<String> missing = as(
                        who,
                        "/v1/products/aviation/nothing" + path,
                        "Millrace-Min-Position",
                        "x:9.9",
                        "Prefer",
                        "wait=1");
                assertEquals(404, hidden.statusCode(), path);
                assertEquals(missing.body().replace("nothing", "flights"), hidden.body());
                assertEquals(
                        missing.headers().map().keySet(), hidden.headers().map().keySet());
            }
            for (String path : List.of("/records", "/dead-letters:replay", "/rows:lookup")) {
                HttpResponse<String> hidden = post(who, FLIGHTS + path, "{\"keys\":[\"f0\"]}");
                HttpResponse<String> missing = post(who, "/v1/products/aviation/nothing" + path, "{\"keys\":[\"f0\"]}");
                assertEquals(404, hidden.statusCode(), path);
                assertEquals(missing.body().replace("nothing", "flights"), hidden.body());
            }
        }
    }

    private HttpResponse<String> post(NewKey who, String path, String body) {
        return client.send(
                "POST",
                path,
                body.getBytes(java.nio.charset.StandardCharsets.UTF_8),
                "Content-Type",
                "application/json",
                "Authorization",
                "Bearer " + who.key());
    }

    @Test
    void analyst_atEveryDoor_seesHerRowsMasked() {
        JsonNode listed = json(as(analyst, "/v1/products")).get("data");
        assertEquals(2, listed.size());
        JsonNode described = json(as(analyst, FLIGHTS));
        assertEquals(20, described.get("rows").asLong());
        assertFalse(described.has("deadLetters"), described::toString);
        assertTrue(described.get("quality").isNull());
        assertFalse(described.get("schema").toString().contains("distance"), described::toString);
        JsonNode page = json(as(analyst, FLIGHTS + "/rows?count=exact&limit=100"));
        assertEquals(20, page.get("data").size());
        assertEquals(20, page.get("count").asLong());
        Set<String> shown = new TreeSet<>();
        page.get("data").forEach(row -> {
            assertEquals("SFO", row.get("origin").textValue());
            assertFalse(row.has("distance"));
            shown.add(row.get("destination").textValue());
        });
        assertEquals(Set.of("***K", "***L"), shown);
        assertEquals(200, as(analyst, FLIGHTS + "/rows/f0").statusCode());
        assertEquals(
                "***K",
                json(as(analyst, FLIGHTS + "/rows/f0")).get("destination").textValue());
        assertEquals(
                as(analyst, FLIGHTS + "/rows/none").body().replace("none", "f2"),
                as(analyst, FLIGHTS + "/rows/f2").body());
        JsonNode found = Client.tree(post(analyst, FLIGHTS + "/rows:lookup", "{\"keys\":[\"f0\",\"f2\",\"none\"]}")
                .body());
        assertEquals("***K", found.get("data").get(0).get("destination").textValue());
        assertTrue(found.get("data").get(1).isNull());
        assertEquals(
                0,
                json(as(analyst, FLIGHTS + "/rows?destination=JFK")).get("data").size());
        assertEquals(
                10,
                json(as(analyst, FLIGHTS + "/rows?destination=***K"))
                        .get("data")
                        .size());
        String unknown = as(analyst, FLIGHTS + "/rows?distance=1").body();
        assertTrue(unknown.contains("there is no column"), unknown);
        assertFalse(unknown.replace("'distance'", "").contains("distance,"), unknown);
        JsonNode groups = json(as(analyst, FLIGHTS + "/rows?group=destination&agg=count&sort=destination"))
                .get("data");
        assertEquals(2, groups.size());
        assertEquals(10, groups.get(0).get("count").asLong());
        JsonNode sorted = json(as(analyst, FLIGHTS + "/rows?sort=-delay&limit=3"));
        assertEquals(37, sorted.get("data").get(0).get("delay").asInt());
        JsonNode next = json(as(
                analyst,
                FLIGHTS + "/rows?sort=-delay&limit=3&cursor="
                        + sorted.get("next").textValue()));
        assertEquals(32, next.get("data").get(0).get("delay").asInt());
        for (String path : List.of("/dead-letters", "/quality", "/stats")) {
            assertEquals(404, as(analyst, FLIGHTS + path).statusCode(), path);
        }
        String lines =
                as(analyst, FLIGHTS + "/rows", "Accept", "application/x-ndjson").body();
        assertEquals(20, lines.lines().count());
        String csv = as(analyst, FLIGHTS + "/rows", "Accept", "text/csv").body();
        assertEquals(21, csv.lines().count());
        assertFalse(csv.contains("distance") || csv.contains("JFK"), csv);
        String openApi = as(analyst, FLIGHTS + "/openapi.yaml").body();
        assertFalse(openApi.contains("distance") || openApi.contains("JFK"), openApi);
        assertFalse(as(analyst, FLIGHTS + "/asyncapi.yaml").body().contains("distance"));
        assertEquals(
                200,
                as(analyst, FLIGHTS + "/rows", "Accept", "application/vnd.apache.parquet")
                        .statusCode());
        assertEquals(403, post(analyst, FLIGHTS + "/dead-letters:replay", "{}").statusCode());
    }

    @Test
    void writes_ofAnalyst_areOfHerRowsAlone() {
        assertEquals(
                200,
                post(owner, AIRPORTS + "/records", AIRPORT.formatted("FF2", "NY"))
                        .statusCode());
        Client.await("there", () -> as(owner, AIRPORTS + "/rows/FF2").statusCode() == 200);
        HttpResponse<String> foreign = post(analyst, AIRPORTS + "/records", AIRPORT.formatted("WW1", "NY"));
        assertEquals(422, foreign.statusCode(), foreign.body());
        assertTrue(foreign.body().contains("policy"), foreign.body());
        // It is of another state, and may not become hers.
        assertEquals(
                422,
                post(analyst, AIRPORTS + "/records", AIRPORT.formatted("FF2", "CA"))
                        .statusCode());
        for (String key : List.of("FF2", "ZZZ")) {
            HttpResponse<String> hidden = client.send(
                    "DELETE", AIRPORTS + "/rows/" + key, new byte[0], "Authorization", "Bearer " + analyst.key());
            assertEquals(404, hidden.statusCode(), hidden.body());
        }
        HttpResponse<String> written = client.send(
                "POST",
                AIRPORTS + "/records",
                AIRPORT.formatted("WW2", "CA").getBytes(java.nio.charset.StandardCharsets.UTF_8),
                "Content-Type",
                "application/json",
                "Idempotency-Key",
                "once",
                "Authorization",
                "Bearer " + analyst.key());
        assertEquals(200, written.statusCode(), written.body());
        // The same key of another caller is another one.
        HttpResponse<String> other = client.send(
                "POST",
                AIRPORTS + "/records",
                AIRPORT.formatted("WW3", "NY").getBytes(java.nio.charset.StandardCharsets.UTF_8),
                "Content-Type",
                "application/json",
                "Idempotency-Key",
                "once",
                "Authorization",
                "Bearer " + owner.key());
        assertEquals(200, other.statusCode(), other.body());
        String position = Client.tree(other.body()).get("position").textValue();
        assertEquals(
                200,
                as(owner, AIRPORTS + "/rows/WW3", "Millrace-Min-Position", position, "Prefer", "wait=20")
                        .statusCode());
        assertEquals(404, as(analyst, AIRPORTS + "/rows/WW3").statusCode());
        for (String key : List.of("WW2", "WW3", "FF2")) {
            assertEquals(
                    200,
                    client.send(
                                    "DELETE",
                                    AIRPORTS + "/rows/" + key,
                                    new byte[0],
                                    "Authorization",
                                    "Bearer " + owner.key())
                            .statusCode());
            Client.await("gone", () -> as(owner, AIRPORTS + "/rows/" + key).statusCode() == 404);
        }
    }

    @Test
    void changes_ofAnalyst_comeInAndOutOfSight_andEndWithHerGrant() throws Exception {
        var request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.httpPort() + AIRPORTS + "/changes"))
                .header("Authorization", "Bearer " + analyst.key())
                .header("Accept", "application/x-ndjson")
                .build();
        try (var http = HttpClient.newHttpClient();
                Stream<String> lines =
                        http.send(request, HttpResponse.BodyHandlers.ofLines()).body()) {
            for (String origin : List.of("NY", "CA", "CA", "NY", "NY")) {
                assertEquals(
                        200,
                        post(owner, AIRPORTS + "/records", AIRPORT.formatted("CC1", origin))
                                .statusCode());
            }
            assertEquals(
                    200,
                    client.send("DELETE", AIRPORTS + "/rows/CC1", new byte[0], "Authorization", "Bearer " + owner.key())
                            .statusCode());
            Client.await("gone", () -> as(owner, AIRPORTS + "/rows/CC1").statusCode() == 404);
            Files.writeString(policies, POLICIES.replace("role: analyst", "role: nobody"));
            List<JsonNode> changes = new ArrayList<>();
            List<JsonNode> all = lines.map(Client::tree).toList(); // to its end
            all.stream()
                    .filter(line -> !line.get("type").asText().equals("position"))
                    .forEach(changes::add);
            assertEquals("position", all.getLast().get("type").asText());
            assertFalse(all.getLast().get("id").asText().isEmpty());
            // Writes of one key may come as one change or more; in sight it begins with an insert and ends with a
            // delete.
            assertEquals("insert", changes.getFirst().get("type").asText(), changes::toString);
            assertEquals("delete", changes.getLast().get("type").asText(), changes::toString);
            assertEquals(3, changes.size(), changes::toString);
            for (JsonNode change : changes) {
                for (JsonNode row : List.of(change.get("before"), change.get("after"))) {
                    assertTrue(row.isNull() || row.get("state").asText().equals("CA"), change::toString);
                    assertFalse(row.has("name") || row.toString().contains("JFK"), change::toString);
                }
            }
        } finally {
            Files.writeString(policies, POLICIES);
            Client.await("open again", () -> as(analyst, AIRPORTS).statusCode() == 200);
        }
    }

    @Test
    void sql_seesWhatTheViewShows_whateverTheStatementsShape() {
        JsonNode rows = sql(analyst, "SELECT * FROM aviation.flights ORDER BY flight_id");
        assertEquals(20, rows.size());
        assertEquals(
                "[\"flight_id\",\"date\",\"delay\",\"origin\",\"destination\"]",
                Client.tree("[" + String.join(",", names(rows.get(0))) + "]").toString());
        for (JsonNode row : rows) {
            assertEquals("SFO", row.get("origin").asText());
            assertTrue(row.get("destination").asText().matches("\\*+[KL]"), row.toString());
        }
        for (String counted : List.of(
                "SELECT count(*) AS n FROM aviation.flights",
                "WITH f AS (FROM aviation.flights) SELECT count(*) AS n FROM f",
                "SELECT count(*) AS n FROM aviation.flights a JOIN aviation.flights b USING (flight_id)",
                "SELECT (SELECT count(*) FROM aviation.flights) AS n",
                "SELECT sum(c) AS n FROM (SELECT origin, count(*) AS c FROM aviation.flights GROUP BY ROLLUP (origin) HAVING origin IS NOT NULL)",
                "SELECT count(*) AS n FROM (FROM aviation.flights UNION FROM aviation.flights)",
                "SELECT max(r) AS n FROM (SELECT row_number() OVER () AS r FROM aviation.flights)",
                "SELECT count(*) FILTER (WHERE destination LIKE '%JF%') + 20 AS n FROM aviation.flights",
                "SELECT count(*) AS n FROM aviation.flights WHERE origin = 'SFO' OR origin = 'LAX'")) {
            assertEquals(20, sql(analyst, counted).get(0).get("n").asInt(), counted);
        }
        assertEquals(
                40,
                sql(owner, "SELECT count(*) AS n FROM aviation.flights")
                        .get(0)
                        .get("n")
                        .asInt());
        for (NewKey who : List.of(stranger, claimless)) {
            HttpResponse<String> hidden = post(who, "/v1/sql", "{\"sql\":\"SELECT * FROM aviation.flights\"}");
            HttpResponse<String> missing = post(who, "/v1/sql", "{\"sql\":\"SELECT * FROM aviation.nothing\"}");
            assertEquals(400, hidden.statusCode());
            assertEquals(missing.body().replace("nothing", "flights"), hidden.body());
            assertEquals(
                    0,
                    sql(who, "SELECT table_name FROM information_schema.tables").size());
        }
        assertEquals(
                400,
                post(analyst, "/v1/sql", "{\"sql\":\"SELECT distance FROM aviation.flights\"}")
                        .statusCode());
    }

    private JsonNode sql(NewKey who, String statement) {
        return json(post(who, "/v1/sql", new JsonObject().put("sql", statement).encode()))
                .get("data");
    }

    private static List<String> names(JsonNode row) {
        var names = new ArrayList<String>();
        row.fieldNames().forEachRemaining(name -> names.add('"' + name + '"'));
        return names;
    }

    @Test
    void explain_namesTheGrant_itsRowsAndMasks() throws IOException {
        Path folder = mesh.folder().resolve("mesh");
        Path config = Files.writeString(folder.resolve("explain.yaml"), "mesh: {folder: " + folder + "}\n");
        Path ada = Files.writeString(
                folder.resolve("ada.json"),
                "{\"name\":\"ada\",\"roles\":[\"analyst\"],\"claims\":{\"airport\":\"SFO\"}}");
        String said = explain(ExitCode.FINE, config, ada);
        assertTrue(said.contains("policies.yaml:3:5") && said.contains("{\"origin\":\"SFO\"}"), said);
        assertTrue(said.contains("keep 1   destination") && said.contains("hide     distance"), said);
        Files.writeString(ada, "{\"name\":\"ada\",\"roles\":[\"analyst\"]}");
        assertTrue(explain(ExitCode.ANSWER_IS_NO, config, ada).contains("rows     none"));
        Files.writeString(ada, "{\"name\":\"sam\"}");
        assertTrue(explain(ExitCode.ANSWER_IS_NO, config, ada).contains("no grant"));
    }

    private static String explain(ExitCode expected, Path config, Path as) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        ExitCode code = Main.run(
                List.of("policy", "explain", "--config", config.toString(), "--as", as.toString(), "aviation.flights"),
                new PrintStream(out),
                new PrintStream(err));
        assertEquals(expected, code, () -> out + "" + err);
        return out.toString();
    }

    @Test
    void tagsCursorsAndPositions_ofAnotherView_areNotGoodHere() {
        HttpResponse<String> hers = as(owner, FLIGHTS + "/rows?limit=5");
        HttpResponse<String> his = as(analyst, FLIGHTS + "/rows?limit=5");
        assertNotEquals(hers.headers().firstValue("ETag"), his.headers().firstValue("ETag"));
        String cursor = json(hers).get("next").textValue();
        assertEquals(
                400, as(analyst, FLIGHTS + "/rows?limit=5&cursor=" + cursor).statusCode());
        assertEquals(
                200,
                as(
                                analyst,
                                FLIGHTS + "/rows?limit=5",
                                "If-None-Match",
                                hers.headers().firstValue("ETag").orElseThrow())
                        .statusCode());
    }

    @Test
    void flight_toEachCaller_isTheSameAsHttp() throws Exception {
        try (var allocator = new RootAllocator();
                FlightClient flight = FlightClient.builder(
                                allocator, Location.forGrpcInsecure("127.0.0.1", server.flightPort()))
                        .build()) {
            FlightDescriptor flights = FlightDescriptor.path("aviation", "flights");
            List<FlightInfo> listed = new ArrayList<>();
            flight.listFlights(Criteria.ALL, header(analyst)).forEach(listed::add);
            assertEquals(2, listed.size());
            assertFalse(flight.listFlights(Criteria.ALL, header(stranger))
                    .iterator()
                    .hasNext());
            FlightInfo info = flight.getInfo(flights, header(analyst));
            assertEquals(-1, info.getRecords());
            assertEquals(-1, info.getBytes());
            assertEquals(5, info.getSchemaOptional().orElseThrow().getFields().size());
            Ticket ticket = info.getEndpoints().getFirst().getTicket();
            List<String> destinations = new ArrayList<>();
            try (FlightStream stream = flight.getStream(ticket, header(analyst))) {
                while (stream.next()) {
                    for (int i = 0; i < stream.getRoot().getRowCount(); i++) {
                        destinations.add(stream.getRoot()
                                .getVector("destination")
                                .getObject(i)
                                .toString());
                    }
                }
            }
            assertEquals(20, destinations.size());
            assertEquals(Set.of("***K", "***L"), Set.copyOf(destinations));
            Ticket foreign = flight.getInfo(flights, header(owner))
                    .getEndpoints()
                    .getFirst()
                    .getTicket();
            assertRefused(FlightStatusCode.INVALID_ARGUMENT, () -> drain(flight.getStream(foreign, header(analyst))));
            assertRefused(FlightStatusCode.NOT_FOUND, () -> drain(flight.getStream(foreign, header(stranger))));
            assertRefused(FlightStatusCode.NOT_FOUND, () -> flight.getInfo(flights, header(stranger)));
            assertRefused(FlightStatusCode.NOT_FOUND, () -> flight.getSchema(flights, header(claimless)));
            assertRefused(
                    FlightStatusCode.NOT_FOUND,
                    () -> flight.getInfo(FlightDescriptor.path("seismology", "earthquakes"), header(analyst)));
        }
    }

    /** Planned, not run, in GetFlightInfo; the same schema there and in the stream; both forms of a prepared statement. */
    @Test
    void flightSql_statements_seeWhatTheViewShows() throws Exception {
        try (var allocator = new RootAllocator();
                FlightClient flight = FlightClient.builder(
                                allocator, Location.forGrpcInsecure("localhost", server.flightPort()))
                        .build()) {
            String sql = "SELECT flight_id, delay, destination FROM aviation.flights";
            var create = FlightSql.ActionCreatePreparedStatementRequest.newBuilder()
                    .setQuery(sql)
                    .build();
            var commands = new ArrayList<Message>(List.of(
                    FlightSql.CommandStatementQuery.newBuilder().setQuery(sql).build()));
            for (byte[] body : List.of(create.toByteArray(), Any.pack(create).toByteArray())) {
                byte[] made = flight.doAction(new Action("CreatePreparedStatement", body), header(analyst))
                        .next()
                        .getBody();
                var prepared = Any.parseFrom(made).unpack(FlightSql.ActionCreatePreparedStatementResult.class);
                assertFalse(prepared.getDatasetSchema().isEmpty());
                commands.add(FlightSql.CommandPreparedStatementQuery.newBuilder()
                        .setPreparedStatementHandle(prepared.getPreparedStatementHandle())
                        .build());
            }
            for (Message command : commands) {
                FlightInfo info = flight.getInfo(
                        FlightDescriptor.command(Any.pack(command).toByteArray()), header(analyst));
                Ticket ticket = info.getEndpoints().getFirst().getTicket();
                int rows = 0;
                try (FlightStream stream = flight.getStream(ticket, header(analyst))) {
                    assertEquals(info.getSchema(), stream.getSchema());
                    while (stream.next()) {
                        rows += stream.getRoot().getRowCount();
                    }
                }
                assertEquals(20, rows);
                assertRefused(
                        FlightStatusCode.INVALID_ARGUMENT, () -> drain(flight.getStream(ticket, header(stranger))));
            }
            var hostile = FlightSql.CommandStatementQuery.newBuilder()
                    .setQuery("SELECT * FROM read_text('/etc/passwd')")
                    .build();
            assertRefused(
                    FlightStatusCode.INVALID_ARGUMENT,
                    () -> flight.getInfo(
                            FlightDescriptor.command(Any.pack(hostile).toByteArray()), header(owner)));
            var forged = FlightSql.TicketStatementQuery.newBuilder()
                    .setStatementHandle(hostile.getQueryBytes())
                    .build();
            assertRefused(
                    FlightStatusCode.INVALID_ARGUMENT,
                    () -> drain(flight.getStream(new Ticket(Any.pack(forged).toByteArray()), header(owner))));
            // Of who sees a part of the mesh, tables are that part.
            var tables = Any.pack(FlightSql.CommandGetTables.getDefaultInstance());
            try (FlightStream stream = flight.getStream(new Ticket(tables.toByteArray()), header(analyst))) {
                assertTrue(stream.next());
                assertEquals(2, stream.getRoot().getRowCount());
            }
        }
    }

    private static void drain(FlightStream stream) throws Exception {
        try (stream) {
            stream.next();
        }
    }

    private static void assertRefused(FlightStatusCode code, org.junit.jupiter.api.function.Executable call) {
        assertEquals(
                code, assertThrows(FlightRuntimeException.class, call).status().code());
    }

    private static CallOption header(NewKey who) {
        var headers = new FlightCallHeaders();
        headers.insert("authorization", "Bearer " + who.key());
        return new HeaderCallOption(headers);
    }

    @Test
    void policies_thatChange_areInForceSoon_andBrokenOnesCloseAndSaySo() throws IOException {
        try {
            Files.writeString(policies, POLICIES.replace("role: analyst", "role: nobody"));
            Client.await("revoked", () -> as(analyst, FLIGHTS).statusCode() == 404);
            assertEquals(200, as(owner, FLIGHTS).statusCode());
            Files.writeString(policies, POLICIES.replace("origin:", "origen:"));
            Client.await("closed", () -> as(owner, FLIGHTS).statusCode() == 404);
            String ready = management
                    .get("/health/ready", "Authorization", "Bearer " + owner.key())
                    .body();
            assertTrue(ready.contains("policies.yaml:7:11") && ready.contains("origen"), ready);
        } finally {
            Files.writeString(policies, POLICIES);
            Client.await("open again", () -> as(analyst, FLIGHTS).statusCode() == 200);
        }
    }
}
