package dev.millrace.server;

import dev.millrace.config.Configuration;
import dev.millrace.layer.BulkheadLayer;
import dev.millrace.layer.Layer;
import dev.millrace.layer.LayerMetrics;
import dev.millrace.layer.Layers;
import dev.millrace.layer.RateLimitLayer;
import dev.millrace.layer.TimeoutLayer;
import dev.millrace.layer.Timers;
import io.github.resilience4j.bulkhead.BulkheadRegistry;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import io.github.resilience4j.timelimiter.TimeLimiterRegistry;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import java.time.Duration;

/**
 * Makes the layers of each output port from the configuration: the same policies for HTTP and Flight, each port with
 * permits of its own. Their order is {@link Layers#ofPort}'s.
 */
final class Resilience {
    private static final Duration RATE_WINDOW = Duration.ofSeconds(1);
    private static final long RETRY_AFTER_SECONDS = 1;

    private final Configuration.Limits limits;
    private final Timers timers;
    private final RateLimiterRegistry rates;
    private final TimeLimiterRegistry times;
    private final BulkheadRegistry bulkheads;

    Resilience(Vertx vertx, Configuration.Limits limits, MeterRegistry meters) {
        this.limits = limits;
        this.timers = Timers.of(vertx);
        this.rates = RateLimiterRegistry.of(RateLimitLayer.config(limits.ratePerSecond(), RATE_WINDOW));
        this.times = TimeLimiterRegistry.of(TimeoutLayer.config(limits.requestTimeout()));
        this.bulkheads = BulkheadRegistry.of(BulkheadLayer.config(limits.concurrency()));
        LayerMetrics.bind(meters, bulkheads, rates, times);
    }

    /** The rate limit of a port; a layer and, for headers, what it still allows. */
    <Q, R> RateLimitLayer<Q, R> rateLimit(String port) {
        return RateLimitLayer.shared(rates.rateLimiter(port));
    }

    /** The layers of a port; an answer that comes too late is closed. */
    <Q, R extends AutoCloseable> Layer<Q, R> around(String port, RateLimitLayer<Q, R> rateLimit) {
        return Layers.ofPort(
                rateLimit,
                new TimeoutLayer<>(times.timeLimiter(port), timers, TimeoutLayer::close),
                new BulkheadLayer<>(bulkheads.bulkhead(port), RETRY_AFTER_SECONDS));
    }
}
