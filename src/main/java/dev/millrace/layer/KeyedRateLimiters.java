package dev.millrace.layer;

import dev.millrace.problem.Problem;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A rate limiter for each key, for at most {@code maxKeys} keys.
 *
 * <p>When all places are taken, limiters with a full allowance are forgotten: a new one is the same, so forgetting
 * gives nobody more than their due. Where that frees no place, every further key shares one limiter, so that a flood
 * of made-up keys neither fills the memory nor resets a known key's count. The search for places looks at every key,
 * on the caller's thread, at most once per window.
 *
 * <p>Threads: any. A call that holds a limiter in the very moment in which it is forgotten takes its permit from the
 * forgotten one: one call too many for that key, at worst.
 */
public final class KeyedRateLimiters {
    private final RateLimiterConfig config;
    private final int maxKeys;
    private final Supplier<Long> nanoTime;
    private final Map<String, RateLimiter> limiters = new ConcurrentHashMap<>();
    private final Semaphore places;
    private final RateLimiter others;
    private final AtomicLong nextSearchNanos;

    /**
     * @param name the name of the limits and of the limiter that further keys share
     * @param config one key's limit; see {@link RateLimitLayer#config}
     * @param maxKeys at least 1; a key costs about half a kilobyte besides its text
     * @throws IllegalArgumentException when a limiter would wait, or its window is not whole seconds
     */
    public KeyedRateLimiters(String name, RateLimiterConfig config, int maxKeys) {
        this(name, config, maxKeys, System::nanoTime);
    }

    KeyedRateLimiters(String name, RateLimiterConfig config, int maxKeys, Supplier<Long> nanoTime) {
        if (maxKeys < 1) {
            throw new IllegalArgumentException("The rate limiters '" + name + "' have no place for a key.");
        }
        RateLimitLayer.check(name, config);
        this.config = config;
        this.maxKeys = maxKeys;
        this.nanoTime = nanoTime;
        this.places = new Semaphore(maxKeys);
        this.others = RateLimiter.of(name, config, nanoTime);
        this.nextSearchNanos = new AtomicLong(nanoTime.get());
    }

    /** How many keys have a limiter of their own now, never more than {@code maxKeys}. */
    int keys() {
        return maxKeys - places.availablePermits();
    }

    /** Takes one of the key's permits; the problem where none is left. */
    public Optional<Problem> tryTake(String key) {
        RateLimiter limiter = of(key);
        return limiter.reservePermission(1) == 0 ? Optional.empty() : Optional.of(RateLimitLayer.refusal(limiter));
    }

    /** The problem where the key has no permit left; takes none, and no place for a key that has none. */
    public Optional<Problem> spent(String key) {
        RateLimiter limiter = limiters.getOrDefault(key, others);
        return limiter.getMetrics().getAvailablePermissions() > 0
                ? Optional.empty()
                : Optional.of(RateLimitLayer.refusal(limiter));
    }

    /** The limiter of {@code key}, or the one that all keys without a place share. */
    RateLimiter of(String key) {
        RateLimiter known = limiters.get(key);
        if (known == null) {
            known = limiters.computeIfAbsent(key, this::inFreePlace);
        }
        if (known == null && forgetRested()) {
            known = limiters.computeIfAbsent(key, this::inFreePlace);
        }
        return known != null ? known : others;
    }

    /** Runs at most once at a time for a key, so that no key ever holds two places, not even for a moment. */
    private @Nullable RateLimiter inFreePlace(String key) {
        return places.tryAcquire() ? RateLimiter.of(key, config, nanoTime) : null;
    }

    /** Forgets the limiters with a full allowance, unless this was tried within the last window. */
    private boolean forgetRested() {
        long now = nanoTime.get();
        long next = nextSearchNanos.get();
        if (now - next < 0
                || !nextSearchNanos.compareAndSet(
                        next, now + config.getLimitRefreshPeriod().toNanos())) {
            return false;
        }
        limiters.forEach((key, limiter) -> {
            if (limiter.getMetrics().getAvailablePermissions() >= config.getLimitForPeriod()
                    && limiters.remove(key, limiter)) {
                places.release();
            }
        });
        return true;
    }
}
