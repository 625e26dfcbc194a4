package dev.millrace.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.Problem;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BulkheadLayerTest {
    private final MockService mock = new MockService();
    private final Places places = new Places("rows", 2, 2, 3);
    private final BulkheadLayer<String, String> layer = new BulkheadLayer<>(places, request -> "client");
    private final Service<String, String> service = layer.around(mock);

    private long free() {
        return places.total() - places.taken();
    }

    @Test
    void call_belowAtAndAboveTheLimit_onlyTheOneAboveIsRefused() {
        Future<String> below = service.call("1");
        assertEquals(1, free());
        Future<String> at = service.call("2");
        assertEquals(0, free());
        Future<String> above = service.call("3");

        assertFalse(below.isComplete() || at.isComplete());
        assertEquals(new Problem.Overloaded("rows", 2, 3), Problems.of(above));
        assertEquals(List.of("1", "2"), mock.requests);
    }

    @Test
    void call_afterSuccess_findsThePlaceFree() {
        var first = service.call("1");
        var second = service.call("2");
        mock.succeed("r");
        assertEquals(1, free());

        assertFalse(service.call("3").isComplete());
        assertTrue(first.succeeded() && !second.isComplete());
    }

    @Test
    void call_fails_givesItsPermitBackOnce() {
        IllegalStateException failure = new IllegalStateException();
        Future<String> future = service.call("1");
        mock.fail(failure);

        assertSame(failure, future.cause());
        assertEquals(2, free());
    }

    @Test
    void call_innerThrows_givesItsPermitBackOnce() {
        AssertionError thrown = new AssertionError();
        mock.onNext(request -> {
            throw thrown;
        });

        assertSame(thrown, service.call("1").cause());
        assertEquals(2, free());
    }

    @Test
    void call_completedFuture_isPassedOnWithItsPermitGivenBack() {
        Future<String> done = Future.succeededFuture("r");
        mock.onNext(request -> done);

        assertSame(done, service.call("1"));
        assertEquals(2, free());
    }

    @Test
    void call_refused_givesNoPermitBack() {
        var first = service.call("1");
        var second = service.call("2");
        assertTrue(service.call("3").failed());
        assertEquals(0, free());
        mock.succeed("r");
        mock.succeed("r");

        assertTrue(first.succeeded() && second.succeeded());
        assertEquals(2, free());
    }

    @Test
    void call_fromTheHandlerOfTheLastOne_findsThePlaceFree() {
        var first = service.call("1");
        List<Future<String>> next = new ArrayList<>();
        var second = service.call("2").onSuccess(result -> next.add(service.call("3")));
        mock.succeed("r");
        var filler = service.call("4");
        mock.succeed("r");

        assertTrue(first.succeeded() && second.succeeded() && !filler.isComplete());
        assertFalse(next.getFirst().isComplete());
    }

    @Test
    void call_twoServicesOfOneLayer_shareThePermits() {
        var one = layer.around(mock).call("1");
        var other = layer.around(mock).call("2");

        assertFalse(one.isComplete() || other.isComplete());
        assertTrue(layer.around(mock).call("3").failed());
    }

    @Test
    void call_ofAClientThatHasItsShare_isRefused_andOthersPass() {
        Places shared = new Places("rows", 100, 2, 3);
        Service<String, String> fair = new BulkheadLayer<String, String>(shared, request -> request).around(mock);
        List<Future<String>> calls = List.of(fair.call("a"), fair.call("a"), fair.call("a"), fair.call("b"));

        assertEquals(new Problem.ShareTaken("rows", 2, 100, 3), Problems.of(calls.get(2)));
        assertEquals(List.of("a", "a", "b"), mock.requests);
        mock.succeed("r");
        assertFalse(fair.call("a").isComplete());
        assertEquals(2, shared.taken("a"));
    }

    /** Eight threads call and end one another's calls in every way there is; the limit holds and no permit is lost. */
    @Test
    void call_eightThreads_limitHoldsAndNoPermitLeaks() throws Exception {
        int threads = 8;
        int callsPerThread = 20_000;
        int limit = 5;
        Places shared = Places.unshared("shared", limit);
        AtomicInteger underWay = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger refusals = new AtomicInteger();
        AtomicInteger passed = new AtomicInteger();
        Queue<Promise<Integer>> open = new ConcurrentLinkedQueue<>();
        Service<Integer, Integer> chaos = new BulkheadLayer<Integer, Integer>(shared, request -> "client")
                .around(number -> {
                    most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
                    passed.incrementAndGet();
                    if (number % 4 == 0) {
                        underWay.decrementAndGet();
                        return Future.succeededFuture(number);
                    } else if (number % 4 == 1) {
                        underWay.decrementAndGet();
                        throw new IllegalStateException();
                    }
                    Promise<Integer> promise = Promise.promise();
                    open.add(promise);
                    return promise.future();
                });
        CyclicBarrier start = new CyclicBarrier(threads);
        Callable<Integer> caller = () -> {
            start.await(10, TimeUnit.SECONDS);
            for (int number = 0; number < callsPerThread; number++) {
                Future<Integer> future = chaos.call(number);
                if (future.failed() && !(future.cause() instanceof IllegalStateException)) {
                    refusals.incrementAndGet();
                }
                end(open.poll(), number, underWay);
            }
            return 0;
        };
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            List<Callable<Integer>> callers = Collections.nCopies(threads, caller);
            for (var done : pool.invokeAll(callers, 60, TimeUnit.SECONDS)) {
                assertEquals(0, done.get());
            }
        }
        while (!open.isEmpty()) {
            end(open.poll(), 2, underWay);
        }

        assertEquals(0, shared.taken());
        assertEquals(0, underWay.get());
        assertTrue(most.get() <= limit, () -> most + " calls were under way, the limit is " + limit);
        assertEquals(threads * callsPerThread, passed.get() + refusals.get());
    }

    private static void end(@Nullable Promise<Integer> promise, int number, AtomicInteger underWay) {
        if (promise == null) {
            return;
        }
        underWay.decrementAndGet();
        if (number % 2 == 0) {
            promise.complete(number);
        } else {
            promise.fail(new IllegalStateException());
        }
    }
}
