package dev.millrace.domain;

import dev.millrace.problem.Problem;
import dev.millrace.store.Position;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Those who wait until a product has reached a position, or has any other than they know. Any thread waits; an ingest
 * thread tells after its part of a run, which
 * costs one read while nobody waits.
 *
 * <p>Nobody is forgotten: who waits is entered first and looks at the position then, a run is visible first and looks for
 * waiters then.
 */
final class Waiters {
    static final int LIMIT = 1024;

    private record Waiter(Predicate<Position> wanted, CompletableFuture<Boolean> told) {}

    private final Set<Waiter> waiting = ConcurrentHashMap.newKeySet();
    private final AtomicInteger places = new AtomicInteger();
    private final Supplier<Position> position;

    Waiters(Supplier<Position> position) {
        this.position = position;
    }

    /** Ends when the position is reached; fails with {@code NotReached} when it is not in time, or {@code Overloaded}. */
    CompletableFuture<Void> await(Position wanted, Duration patience) {
        return await(now -> now.hasReached(wanted), patience)
                .thenCompose(reached -> reached
                        ? CompletableFuture.completedFuture(null)
                        : CompletableFuture.failedFuture(late(wanted, patience)));
    }

    /** Says whether the position was in time as wanted; fails with {@code Overloaded}. */
    CompletableFuture<Boolean> await(Predicate<Position> wanted, Duration patience) {
        if (patience.isZero() || wanted.test(position.get())) {
            return CompletableFuture.completedFuture(wanted.test(position.get()));
        }
        if (places.incrementAndGet() > LIMIT) {
            places.decrementAndGet();
            return CompletableFuture.failedFuture(
                    new Problem.Overloaded("Waiting for a position", LIMIT, 1).exception());
        }
        var waiter = new Waiter(wanted, new CompletableFuture<>());
        waiting.add(waiter);
        CompletableFuture<Boolean> ended = waiter.told
                .completeOnTimeout(false, patience.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((done, failure) -> {
                    waiting.remove(waiter);
                    places.decrementAndGet();
                });
        if (wanted.test(position.get())) {
            waiter.told.complete(true);
        }
        return ended;
    }

    private RuntimeException late(Position wanted, Duration patience) {
        return new Problem.NotReached(wanted.toString(), position.get().toString(), patience.toSeconds()).exception();
    }

    /** Tells those whose position has been reached. */
    void advanced() {
        if (places.get() > 0) {
            Position now = position.get();
            waiting.stream().filter(waiter -> waiter.wanted.test(now)).forEach(waiter -> waiter.told.complete(true));
        }
    }
}
