package dev.millrace.query;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.Column;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.store.Snapshot;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAdjusters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BinaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Groups against a naive evaluation in plain Java. */
class GroupedRowsProperties {
    private final CursorCodec cursors = new CursorCodec("0123456789abcdef".getBytes(UTF_8));

    private static final List<String> KEYS =
            List.of("origin", "delay", "limit", "speed", "price", "day", "at", "ok", "properties.mag");

    @Property(tries = 60)
    void groups_anyColumnsFunctionsAndFilters_areThoseOfTheNaiveEvaluation(@ForAll long seed) {
        RowsScanProperties.inSample(seed & ~1, (folder, sample) -> {
            var random = new Random(seed);
            var model = new LinkedHashMap<String, SampleRows.Row>();
            RowsScanProperties.fill(sample, model, random, 400); // with upserts and deletes
            List<String> keys = some(random, KEYS, 3);
            List<String> functions = new ArrayList<>();
            for (String function : List.of("count", "avg", "sum", "min", "max", "p50", "p95", "distinct", "count")) {
                String column = KEYS.get(random.nextInt(KEYS.size()));
                boolean number = List.of("delay", "speed", "price", "limit", "properties.mag")
                        .contains(column);
                if (random.nextInt(3) > 0 && (number || !function.matches("avg|sum|p.."))) {
                    functions.add(function + "(" + column + ")");
                }
            }
            functions.add("count");
            var parameters = new HashMap<String, String>();
            if (!keys.isEmpty()) {
                parameters.put("group", String.join(",", keys));
            }
            List<String> distinct = functions.stream().distinct().toList();
            parameters.put("agg", String.join(",", distinct));
            if (random.nextBoolean()) {
                parameters.put("delay[gte]", "0");
            }
            parameters.put("sort", "-count");
            RowsQuery query = query(parameters);

            Map<List<Object>, List<SampleRows.Row>> expected = model.values().stream()
                    .filter(row -> !parameters.containsKey("delay[gte]") || row.delay() != null && row.delay() >= 0)
                    .collect(Collectors.groupingBy(
                            row -> keys.stream().map(key -> value(row, key)).toList()));
            if (keys.isEmpty()) {
                expected.putIfAbsent(List.of(), List.of());
            }
            try (var engine = engine(folder, 10_000);
                    Snapshot snapshot = sample.store().snapshot()) {
                var found = rows(snapshot, query, engine, sample);
                assertEquals(expected.size(), found.size());
                long before = Long.MAX_VALUE;
                for (List<Object> group : found) {
                    List<SampleRows.Row> rows = expected.get(group.subList(0, keys.size()));
                    assertTrue(rows != null, group + " of " + expected.keySet());
                    for (int i = 0; i < distinct.size(); i++) {
                        same(naive(distinct.get(i), rows), group.get(keys.size() + i), distinct.get(i));
                    }
                    long count = (Long) group.getLast();
                    assertTrue(count <= before);
                    before = count;
                }
            }
        });
    }

    @Test
    void bucket_anyUnit_cutsTimesInUtc(@TempDir Path folder) {
        try (var sample = new SampleRows(folder.resolve("store"));
                var engine = engine(folder, 10_000)) {
            var random = new Random(7);
            var times = new ArrayList<Instant>();
            for (int i = 0; i < 300; i++) {
                Instant at = Instant.ofEpochMilli(random.nextLong(-3_000_000_000_000L, 3_000_000_000_000L));
                times.add(at);
                var usual = SampleRows.usual(i);
                sample.write(
                        i % 2,
                        new SampleRows.Row(
                                usual.id(),
                                null,
                                null,
                                null,
                                null,
                                null,
                                LocalDate.ofInstant(at, ZoneOffset.UTC),
                                at,
                                null,
                                false,
                                null),
                        false);
            }
            sample.publish();
            try (Snapshot snapshot = sample.store().snapshot()) {
                for (String unit : List.of("1s", "1m", "1h", "1d", "1w", "1mo")) {
                    var expected = times.stream()
                            .map(at -> cut(at, unit))
                            .sorted()
                            .distinct()
                            .toList();
                    var found = rows(snapshot, query(Map.of("bucket", "at:" + unit)), engine, sample);
                    assertEquals(expected, found.stream().map(List::getFirst).toList(), unit);
                    if (List.of("1d", "1w", "1mo").contains(unit)) {
                        var days = rows(snapshot, query(Map.of("bucket", "day:" + unit)), engine, sample);
                        assertEquals(
                                expected.stream()
                                        .map(at -> LocalDate.ofInstant(at, ZoneOffset.UTC))
                                        .toList(),
                                days.stream().map(List::getFirst).toList());
                    }
                }
            }
        }
    }

