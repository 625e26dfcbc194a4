package dev.millrace.server;

import dev.millrace.config.Configuration;
import dev.millrace.layer.BulkheadLayer;
import dev.millrace.layer.Layer;
import dev.millrace.layer.LayerMetrics;
import dev.millrace.layer.Layers;
import dev.millrace.layer.PortLayers;
import dev.millrace.layer.RateLimitLayer;
import dev.millrace.layer.Shares;
import dev.millrace.layer.TimeoutLayer;
import dev.millrace.layer.Timers;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import io.github.resilience4j.timelimiter.TimeLimiterRegistry;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Makes the layers of each output port from the configuration: the same policies for HTTP and Flight, each port with
 * permits and places of its own. Their order is {@link Layers#ofPort}'s.
 */
final class Resilience {
    private static final Duration RATE_WINDOW = Duration.ofSeconds(1);

    private final Configuration.Limits limits;
    private final Timers timers;
    private final RateLimiterRegistry rates;
    private final TimeLimiterRegistry times;
    private final Shares shares;

    Resilience(Vertx vertx, Configuration.Limits limits, Shares shares, MeterRegistry meters) {
        this.limits = limits;
        this.timers = Timers.of(vertx);
        this.rates = RateLimiterRegistry.of(RateLimitLayer.config(limits.ratePerSecond(), RATE_WINDOW));
        this.times = TimeLimiterRegistry.of(TimeoutLayer.config(limits.requestTimeout()));
        this.shares = shares;
        LayerMetrics.bind(meters, rates, times);
    }

    /**
     * The layers of a port; an answer that comes too late is closed, a request takes a place of the client that it names.
     *
     * @param bounded which requests {@code limits.requestTimeout} is for; others have a time of their own
     */
    <Q, R extends AutoCloseable> PortLayers<Q, R> around(
            String port, Layer<Q, R> authentication, Function<? super Q, String> client, Predicate<? super Q> bounded) {
        var rateLimit = new RateLimitLayer<Q, R>(rates.rateLimiter(port));
        var timeout = new TimeoutLayer<Q, R>(times.timeLimiter(port), timers, TimeoutLayer::close, bounded);
        var bulkhead = new BulkheadLayer<Q, R>(shares.places(port + ".requests", limits.concurrency()), client);
        return new PortLayers<>(
                waiting -> Layers.ofPort(authentication, rateLimit, waiting, timeout, bulkhead),
                request -> Optional.of(rateLimit.allowance()));
    }
}
