package dev.millrace.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.Problem;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class WaitLayerTest {
    private static final CompletableFuture<Boolean> FINAL = CompletableFuture.completedFuture(false);

    private final MockService mock = new MockService();
    private final Places places = Places.unshared("waiters", 2);
    private final List<Runnable> gone = new ArrayList<>();
    private CompletableFuture<Void> before = CompletableFuture.completedFuture(null);
    private CompletableFuture<Boolean> after = FINAL;
    private final Service<String, String> service = new WaitLayer<String, String>(
                    new WaitLayer.Waiting<>() {
                        @Override
                        public CompletableFuture<Void> before(String request) {
                            return before;
                        }

                        @Override
                        public CompletableFuture<Boolean> after(String request, String result) {
                            return after;
                        }

                        @Override
                        public void onGone(String request, Runnable then) {
                            gone.add(then);
                        }
                    },
                    places,
                    request -> "client")
            .around(mock);

    @Test
    void call_waitingForNothing_isTheInnerAnswerItself() {
        Future<String> future = service.call("q");
        assertEquals(List.of("q"), mock.requests);
        mock.succeed("r");
        assertEquals("r", future.result());
        assertEquals(0, places.taken());
        assertTrue(gone.isEmpty());
    }

    @Test
    void call_waitingBefore_reachesTheServiceWhenItHappens() {
        before = new CompletableFuture<>();
        Future<String> future = service.call("q");
        assertEquals(List.of(), mock.requests);
        assertEquals(1, places.taken());
        before.complete(null);
        assertEquals(List.of("q"), mock.requests);
        assertEquals(0, places.taken());
        mock.succeed("r");
        assertEquals("r", future.result());
    }

    @Test
    void call_whatIsWaitedForFails_isThatFailure_andReachesNobody() {
        var late = new Problem.NotReached("t:2", "t:1", 1).exception();
        before = CompletableFuture.failedFuture(late);
        assertSame(late, service.call("q").cause());
        assertEquals(List.of(), mock.requests);
    }

    @Test
    void call_nothingNew_isServedOnceMore_andThenAsItIs() {
        after = new CompletableFuture<>();
        Future<String> future = service.call("q");
        mock.succeed("old");
        assertFalse(future.isComplete());
        assertEquals(1, places.taken());
        after.complete(true);
        assertEquals(List.of("q", "q"), mock.requests);
        mock.succeed("new");
        assertEquals("new", future.result());
        assertEquals(0, places.taken());
    }

    @Test
    void call_nothingNewInTime_isTheOldAnswer() {
        after = new CompletableFuture<>();
        Future<String> future = service.call("q");
        mock.succeed("old");
        after.complete(false);
        assertEquals("old", future.result());
        assertEquals(List.of("q"), mock.requests);
    }

    @Test
    void call_clientGone_givesThePlaceBack_andReachesNobody() {
        before = new CompletableFuture<>();
        Future<String> future = service.call("q");
        gone.getFirst().run();
        assertInstanceOf(CancellationException.class, future.cause());
        assertEquals(0, places.taken());
        assertEquals(List.of(), mock.requests);
    }

    @Test
    void call_placesTaken_isRefusedAboveTheLimitOnly() {
        for (int i = 1; i <= 3; i++) {
            before = new CompletableFuture<>();
            Future<String> future = service.call("q" + i);
            assertEquals(i > 2, future.failed());
            if (i > 2) {
                assertInstanceOf(Problem.Overloaded.class, Problems.of(future));
                assertTrue(before.isCancelled(), "nobody waits for it any more");
            }
        }
    }
}