    @Test
    void groups_limitsPagesAndStops_areExactOrAProblem(@TempDir Path folder) {
        try (var sample = new SampleRows(folder.resolve("store"), SampleRows.ENCODED)) {
            sample.writeUsual(0, 5_000);
            RowsQuery days = query(Map.of("group", "day"));
            try (Snapshot snapshot = sample.store().snapshot()) {
                for (int most : List.of(99, 100, 101)) {
                    try (var engine = engine(folder, most)) {
                        if (most < 100) {
                            var problem =
                                    assertThrows(ProblemException.class, () -> rows(snapshot, days, engine, sample));
                            assertTrue(problem.problem().detail().contains("more than 99 groups"));
                        } else {
                            assertEquals(
                                    100, rows(snapshot, days, engine, sample).size());
                        }
                    }
                }
                try (var engine = engine(folder, 1000)) {
                    var cursor = new PageCursor(snapshot.position(), 0, 98, 0, days.fingerprint());
                    try (var page = new GroupedRows(
                            StoredView.reading(snapshot, SampleRows.SCHEMA),
                            days.from(new Start.After(cursor)),
                            1,
                            engine,
                            sample.allocator(),
                            () -> false)) {
                        assertTrue(page.next());
                        assertEquals(2, page.count(), "the limit and one");
                        assertEquals(99, page.offset(1));
                    }
                    var looks = new AtomicInteger();
                    var scan = new RowsScan(snapshot, days.ofAllRows());
                    assertThrows(
                            ProblemException.class,
                            () -> engine.ask(
                                    scan,
                                    days.grouping().columns(),
                                    () -> looks.incrementAndGet() == 2,
                                    "SELECT count(*) FROM $rows",
                                    result -> result.nextChunk()));
                    assertEquals(2, looks.get(), "the scan ended with the second look");
                    // The enum's texts, not its numbers.
                    assertEquals(
                            Arrays.asList("JFK", "LAX", "SFO", null),
                            rows(snapshot, query(Map.of("group", "origin")), engine, sample).stream()
                                    .map(List::getFirst)
                                    .toList());
                }
            }
        }
    }

    @Test
    void parse_wrongGrouping_saysWhatWouldBeRight() {
        Map<Map<String, String>, String> wrong = Map.ofEntries(
                Map.entry(Map.of("group", "orign"), "nearest is 'origin'"),
                Map.entry(Map.of("group", "properties"), "no order"),
                Map.entry(Map.of("group", "day,day"), "twice"),
                Map.entry(Map.of("agg", "p95"), "no function"),
                Map.entry(Map.of("agg", "p0(delay)"), "no function"),
                Map.entry(Map.of("agg", "p100(delay)"), "no function"),
                Map.entry(Map.of("agg", "avg(origin)"), "no numbers"),
                Map.entry(Map.of("agg", "count,count"), "twice"),
                Map.entry(Map.of("bucket", "at"), "names no length"),
                Map.entry(Map.of("bucket", "at:0h"), "names no length"),
                Map.entry(Map.of("bucket", "day:1h"), "days only"),
                Map.entry(Map.of("bucket", "delay:1h"), "is no time"),
                Map.entry(Map.of("group", "day", "select", "day"), "beside groups"),
                Map.entry(Map.of("group", "day", "sort", "delay"), "in the answer"));
        wrong.forEach((parameters, text) -> {
            Problem problem = assertThrows(ProblemException.class, () -> query(parameters))
                    .problem();
            assertTrue(problem.detail().contains(text), problem.detail());
        });
    }

    private RowsQuery query(Map<String, String> parameters) {
        return new QueryParser("d.p", new Shape(SampleRows.SCHEMA), 0, QueryParser.Limits.USUAL, cursors)
                .parse(new ArrayList<>(parameters.entrySet()));
    }

    static DuckDbEngine engine(Path folder, int maxGroups) {
        return new DuckDbEngine(new DuckDbEngine.Limits(folder.resolve("duckdb"), 256 << 20, 1, maxGroups, 256 << 20));
    }

    private static <T> List<T> some(Random random, List<T> all, int most) {
        var shuffled = new ArrayList<>(all);
        Collections.shuffle(shuffled, random);
        return shuffled.subList(0, random.nextInt(most + 1));
    }

