package dev.millrace.query;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.Folders;
import dev.millrace.arrow.ArrowFile;
import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.store.Position;
import dev.millrace.store.Snapshot;
import dev.millrace.store.StoreSchema;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.arrow.memory.RootAllocator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Filters and pages against a naive evaluation in plain Java. */
class RowsScanProperties {
    private final CursorCodec cursors = new CursorCodec("0123456789abcdef".getBytes(UTF_8));
    private final QueryParser plain =
            new QueryParser("d.p", new Shape(SampleRows.SCHEMA), 0, QueryParser.Limits.USUAL, cursors);
    private final QueryParser encoded =
            new QueryParser("d.p", new Shape(SampleRows.ENCODED), 0, QueryParser.Limits.USUAL, cursors);

    /** A filter as a request has it. */
    record Condition(String column, String operator, String value) {}

    @Property(tries = 60)
    void scan_anyFilters_areTheRowsOfTheNaiveEvaluation(
            @ForAll long seed, @ForAll("conditions") List<Condition> conditions) {
        var model = new LinkedHashMap<String, SampleRows.Row>();
        inSample(seed, sample -> {
            fill(sample, model, new Random(seed), 300);
            RowsQuery query = query(seed, conditions, Map.of());
            var expected = new ArrayList<String>();
            for (SampleRows.Row row : model.values()) {
                if (QueryParserTest.compares(query).stream().allMatch(filter -> meets(row, filter))) {
                    expected.add(row.id());
                }
            }
            try (Snapshot snapshot = sample.store().snapshot()) {
                var found = ids(new RowsScan(snapshot, query), Integer.MAX_VALUE);
                expected.sort(null);
                found.sort(null);
                assertEquals(expected, found);
            }
        });
    }

    @Property(tries = 20)
    void pages_whileRowsAreAdded_areTheRowsOfTheFirstPosition(
            @ForAll long seed, @ForAll("conditions") List<Condition> conditions) {
        inSample(seed, sample -> {
            var random = new Random(seed);
            var model = new LinkedHashMap<String, SampleRows.Row>();
            fill(sample, model, random, 200);
            RowsQuery query = query(seed, conditions, Map.of());
            List<String> whole;
            PageCursor cursor;
            try (Snapshot first = sample.store().snapshot()) {
                whole = ids(new RowsScan(first, query), Integer.MAX_VALUE);
                cursor = new PageCursor(first.position(), 0, 0, 0, query.fingerprint());
            }
            var paged = new ArrayList<String>();
            while (cursor != null) {
                fill(sample, model, random, 20);
                RowsQuery page = query(seed, conditions, Map.of("cursor", cursors.encode("d.p", cursor)));
                try (Snapshot then = sample.store().snapshotAt(cursor.position())) {
                    cursor = page(new RowsScan(then, page), 1 + random.nextInt(30), paged, cursor);
                }
            }
            assertEquals(whole, paged);
        });
    }

    @Property(tries = 60)
    void sortedPages_whileRowsAreAdded_areTheRowsOfTheFirstPositionInOrder(
            @ForAll long seed, @ForAll("conditions") List<Condition> conditions) {
        inSample(seed, sample -> {
            var random = new Random(seed);
            var model = new LinkedHashMap<String, SampleRows.Row>();
            fill(sample, model, random, 300);
            var names = new ArrayList<>(SORTABLE);
            Collections.shuffle(names, random);
            List<String> keys = names.subList(0, 1 + random.nextInt(3)).stream()
                    .map(name -> random.nextBoolean() ? name : "-" + name)
                    .toList();
            String sort = String.join(",", keys);
            RowsQuery query = query(seed, conditions, Map.of("sort", sort));
            List<String> expected = model.values().stream()
                    .filter(row -> QueryParserTest.compares(query).stream().allMatch(filter -> meets(row, filter)))
                    .sorted(Comparator.comparingInt(
                            row -> Math.floorMod(row.id().hashCode(), SampleRows.PARTITIONS)))
                    .sorted((left, right) -> order(left, right, keys))
                    .map(SampleRows.Row::id)
                    .toList();
            Position position;
            try (Snapshot first = sample.store().snapshot()) {
                position = first.position();
            }
            var paged = new ArrayList<String>();
            Map<String, String> start = Map.of("as_of", position.toString());
            while (true) {
                int limit = 1 + random.nextInt(60);
                fill(sample, model, random, 20);
                var more = new HashMap<>(start);
                more.putAll(Map.of("sort", sort, "limit", "" + limit));
                RowsQuery page = query(seed, conditions, more);
                Optional<PageCursor> next;
                try (Snapshot then = sample.store().snapshotAt(position);
                        var rows = new SortedRows(
                                StoredView.reading(then, sample.store().schema()),
                                new Shape(sample.store().schema()),
                                page,
                                sample.allocator())) {
                    next = Optional.ofNullable(
                            page(rows, limit, paged, new PageCursor(position, 0, 0, 0, page.fingerprint())));
                }
                if (next.isEmpty()) {
                    break;
                }
                start = Map.of("cursor", cursors.encode("d.p", next.get()));
            }
            assertEquals(expected, paged, sort);
        });
    }

