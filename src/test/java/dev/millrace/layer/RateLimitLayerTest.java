package dev.millrace.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.Problem;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimitLayerTest {
    private final AtomicLong nanos = new AtomicLong();
    private final MockService mock = new MockService();
    private final RateLimiterConfig config = RateLimitLayer.config(3, Duration.ofSeconds(10));
    private final RateLimiter limiter = RateLimiter.of("rows", config, nanos::get);
    private final RateLimitLayer<String, String> layer = new RateLimitLayer<>(limiter);
    private final Service<String, String> service = layer.around(mock);

    private void advance(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    private boolean passes(Service<String, String> limited, String request) {
        return !limited.call(request).isComplete();
    }

    @Test
    void call_belowAtAndAboveTheLimit_onlyTheOneAboveIsRefused() {
        assertTrue(passes(service, "1") && passes(service, "2"));
        assertTrue(passes(service, "3"));

        assertEquals(new Problem.RateLimited(3, 10, 10), Problems.of(service.call("4")));
        assertEquals(List.of("1", "2", "3"), mock.requests);
    }

    @Test
    void call_refused_tellsTheTimeUntilTheWindowTurnsRoundedUp() {
        limiter.drainPermissions();
        advance(Duration.ofMillis(6_999));
        assertEquals(new Problem.RateLimited(3, 10, 4), Problems.of(service.call("q")));
        advance(Duration.ofMillis(1));
        assertEquals(new Problem.RateLimited(3, 10, 3), Problems.of(service.call("q")));
        advance(Duration.ofSeconds(3).minusNanos(1));
        assertEquals(new Problem.RateLimited(3, 10, 1), Problems.of(service.call("q")));

        advance(Duration.ofNanos(1));
        assertTrue(passes(service, "q"));
    }

    @Test
    void call_afterTheToldTime_passes() {
        advance(Duration.ofMillis(1_234));
        limiter.drainPermissions();
        Problem.RateLimited refused = assertInstanceOf(Problem.RateLimited.class, Problems.of(service.call("q")));

        advance(Duration.ofSeconds(refused.retryAfterSeconds()));

        assertTrue(passes(service, "q"));
    }

    @Test
    void call_refusals_takeNothingFromTheNextWindow() {
        for (int call = 0; call < 100; call++) {
            var unused = service.call("q");
        }
        advance(Duration.ofSeconds(10));

        assertEquals(new Allowance(3, 3, 10, 0), layer.allowance());
    }

    @Test
    void call_longPause_carriesNothingOver() {
        advance(Duration.ofDays(1));

        assertTrue(passes(service, "1") && passes(service, "2") && passes(service, "3"));
        assertFalse(passes(service, "4"));
    }

    @Test
    void allowance_countsDown_andTakesNothing() {
        assertEquals(new Allowance(3, 3, 10, 0), layer.allowance());
        assertEquals(new Allowance(3, 3, 10, 0), layer.allowance());
        assertTrue(passes(service, "1") && passes(service, "2"));
        assertEquals(new Allowance(3, 1, 10, 0), layer.allowance());
        assertTrue(passes(service, "3"));
        advance(Duration.ofSeconds(4));
        assertEquals(new Allowance(3, 0, 10, 6), layer.allowance());
    }

    @Test
    void call_innerThrows_failedFutureAndThePermitIsSpent() {
        IllegalStateException thrown = new IllegalStateException();
        mock.onNext(request -> {
            throw thrown;
        });

        assertSame(thrown, service.call("q").cause());
        assertEquals(2, layer.allowance().remaining());
    }

    @Test
    void shared_limiterThatWaits_isRefused() {
        RateLimiterConfig waiting = RateLimiterConfig.from(config)
                .timeoutDuration(Duration.ofNanos(1))
                .build();

        assertThrows(IllegalArgumentException.class, () -> new RateLimitLayer<>(RateLimiter.of("rows", waiting)));
    }

    @Test
    void shared_limiterMadeToWaitLater_refusesWithoutWaiting() {
        limiter.changeTimeoutDuration(Duration.ofDays(1));
        limiter.drainPermissions();

        Future<String> refused = service.call("q");

        assertInstanceOf(Problem.RateLimited.class, Problems.of(refused));
    }

    @Test
    void shared_windowOfPartsOfASecond_isRefused() {
        for (Duration window : List.of(Duration.ofMillis(999), Duration.ofMillis(1_001))) {
            RateLimiter uneven = RateLimiter.of("rows", RateLimitLayer.config(3, window));

            assertThrows(IllegalArgumentException.class, () -> new RateLimitLayer<>(uneven));
        }
    }
}
