package dev.millrace.query;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.Batch;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.store.Snapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DuckDbEngineTest {
    private static final int SPOOL = 100_000;

    private static final String ENDLESS =
            "SELECT count(*) FROM $rows, range(100000000) a, range(100000000) b WHERE a.range % 7 = b.range % 3";

    @TempDir
    private Path folder;

    private static DuckDbEngine.StoredFile parquet(SampleRows sample, DuckDbEngine engine, BooleanSupplier stop) {
        try (Snapshot snapshot = sample.store().snapshot();
                var rows = new RowsScan(snapshot, query())) {
            return engine.parquet(rows, SampleRows.SCHEMA.columns().subList(0, 9), Long.MAX_VALUE, stop);
        }
    }

    static DuckDbEngine engine(Path folder) {
        return new DuckDbEngine(new DuckDbEngine.Limits(folder.resolve("duckdb"), 256 << 20, 1, 10, SPOOL));
    }

    static RowsQuery query() {
        return new QueryParser(
                        "d.p", new Shape(SampleRows.SCHEMA), 0, QueryParser.Limits.USUAL, new CursorCodec(new byte[16]))
                .parse(List.of());
    }

    static void assertAnswers(SampleRows sample, DuckDbEngine engine) {
        assertTrue(DuckDbEngine.delete(parquet(sample, engine, () -> false).path()));
    }

    static List<Path> files(Path folder) throws IOException {
        try (var files = Files.list(folder.resolve("duckdb"))) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    /** What others take of the folder counts: with as much as it may have a file is begun, with a byte more none is. */
    @Test
    void parquet_whileTheFolderIsFull_isRefused_andLeavesNothing() throws IOException {
        try (var sample = new SampleRows(folder.resolve("store"));
                var engine = engine(folder)) {
            sample.writeUsual(0, 100);
            Path other = folder.resolve("duckdb").resolve("other.parquet");
            for (int taken : new int[] {SPOOL - 1, SPOOL}) {
                Files.write(other, new byte[taken]);
                assertAnswers(sample, engine);
            }
            Files.write(other, new byte[SPOOL + 1]);
            var full = assertThrows(ProblemException.class, () -> parquet(sample, engine, () -> false));
            assertInstanceOf(Problem.Unavailable.class, full.problem());
            assertEquals(List.of(other), files(folder));
        }
    }

    @Test
    void question_thatNobodyWaitsFor_ends_andTheNextIsAnswered() throws IOException {
        try (var sample = new SampleRows(folder.resolve("store"));
                var engine = engine(folder)) {
            sample.writeUsual(0, 20_000);
            for (int wanted : new int[] {0, 3}) {
                var looks = new AtomicInteger();
                assertThrows(
                        ProblemException.class, () -> parquet(sample, engine, () -> looks.getAndIncrement() >= wanted));
                assertEquals(wanted + 1, looks.get(), "it ended at the first look that said so");
                assertEquals(List.of(), files(folder));
            }
            assertAnswers(sample, engine);
        }
    }

    /** Once all rows are read, DuckDB asks for nothing any more, and goes on alone. */
    @Test
    @Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void statement_thatHasReadItsRows_andThatNobodyWaitsFor_isCancelled() throws Exception {
        try (var sample = new SampleRows(folder.resolve("store"));
                var engine = engine(folder)) {
            sample.writeUsual(0, 10);
            try (Snapshot snapshot = sample.store().snapshot();
                    var scan = new RowsScan(snapshot, query())) {
                var read = new AtomicBoolean();
                var failed = failure(engine, scan, read, read::get);
                while (!failed.isDone()) {
                    engine.cancelUnwanted();
                    Thread.onSpinWait();
                }
                assertTrue(read.get());
                assertInstanceOf(Problem.Unavailable.class, failed.get().problem());
            }
            assertAnswers(sample, engine);
        }
    }

    @Test
    @Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void close_whileAStatementIsUnderWay_endsIt_andNoOtherBegins() throws Exception {
        try (var sample = new SampleRows(folder.resolve("store"))) {
            sample.writeUsual(0, 10);
            DuckDbEngine engine = engine(folder);
            try (Snapshot snapshot = sample.store().snapshot();
                    var scan = new RowsScan(snapshot, query())) {
                var read = new AtomicBoolean();
                var failed = failure(engine, scan, read, () -> false);
                while (!read.get()) {
                    Thread.onSpinWait();
                }
                engine.close();
                assertInstanceOf(Problem.Unavailable.class, failed.get().problem());
            }
            assertThrows(ProblemException.class, () -> parquet(sample, engine, () -> false));
        }
    }

    /** The statement left behind holds the old database until it ends; others are answered by the new one. */
    @Test
    @Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void renew_whileAStatementHangs_answersOthers_andTheOldOneEndsWhenItMay() throws Exception {
        try (var sample = new SampleRows(folder.resolve("store"));
                var engine = engine(folder)) {
            sample.writeUsual(0, 10);
            try (Snapshot snapshot = sample.store().snapshot();
                    var scan = new RowsScan(snapshot, query())) {
                var hangs = new CountDownLatch(1);
                var goOn = new CountDownLatch(1);
                var hanging = CompletableFuture.supplyAsync(
                        () -> engine.parquet(scan, SampleRows.SCHEMA.columns().subList(0, 9), Long.MAX_VALUE, () -> {
                            hangs.countDown();
                            try {
                                goOn.await();
                            } catch (InterruptedException interrupted) {
                                Thread.currentThread().interrupt();
                            }
                            return false;
                        }),
                        task -> Thread.ofPlatform().start(task));
                hangs.await();
                engine.renew();
                assertAnswers(sample, engine);
                goOn.countDown();
                assertTrue(DuckDbEngine.delete(hanging.get().path()));
            }
            assertAnswers(sample, engine);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "IO Error: Could not write file \"/d/a.parquet\": No space left on device",
                "IO Error: Could not write to file \"/d/temp-0/duckdb_temp_storage_DEFAULT-0.tmp\": Disk quota exceeded",
                "IO Error: Could not write file \"/d/a.parquet\": File too large"
            })
    void failed_ofAFullDisk_isUnavailable_andSaysSo(String message) {
        var problem = assertInstanceOf(ProblemException.class, DuckDbEngine.failed(new SQLException(message)))
                .problem();
        assertEquals(503, problem.status().http());
        assertTrue(problem.detail().contains("no room on the server's disk"), problem::detail);
    }

    private static CompletableFuture<ProblemException> failure(
            DuckDbEngine engine, RowsScan scan, AtomicBoolean read, BooleanSupplier stop) {
        return CompletableFuture.supplyAsync(
                () -> assertThrows(
                        ProblemException.class,
                        () -> engine.ask(
                                new UntilRead(scan, read), List.of(), stop, ENDLESS, result -> result.nextChunk())),
                task -> Thread.ofPlatform().start(task));
    }

    /** Rows that say when they were all read. */
    private record UntilRead(RowsScan rows, AtomicBoolean read) implements RowSource {
        @Override
        public boolean next() {
            boolean more = rows.next();
            read.set(!more);
            return more;
        }

        @Override
        public Batch batch() {
            return rows.batch();
        }

        @Override
        public int[] selection() {
            return rows.selection();
        }

        @Override
        public int count() {
            return rows.count();
        }
    }
}