    private static List<List<Object>> rows(Snapshot snapshot, RowsQuery query, DuckDbEngine engine, SampleRows sample) {
        try (var groups = new GroupedRows(
                StoredView.reading(snapshot, SampleRows.SCHEMA),
                query,
                Long.MAX_VALUE,
                engine,
                sample.allocator(),
                () -> false)) {
            assertTrue(groups.next());
            var rows = IntStream.range(0, groups.count())
                    .mapToObj(row -> query.select().stream()
                            .map(column -> value(groups.batch().column(column.path()), row))
                            .toList())
                    .toList();
            assertTrue(!groups.next() && groups.count() == 0);
            return rows;
        }
    }

    private static @Nullable Object value(Column column, int row) {
        if (column.isNull(row)) {
            return null;
        }
        return switch (column.layout().type()) {
            case ArrowType.Utf8 _ -> new String(column.bytes(row), UTF_8);
            case ArrowType.Bool _ -> column.bit(row);
            case ArrowType.FloatingPoint _ -> column.float64(row);
            case ArrowType.Decimal decimal -> column.decimal(row, decimal.getScale());
            case ArrowType.Date _ -> LocalDate.ofEpochDay(column.int32(row));
            case ArrowType.Timestamp stamp ->
                stamp.getUnit() == org.apache.arrow.vector.types.TimeUnit.MILLISECOND
                        ? Instant.ofEpochMilli(column.int64(row))
                        : Instant.EPOCH.plus(column.int64(row), ChronoUnit.MICROS);
            default -> column.fixed(row);
        };
    }

    private static @Nullable Object value(SampleRows.Row row, String column) {
        Object value = RowsScanProperties.value(row, column);
        return switch (value) {
            case Integer number -> (long) number;
            case Double zero when zero == 0 -> 0.0;
            case null, default -> value;
        };
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static @Nullable Object naive(String function, List<SampleRows.Row> rows) {
        if (function.equals("count")) {
            return (long) rows.size();
        }
        String column = function.substring(function.indexOf('(') + 1, function.length() - 1);
        Comparator<Object> order = (a, b) -> a instanceof String text
                ? Arrays.compareUnsigned(text.getBytes(UTF_8), ((String) b).getBytes(UTF_8))
                : ((Comparable) a).compareTo(b);
        List<Object> values = rows.stream()
                .map(row -> value(row, column))
                .filter(Objects::nonNull)
                .sorted(order)
                .toList();
        String name = function.substring(0, function.indexOf('('));
        if (name.equals("count")) {
            return (long) values.size();
        }
        if (name.equals("distinct")) {
            return values.stream().distinct().count();
        }
        if (values.isEmpty()) {
            return null;
        }
        return switch (name) {
            case "min" -> values.getFirst();
            case "max" -> values.getLast();
            case "p50" -> values.get((int) Math.ceil(values.size() * 0.50) - 1);
            case "p95" -> values.get((int) Math.ceil(values.size() * 0.95) - 1);
            case "sum" -> sum(values);
            default -> number(sum(values)) / values.size();
        };
    }

    private static Object sum(List<Object> values) {
        BinaryOperator<Object> plus = (a, b) ->
                a instanceof Double left ? left + (Double) b : new BigDecimal("" + a).add(new BigDecimal("" + b));
        Object sum = values.stream().reduce(plus).orElseThrow();
        return sum instanceof Long one ? BigDecimal.valueOf(one) : sum;
    }

    private static double number(Object value) {
        return ((Number) value).doubleValue();
    }

    private static void same(@Nullable Object expected, @Nullable Object found, String what) {
        if (expected instanceof Double real && !real.isNaN() && found != null) {
            assertTrue(found instanceof Double, what);
            assertEquals(real, number(found), Math.abs(real) * 1e-12, what);
        } else {
            assertEquals(expected, found, what);
        }
    }

    private static Instant cut(Instant at, String unit) {
        var time = at.atOffset(ZoneOffset.UTC);
        return switch (unit) {
            case "1s" -> at.truncatedTo(ChronoUnit.SECONDS);
            case "1m" -> at.truncatedTo(ChronoUnit.MINUTES);
            case "1h" -> at.truncatedTo(ChronoUnit.HOURS);
            case "1d" -> at.truncatedTo(ChronoUnit.DAYS);
            case "1w" ->
                time.truncatedTo(ChronoUnit.DAYS)
                        .with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY))
                        .toInstant();
            default -> time.truncatedTo(ChronoUnit.DAYS).withDayOfMonth(1).toInstant();
        };
    }
}
