package dev.millrace.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.resilience4j.bulkhead.BulkheadRegistry;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import io.github.resilience4j.timelimiter.TimeLimiterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LayerMetricsTest {
    @Test
    void bind_registries_metersFollowTheCalls() {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        BulkheadRegistry bulkheads = BulkheadRegistry.ofDefaults();
        RateLimiterRegistry rateLimiters = RateLimiterRegistry.ofDefaults();
        TimeLimiterRegistry timeLimiters = TimeLimiterRegistry.ofDefaults();
        FakeTimers timers = new FakeTimers();
        MockService mock = new MockService();
        LayerMetrics.bind(meters, bulkheads, rateLimiters, timeLimiters);
        Service<String, String> service = Layers.ofPort(
                        RateLimitLayer.<String, String>shared(
                                rateLimiters.rateLimiter("http", RateLimitLayer.config(9, Duration.ofHours(1)))),
                        new TimeoutLayer<>(
                                timeLimiters.timeLimiter("http", TimeoutLayer.config(Duration.ofMillis(5))),
                                timers,
                                late -> {}),
                        new BulkheadLayer<>(bulkheads.bulkhead("http", BulkheadLayer.config(4)), 1))
                .around(mock);

        var timedOut = service.call("1");
        timers.advance(5);
        var open = service.call("2");

        assertTrue(timedOut.failed() && !open.isComplete());
        assertEquals(
                2,
                meters.get("resilience4j.bulkhead.available.concurrent.calls")
                        .tag("name", "http")
                        .gauge()
                        .value());
        assertEquals(
                7,
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

    @Test
    void bind_keyedLimiters_metersTheNumberOfKeys() {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        KeyedRateLimiters limiters =
                new KeyedRateLimiters("callers", RateLimitLayer.config(1, Duration.ofSeconds(1)), 2);
        LayerMetrics.bind(meters, limiters);

        assertEquals("a", limiters.of("a").getName());

        assertEquals(
                1,
                meters.get("millrace.ratelimiter.keys")
                        .tag("name", "callers")
                        .gauge()
                        .value());
    }
}
