package dev.millrace.query;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.store.Snapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DuckDbEngineTest {
    private static final int SPOOL = 100_000;

    @TempDir
    private Path folder;

    private static DuckDbEngine.ParquetFile parquet(SampleRows sample, DuckDbEngine engine, BooleanSupplier stop) {
        try (Snapshot snapshot = sample.store().snapshot();
                var rows = new RowsScan(snapshot, query())) {
            return engine.parquet(rows, SampleRows.SCHEMA.columns().subList(0, 9), Long.MAX_VALUE, stop);
        }
    }

    private static RowsQuery query() {
        return new QueryParser("d.p", SampleRows.SCHEMA, QueryParser.Limits.USUAL, new CursorCodec(new byte[16]))
                .parse(List.of());
    }

    private List<Path> files() throws IOException {
        try (var files = Files.list(folder.resolve("duckdb"))) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    /** What others take of the folder counts: with as much as it may have a file is begun, with a byte more none is. */
    @Test
    void parquet_whileTheFolderIsFull_isRefused_andLeavesNothing() throws IOException {
        try (var sample = new SampleRows(folder.resolve("store"));
                var engine =
                        new DuckDbEngine(new DuckDbEngine.Limits(folder.resolve("duckdb"), 256 << 20, 1, 10, SPOOL))) {
            sample.writeUsual(0, 100);
            Path other = folder.resolve("duckdb").resolve("other.parquet");
            for (int taken : new int[] {SPOOL - 1, SPOOL}) {
                Files.write(other, new byte[taken]);
                assertTrue(
                        DuckDbEngine.delete(parquet(sample, engine, () -> false).path()));
            }
            Files.write(other, new byte[SPOOL + 1]);
            var full = assertThrows(ProblemException.class, () -> parquet(sample, engine, () -> false));
            assertInstanceOf(Problem.Unavailable.class, full.problem());
            assertEquals(List.of(other), files());
        }
    }

    @Test
    void question_thatNobodyWaitsFor_ends_andTheNextIsAnswered() throws IOException {
        try (var sample = new SampleRows(folder.resolve("store"));
                var engine =
                        new DuckDbEngine(new DuckDbEngine.Limits(folder.resolve("duckdb"), 256 << 20, 1, 10, SPOOL))) {
            sample.writeUsual(0, 20_000);
            for (int wanted : new int[] {0, 3}) {
                var looks = new AtomicInteger();
                assertThrows(
                        ProblemException.class, () -> parquet(sample, engine, () -> looks.getAndIncrement() >= wanted));
                assertEquals(wanted + 1, looks.get(), "it ended at the first look that said so");
                assertEquals(List.of(), files());
            }
            assertTrue(DuckDbEngine.delete(parquet(sample, engine, () -> false).path()));
        }
    }
}
