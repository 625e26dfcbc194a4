package dev.millrace.query;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.layer.Owner;
import dev.millrace.layer.WorkerPool;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RoundScanTest {
    private static final int ROWS = 150_000;

    @TempDir
    private static Path folder;

    private static final Vertx VERTX = Vertx.vertx();
    private static final WorkerPool POOL = WorkerPool.unwatched(VERTX, "query", 4);
    private static SampleRows sample;

    @BeforeAll
    static void write() {
        sample = new SampleRows(folder, SampleRows.SCHEMA, 65_536);
        for (int i = 0; i < ROWS; i++) {
            sample.write(i % SampleRows.PARTITIONS, SampleRows.usual(i), false);
            if (i % 30 == 0) {
                sample.write(i % SampleRows.PARTITIONS, SampleRows.usual(i / 2), i % 60 == 0);
            }
            if (i % 1000 == 0) {
                sample.publish();
            }
        }
        sample.publish();
    }

    @AfterAll
    static void close() throws Exception {
        sample.close();
        VERTX.close().await(20, TimeUnit.SECONDS);
    }

    private static List<Long> all(RowSource rows) {
        List<Long> found = new ArrayList<>();
        while (rows.next()) {
            add(rows, found);
        }
        assertEquals(0, rows.count());
        return found;
    }

    private static void add(RowSource rows, List<Long> found) {
        for (int i = 0; i < rows.count(); i++) {
            found.add((rows.partition(i) * 1_000_000L + rows.offset(i)) * 10 + rows.skip(i));
        }
    }

    private static RowsQuery query(Map<String, String> filters) {
        return QueryParser.where(new Shape(SampleRows.SCHEMA), filters);
    }

    @Test
    void next_onThreadsOfAPool_givesWhatAScanGives_inItsOrder() throws Exception {
        try (Reading reading = new StoredView("d.p", sample.store()).open()) {
            for (Map<String, String> filters :
                    List.<Map<String, String>>of(Map.of(), Map.of("limit", "3"), Map.of("origin", "none"))) {
                List<Long> expected = all(reading.scan(query(filters).whole()));
                Set<Thread> threads = ConcurrentHashMap.newKeySet();
                RowSource many = reading.scanByMany(query(filters), () -> {
                    threads.add(Thread.currentThread());
                    return Narrowing.NONE;
                });
                assertInstanceOf(RoundScan.class, many);
                List<Long> found = new ArrayList<>();
                POOL.<Boolean>run(new Owner("d", "c"), over -> {
                            while (many.next()) {
                                add(many, found);
                                if (over.getAsBoolean()) {
                                    return Optional.empty();
                                }
                            }
                            return Optional.of(true);
                        })
                        .await(60, TimeUnit.SECONDS);
                assertEquals(expected, found, filters::toString);
                assertEquals(expected, all(reading.scanByMany(query(filters), () -> Narrowing.NONE)), "on no pool");
                many.close();
            }
        }
    }

    @Test
    void next_whereOtherThreadsHaveTime_isHelpedByThem() throws Exception {
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        for (int tries = 0; tries < 50 && threads.size() < 2; tries++) {
            try (Reading reading = new StoredView("d.p", sample.store()).open()) {
                POOL.run(
                                new Owner("d", "c"),
                                () -> all(reading.scanByMany(query(Map.of("limit", "3")), () -> {
                                    threads.add(Thread.currentThread());
                                    return Narrowing.NONE;
                                })))
                        .await(60, TimeUnit.SECONDS);
            }
        }
        assertTrue(threads.size() > 1);
    }

    @Test
    void next_whereAThreadFails_failsWithIt() throws Exception {
        var failure = new IllegalStateException("a part");
        try (Reading reading = new StoredView("d.p", sample.store()).open()) {
            RowSource many = reading.scanByMany(query(Map.of()), () -> {
                throw failure;
            });
            assertSame(
                    failure,
                    assertThrows(
                            IllegalStateException.class,
                            () -> POOL.run(new Owner("d", "c"), () -> all(many)).await(60, TimeUnit.SECONDS)));
        }
    }
}
