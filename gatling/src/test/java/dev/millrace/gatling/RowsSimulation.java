package dev.millrace.gatling;

import static io.gatling.javaapi.core.CoreDsl.StringBody;
import static io.gatling.javaapi.core.CoreDsl.constantUsersPerSec;
import static io.gatling.javaapi.core.CoreDsl.details;
import static io.gatling.javaapi.core.CoreDsl.global;
import static io.gatling.javaapi.core.CoreDsl.jsonPath;
import static io.gatling.javaapi.core.CoreDsl.rampUsersPerSec;
import static io.gatling.javaapi.core.CoreDsl.regex;
import static io.gatling.javaapi.core.CoreDsl.scenario;
import static io.gatling.javaapi.core.CoreDsl.substring;
import static io.gatling.javaapi.http.HttpDsl.http;
import static io.gatling.javaapi.http.HttpDsl.sse;
import static io.gatling.javaapi.http.HttpDsl.status;

import io.gatling.javaapi.core.ScenarioBuilder;
import io.gatling.javaapi.core.Simulation;
import io.gatling.javaapi.http.HttpProtocolBuilder;
import java.time.Duration;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Uses the demo mesh in five ways at once: a row by key, a page behind a filter, an NDJSON export, records written to the
 * airports, and subscribers who wait for these.
 *
 * <p>Arrivals are open: users come at a fixed rate whether or not earlier ones were answered, so a slow server shows as
 * latency and not as fewer requests. Parameters, all system properties: {@code baseUrl}, {@code rate} (look-ups a
 * second; pages and writes come at a tenth of it, exports and subscribers at a hundredth but at least one in five
 * seconds), {@code seconds},
 * {@code keys} (the flights F0000001 to this number are asked for), {@code p99Millis} (the bound for look-ups).
 */
public final class RowsSimulation extends Simulation {
    private static final String ROWS = "/v1/products/aviation/flights/rows";
    private static final String AIRPORTS = "/v1/products/aviation/airports";

    private final String baseUrl = System.getProperty("baseUrl", "http://127.0.0.1:8080");
    private final double rate = Double.parseDouble(System.getProperty("rate", "50"));
    private final Duration length = Duration.ofSeconds(Long.getLong("seconds", 30L));
    private final int keys = Integer.getInteger("keys", 1000);
    private final int p99Millis = Integer.getInteger("p99Millis", 200);

    private final HttpProtocolBuilder protocol =
            http.baseUrl(baseUrl).acceptHeader("application/json").shareConnections();

    private final Supplier<Iterator<Map<String, Object>>> flights =
            () -> Stream.generate(() -> ThreadLocalRandom.current().nextInt(keys) + 1)
                    .map(number -> Map.<String, Object>of("key", "F%07d".formatted(number)))
                    .iterator();

    /** Few codes, so that most writes are updates. */
    private final Supplier<Iterator<Map<String, Object>>> codes =
            () -> Stream.generate(() -> ThreadLocalRandom.current().nextInt(200))
                    .map(number -> Map.<String, Object>of("code", "G%03d".formatted(number)))
                    .iterator();

    private final ScenarioBuilder lookUp = scenario("look-up")
            .feed(flights.get())
            .exec(http("row by key")
                    .get(ROWS + "/#{key}")
                    .check(status().is(200), jsonPath("$..flight_id").isEL("#{key}")));

    private final ScenarioBuilder page = scenario("page")
            .exec(http("page of origin")
                    .get(ROWS)
                    .queryParam("origin", "SFO")
                    .queryParam("limit", 100)
                    .check(status().is(200), jsonPath("$.data[0].origin").is("SFO")));

    private final ScenarioBuilder export = scenario("export")
            .exec(http("ndjson export")
                    .get(ROWS)
                    .queryParam("origin", "SFO")
                    .header("Accept", "application/x-ndjson")
                    .check(status().is(200), substring("\"SFO\"").exists()));

    private final ScenarioBuilder write = scenario("write")
            .feed(codes.get())
            .exec(http("write an airport")
                    .post(AIRPORTS + "/records")
                    .body(StringBody("""
                            {"iata":"#{code}","name":"Gatling","city":null,"state":null,"country":"X",
                             "latitude":1.5,"longitude":-2.5}"""))
                    .asJson()
                    .check(status().is(200)));

    private final ScenarioBuilder subscribe = scenario("subscribe")
            .exec(
                    sse("changes")
                            .get(AIRPORTS + "/changes")
                            .await(20)
                            .on(sse.checkMessage("a change")
                                    // Not the beats. Gatling shows an event as JSON, its data as text with escapes.
                                    .matching(regex("after"))
                                    .check(regex("after.*Gatling"))),
                    sse("end").close());

    public RowsSimulation() {
        Duration warmUp = Duration.ofSeconds(Math.max(1, length.toSeconds() / 6));
        setUp(
                        lookUp.injectOpen(
                                rampUsersPerSec(1).to(Math.max(1, rate)).during(warmUp),
                                constantUsersPerSec(rate).during(length)),
                        page.injectOpen(constantUsersPerSec(rate / 10).during(length)),
                        write.injectOpen(
                                constantUsersPerSec(rate / 10).during(length.plusSeconds(25))),
                        subscribe.injectOpen(
                                constantUsersPerSec(Math.max(0.2, rate / 100)).during(length)),
                        export.injectOpen(constantUsersPerSec(Math.max(0.2, rate / 100)).during(length)))
                .protocols(protocol)
                .assertions(
                        global().failedRequests().count().is(0L),
                        details("row by key").responseTime().percentile4().lt(p99Millis),
                        details("row by key").successfulRequests().count().gte(1L));
    }
}
