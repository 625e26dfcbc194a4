package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.documents.OpenApi;
import dev.millrace.ingest.TestKafka;
import dev.millrace.security.NewKey;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.CallHeaders;
import org.apache.arrow.flight.CallOption;
import org.apache.arrow.flight.Criteria;
import org.apache.arrow.flight.FlightCallHeaders;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.HeaderCallOption;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** A whole server that asks who it is: nothing is told to who does not say, over any port. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SecurityIT {
    private final NewKey key = NewKey.of("ada", List.of("analyst"), Optional.empty());
    private Path audit;
    private String topic;
    private Path keys;
    private MillraceServer server;
    private Client client;
    private Client management;

    @BeforeAll
    void serve(@TempDir Path folder) throws Exception {
        keys = Files.writeString(folder.resolve("keys.yaml"), key.line() + "\n");
        audit = folder.resolve("audit.jsonl");
        topic = TestKafka.topic(1);
        TestMesh mesh = TestMesh.in(folder);
        Files.writeString(
                folder.resolve("mesh/domains/aviation/policies.yaml"),
                "grants: [{to: {role: analyst}, products: \"*\", may: [read, write, replay, administer]},"
                        + " {to: {subject: bob}, products: \"*\", may: [read]}]\n");
        server = MillraceServer.start(mesh.configuration(Map.of(
                "security.keys",
                keys.toString(),
                "security.failures",
                "1000000",
                "security.audit.file",
                audit.toString(),
                "security.audit.topic",
                topic,
                "security.watchInterval",
                "20ms",
                "http.corsOrigins",
                "https://app.example.org")));
        client = Client.of(server.httpPort());
        management = Client.of(server.managementPort());
    }

    @AfterAll
    void stop() {
        server.close();
    }

    @Test
    void everyOperation_withoutAKey_isTheSame401_andWithOneIsAnother() {
        Set<String> bodies = new HashSet<>();
        for (OpenApi.Operation operation : OpenApi.load().operations()) {
            String path = operation.template().replace("{domain}", "aviation").replaceAll("\\{[^}]*}", "flights");
            String method = operation.methods().getFirst();
            for (String[] said : new String[][] {{}, {"Authorization", "Bearer mk_wrong"}}) {
                HttpResponse<String> refused = client.send(method, path, new byte[0], said);
                if (operation
                        .template()
                        .matches("/(openapi.yaml|docs.*|portal.*)?")) { // what knows nothing of products
                    assertNotEquals(401, refused.statusCode(), path);
                    continue;
                }
                assertEquals(401, refused.statusCode(), method + " " + path);
                String challenge =
                        refused.headers().firstValue("WWW-Authenticate").orElse("");
                assertTrue(challenge.startsWith("Bearer realm=\"Millrace\""), challenge);
                assertEquals(said.length > 0, challenge.contains("invalid_token"), challenge);
                assertEquals(Optional.empty(), refused.headers().firstValue("Millrace-Position"));
                bodies.add(refused.body().replace("\"instance\":\"" + path + "\"", ""));
            }
            if (!operation.id().equals("getChanges")) { // which has no end
                assertNotEquals(
                        401,
                        client.send(method, path, new byte[0], "Authorization", "Bearer " + key.key())
                                .statusCode());
            }
        }
        assertEquals(2, bodies.size(), bodies::toString);
    }

    @Test
    void whatIsThereAndWhatIsNot_areRefusedAlike() {
        String there = client.get("/v1/products/aviation/flights").body();
        String missing = client.get("/v1/products/aviation/nothing").body();
        assertEquals(there.replace("flights", "nothing"), missing);
    }

    @Test
    void aBodyThatIsRefused_isNotReadAsTheNextRequest() {
        byte[] large = "x".repeat(200_000).getBytes(StandardCharsets.UTF_8);
        assertEquals(
                401,
                client.send("POST", "/v1/products/aviation/flights/records", large, "Content-Type", "application/json")
                        .statusCode());
    }

    @Test
    void health_isOpen_andSaysWhyOnlyToTheKnown() {
        assertEquals(200, management.get("/health/live").statusCode());
        Client.await("ready", () -> management.get("/health/ready").statusCode() == 200);
        assertEquals("{\"status\":\"UP\"}", management.get("/health/ready").body());
        assertEquals(
                "{\"status\":\"UP\"}",
                management.get("/health/ready", "Authorization", "Bearer x").body());
        String known = management
                .get("/health/ready", "Authorization", "Bearer " + key.key())
                .body();
        assertTrue(known.contains("aviation.flights"), known);
        assertEquals(401, management.get("/metrics").statusCode());
        assertEquals(
                200,
                management
                        .get("/metrics", "Authorization", "Bearer " + key.key())
                        .statusCode());
    }

    @Test
    void everyFlightCall_withoutAKey_isUnauthenticated() throws Exception {
        try (var allocator = new RootAllocator();
                FlightClient flight = FlightClient.builder(
                                allocator, Location.forGrpcInsecure("127.0.0.1", server.flightPort()))
                        .build()) {
            FlightDescriptor flights = FlightDescriptor.path("aviation", "flights");
            CallOption wrong = header("Bearer mk_wrong");
            CallOption right = header("Bearer " + key.key());
            Ticket ticket =
                    flight.getInfo(flights, right).getEndpoints().getFirst().getTicket();
            for (CallOption said : List.of(header(""), wrong)) {
                assertRefused(() -> flight.getInfo(flights, said));
                assertRefused(() -> flight.getSchema(flights, said));
                assertRefused(() -> flight.listFlights(Criteria.ALL, said).forEach(info -> {}));
                assertRefused(() -> flight.listActions(said).forEach(action -> {}));
                assertRefused(() -> flight.doAction(new Action("x"), said).next());
                assertRefused(() -> {
                    try (var stream = flight.getStream(ticket, said)) {
                        stream.next();
                    }
                });
            }
            assertRefused(() -> flight.getInfo(flights));
            assertTrue(flight.listFlights(Criteria.ALL, right).iterator().hasNext());
            assertFalse(flight.getSchema(flights, right).getSchema().getFields().isEmpty());
            try (var stream = flight.getStream(ticket, right)) {
                stream.next();
            }
        }
    }

    @Test
    void handshake_withNameAndKey_givesATokenForAWhile_thatEndsWithItsKey() throws Exception {
        NewKey other = NewKey.of("bob", List.of(), Optional.empty());
        Files.writeString(keys, key.line() + "\n" + other.line() + "\n");
        try (var allocator = new RootAllocator();
                FlightClient flight = FlightClient.builder(
                                allocator, Location.forGrpcInsecure("127.0.0.1", server.flightPort()))
                        .build()) {
            Client.await("the key is taken up", () -> {
                try {
                    flight.listFlights(Criteria.ALL, header("Bearer " + other.key()))
                            .forEach(info -> {});
                    return true;
                } catch (FlightRuntimeException notYet) {
                    return false;
                }
            });
            CallOption session =
                    flight.authenticateBasicToken("bob", other.key()).orElseThrow();
            assertTrue(flight.listFlights(Criteria.ALL, session).iterator().hasNext());
            assertRefused(() -> flight.authenticateBasicToken("ada", other.key()));
            assertRefused(() -> flight.authenticateBasicToken("bob", "wrong"));
            Files.writeString(keys, key.line() + "\n");
            Client.await("the session has ended", () -> {
                try {
                    flight.listFlights(Criteria.ALL, session).forEach(info -> {});
                    return false;
                } catch (FlightRuntimeException ended) {
                    return ended.status().code() == FlightStatusCode.UNAUTHENTICATED;
                }
            });
        }
    }

    @Test
    void audit_saysWhoDidWhat_neverWithWhatSecretOrData() throws Exception {
        String record = "{\"flight_id\":\"AUDIT-1\"}";
        String trace = "0af7651916cd43dd8448eb211c80319c";
        String[] said = {
            "Authorization",
            "Bearer " + key.key(),
            "Content-Type",
            "application/json",
            "traceparent",
            "00-" + trace + "-b7ad6b7169203331-01"
        };
        client.send("POST", "/v1/products/aviation/flights/records", record.getBytes(StandardCharsets.UTF_8), said);
        client.get("/v1/products/aviation/hidden", "Authorization", "Bearer " + key.key());
        client.get("/v1/products/aviation/flights", "Authorization", "Bearer " + key.key());
        client.get("/v1/products", "Authorization", "Bearer mk_wrong");
        Client.await(
                "all lines",
                () -> lines().stream().anyMatch(line -> line.contains("\"write\""))
                        && lines().stream().anyMatch(line -> line.contains("\"login\""))
                        && lines().stream().anyMatch(line -> line.contains("aviation/hidden")));
        List<String> lines = lines();
        String write = lines.stream()
                .filter(line -> line.contains("\"write\""))
                .findFirst()
                .orElseThrow();
        for (String part : List.of(
                "\"who\":\"ada\"",
                "\"operation\":\"writeRecords\"",
                "\"product\":\"aviation.flights\"",
                "\"policy\":",
                "\"outcome\":",
                "\"trace\":\"" + trace + "\"")) {
            assertTrue(write.contains(part), () -> part + " in " + write);
        }
        String all = String.join("\n", lines);
        for (String secret : List.of("AUDIT-1", "mk_wrong", key.key().substring(16))) {
            assertFalse(all.contains(secret), secret);
        }
        assertFalse(all.contains("\"read\""), all);
        List<String> sent = TestKafka.readAll(topic).stream()
                .map(each -> new String(each.value(), StandardCharsets.UTF_8))
                .limit(2)
                .toList();
        assertEquals(lines.subList(0, sent.size()), sent);
        assertFalse(sent.isEmpty());
    }

    private List<String> lines() {
        try {
            return Files.exists(audit) ? Files.readAllLines(audit) : List.of();
        } catch (java.io.IOException failure) {
            throw new java.io.UncheckedIOException(failure);
        }
    }

    @Test
    void pagesOfOtherOrigins_mayChangeNothing_whateverTheyShow() {
        String rows = "/v1/products/aviation/flights/rows:lookup";
        byte[] body = "{\"keys\":[\"x\"]}".getBytes(StandardCharsets.UTF_8);
        String own = client.base();
        for (String[] origin : new String[][] {
            {"https://evil.example", "403"}, {"null", "403"}, {own, "200"}, {"https://app.example.org", "200"}
        }) {
            HttpResponse<String> answer = client.send(
                    "POST",
                    rows,
                    body,
                    "Origin",
                    origin[0],
                    "Content-Type",
                    "text/plain",
                    "Authorization",
                    "Bearer " + key.key());
            assertEquals(origin[1], Integer.toString(answer.statusCode()), origin[0] + answer.body());
            assertEquals(
                    origin[0].equals("https://app.example.org") ? Optional.of("true") : Optional.empty(),
                    answer.headers().firstValue("Access-Control-Allow-Credentials"));
        }
    }

    private static CallOption header(String authorization) {
        CallHeaders headers = new FlightCallHeaders();
        if (!authorization.isEmpty()) {
            headers.insert("authorization", authorization);
        }
        return new HeaderCallOption(headers);
    }

    private static void assertRefused(Executable call) {
        var fault = assertThrows(FlightRuntimeException.class, call);
        assertEquals(FlightStatusCode.UNAUTHENTICATED, fault.status().code(), fault::getMessage);
    }
}
