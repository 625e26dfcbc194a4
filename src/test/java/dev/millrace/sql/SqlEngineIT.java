package dev.millrace.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.domain.ProductRegistry;
import dev.millrace.domain.Products;
import dev.millrace.layer.Owner;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.query.SampleRows;
import dev.millrace.security.Principal;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The engine with workers of its own, and without any. */
class SqlEngineIT {
    /** Of a statement that is to reach it. */
    private static final Duration TIMEOUT = Duration.ofSeconds(4);

    /** Of statements that are not, on a machine that does much else. */
    private static final Duration LONG = Duration.ofMinutes(1);

    private static SqlEngine engine(Path folder, SampleRows sample, int waiting, Duration timeout) {
        return new SqlEngine(
                new SqlEngine.Options(folder, 1, 192 << 20, 64 << 20, timeout, waiting),
                new ProductRegistry("mesh", List.of(Products.of("aviation", "flights", sample.store()))),
                sample.allocator(),
                new SimpleMeterRegistry());
    }

    private static SqlStatement statement(String sql) {
        return new SqlStatement(Principal.ANYBODY, Owner.SERVER, sql, "", Map.of(), () -> false);
    }

    private static Problem failure(CompletableFuture<?> asked) throws Exception {
        asked.exceptionally(failed -> null).get(60, TimeUnit.SECONDS);
        var failed = assertThrows(CompletionException.class, asked::join);
        return assertInstanceOf(ProblemException.class, failed.getCause()).problem();
    }

    /** Files and processes are another thread's: this one may be an event loop. */
    @Test
    void run_folderThatCannotBeHad_failsClearly_andTheCallerLooksAtNoFile(@TempDir Path folder) throws Exception {
        Queue<Thread> lookers = new ConcurrentLinkedQueue<>();
        Path unhad = (Path) Proxy.newProxyInstance(
                Path.class.getClassLoader(), new Class<?>[] {Path.class}, (proxy, method, arguments) -> {
                    lookers.add(Thread.currentThread());
                    throw new UncheckedIOException(new IOException("there is no such folder"));
                });
        try (var sample = new SampleRows(folder.resolve("store"));
                var engine = engine(unhad, sample, 8, LONG)) {
            List<CompletableFuture<SqlRows>> asked =
                    List.of(engine.run(statement("SELECT 1")), engine.run(statement("SELECT 2")));
            for (CompletableFuture<SqlRows> each : asked) {
                assertInstanceOf(Problem.Unavailable.class, failure(each));
            }
            assertFalse(lookers.isEmpty());
            assertFalse(lookers.contains(Thread.currentThread()));
        }
    }

    @Test
    void run_statementsOfTwoClients_takeTurns_andOneTooManyIsRefused(@TempDir Path folder) throws Exception {
        var taken = new ConcurrentLinkedQueue<String>();
        try (var sample = new SampleRows(folder.resolve("store"));
                var engine = engine(folder.resolve("sql"), sample, 6, LONG)) {
            var running = engine.run(statement("SELECT count(*) FROM range(100000000) a, range(100000) b"));
            for (int i = 0; i < 1_200 && engine.running() == 0; i++) {
                assertFalse(new CountDownLatch(1).await(50, TimeUnit.MILLISECONDS));
            }
            var ended = new CountDownLatch(5);
            for (String name : List.of("a1", "a2", "a3", "b1", "b2")) {
                var of = new SqlStatement(
                        Principal.ANYBODY, new Owner("", name.substring(0, 1)), "SELECT 1", "", Map.of(), () -> false);
                engine.run(of).whenComplete((rows, failed) -> {
                    taken.add(failed == null ? name : name + " " + failed);
                    if (failed == null) {
                        rows.close();
                    }
                    ended.countDown();
                });
            }
            var refused = List.of(engine.run(statement("SELECT 1")), engine.run(statement("SELECT 1")));
            assertInstanceOf(Problem.Overloaded.class, failure(refused.getLast()));
            running.cancel(false);
            assertTrue(ended.await(120, TimeUnit.SECONDS), taken::toString);
            assertEquals(List.of("a1", "b1", "a2", "b2", "a3"), List.copyOf(taken));
            refused.getFirst().get(60, TimeUnit.SECONDS).close();
        }
    }

    /** Nobody else waits, so a slow download goes on: its time is not the statement's. */
    @Test
    void rows_takenSlowerThanTheTimeout_allCome(@TempDir Path folder) throws Exception {
        try (var sample = new SampleRows(folder.resolve("store"));
                var engine = engine(folder.resolve("sql"), sample, 8, TIMEOUT);
                SqlRows rows = engine.run(statement("SELECT range AS x FROM range(1000000)"))
                        .get(60, TimeUnit.SECONDS)) {
            var slow = new CountDownLatch(1);
            assertFalse(slow.await(TIMEOUT.toMillis() + 500, TimeUnit.MILLISECONDS));
            long counted = 0;
            while (rows.next()) {
                counted += rows.count();
            }
            assertEquals(1_000_000, counted);
        }
    }
}
