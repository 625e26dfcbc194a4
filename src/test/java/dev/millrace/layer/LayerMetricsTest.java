package dev.millrace.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.Problem;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import io.github.resilience4j.timelimiter.TimeLimiterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LayerMetricsTest {
    @Test
    void bind_registries_metersFollowTheCalls() {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        RateLimiterRegistry rateLimiters = RateLimiterRegistry.ofDefaults();
        TimeLimiterRegistry timeLimiters = TimeLimiterRegistry.ofDefaults();
        FakeTimers timers = new FakeTimers();
        MockService mock = new MockService();
        LayerMetrics.bind(meters, rateLimiters, timeLimiters);
        Service<String, String> service = Layers.ofPort(
                        Layers.of(),
                        new RateLimitLayer<String, String>(
                                rateLimiters.rateLimiter("http", RateLimitLayer.config(9, Duration.ofHours(1)))),
                        Layers.of(),
                        new TimeoutLayer<>(
                                timeLimiters.timeLimiter("http", TimeoutLayer.config(Duration.ofMillis(5))),
                                timers,
                                late -> {},
                                request -> true),
                        new BulkheadLayer<>(new Shares(50, meters).places("http.requests", 4), request -> "client"))
                .around(mock);

        var timedOut = service.call("1");
        timers.advance(5);
        var open = service.call("2");

        assertTrue(timedOut.failed() && !open.isComplete());
        assertInstanceOf(Problem.ShareTaken.class, Problems.of(service.call("3")));
        assertEquals(2, places(meters, "taken"));
        assertEquals(4, places(meters, "limit"));
        assertEquals(
                1,
                meters.get("millrace.places.refused")
                        .tags("kind", "http.requests", "of", "share")
                        .functionCounter()
                        .count());
        assertEquals(
                6,
                meters.get("resilience4j.ratelimiter.available.permissions")
                        .tag("name", "http")
                        .gauge()
                        .value());
        assertEquals(
                1,
                meters.get("resilience4j.timelimiter.calls")
                        .tags("name", "http", "kind", "timeout")
                        .counter()
                        .count());
    }

    private static double places(SimpleMeterRegistry meters, String name) {
        return meters.get("millrace.places." + name)
                .tag("kind", "http.requests")
                .gauge()
                .value();
    }
}
