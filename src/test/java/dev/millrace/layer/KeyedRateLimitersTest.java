package dev.millrace.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class KeyedRateLimitersTest {
    private final AtomicLong nanos = new AtomicLong();
    private final KeyedRateLimiters limiters =
            new KeyedRateLimiters("callers", RateLimitLayer.config(2, Duration.ofSeconds(10)), 3, nanos::get);
    /** Whether a call of each key, one after the other, passes. */
    private boolean passes(String... keys) {
        return Stream.of(keys).allMatch(key -> limiters.tryTake(key).isEmpty());
    }

    private void nextWindow() {
        nanos.addAndGet(Duration.ofSeconds(10).toNanos());
    }

    @Test
    void call_oneKeyIsUsedUp_othersPass() {
        assertTrue(passes("a", "a"));
        assertFalse(passes("a"));

        assertTrue(passes("b"));
        assertEquals(2, limiters.keys());
    }

    @Test
    void call_keysAtAndAboveTheBound_thoseAboveShareOneLimiter() {
        assertTrue(passes("a", "b", "c"));
        assertEquals(3, limiters.keys());

        assertTrue(passes("d", "e"));
        assertFalse(passes("f"));
        assertEquals(3, limiters.keys());
    }

    @Test
    void call_floodOfKeys_resetsNoKnownKeysCount() {
        assertTrue(passes("a", "a", "b", "c"));
        for (int key = 0; key < 1_000; key++) {
            var unused = limiters.tryTake("made up " + key);
        }

        assertFalse(passes("a"));
        assertTrue(passes("b"));
        assertEquals(3, limiters.keys());
    }

    @Test
    void call_nextWindow_restedKeysMakePlaceAndActiveOnesStay() {
        assertTrue(passes("a", "b", "c"));
        assertTrue(passes("d"));
        nextWindow();
        assertTrue(passes("a", "a"));

        assertTrue(passes("d", "d"));
        assertFalse(passes("d"));
        assertFalse(passes("a"));
        assertEquals(2, limiters.keys());
    }

    @Test
    void new_noPlaceForAKey_isRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new KeyedRateLimiters("callers", RateLimitLayer.config(1, Duration.ofSeconds(1)), 0));
    }

    @Test
    void call_eightThreadsOnTheSameKeys_eachKeyPassesItsLimitAndNoPlaceLeaks() throws Exception {
        int limit = 50;
        KeyedRateLimiters shared =
                new KeyedRateLimiters("shared", RateLimitLayer.config(limit, Duration.ofSeconds(10)), 4, nanos::get);
        AtomicInteger passed = new AtomicInteger();
        Callable<Integer> caller = () -> {
            for (int call = 0; call < 400; call++) {
                if (shared.of("key " + call % 4).reservePermission(1) == 0) {
                    passed.incrementAndGet();
                }
            }
            return 0;
        };
        try (ExecutorService pool = Executors.newFixedThreadPool(8)) {
            List<Callable<Integer>> callers = Collections.nCopies(8, caller);
            for (var done : pool.invokeAll(callers, 60, TimeUnit.SECONDS)) {
                assertEquals(0, done.get());
            }
        }

        assertEquals(4, shared.keys());
        assertEquals(4 * limit, passed.get());
    }
}
