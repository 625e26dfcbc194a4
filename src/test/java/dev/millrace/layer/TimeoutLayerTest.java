package dev.millrace.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.Problem;
import io.github.resilience4j.timelimiter.TimeLimiter;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TimeoutLayerTest {
    private final MockService mock = new MockService();
    private final FakeTimers timers = new FakeTimers();
    private final List<String> late = new ArrayList<>();
    private final List<String> events = new ArrayList<>();
    private final TimeLimiter limiter = TimeLimiter.of("rows", TimeoutLayer.config(Duration.ofMillis(100)));
    private final Service<String, String> service =
            new TimeoutLayer<String, String>(limiter, timers, late::add, request -> true).around(mock);

    TimeoutLayerTest() {
        limiter.getEventPublisher()
                .onEvent(event -> events.add(event.getEventType().name()));
    }

    @Test
    void call_endsBelowTheLimit_succeedsAndTakesItsTimerBack() {
        Future<String> future = service.call("q");
        timers.advance(99);
        assertFalse(future.isComplete());

        mock.succeed("r");

        assertEquals("r", future.result());
        assertEquals(0, timers.pending());
        assertEquals(List.of("SUCCESS"), events);
    }

    @Test
    void call_thatHasATimeOfItsOwn_isNotTimed() {
        Future<String> future = new TimeoutLayer<String, String>(limiter, timers, late::add, "q"::equals)
                .around(mock)
                .call("other");
        timers.advance(1_000);
        mock.succeed("r");

        assertEquals("r", future.result());
    }

    @Test
    void call_atTheLimit_timesOut() {
        Future<String> future = service.call("q");
        timers.advance(100);

        assertEquals(new Problem.TimedOut("rows", 100), Problems.of(future));
        assertEquals(List.of("TIMEOUT"), events);
    }

    @Test
    void call_resultAboveTheLimit_isHandedToOnLateOnce() {
        Future<String> future = service.call("q");
        timers.advance(101);
        mock.succeed("late");

        assertTrue(future.failed());
        assertEquals(List.of("late"), late);
        assertEquals(List.of("TIMEOUT"), events);
    }

    @Test
    void call_resultInTime_isNotHandedToOnLate() {
        Future<String> future = service.call("q");
        mock.succeed("r");
        timers.advance(1_000);

        assertTrue(future.succeeded());
        assertEquals(List.of(), late);
    }

    @Test
    void call_failsInTime_failureIsPassedOn() {
        IllegalStateException failure = new IllegalStateException();
        Future<String> future = service.call("q");
        mock.fail(failure);

        assertSame(failure, future.cause());
        assertEquals(0, timers.pending());
        assertEquals(List.of("ERROR"), events);
    }

    @Test
    void call_failsLate_remainsTimedOut() {
        Future<String> future = service.call("q");
        timers.advance(100);
        mock.fail(new IllegalStateException());

        assertInstanceOf(Problem.TimedOut.class, Problems.of(future));
        assertEquals(List.of(), late);
        assertEquals(List.of("TIMEOUT"), events);
    }

    @Test
    void call_completedFuture_isPassedOnWithoutTimerOrEvent() {
        Future<String> done = Future.succeededFuture("r");
        mock.onNext(request -> done);

        assertSame(done, service.call("q"));
        assertEquals(0, timers.scheduled);
        assertEquals(List.of(), events);
    }

    @Test
    void call_innerThrows_failsWithoutTimerOrEvent() {
        IllegalStateException thrown = new IllegalStateException();
        mock.onNext(request -> {
            throw thrown;
        });

        assertSame(thrown, service.call("q").cause());
        assertEquals(0, timers.scheduled);
        assertEquals(List.of(), events);
    }

    @Test
    void call_timersAreStopped_failsAndTheResultStillHasAnOwner() {
        timers.stop();
        Future<String> future = service.call("q");
        assertInstanceOf(IllegalStateException.class, future.cause());

        mock.succeed("orphan");

        assertEquals(List.of("orphan"), late);
    }

    @Test
    void call_timeoutHandlerEndsTheCall_resultGoesToOnLate() {
        Future<String> future = service.call("q").onFailure(timedOut -> mock.succeed("late"));
        timers.advance(100);

        assertTrue(future.failed());
        assertEquals(List.of("late"), late);
    }

    @Test
    void close_lateResource_isClosedOnceAndNeverWhenInTime() {
        AtomicInteger closed = new AtomicInteger();
        Promise<AutoCloseable> first = Promise.promise();
        Promise<AutoCloseable> second = Promise.promise();
        Service<Promise<AutoCloseable>, AutoCloseable> resources = new TimeoutLayer<
                        Promise<AutoCloseable>, AutoCloseable>(limiter, timers, TimeoutLayer::close, request -> true)
                .around(Promise::future);

        Future<AutoCloseable> inTime = resources.call(first);
        first.complete(closed::incrementAndGet);
        assertTrue(inTime.succeeded());
        assertEquals(0, closed.get());

        Future<AutoCloseable> timedOut = resources.call(second);
        timers.advance(100);
        second.complete(closed::incrementAndGet);
        assertTrue(timedOut.failed());
        assertEquals(1, closed.get());
    }

    @Test
    void new_timeoutBelowAMillisecond_isRefused() {
        TimeLimiter tooShort = TimeLimiter.of("rows", TimeoutLayer.config(Duration.ofNanos(999_999)));

        assertThrows(
                IllegalArgumentException.class,
                () -> new TimeoutLayer<String, String>(tooShort, timers, late::add, request -> true));
    }

    @Test
    void timers_ofVertx_failOnTheCallersContext() throws Exception {
        Vertx vertx = Vertx.vertx();
        try {
            Context caller = vertx.getOrCreateContext();
            CompletableFuture<Context> failedOn = new CompletableFuture<>();
            Service<String, String> real = new TimeoutLayer<String, String>(
                            TimeLimiter.of("real", TimeoutLayer.config(Duration.ofMillis(1))),
                            Timers.of(vertx),
                            late::add,
                            request -> true)
                    .around(mock);
            caller.runOnContext(
                    run -> real.call("q").onFailure(timedOut -> failedOn.complete(vertx.getOrCreateContext())));

            assertSame(caller, failedOn.get(10, TimeUnit.SECONDS));
        } finally {
            vertx.close().await(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void timers_ofVertxCancelled_doNotRun() throws Exception {
        Vertx vertx = Vertx.vertx();
        try {
            Timers real = Timers.of(vertx);
            CompletableFuture<List<String>> done = new CompletableFuture<>();
            vertx.runOnContext(run -> {
                List<String> ran = new ArrayList<>();
                Timers.Handle cancelled = real.schedule(1, () -> ran.add("cancelled"));
                real.schedule(2, () -> {
                    ran.add("kept");
                    done.complete(ran);
                });
                cancelled.cancel();
            });

            assertEquals(List.of("kept"), done.get(10, TimeUnit.SECONDS));
        } finally {
            vertx.close().await(10, TimeUnit.SECONDS);
        }
    }
}
