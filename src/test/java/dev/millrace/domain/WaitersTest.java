package dev.millrace.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.store.Position;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class WaitersTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    private final AtomicReference<Position> position = new AtomicReference<>(Position.of("t", 5, 5));
    private final Waiters waiters = new Waiters(() -> java.util.Objects.requireNonNull(position.get()));

    private static Problem problem(CompletableFuture<Void> failed) {
        Throwable failure = assertThrows(
                        CompletionException.class,
                        () -> failed.orTimeout(20, TimeUnit.SECONDS).join())
                .getCause();
        return assertInstanceOf(ProblemException.class, failure).problem();
    }

    @Test
    void await_ofWhatIsReached_isDone() {
        assertTrue(waiters.await(Position.of("t", 5, 5), Duration.ZERO).isDone());
    }

    @Test
    void await_withoutPatience_failsAtOnce_andWithSomeLater() {
        Position next = Position.of("t", 5, 6);
        assertEquals(new Problem.NotReached("t:5.6", "t:5.5", 0), problem(waiters.await(next, Duration.ZERO)));
        assertInstanceOf(Problem.NotReached.class, problem(waiters.await(next, Duration.ofMillis(20))));
    }

    @Test
    void advanced_tellsThoseWhosePositionIsReached_andNobodyElse() {
        CompletableFuture<Void> near = waiters.await(Position.of("t", 6), LONG);
        CompletableFuture<Void> far = waiters.await(Position.of("t", 6, 6), LONG);
        waiters.advanced();
        assertFalse(near.isDone());
        position.set(Position.of("t", 6, 5));
        waiters.advanced();
        assertTrue(near.isDone());
        assertFalse(far.isDone());
        position.set(Position.of("t", 9, 9));
        waiters.advanced();
        assertTrue(far.isDone());
    }

    @Test
    void await_ofAnyOtherPosition_isTrueWhenThereIsOne_andFalseInTheEnd() {
        Position known = Position.of("t", 5, 5);
        assertFalse(waiters.await(now -> !now.equals(known), Duration.ZERO).join());
        assertFalse(
                waiters.await(now -> !now.equals(known), Duration.ofMillis(20)).join());
        CompletableFuture<Boolean> changed = waiters.await(now -> !now.equals(known), LONG);
        waiters.advanced();
        assertFalse(changed.isDone());
        position.set(Position.of("u"));
        waiters.advanced();
        assertTrue(changed.join());
        assertTrue(waiters.await(now -> !now.equals(known), Duration.ZERO).join());
    }

    @Test
    void await_thatIsCancelled_isForgottenAtOnce() {
        CompletableFuture<Void> position = waiters.await(Position.of("t", 6), LONG);
        CompletableFuture<Boolean> change = waiters.await(now -> false, LONG);
        CompletableFuture<Void> other = waiters.await(Position.of("t", 6), LONG);
        assertEquals(3, waiters.count());
        position.cancel(false);
        change.cancel(false);
        assertEquals(1, waiters.count());
        assertFalse(other.isDone());
    }

    /** A run may end at any moment between the two looks of one who begins to wait. */
    @Test
    void await_whileRunsEnd_forgetsNobody() throws InterruptedException {
        var ingest = Thread.ofPlatform().start(() -> {
            for (int next = 6; next < 20_000; next++) {
                position.set(Position.of("t", next));
                waiters.advanced();
            }
        });
        for (int next = 6; next < 20_000; next++) {
            waiters.await(Position.of("t", next), LONG)
                    .orTimeout(20, TimeUnit.SECONDS)
                    .join();
        }
        ingest.join();
    }
}
