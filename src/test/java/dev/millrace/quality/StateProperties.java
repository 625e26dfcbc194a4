package dev.millrace.quality;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.Folders;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.query.SampleRows;
import dev.millrace.store.Slice;
import dev.millrace.store.Snapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.DoublePredicate;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** The states of parts, merged in any order, are the state of the whole. */
class StateProperties {
    private static final int ROWS = 4_000;
    private static final double RANK_ERROR = 0.03; // stated is 0.017 with a confidence of 99 %
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
        List<Exact> exact = plan.columns().stream().map(column -> new Exact()).toList();
        try (Snapshot snapshot = OPEN.getFirst().store().snapshot()) {
            for (int partition = 0; partition < snapshot.partitions(); partition++) {
                for (Slice slice : snapshot.slices(partition)) {
                    for (int column = 0; column < exact.size(); column++) {
                        exact.get(column).add(plan.columns().get(column), slice);
                    }
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
        assertEquals(48, whole.windows().getFirst().tallies().size());
        assertEquals(whole.set(0).getEstimate(), merged.set(0).getEstimate());
        for (int column = 0; column < plan.columns().size(); column++) {
            assertEquals(whole.nulls(column), merged.nulls(column));
            assertEquals(
                    exact.get(column).distinct.size(),
                    merged.distinct(column).getEstimate(),
                    exact.get(column).error());
            var quantiles = merged.quantiles(column);
            if (!quantiles.isEmpty()) {
                assertEquals(whole.quantiles(column).getN(), quantiles.getN());
                assertEquals(whole.quantiles(column).getMaxItem(), quantiles.getMaxItem());
                double[] sorted = exact.get(column).sorted();
                assertEquals(sorted.length, quantiles.getN());
                for (double rank : new double[] {0.05, 0.25, 0.5, 0.75, 0.95}) {
                    double value = quantiles.getQuantile(rank);
                    // Equal values have a range of ranks; the one asked for is within the error of it.
                    double least = share(sorted, number -> number < value) - RANK_ERROR;
                    double most = share(sorted, number -> number <= value) + RANK_ERROR;
                    assertTrue(
                            least <= rank && rank <= most, () -> rank + " is " + value + " of " + least + "-" + most);
                }
            }
        }
    }

    private static double share(double[] values, DoublePredicate which) {
        return Arrays.stream(values).filter(which).count() / (double) values.length;
    }

    /** A column's values themselves, against which the sketches are held. */
    private static final class Exact {
        private final Set<Long> distinct = new HashSet<>();
        private final List<Double> numbers = new ArrayList<>();

        void add(ColumnLayout layout, Slice slice) {
            Column column = slice.batch().column(layout.path());
            Optional<Values.Number> number = Values.number(layout);
            for (int row = 0; row < slice.rows(); row++) {
                if (!column.isNull(row)) {
                    distinct.add(column.hash(row));
                    int at = row;
                    number.ifPresent(each -> numbers.add(each.of(column, at)));
                }
            }
        }

        /** Three times the error that {@link State} states. */
        double error() {
            return Math.max(0.5, distinct.size() * 3 * 0.016);
        }

        double[] sorted() {
            return numbers.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        }
    }
}
