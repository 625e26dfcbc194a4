package dev.millrace.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.timelimiter.TimeLimiter;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LayersTest {
    private final List<String> passed = new ArrayList<>();
    private final MockService mock = new MockService();

    private Layer<String, String> named(String name) {
        return inner -> request -> {
            passed.add(name);
            return inner.call(request);
        };
    }

    @Test
    void of_threeLayers_outermostIsPassedFirst() {
        Service<String, String> service =
                Layers.of(named("a"), named("b"), named("c")).around(mock);

        Future<String> future = service.call("q");
        mock.succeed("r");

        assertEquals(List.of("a", "b", "c"), passed);
        assertEquals("r", future.result());
    }

    @Test
    void then_twoLayers_thisOneIsPassedFirst() {
        var unused = named("a").then(named("b")).then(named("c")).around(mock).call("q");

        assertEquals(List.of("a", "b", "c"), passed);
    }

    @Test
    void of_noLayer_callsTheService() {
        var unused = Layers.<String, String>of().around(mock).call("q");

        assertEquals(List.of("q"), mock.requests);
    }

    @Test
    void around_serviceThrows_failedFuture() {
        IllegalStateException thrown = new IllegalStateException();
        mock.onNext(request -> {
            throw thrown;
        });

        assertSame(thrown, Layers.<String, String>of().around(mock).call("q").cause());
    }

    @Test
    void around_serviceThrowsProblem_keptAsItIs() {
        ProblemException thrown = new Problem.NotFound("row", "7").exception();
        mock.onNext(request -> {
            throw thrown;
        });

        assertSame(thrown, Layers.<String, String>of().around(mock).call("q").cause());
    }

    @Test
    @SuppressWarnings("NullAway") // what a careless service may do
    void around_serviceReturnsNull_failedFuture() {
        mock.onNext(request -> null);

        Future<String> future = Layers.<String, String>of().around(mock).call("q");

        assertInstanceOf(NullPointerException.class, future.cause());
    }

    @Test
    void ofPort_timedOutCall_holdsItsPermitUntilTheWorkEnds() {
        Places places = Places.unshared("port", 1);
        FakeTimers timers = new FakeTimers();
        List<String> late = new ArrayList<>();
        Service<String, String> service = Layers.ofPort(
                        Layers.of(),
                        new RateLimitLayer<String, String>(
                                RateLimiter.of("port", RateLimitLayer.config(3, Duration.ofHours(1)))),
                        Layers.of(),
                        new TimeoutLayer<>(
                                TimeLimiter.of("port", TimeoutLayer.config(Duration.ofMillis(50))),
                                timers,
                                late::add,
                                request -> true),
                        new BulkheadLayer<>(places, request -> "client"))
                .around(mock);

        Future<String> first = service.call("1");
        timers.advance(50);
        assertEquals(new Problem.TimedOut("port", 50), Problems.of(first));
        assertEquals(new Problem.Overloaded("port", 1, 1), Problems.of(service.call("2")));
        mock.succeed("late");
        assertEquals(List.of("late"), late);

        Future<String> third = service.call("3");
        mock.succeed("in time");
        assertEquals("in time", third.result());
        assertInstanceOf(Problem.RateLimited.class, Problems.of(service.call("4")));
        assertEquals(List.of("1", "3"), mock.requests);
        assertEquals(0, places.taken());
        assertTrue(timers.pending() == 0 && timers.scheduled == 2, "a refused call set a timer");
    }
}
