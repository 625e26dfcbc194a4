package dev.millrace.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlacesTest {
    private static final Optional<Problem> SHARE = Optional.of(new Problem.ShareTaken("p", 25, 100, 1));
    private static final Optional<Problem> FULL = Optional.of(new Problem.Overloaded("p", 100, 1));

    private final Places places = new Places("p", 100, 25, 1);

    private int takeAll(String key) {
        int taken = 0;
        while (places.tryTake(key, 1).isEmpty()) {
            taken++;
        }
        return taken;
    }

    @ParameterizedTest
    @CsvSource({"24, false", "25, false", "26, true"})
    void take_byOneKey_isRefusedAboveItsShare(int count, boolean refused) {
        assertEquals(refused ? SHARE : Optional.empty(), places.tryTake("a", count));
        assertEquals(refused ? 0 : count, places.taken());
    }

    @Test
    void take_oneByOne_endsAtTheShare_andGoesOnWhenOneComesBack() {
        assertEquals(25, takeAll("a"));
        places.giveBack("a");
        assertEquals(1, takeAll("a"));
        assertEquals(25, places.taken("a"));
    }

    @Test
    void take_byManyGreedyKeys_leavesPlacesForNewOnes() {
        List<Integer> had = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            had.add(takeAll("greedy " + i));
        }
        assertEquals(25, had.getFirst());
        assertTrue(had.getLast() >= 1, had::toString);
        assertTrue(places.total() - places.taken() >= 5, () -> places.taken() + " are taken");
        assertEquals(Optional.empty(), places.tryTake("new", 1));
    }

    @ParameterizedTest
    @CsvSource({"99, false", "100, false", "101, true"})
    void take_byAsManyKeys_isRefusedAboveTheTotal(int keys, boolean refused) {
        for (int i = 1; i < keys; i++) {
            assertEquals(Optional.empty(), places.tryTake("key " + i, 1));
        }
        assertEquals(refused ? FULL : Optional.empty(), places.tryTake("last", 1));
        assertEquals(Math.min(keys, 100), places.taken());
    }

    @Test
    void take_withoutShares_hasAll() {
        Places all = Places.unshared("p", 3);
        assertEquals(Optional.empty(), all.tryTake("a", 3));
        assertInstanceOf(Problem.Overloaded.class, all.tryTake("a", 1).orElseThrow());
    }

    @Test
    void take_thatIsRefused_throwsItsProblem() {
        takeAll("a");
        ProblemException refused = assertThrows(ProblemException.class, () -> places.take("a"));
        assertEquals(SHARE.orElseThrow(), refused.problem());
    }

    @Test
    void giveBack_ofMoreThanWasTaken_isAFault() {
        places.take("a");
        places.giveBack("a");
        assertThrows(IllegalStateException.class, () -> places.giveBack("a"));
        assertThrows(IllegalStateException.class, () -> places.giveBack("b"));
    }

    @Test
    void keys_thatAreAtRest_areForgotten_andOthersAreNot() {
        places.take("held");
        for (int i = 0; i < 10_000; i++) {
            places.take("key " + i);
            places.giveBack("key " + i);
        }
        assertTrue(places.keys() <= 2048, () -> places.keys() + " keys");
        assertEquals(1, places.taken("held"));
    }

    @Test
    void whileWaiting_holdsAPlaceUntilTheEnd_whateverThatIs() {
        CompletableFuture<String> told = new CompletableFuture<>();
        CompletableFuture<String> failed = new CompletableFuture<>();
        CompletableFuture<String> left = new CompletableFuture<>();
        for (CompletableFuture<String> each : List.of(told, failed, left)) {
            assertSame(each, places.whileWaiting("a", each));
        }
        assertEquals(3, places.taken());
        told.complete("now");
        failed.completeExceptionally(new IllegalStateException());
        left.cancel(false);
        assertEquals(0, places.taken());
        places.whileWaiting("a", told);
        assertEquals(0, places.taken());
    }

    @Test
    void whileWaiting_withoutAPlace_fails_andCancelsWhatIsWaitedFor() {
        takeAll("a");
        CompletableFuture<String> happening = new CompletableFuture<>();
        CompletableFuture<String> refused = places.whileWaiting("a", happening);
        assertTrue(happening.isCancelled());
        assertInstanceOf(
                ProblemException.class,
                assertThrows(CompletionException.class, refused::join).getCause());
        assertEquals(25, places.taken());
    }

    /** Four threads take and give back for keys that come and go; no place is lost or made, and no limit is passed. */
    @Test
    void take_fourThreads_loseNoPlace() throws Exception {
        long seed = System.nanoTime();
        Places shared = new Places("p", 60, 30, 1);
        var start = new CyclicBarrier(4);
        List<Callable<Boolean>> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            var random = new SplittableRandom(seed + i);
            threads.add(() -> {
                start.await(10, TimeUnit.SECONDS);
                for (int round = 0; round < 50_000; round++) {
                    String key = "key " + random.nextInt(1 << random.nextInt(12));
                    long count = random.nextLong(4);
                    if (shared.tryTake(key, count).isEmpty()) {
                        assertTrue(shared.taken() <= 60);
                        shared.giveBack(key, count);
                    }
                }
                return true;
            });
        }
        try (var pool = Executors.newFixedThreadPool(4)) {
            for (var done : pool.invokeAll(threads, 60, TimeUnit.SECONDS)) {
                assertTrue(done.get(), "seed " + seed);
            }
        }
        assertEquals(0, shared.taken(), "seed " + seed);
        assertEquals(
                30,
                java.util.stream.IntStream.range(0, 99)
                        .filter(i -> shared.tryTake("a", 1).isEmpty())
                        .count());
        assertFalse(shared.keys() > 4096, "seed " + seed);
    }

    @ParameterizedTest
    @CsvSource({"1, 0, 1", "1, 2, 1", "0, 0, 1", "4, 1, -1"})
    void new_withAShareThatCannotBe_isRefused(long total, long share, long retryAfter) {
        assertThrows(IllegalArgumentException.class, () -> new Places("p", total, share, retryAfter));
    }
}
