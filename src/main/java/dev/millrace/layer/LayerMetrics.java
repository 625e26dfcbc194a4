package dev.millrace.layer;

import io.github.resilience4j.micrometer.tagged.TaggedRateLimiterMetrics;
import io.github.resilience4j.micrometer.tagged.TaggedTimeLimiterMetrics;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import io.github.resilience4j.timelimiter.TimeLimiterRegistry;
import io.micrometer.core.instrument.MeterRegistry;

/** Shows the state of the layers as meters named {@code resilience4j.*} and tagged with the state's name. */
public final class LayerMetrics {
    private LayerMetrics() {}

    /** Meters for everything in the registries, now and later: permits left, timeouts by outcome. */
    public static void bind(MeterRegistry meters, RateLimiterRegistry rateLimiters, TimeLimiterRegistry timeLimiters) {
        TaggedRateLimiterMetrics.ofRateLimiterRegistry(rateLimiters).bindTo(meters);
        TaggedTimeLimiterMetrics.ofTimeLimiterRegistry(timeLimiters).bindTo(meters);
    }
}
