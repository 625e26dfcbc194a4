package dev.millrace.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.documents.OpenApi;
import dev.millrace.layer.PortLayers;
import dev.millrace.problem.Problem;
import io.vertx.core.Future;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nothing is answered that has not come through the layers, whatever is asked and whatever it waits for. */
class LayersEverywhereIT {
    @Test
    void everyOperation_passesTheLayersOnce_whateverItWaitsFor(@TempDir Path folder) throws Exception {
        var seen = new CopyOnWriteArrayList<String>();
        PortLayers<Call, Answer> counting = PortLayers.of(inner -> call -> {
            seen.add(call.operation());
            return inner.call(call);
        });
        try (var server = new HttpFixture(folder, counting, Duration.ofSeconds(30))) {
            server.sample().writeUsual(0, 10);
            String position = server.sample().store().position().toString();
            List<OpenApi.Operation> operations = OpenApi.load().operations();
            var expected = new ArrayList<String>();
            for (OpenApi.Operation operation : operations) {
                for (String[] headers : new String[][] {
                    {},
                    {"Millrace-Min-Position", position},
                    {"Millrace-Min-Position", "another-topic:1"},
                    {"If-None-Match", "*", "Prefer", "wait=0"}
                }) {
                    String path = operation
                            .template()
                            .replace("{domain}", "aviation")
                            .replace("{product}", "flights")
                            .replaceAll("\\{[^}]*}", "id-1");
                    String method = operation.methods().getFirst();
                    var request = HttpRequest.newBuilder(server.uri(path))
                            .method(
                                    method,
                                    method.equals("POST")
                                            ? HttpRequest.BodyPublishers.ofString("{\"keys\":[[\"id-1\"]]}")
                                            : HttpRequest.BodyPublishers.noBody())
                            .timeout(Duration.ofSeconds(10));
                    if (headers.length > 0) {
                        request.headers(headers);
                    }
                    server.client()
                            .send(request.build(), HttpResponse.BodyHandlers.ofInputStream())
                            .body()
                            .close();
                    expected.add(operation.id());
                    assertEquals(expected, seen, () -> method + " " + path + " " + List.of(headers));
                }
            }
            assertTrue(expected.size() >= 4 * 19, expected::toString);
        }
    }

    @Test
    void waitingRequests_underALimitOfThree_areRefused(@TempDir Path folder) throws Exception {
        var left = new AtomicInteger(3);
        PortLayers<Call, Answer> three = PortLayers.of(inner -> call -> left.getAndDecrement() > 0
                ? inner.call(call)
                : Future.failedFuture(new Problem.RateLimited(3, 1, 1).exception()));
        try (var server = new HttpFixture(folder, three, Duration.ofSeconds(30))) {
            server.sample().writeUsual(0, 10);
            String position = server.sample().store().position().toString();
            int answered = 0;
            for (int i = 0; i < 30; i++) {
                int status = server.get("/v1/products/aviation/flights/rows?limit=1", "Millrace-Min-Position", position)
                        .statusCode();
                assertTrue(status == 200 || status == 429, () -> "status " + status);
                answered += status == 200 ? 1 : 0;
            }
            assertEquals(3, answered);
        }
    }
}