    private static final List<String> SORTABLE =
            List.of("id", "origin", "delay", "limit", "speed", "price", "day", "at", "ok", "properties.mag");

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static int order(SampleRows.Row left, SampleRows.Row right, List<String> keys) {
        for (String key : keys) {
            boolean descending = key.startsWith("-");
            Comparable a = value(left, key.substring(descending ? 1 : 0));
            Comparable b = value(right, key.substring(descending ? 1 : 0));
            if (a == null || b == null) {
                if (a != b) {
                    return a == null ? 1 : -1;
                }
                continue;
            }
            int order = a instanceof String text ? order(text, (String) b) : a.compareTo(b);
            if (order != 0) {
                return descending == order > 0 ? -1 : 1;
            }
        }
        return 0;
    }

    private static @Nullable PageCursor page(RowSource scan, int limit, List<String> into, PageCursor before) {
        int left = limit;
        while (scan.next()) {
            for (int i = 0; i < scan.count(); i++) {
                if (left == 0) {
                    return new PageCursor(
                            before.position(), scan.partition(i), scan.offset(i), scan.skip(i), before.fingerprint());
                }
                into.add(new String(scan.batch().column(0).bytes(scan.selection()[i]), UTF_8));
                left--;
            }
        }
        return null;
    }

    private static List<String> ids(RowsScan scan, int limit) {
        var ids = new ArrayList<String>();
        while (scan.next() && ids.size() < limit) {
            for (int i = 0; i < scan.count(); i++) {
                ids.add(new String(scan.batch().column(0).bytes(scan.selection()[i]), UTF_8));
            }
        }
        return ids;
    }

    private RowsQuery query(long seed, List<Condition> conditions, Map<String, String> more) {
        var parameters = new LinkedHashMap<String, String>();
        for (Condition condition : conditions) {
            parameters.put("filter[" + condition.column() + "][" + condition.operator() + "]", condition.value());
        }
        parameters.putAll(more);
        return (isEncoded(seed) ? encoded : plain).parse(new ArrayList<>(parameters.entrySet()));
    }

    /** Of files of a few rows each: what their statistics rule out has no row, and what they do not is narrow. */
    @Property(tries = 150)
    void statistics_anyFilter_ruleOutOnlyWhatHasNoRow(
            @ForAll long seed, @ForAll("conditions") List<Condition> conditions) throws IOException {
        var random = new Random(seed);
        StoreSchema schema = isEncoded(seed) ? SampleRows.ENCODED : SampleRows.SCHEMA;
        int rows = random.nextInt(4);
        Path file = Files.createTempFile("rows", ".arrow");
        try (var root = new RootAllocator();
                var writer = new BatchWriter(schema.layout(), root)) {
            writer.open(8);
            for (int i = 0; i < rows; i++) {
                SampleRows.put(writer, row(random, "k" + i));
                writer.column(schema.offsetColumn()).putInt64(i);
                writer.column(schema.timestampColumn()).putInt64(i);
                writer.column(schema.deletedColumn()).putBit(false);
                writer.endRow();
            }
            ArrowFile.merge(file, List.of(new ArrowFile.Part(writer.batch(), rows, null)), Map.of(), root);
            Batch mapped = ArrowFile.map(file, schema.layout(), root).batch();
            for (Filter.Compare filter : QueryParserTest.compares(query(seed, conditions, Map.of()))) {
                var loop = new FilterLoop(filter);
                int found = loop.narrow(mapped, new int[] {0, 1, 2}, rows);
                assertTrue(loop.mayMeet(mapped) || found == 0, filter::canonical);
                boolean hasBounds = filter.column().width() <= 16;
                if (rows == 1
                        && hasBounds
                        && !Set.of("ne", "gt", "lt").contains(filter.operator().token())) {
                    assertEquals(found == 1, loop.mayMeet(mapped), filter::canonical);
                }
                assertTrue(loop.mayMeet(writer.batch()), "in memory there are none");
            }
            mapped.release();
        } finally {
            Files.delete(file);
        }
    }

