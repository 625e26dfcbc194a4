package dev.millrace.layer;

import dev.millrace.problem.Problem;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.vertx.core.Future;
import java.time.Duration;

/**
 * Lets a number of calls pass in each window and fails the others at once with {@link Problem.RateLimited}; nothing
 * waits. Windows follow each other from the limiter's making on; unused calls are not carried over.
 *
 * <p>Threads: called on any. Permits are taken by {@code reservePermission}, which, unlike {@code acquirePermission},
 * has no path that waits for a permit. Resilience4j does back off for some microseconds when two threads change one
 * limiter at the same instant.
 */
public record RateLimitLayer<Q, R>(RateLimiter limiter) implements Layer<Q, R> {
    /** @throws IllegalArgumentException when the limiter would wait, or its window is not whole seconds */
    public RateLimitLayer {
        check(limiter.getName(), limiter.getRateLimiterConfig());
    }

    /** A limiter configuration that lets {@code limit} calls, at least 1, pass in each window of whole seconds. */
    public static RateLimiterConfig config(int limit, Duration window) {
        return RateLimiterConfig.custom()
                .limitForPeriod(limit)
                .limitRefreshPeriod(window)
                .timeoutDuration(Duration.ZERO)
                .writableStackTraceEnabled(false)
                .build();
    }

    /** What is left now; for the headers of an answer. Takes no permit. */
    public Allowance allowance() {
        return Allowance.of(limiter);
    }

    @Override
    public Service<Q, R> around(Service<Q, R> inner) {
        return Guarded.of(request -> limiter.reservePermission(1) == 0
                ? inner.call(request)
                : Future.failedFuture(refusal(limiter).exception()));
    }

    /** What one is told whom the limiter does not let pass. */
    static Problem refusal(RateLimiter limiter) {
        Allowance allowance = Allowance.of(limiter);
        // The window may have turned since the refusal: then the next try succeeds at once, and 1 is still true.
        return new Problem.RateLimited(
                allowance.limit(), allowance.windowSeconds(), Math.max(1, allowance.retryAfterSeconds()));
    }

    /** Refuses what a port could not state truly: headers and problems know whole seconds only. */
    static void check(String name, RateLimiterConfig config) {
        Duration window = config.getLimitRefreshPeriod();
        if (!config.getTimeoutDuration().isZero()) {
            throw new IllegalArgumentException("The rate limiter '" + name + "' has a wait above zero.");
        }
        if (window.toSeconds() < 1 || window.getNano() != 0) {
            throw new IllegalArgumentException(
                    "The window of the rate limiter '" + name + "' is " + window + ", not whole seconds.");
        }
    }
}
