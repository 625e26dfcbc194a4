package dev.millrace.layer;

import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.internal.AtomicRateLimiter;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * What a rate limiter still allows: the values of the {@code RateLimit} and {@code RateLimit-Policy} headers
 * (draft-ietf-httpapi-ratelimit-headers).
 *
 * @param limit calls in a window: {@code q}
 * @param remaining calls left in this window: {@code r}
 * @param windowSeconds the window's length: {@code w}
 * @param retryAfterSeconds time until a call can pass, rounded up; 0 while any remain
 */
public record Allowance(int limit, int remaining, long windowSeconds, long retryAfterSeconds) {
    static Allowance of(RateLimiter limiter) {
        Duration window = limiter.getRateLimiterConfig().getLimitRefreshPeriod();
        int remaining = Math.max(0, limiter.getMetrics().getAvailablePermissions());
        long waitNanos = remaining > 0 ? 0 : nanosToWait(limiter, window);
        long secondNanos = TimeUnit.SECONDS.toNanos(1);
        return new Allowance(
                limiter.getRateLimiterConfig().getLimitForPeriod(),
                remaining,
                window.toSeconds(),
                Math.ceilDiv(waitNanos, secondNanos));
    }

    /** Only Resilience4j's own class knows where its window ends; for another one a whole window is the safe answer. */
    private static long nanosToWait(RateLimiter limiter, Duration window) {
        return limiter instanceof AtomicRateLimiter atomic
                ? atomic.getDetailedMetrics().getNanosToWait()
                : window.toNanos();
    }
}
