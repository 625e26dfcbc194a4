package dev.millrace.bench.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * The server that most people would write for the same rows: objects in a list and a map, a Vert.x {@link Router}, a
 * map per row, Jackson. No layers, no filters, no positions: it does less than Millrace. On every event loop, as
 * Millrace is.
 */
final class RouterMain {
    private static final int DEFAULT_LIMIT = 100;

    private record Flight(String flight_id, String date, int delay, int distance, String origin, String destination) {}

    private final ObjectMapper mapper = new ObjectMapper();
    private final List<Flight> flights = new ArrayList<>();
    private final Map<String, Flight> byId = new HashMap<>();

    private RouterMain() {}

    /** Serves the flights of an NDJSON file, and says where. */
    public static void main(String[] arguments) throws IOException {
        var main = new RouterMain();
        try (Stream<String> lines = Files.lines(Path.of(arguments[0]))) {
            for (String line : (Iterable<String>) lines::iterator) {
                Flight flight = main.mapper.readValue(line, Flight.class);
                main.flights.add(flight);
                main.byId.put(flight.flight_id(), flight);
            }
        }
        int loops = Runtime.getRuntime().availableProcessors();
        Vertx vertx =
                Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(loops));
        var port = new AtomicInteger();
        vertx.deployVerticle(() -> main.new Loop(port), new DeploymentOptions().setInstances(loops))
                .toCompletionStage()
                .toCompletableFuture()
                .join();
        System.out.println("HTTP 127.0.0.1:" + port.get());
    }

    private final class Loop extends VerticleBase {
        private final AtomicInteger port;

        Loop(AtomicInteger port) {
            this.port = port;
        }

        @Override
        public Future<?> start() {
            Router router = Router.router(vertx);
            router.get("/v1/products/:domain/:product/rows").handler(RouterMain.this::page);
            router.get("/v1/products/:domain/:product/rows/:key").handler(RouterMain.this::row);
            return vertx.createHttpServer(
                            new HttpServerOptions().setHost("127.0.0.1").setPort(-1))
                    .requestHandler(router)
                    .listen()
                    .onSuccess(server -> port.set(server.actualPort()));
        }
    }

    private void page(RoutingContext call) {
        String asked = call.request().getParam("limit");
        int limit = asked == null ? DEFAULT_LIMIT : Integer.parseInt(asked);
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Flight flight : flights.subList(0, Math.min(limit, flights.size()))) {
            rows.add(map(flight));
        }
        Map<String, Object> page = new LinkedHashMap<>();
        page.put("data", rows);
        page.put("position", "");
        page.put("next", null);
        answer(call, page);
    }

    private void row(RoutingContext call) {
        Flight flight = byId.get(call.pathParam("key"));
        if (flight == null) {
            call.fail(404);
        } else {
            answer(call, map(flight));
        }
    }

    private static Map<String, Object> map(Flight flight) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("flight_id", flight.flight_id());
        row.put("date", flight.date());
        row.put("delay", flight.delay());
        row.put("distance", flight.distance());
        row.put("origin", flight.origin());
        row.put("destination", flight.destination());
        return row;
    }

    private void answer(RoutingContext call, Object body) {
        try {
            call.response()
                    .putHeader("content-type", "application/json")
                    .end(Buffer.buffer(mapper.writeValueAsBytes(body)));
        } catch (IOException broken) {
            call.fail(broken);
        }
    }
}
