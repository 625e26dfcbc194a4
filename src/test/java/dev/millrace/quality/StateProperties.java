package dev.millrace.quality;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.Folders;
import dev.millrace.query.SampleRows;
import dev.millrace.store.Slice;
import dev.millrace.store.Snapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** The states of parts, merged in any order, are the state of the whole. */
class StateProperties {
    private static final int ROWS = 4_000;
    private static final List<SampleRows> OPEN = new ArrayList<>();
    private static final List<Path> FOLDERS = new ArrayList<>();

    @BeforeContainer
    static void open() throws IOException {
        Path folder = Files.createTempDirectory("quality");
        var sample = new SampleRows(folder);
        var random = new Random(7);
        for (int i = 0; i < ROWS; i++) {
            SampleRows.Row usual = SampleRows.usual(random.nextInt(ROWS));
            long spread = random.nextInt(100) * 3_600_000L * (random.nextInt(50) == 0 ? 40 : 1);
            sample.write(
                    i % 2,
                    new SampleRows.Row(
                            usual.id(),
                            usual.origin(),
                            usual.delay(),
                            usual.limit(),
                            usual.speed(),
                            usual.price(),
                            usual.day(),
                            i % 17 == 0 ? null : java.time.Instant.ofEpochMilli(1_000_000_000_000L + spread),
                            usual.ok(),
                            usual.properties(),
                            usual.mag()),
                    false);
        }
        sample.publish();
        OPEN.add(sample);
        FOLDERS.add(folder);
    }

    @AfterContainer
    static void close() throws IOException {
        OPEN.forEach(SampleRows::close);
        OPEN.clear();
        for (Path folder : FOLDERS) {
            Folders.delete(folder);
        }
        FOLDERS.clear();
    }

    @Property(tries = 40)
    void merge_ofAnyParts_isTheWhole(@ForAll Random random) {
        var plan = new Plan(
                SampleRows.SCHEMA,
                Asked.of(
                        "{property: latency, value: 30, unit: y, element: at}, {property: frequency, value: 3, unit: h, element: at}",
                        "{metric: duplicateValues, arguments: {properties: [id]}, mustBe: 0}",
                        "origin={metric: nullValues, mustBe: 0}, {metric: invalidValues, arguments: {pattern: '^S'}, mustBe: 0}",
                        "limit={metric: missingValues, arguments: {missingValues: [3, null]}, mustBe: 0}"));
        var whole = new State(plan);
        List<State> parts = new ArrayList<>();
        try (Snapshot snapshot = OPEN.getFirst().store().snapshot()) {
            for (int partition = 0; partition < snapshot.partitions(); partition++) {
                for (Slice slice : snapshot.slices(partition)) {
                    whole.add(slice.batch(), 0, slice.rows());
                    for (int from = 0; from < slice.rows(); ) {
                        int to = Math.min(slice.rows(), from + 1 + random.nextInt(900));
                        var part = new State(plan);
                        part.add(slice.batch(), from, to);
                        parts.add(
                                random.nextBoolean()
                                        ? part
                                        : State.parse(plan, part.toBytes()).orElseThrow());
                        from = to;
                    }
                }
            }
        }
        Collections.shuffle(parts, random);
        while (parts.size() > 1) {
            State merged = parts.removeFirst().merge(parts.removeLast());
            parts.add(random.nextInt(parts.size() + 1), merged);
        }
        State merged = parts.getFirst();
        assertArrayEquals(whole.all().cells(), merged.all().cells());
        assertEquals(ROWS, merged.all().rows());
        for (int i = 0; i < whole.windows().size(); i++) {
            var expected = whole.windows().get(i).tallies();
            var actual = merged.windows().get(i).tallies();
            assertEquals(expected.keySet(), actual.keySet());
            expected.forEach((key, tally) -> assertArrayEquals(
                    tally.cells(), Objects.requireNonNull(actual.get(key)).cells()));
            assertEquals(
                    whole.windows().get(i).longestGapMillis(),
                    merged.windows().get(i).longestGapMillis());
        }
        assertTrue(whole.windows().getFirst().tallies().size() == 48);
        assertEquals(whole.set(0).getEstimate(), merged.set(0).getEstimate());
        for (int column = 0; column < plan.columns().size(); column++) {
            assertEquals(whole.nulls(column), merged.nulls(column));
            double distinct = whole.distinct(column).getEstimate();
            assertEquals(distinct, merged.distinct(column).getEstimate(), Math.max(0.5, distinct * 0.05));
            var quantiles = merged.quantiles(column);
            if (!quantiles.isEmpty()) {
                assertEquals(whole.quantiles(column).getN(), quantiles.getN());
                assertEquals(whole.quantiles(column).getMaxItem(), quantiles.getMaxItem());
                double median = quantiles.getQuantile(0.5);
                assertTrue(whole.quantiles(column)
                                .getRankUpperBound(whole.quantiles(column).getRank(median))
                        >= 0.46);
            }
        }
    }
}