    @Test
    void scan_ofMappedSegments_passesOverThoseThatCannotMatch(@TempDir Path folder) {
        try (var sample = new SampleRows(folder, SampleRows.SCHEMA, 50)) {
            sample.writeUsual(0, 390); // 3 full segments and a tail in each of the two partitions
            sample.store().flush().join();
            sample.publish();
            RowsQuery query = query(0, List.of(new Condition("at", "gte", "2001-09-09T01:46:40.210Z")), Map.of());
            try (Snapshot snapshot = sample.store().snapshot()) {
                var scan = new RowsScan(snapshot, query);
                var expected =
                        IntStream.range(210, 390).mapToObj(i -> "id-" + i).collect(Collectors.toSet());
                assertEquals(expected, Set.copyOf(ids(scan, Integer.MAX_VALUE)));
                assertEquals(4, scan.pruned());
            }
        }
    }

    static void fill(SampleRows sample, Map<String, SampleRows.Row> model, Random random, int count) {
        var partitionOf = new HashMap<String, Integer>();
        for (int i = 0; i < count; i++) {
            String id = "k" + random.nextInt(150);
            SampleRows.Row row = row(random, id);

            int partition = Math.floorMod(id.hashCode(), SampleRows.PARTITIONS);
            partitionOf.put(id, partition);
            boolean deleted = random.nextInt(10) == 0;
            sample.write(partition, row, deleted);
            model.remove(id);
            if (!deleted) {
                model.put(id, row);
            }
        }
        sample.publish();
    }

    static SampleRows.Row row(Random random, String id) {
        return new SampleRows.Row(
                id,
                maybe(random, List.of("", "SFO", "SF", "SFOX", "ÄÖ", "LAX").get(random.nextInt(6))),
                maybe(random, random.nextInt(10) == 0 ? Integer.MIN_VALUE : random.nextInt(7) - 3),
                maybe(random, random.nextInt(10) == 0 ? Long.MAX_VALUE : random.nextInt(7) - 3L),
                maybe(random, random.nextInt(10) == 0 ? Double.NaN : (random.nextInt(9) - 4) / 2.0),
                maybe(random, BigDecimal.valueOf(random.nextInt(500) - 250L, 2)),
                maybe(random, LocalDate.of(2026, 1, 1).plusDays(random.nextInt(4))),
                maybe(random, Instant.parse("2026-01-01T00:00:00Z").plusMillis(random.nextInt(4))),
                maybe(random, random.nextBoolean()),
                random.nextInt(4) != 0,
                maybe(random, random.nextInt(5) * 1.5));
    }

    private static <T> @Nullable T maybe(Random random, T value) {
        return random.nextInt(5) == 0 ? null : value;
    }

    static boolean meets(SampleRows.Row row, Filter.Compare filter) {
        Comparable<?> value = value(row, filter.column().path());
        String text = filter.text();
        return switch (filter.operator().token()) {
            case "null" -> (value == null) == text.equals("true");
            case "prefix" -> value != null && value.toString().startsWith(text);
            case "in" -> value != null && Arrays.stream(text.split(",", -1)).anyMatch(one -> order(value, one) == 0);
            case "eq" -> value != null && order(value, text) == 0;
            case "ne" -> value != null && order(value, text) != 0;
            case "gt" -> value != null && order(value, text) == 1;
            case "gte" -> value != null && order(value, text) >= 0 && order(value, text) != 9;
            case "lt" -> value != null && order(value, text) == -1;
            case "lte" -> value != null && order(value, text) <= 0;
            default -> throw new IllegalStateException(filter.canonical());
        };
    }

