package dev.millrace.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.contract.QualityRule.Operator;
import dev.millrace.quality.RuleResult.Status;
import dev.millrace.query.SampleRows;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProductQualityTest {
    private static final long PLENTY = Duration.ofMinutes(1).toNanos();
    private static final long START = Instant.parse("2026-01-01T00:00:00Z").toEpochMilli();

    @TempDir
    Path folder;

    private SampleRows sample;

    @BeforeEach
    void open() {
        sample = new SampleRows(folder.resolve("data"));
    }

    @AfterEach
    void close() {
        sample.close();
    }

    private static SampleRows.Row row(String id, @Nullable String origin, long limit, Instant at) {
        return new SampleRows.Row(id, origin, 1, limit, 1.0, BigDecimal.ONE, LocalDate.EPOCH, at, true, true, null);
    }

    private ProductQuality quality(String levels, String onObject, String... byColumn) {
        return new ProductQuality(
                SampleRows.SCHEMA, Asked.of(levels, onObject, byColumn), Optional.of(folder.resolve("quality")));
    }

    private QualityReport report(ProductQuality quality) {
        return quality.report(sample.store()::snapshot, PLENTY, START);
    }

    /** 200 rows, of which each metric counts 20. */
    private void writeTwenties() {
        for (int i = 0; i < 200; i++) {
            String origin = i < 20 ? null : i < 40 ? "N/A" : i < 60 ? "xx" : "SFO";
            sample.write(i % 2, row("id" + i, origin, i < 180 ? i : 0, Instant.EPOCH), false);
        }
        sample.publish();
    }

    @Test
    void rules_everyMetricOperatorAndUnit_belowAtAndAbove() {
        writeTwenties();
        Map<String, String> metrics = Map.of(
                "origin=metric: nullValues", "20",
                "origin=metric: missingValues, arguments: {missingValues: ['N/A', 17]}", "20",
                "origin=metric: missingValues, arguments: {missingValues: ['N/A', null]}", "40",
                "origin=metric: invalidValues, arguments: {validValues: [SFO, 'N/A']}", "20",
                "origin=metric: invalidValues, arguments: {pattern: '^[A-Z/]+$'}", "20",
                "limit=metric: invalidValues, arguments: {validValues: [0]}", "179",
                "limit=metric: duplicateValues", "20",
                "object=metric: duplicateValues, arguments: {properties: [id]}", "0",
                "object=metric: rowCount", "200");
        int checked = 0;
        for (var metric : metrics.entrySet()) {
            String[] place = metric.getKey().split("=", 2);
            int count = Integer.parseInt(metric.getValue());
            for (String unit : place[1].contains("rowCount") ? List.of("rows") : List.of("rows", "percent")) {
                BigDecimal value = unit.equals("rows") ? BigDecimal.valueOf(count) : BigDecimal.valueOf(count / 2.0);
                for (int step = -1; step <= 1; step++) {
                    BigDecimal bound = value.add(BigDecimal.valueOf(step, 1));
                    StringBuilder rules = new StringBuilder();
                    List<Boolean> expected = new ArrayList<>();
                    for (Operator operator : Operator.values()) {
                        boolean two = operator.name().endsWith("BETWEEN");
                        rules.append("{" + place[1] + ", unit: " + unit + ", " + operator.text() + ": "
                                + (two ? "[" + bound.subtract(BigDecimal.TWO) + ", " + bound + "]" : bound) + "},");
                        expected.add(
                                switch (operator) {
                                    case MUST_BE -> step == 0;
                                    case MUST_NOT_BE -> step != 0;
                                    case MUST_BE_GREATER_THAN -> step < 0;
                                    case MUST_BE_GREATER_OR_EQUAL_TO -> step <= 0;
                                    case MUST_BE_LESS_THAN -> step > 0;
                                    case MUST_BE_LESS_OR_EQUAL_TO -> step >= 0;
                                    case MUST_BE_BETWEEN -> step >= 0;
                                    case MUST_NOT_BE_BETWEEN -> step < 0;
                                });
                    }
                    List<RuleResult> results = report(
                                    place[0].equals("object")
                                            ? quality("", rules.toString())
                                            : quality("", "", place[0] + "=" + rules))
                            .results();
                    results.forEach(result ->
                            assertEquals(0, value.compareTo(result.value().orElseThrow()), result.toString()));
                    assertEquals(
                            expected,
                            results.stream()
                                    .map(result -> result.status() == Status.PASSED)
                                    .toList(),
                            rules.toString());
                    assertTrue(results.stream().noneMatch(result -> result.status() == Status.NOT_EVALUATED));
                    checked += results.size();
                }
            }
        }
        assertEquals(17 * 8 * 3, checked);
    }

    @Test
    void rules_thatCannotBeMeasured_sayWhy() {
        writeTwenties();
        QualityReport report = report(quality(
                "{property: latency, value: 1, unit: h, element: origin}, {property: frequency, value: 1, unit: h}",
                "{type: sql, query: select 1}",
                "nowhere={metric: nullValues, mustBe: 0}",
                "at={metric: invalidValues, arguments: {validValues: [x]}, mustBe: 0}",
                "limit={metric: invalidValues, arguments: {pattern: x}, mustBe: 0}"));
        assertEquals(6, report.count(Status.NOT_EVALUATED));
        report.results().forEach(result -> assertFalse(result.detail().isEmpty()));
    }

    @Test
    void rules_beyondTheMost_areNotMeasured() {
        writeTwenties();
        String rule = "{metric: nullValues, mustBe: 20},";
        for (int more = -1; more <= 1; more++) {
            QualityReport report = report(quality("", "", "origin=" + rule.repeat(Plan.MAX_COUNTERS + more)));
            assertEquals(Math.max(0, more), report.count(Status.NOT_EVALUATED));
            assertEquals(Plan.MAX_COUNTERS + Math.min(0, more), report.count(Status.PASSED));
        }
        String duplicates = "{metric: duplicateValues, mustBe: 20},";
        QualityReport report = report(quality("", "", "limit=" + duplicates.repeat(Plan.MAX_SETS + 1)));
        assertEquals(1, report.count(Status.NOT_EVALUATED));
        assertEquals(Plan.MAX_SETS, report.count(Status.PASSED));
    }

    @Test
    void serviceLevels_fromEventTime_belowAtAndAbove() {
        // Offsets 0 to 99 of partition 0: the record's timestamp is 1,700,000,000,000 + offset.
        long arrival = 1_700_000_000_000L;
        for (int i = 0; i < 100; i++) {
            long event = arrival + i - (i == 7 ? 3_600_001 : 3_600_000);
            sample.write(0, row("id" + i, "SFO", i, Instant.ofEpochMilli(event)), false);
        }
        sample.publish();
        String levels = "{property: latency, value: 1, unit: h, element: rows.at},"
                + "{property: frequency, value: 4, unit: ms, element: at},"
                + "{property: freshness, value: 2, unit: h, element: at}";
        ProductQuality quality = quality(levels, "");
        long newest = arrival + 99 - 3_600_000;
        for (long late = -1; late <= 1; late++) {
            QualityReport report = quality.report(sample.store()::snapshot, PLENTY, newest + 7_200_000 + late);
            assertEquals("at", report.eventTime());
            assertEquals(Status.PASSED, report.results().get(0).status());
            assertEquals(1, report.results().get(0).value().orElseThrow().intValueExact());
            assertEquals(Status.PASSED, report.results().get(1).status());
            assertEquals(
                    late > 0 ? Status.FAILED : Status.PASSED,
                    report.results().get(2).status());
        }
        sample.write(0, row("late", "SFO", 0, Instant.ofEpochMilli(newest - 7_200_000)), false);
        sample.write(0, row("gap", "SFO", 0, Instant.ofEpochMilli(newest + 5)), false);
        sample.publish();
        QualityReport after = report(quality);
        assertEquals(Status.FAILED, after.results().get(0).status());
        assertEquals(Status.FAILED, after.results().get(1).status());
        List<QualityReport.Window> windows = after.windows();
        assertEquals(
                102,
                windows.stream()
                        .filter(each -> each.widthMillis() == 3_600_000)
                        .mapToLong(each -> each.part().rows())
                        .sum());
        assertEquals(1, windows.getFirst().part().rows());
        assertEquals(
                Status.FAILED, windows.getFirst().part().results().getFirst().status());
    }

    @Test
    void report_withDeletesAndSupersededRows_countsRecordsAsTheyCame() {
        sample.write(0, row("a", "SFO", 1, Instant.EPOCH), false);
        sample.write(0, row("a", "LAX", 2, Instant.EPOCH), false);
        sample.write(0, new SampleRows.Row("a", null, null, null, null, null, null, null, null, false, null), true);
        sample.publish();
        QualityReport report = report(quality("", "", "origin={metric: nullValues, mustBe: 0}"));
        assertEquals(2, report.rows());
        assertEquals(1, report.deletes());
        assertEquals(1, report.count(Status.PASSED));
        QualityReport.Statistics ids = report.columns().getFirst();
        assertEquals("id", ids.column());
        assertEquals(1, ids.distinct());
    }

    @Test
    void decimals_ofBothSigns_areNumbersAndCanBeListed() {
        for (String price : List.of("-0.01", "-999.99", "0.00", "123456789012345678.90", "-123456789012345678.90")) {
            SampleRows.Row row = row(price, "SFO", 1, Instant.EPOCH);
            sample.write(
                    0,
                    new SampleRows.Row(
                            row.id(),
                            "SFO",
                            1,
                            1L,
                            1.0,
                            new BigDecimal(price),
                            LocalDate.EPOCH,
                            row.at(),
                            true,
                            true,
                            0.0),
                    false);
        }
        sample.publish();
        QualityReport report = report(
                quality(
                        "",
                        "",
                        "price={metric: invalidValues, arguments: {validValues: [-0.01, 0, 123456789012345678.9]}, mustBe: 2}"));
        assertEquals(1, report.count(Status.PASSED), report.results().toString());
        Map<String, Object> prices = report.columns().get(5).quantiles();
        assertEquals(-123456789012345678.90, number(prices, "min"), 64);
        assertEquals(-999.99, number(prices, "p25"), 1e-9);
        assertEquals(-0.01, number(prices, "p50"), 1e-9);
    }

    @Test
    void report_stepByStep_comesToTheSame() {
        sample.writeUsual(0, 14_000);
        ProductQuality slow = quality("", "", "origin={metric: nullValues, mustBe: 0}");
        int steps = 0;
        QualityReport report;
        do {
            report = slow.report(sample.store()::snapshot, 0, START);
            steps++;
        } while (!report.position().equals(sample.store().position()));
        assertTrue(steps > 2, steps + " steps");
        assertEquals(14_000, report.rows());
        assertEquals(
                14_000 / 11 + 1,
                report.results().getFirst().value().orElseThrow().intValueExact());
        sample.writeUsual(14_000, 14_100);
        assertEquals(14_100, report(slow).rows());
    }

    @Test
    void states_ofWholeSegments_surviveARestartAndAreMadeAnewWhenBroken() throws IOException {
        sample.writeUsual(0, 12_000);
        String rule = "origin={metric: nullValues, mustBe: 0}";
        QualityReport first = report(quality("", "", rule));
        Path states = folder.resolve("quality");
        List<Path> files = files(states);
        assertEquals(2, files.size());
        Path stale = Files.writeString(states.resolve("p0-9-9-1"), "of a segment that is no more");
        QualityReport again = report(quality("", "", rule));
        assertEquals(first.rows(), again.rows());
        assertEquals(first.results(), again.results());
        assertFalse(Files.exists(stale));

        byte[] good = Files.readAllBytes(files.getFirst());
        // An empty state in the file's place shows that the file is what counts.
        Files.write(files.getFirst(), new State(new Plan(SampleRows.SCHEMA, Asked.of("", "", rule))).toBytes());
        assertEquals(7_000, report(quality("", "", rule)).rows());
        List<byte[]> broken =
                new ArrayList<>(List.of(new byte[0], new byte[8], java.util.Arrays.copyOf(good, good.length - 1)));
        for (int at : List.of(0, 9, good.length / 2, good.length - 1)) {
            byte[] flipped = good.clone();
            flipped[at] ^= 1;
            broken.add(flipped);
        }
        for (byte[] bytes : broken) {
            Files.write(files.getFirst(), bytes);
            assertEquals(first.results(), report(quality("", "", rule)).results());
            assertEquals(good.length, Files.size(files.getFirst()));
        }
        QualityReport other = report(quality(
                "",
                "",
                "origin={metric: nullValues, mustBeGreaterThan: 0}, {metric: duplicateValues, mustBeGreaterThan: 1}"));
        assertEquals(12_000, other.rows());
        assertEquals(2, other.count(Status.PASSED));
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    @Test
    void sketches_of100000Rows_keepTheirBounds() {
        sample.writeUsual(0, 100_000);
        QualityReport report = report(quality(
                "",
                "{metric: duplicateValues, arguments: {properties: [id]}, mustBe: 0},"
                        + "{metric: duplicateValues, arguments: {properties: [origin, limit]}, mustBeLessThan: 10},"
                        + "{metric: duplicateValues, arguments: {properties: [delay]}, mustBeGreaterThan: 80000}"));
        RuleResult ids = report.results().get(0);
        assertTrue(
                ids.low().orElseThrow().signum() == 0
                        && ids.high().orElseThrow().intValueExact() < 2_000,
                ids.toString());
        assertFalse(ids.status() == Status.FAILED, ids.toString());
        assertEquals(Status.FAILED, report.results().get(1).status());
        assertEquals(Status.PASSED, report.results().get(2).status());
        for (QualityReport.Statistics column : report.columns()) {
            long distinct = switch (column.column()) {
                case "id", "price", "at" -> 100_000;
                case "origin" -> 3;
                case "delay" -> 200;
                case "limit" -> 10;
                case "speed" -> 80_000;
                case "day" -> 100;
                case "ok" -> 2;
                case "properties.mag" -> 9;
                default -> throw new AssertionError(column.column());
            };
            assertTrue(column.low() <= distinct && distinct <= column.high(), column.toString());
            assertEquals(distinct, column.distinct(), Math.max(0.5, distinct * 0.05));
        }
        Map<String, Object> prices = report.columns().get(5).quantiles();
        assertEquals(0.0, prices.get("min"));
        assertEquals(999.99, number(prices, "max"), 1e-9);
        assertEquals(500, number(prices, "p50"), 17);
        assertEquals(990, number(prices, "p99"), 17);
        assertEquals("2000-02-13T00:00:00Z", report.columns().get(6).quantiles().get("min"));
        assertEquals("2001-09-09T01:46:40Z", report.columns().get(7).quantiles().get("min"));
    }

    private static double number(Map<String, Object> quantiles, String name) {
        return (double) Objects.requireNonNull(quantiles.get(name));
    }
}
