package dev.millrace.query;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.store.StoreSchema;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first rows of a sort, of which most are passed over, are those of the same sort that keeps every row. */
class SortedRowsTest {
    private static final int ROWS = 9_000;
    private static final List<Double> EDGES = List.of(
            0.0,
            -0.0,
            Double.NaN,
            Double.NEGATIVE_INFINITY,
            Double.POSITIVE_INFINITY,
            Double.MIN_VALUE,
            -Double.MIN_VALUE,
            Double.MAX_VALUE);

    private static SampleRows.Row row(int i, Random random) {
        boolean none = random.nextInt(9) == 0;
        double speed = random.nextInt(50) == 0
                ? EDGES.get(random.nextInt(EDGES.size()))
                : random.nextInt(3) == 0 ? random.nextInt(20) : random.nextGaussian();
        return new SampleRows.Row(
                "id-" + random.nextInt(1_000_000) + "-" + i,
                random.nextInt(5) == 0 ? null : SampleRows.ORIGINS.get(random.nextInt(SampleRows.ORIGINS.size())),
                none ? null : random.nextInt(),
                none ? null : random.nextLong(),
                random.nextInt(20) == 0 ? null : speed,
                none ? null : BigDecimal.valueOf(random.nextLong() / 10, 2),
                LocalDate.ofEpochDay(random.nextInt(20_000) - 10_000),
                Instant.ofEpochMilli(random.nextLong() >> 20),
                random.nextInt(3) == 0 ? null : random.nextBoolean(),
                random.nextInt(4) != 0,
                random.nextInt(4) == 0 ? null : speed);
    }

    private static List<List<Long>> sorted(SampleRows sample, ColumnLayout column, boolean descending, int limit) {
        var shape = new Shape(sample.store().schema());
        var query = new RowsQuery(
                shape.columns(),
                Filter.ALL,
                Grouping.NONE,
                List.of(new SortKey(column, descending)),
                limit,
                true,
                new Start.Now());
        List<List<Long>> found = new ArrayList<>();
        try (Reading reading = new StoredView("d.p", sample.store()).open();
                var rows = new SortedRows(reading, shape, query, sample.allocator())) {
            while (rows.next()) {
                for (int i = 0; i < rows.count(); i++) {
                    found.add(List.of((long) rows.partition(i), rows.offset(i)));
                }
            }
        }
        return found;
    }

    @Test
    void next_ofAnyKindAndDirection_givesTheFirstRowsOfTheWholeOrder(@TempDir Path folder) {
        long seed = new Random().nextLong();
        for (StoreSchema schema : List.of(SampleRows.SCHEMA, SampleRows.ENCODED)) {
            var random = new Random(seed);
            try (var sample = new SampleRows(folder.resolve(Integer.toString(schema.hashCode())), schema)) {
                for (int i = 0; i < ROWS; i++) {
                    sample.write(i % SampleRows.PARTITIONS, row(i, random), false);
                }
                sample.publish();
                List<String> columns = List.of(
                        "id", "origin", "delay", "limit", "speed", "price", "day", "at", "ok", "properties.mag");
                for (String name : columns) {
                    ColumnLayout column = new Shape(schema).find(name).orElseThrow();
                    for (boolean descending : new boolean[] {false, true}) {
                        List<List<Long>> all = sorted(sample, column, descending, ROWS);
                        assertEquals(ROWS, all.size());
                        for (int limit : new int[] {1, 7, 500, ROWS - 600}) {
                            assertEquals(
                                    all.subList(0, limit + 1),
                                    sorted(sample, column, descending, limit),
                                    () -> "seed " + seed + ": " + name + " " + descending + " " + limit);
                        }
                    }
                }
            }
        }
    }
}
