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
 * thread tells after its part of a run, which costs one read while nobody waits. How many may wait is for the ports to
 * say, who know whom they wait for; who is not waited for any more is cancelled.
 *
 * <p>Nobody is forgotten: who waits is entered first and looks at the position then, a run is visible first and looks for
 * waiters then.
 */
final class Waiters {
    private record Waiter(Predicate<Position> wanted, CompletableFuture<Boolean> told) {}

    private final Set<Waiter> waiting = ConcurrentHashMap.newKeySet();
    private final AtomicInteger count = new AtomicInteger();
    private final Supplier<Position> position;

    Waiters(Supplier<Position> position) {
        this.position = position;
    }

    /** Ends when the position is reached; fails with {@code NotReached} when it is not in time. */
    CompletableFuture<Void> await(Position wanted, Duration patience) {
        CompletableFuture<Boolean> told = await(now -> now.hasReached(wanted), patience);
        CompletableFuture<Void> reached = new CompletableFuture<>();
        told.whenComplete((inTime, failure) -> {
            if (failure == null && inTime) {
                reached.complete(null);
            } else {
                reached.completeExceptionally(failure == null ? late(wanted, patience) : failure);
            }
        });
        reached.whenComplete((done, failure) -> {
            if (reached.isCancelled()) {
                told.cancel(false);
            }
        });
        return reached;
    }

    /** Says whether the position was in time as wanted. */
    CompletableFuture<Boolean> await(Predicate<Position> wanted, Duration patience) {
        if (patience.isZero() || wanted.test(position.get())) {
            return CompletableFuture.completedFuture(wanted.test(position.get()));
        }
        var waiter = new Waiter(wanted, new CompletableFuture<>());
        count.incrementAndGet();
        waiting.add(waiter);
        waiter.told
                .completeOnTimeout(false, patience.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((done, failure) -> {
                    waiting.remove(waiter);
                    count.decrementAndGet();
                });
        if (wanted.test(position.get())) {
            waiter.told.complete(true);
        }
        return waiter.told;
    }

    private RuntimeException late(Position wanted, Duration patience) {
        return new Problem.NotReached(wanted.toString(), position.get().toString(), patience.toSeconds()).exception();
    }

    /** How many wait. */
    int count() {
        return count.get();
    }

    /** Tells those whose position has been reached. */
    void advanced() {
        if (count.get() > 0) {
            Position now = position.get();
            waiting.stream().filter(waiter -> waiter.wanted.test(now)).forEach(waiter -> waiter.told.complete(true));
        }
    }
}