    /** -1, 0, 1, or 9 where there is no order. */
    private static int order(Comparable<?> value, String text) {
        return switch (value) {
            case String it -> Integer.signum(Arrays.compareUnsigned(it.getBytes(UTF_8), text.getBytes(UTF_8)));
            case Integer it -> Integer.signum(Long.compare(it, Long.parseLong(text)));
            case Long it -> Integer.signum(Long.compare(it, Long.parseLong(text)));
            case Double it ->
                it.isNaN() ? 9 : it == Double.parseDouble(text) ? 0 : it < Double.parseDouble(text) ? -1 : 1;
            case BigDecimal it -> Integer.signum(it.compareTo(new BigDecimal(text)));
            case LocalDate it -> Integer.signum(it.compareTo(LocalDate.parse(text)));
            case Instant it ->
                Integer.signum(it.compareTo(Instant.parse(text.length() == 10 ? text + "T00:00:00Z" : text)));
            case Boolean it -> it == Boolean.parseBoolean(text) ? 0 : 1;
            default -> throw new IllegalStateException(value.toString());
        };
    }

    static @Nullable Comparable<?> value(SampleRows.Row row, String column) {
        return switch (column) {
            case "id" -> row.id();
            case "origin" -> row.origin();
            case "delay" -> row.delay();
            case "limit" -> row.limit();
            case "speed" -> row.speed();
            case "price" -> row.price();
            case "day" -> row.day();
            case "at" -> row.at();
            case "ok" -> row.ok();
            case "properties.mag" -> row.properties() ? row.mag() : null;
            default -> throw new IllegalStateException(column);
        };
    }

    @Provide
    Arbitrary<List<Condition>> conditions() {
        return Arbitraries.oneOf(
                        conditions(
                                "origin",
                                List.of("eq", "ne", "gt", "gte", "lt", "lte", "in", "prefix"),
                                "",
                                "SF",
                                "SFO",
                                "Ä",
                                "ZZ"),
                        conditions(
                                "delay", ORDERED, "-3", "0", "2", "2147483648", "-2147483648", "9223372036854775807"),
                        conditions("limit", ORDERED, "-1", "1", "9223372036854775807", "-9223372036854775808"),
                        conditions("speed", ORDERED, "-2", "0", "-0", "0.25", "1.5"),
                        conditions("price", ORDERED, "0", "0.5", "-1.23", "99999999999999999999999999999999999999999"),
                        conditions("day", ORDERED, "2026-01-01", "2026-01-03", "2025-12-31"),
                        conditions("at", ORDERED, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.002Z"),
                        conditions("price", List.of("gt", "gte", "lt", "lte"), "1.005", "-1.2399999"),
                        conditions(
                                "at", List.of("gt", "gte", "lt", "lte"), "2026-01-01T00:00:00.001999Z", "2026-01-01"),
                        conditions("ok", List.of("eq", "ne"), "true", "false"),
                        conditions("properties.mag", ORDERED, "0", "1.5", "4"),
                        Arbitraries.of("delay", "ok", "properties.mag", "origin")
                                .flatMap(column -> conditions(column, List.of("null"), "true", "false")))
                .list()
                .ofMaxSize(3);
    }

    private static final List<String> ORDERED = List.of("eq", "ne", "gt", "gte", "lt", "lte", "in");

    private static Arbitrary<Condition> conditions(String column, List<String> operators, String... values) {
        return Combinators.combine(Arbitraries.of(operators), Arbitraries.of(values), Arbitraries.of(values))
                .as((operator, one, other) ->
                        new Condition(column, operator, operator.equals("in") ? one + "," + other : one));
    }

    interface Body {
        void run(SampleRows sample);
    }

    /** Every other time the rows have a dictionary and wide decimals. */
    private static boolean isEncoded(long seed) {
        return (seed & 1) != 0;
    }

    static void inSample(long seed, Body body) {
        inSample(seed, (_, sample) -> body.run(sample));
    }

    interface InFolder {
        void run(Path folder, SampleRows sample);
    }

    static void inSample(long seed, InFolder body) {
        try {
            Path folder = Files.createTempDirectory("rows");
            try (var sample = new SampleRows(folder, isEncoded(seed) ? SampleRows.ENCODED : SampleRows.SCHEMA)) {
                body.run(folder, sample);
            } finally {
                Folders.delete(folder);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
