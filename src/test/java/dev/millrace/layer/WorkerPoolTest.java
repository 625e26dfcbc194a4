package dev.millrace.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.ProblemException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Time is the test's; a task hangs until the test lets it go. */
@Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WorkerPoolTest {
    private static final long LONGEST = Duration.ofSeconds(40).toNanos();

    private final Vertx vertx = Vertx.vertx();
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - LONGEST / 2); // and over the edge of its numbers
    private final AtomicInteger replaced = new AtomicInteger();
    private final WorkerPool pool =
            new WorkerPool(vertx, "query", 2, Duration.ofNanos(LONGEST), nanos::get, replaced::incrementAndGet);
    private final List<CountDownLatch> letGo = new ArrayList<>();

    @AfterEach
    void end() throws Exception {
        letGo.forEach(CountDownLatch::countDown);
        vertx.close().await(30, TimeUnit.SECONDS);
    }

    /** A task that has begun, and ends with its number when it is let go. */
    private Future<Integer> hanging() throws InterruptedException {
        var begun = new CountDownLatch(1);
        var gate = new CountDownLatch(1);
        int number = letGo.size();
        letGo.add(gate);
        Future<Integer> result = pool.run(() -> {
            begun.countDown();
            gate.await();
            return number;
        });
        begun.await();
        return result;
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.await(30, TimeUnit.SECONDS);
    }

    @Test
    void look_atTheLongestTime_doesNothing_andAboveReplacesTheThreads() throws Exception {
        Future<Integer> first = hanging();
        Future<Integer> second = hanging();
        Future<Integer> waiting = pool.run(() -> 7);
        nanos.addAndGet(LONGEST);
        pool.look();
        assertEquals(0, replaced.get());
        assertTrue(pool.stuck().isEmpty());
        Instant before = Instant.now();
        nanos.addAndGet(1);
        pool.look();
        assertEquals(1, replaced.get());
        assertEquals(7, await(waiting), "what waited is done by the new threads");
        assertEquals(8, await(pool.run(() -> 8)));
        assertFalse(first.isComplete(), "it may still read what its owner would free");
        WorkerPool.Stuck stuck = pool.stuck().orElseThrow();
        assertEquals("query", stuck.pool());
        assertEquals(2, stuck.tasks());
        assertTrue(stuck.replaced());
        assertTrue(Duration.between(stuck.since(), before).compareTo(Duration.ofSeconds(38)) > 0, stuck::toString);
        pool.look();
        assertEquals(1, replaced.get(), "once for the same tasks");
        letGo.forEach(CountDownLatch::countDown);
        assertEquals(0, await(first));
        assertEquals(1, await(second));
        assertTrue(pool.stuck().isEmpty());
        assertEquals(9, await(pool.run(() -> 9)));
    }

    @Test
    void look_whileTasksComeOn_replacesNothing() throws Exception {
        var beats = new CountDownLatch(1);
        var beaten = new CountDownLatch(1);
        var gate = new CountDownLatch(1);
        letGo.add(gate);
        Future<Integer> task = pool.run(() -> {
            beats.await();
            WorkerPool.progressed();
            beaten.countDown();
            gate.await();
            return 1;
        });
        nanos.addAndGet(LONGEST);
        beats.countDown();
        beaten.await();
        nanos.addAndGet(LONGEST);
        pool.look();
        assertEquals(0, replaced.get());
        gate.countDown();
        assertEquals(1, await(task));
        WorkerPool.progressed(); // on no thread of a pool
    }

    @Test
    void look_withTooManyLeftBehind_replacesNoMore_untilOneEnds() throws Exception {
        for (int i = 0; i < WorkerPool.MOST_LEFT; i++) {
            hanging();
            nanos.addAndGet(LONGEST + 1);
            pool.look();
            assertEquals(i + 1, replaced.get());
            assertTrue(pool.stuck().orElseThrow().replaced());
        }
        Future<Integer> last = hanging();
        nanos.addAndGet(LONGEST + 1);
        pool.look();
        assertEquals(WorkerPool.MOST_LEFT, replaced.get());
        assertFalse(pool.stuck().orElseThrow().replaced());
        letGo.getFirst().countDown();
        while (replaced.get() == WorkerPool.MOST_LEFT) {
            pool.look();
            Thread.onSpinWait();
        }
        assertTrue(pool.stuck().orElseThrow().replaced());
        assertFalse(last.isComplete());
    }

    @Test
    void close_refusesWhatWaits_andWaitsForTheRest_butNotForEver() throws Exception {
        Future<Integer> first = hanging();
        Future<Integer> second = hanging();
        Future<Integer> waiting = pool.run(() -> 7);
        Future<Void> closed = pool.close(Duration.ofDays(1));
        assertThrows(ProblemException.class, () -> await(waiting));
        assertThrows(ProblemException.class, () -> await(pool.run(() -> 8)));
        letGo.getFirst().countDown();
        assertEquals(0, await(first));
        assertFalse(closed.isComplete());
        letGo.getLast().countDown();
        assertEquals(1, await(second));
        await(closed);
        var other = new WorkerPool(vertx, "other", 1, Duration.ofDays(1), nanos::get, () -> {});
        var gate = new CountDownLatch(1);
        letGo.add(gate);
        other.run(() -> {
            gate.await();
            return 1;
        });
        await(other.close(Duration.ofMillis(1)));
    }

    /** Work of so many steps, each of which takes a slice of the test's time; the first waits for {@code begin}. */
    private Sliced<Integer> steps(int steps, List<String> order, String name, CountDownLatch begin) {
        var left = new AtomicInteger(steps);
        return over -> {
            begin.await();
            while (left.get() > 0) {
                left.decrementAndGet();
                order.add(name);
                nanos.addAndGet(TimeUnit.MICROSECONDS.toNanos(WorkerPool.SLICE_MICROS));
                if (over.getAsBoolean() && left.get() > 0) {
                    return Optional.empty();
                }
            }
            return Optional.of(steps);
        };
    }

    @Test
    void run_ofLongWorkOfOneDomain_givesAnotherDomainItsTurnAfterASlice() throws Exception {
        var one = new WorkerPool(vertx, "one", 1, Duration.ofNanos(LONGEST), nanos::get, replaced::incrementAndGet);
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        var begin = new CountDownLatch(1);
        List<Future<Integer>> heavy = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            heavy.add(one.run(new Owner("heavy", "client"), steps(100, order, "heavy", begin)));
        }
        Future<Integer> light = one.run(new Owner("light", "client"), steps(3, order, "light", begin));
        begin.countDown();
        assertEquals(3, await(light));
        await(Future.all(heavy));
        assertEquals(803, order.size());
        int first = order.indexOf("light");
        assertTrue(first <= 2, () -> "light waited for " + first + " slices");
        assertEquals(
                List.of(first, first + 2, first + 4),
                IntStream.range(0, 803)
                        .filter(i -> order.get(i).equals("light"))
                        .boxed()
                        .toList());
        await(one.close(Duration.ofSeconds(1)));
    }

    @Test
    void look_whileSlicedWorkWaitsForItsTurn_isNotStuck_andItGoesOnWithNewThreads() throws Exception {
        var begin = new CountDownLatch(1);
        begin.countDown();
        hanging();
        hanging();
        Future<Integer> waiting = pool.run(new Owner("d", "c"), steps(20, new ArrayList<>(), "w", begin));
        nanos.addAndGet(LONGEST + 1);
        pool.look();
        assertEquals(20, await(waiting));
        assertEquals(2, pool.stuck().orElseThrow().tasks());
    }

    @Test
    void close_betweenTwoSlices_refusesTheRest() throws Exception {
        var begun = new CountDownLatch(1);
        Future<Integer> endless = pool.run(new Owner("d", "c"), over -> {
            begun.countDown();
            return Optional.empty();
        });
        begun.await();
        await(pool.close(Duration.ofDays(1)));
        assertThrows(ProblemException.class, () -> await(endless));
    }
}
