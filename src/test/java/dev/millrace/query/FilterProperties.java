package dev.millrace.query;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.ArrowFile;
import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.store.StoreSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.arrow.memory.RootAllocator;
import org.jspecify.annotations.Nullable;

/** Any tree of filters against a naive evaluation of three values, row by row. */
class FilterProperties {
    private static final CursorCodec CURSORS = new CursorCodec("0123456789abcdef".getBytes(UTF_8));
    private static final FilterParser PLAIN = parser(SampleRows.SCHEMA);
    private static final FilterParser ENCODED = parser(SampleRows.ENCODED);
    private static final List<List<String>> COMPARISONS = List.of(
            List.of("origin", "ne gt lt lte", "", "SF", "SFO", "ZZ"),
            List.of("origin", "eq gte prefix in", "", "SF", "SFO", "Ä", "SFO,LAX"),
            List.of("delay", "eq ne gt gte lt lte in", "-3", "0", "2147483648", "-2147483648"),
            List.of("limit", "eq ne gt gte lt lte in", "1", "9223372036854775807", "-9223372036854775808"),
            List.of("speed", "eq ne gt gte lt lte in", "-2", "-0", "0.25", "1.5"),
            List.of("price", "gt gte lt lte", "0.5", "1.005", "-1.2399999"),
            List.of("price", "eq ne in", "0", "-1.23", "99999999999999999999999999999999999999999"),
            List.of("day", "eq ne gt gte lt lte in", "2026-01-01", "2026-01-03"),
            List.of("at", "eq ne gt gte lt lte in", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.002Z"),
            List.of("ok", "eq ne", "true", "false"),
            List.of("properties.mag", "eq ne gt gte lt lte in", "0", "1.5"),
            List.of("delay", "null", "true", "false"),
            List.of("properties.mag", "null", "true", "false"));

    private static FilterParser parser(StoreSchema schema) {
        return new QueryParser("d.p", new Shape(schema), 0, new QueryParser.Limits(100, 1_000, 10_000), CURSORS)
                .filterParser();
    }

    @Property(tries = 400)
    void tree_ofAnyForm_isTheNaiveEvaluation_andItsStatisticsRuleOutNoRow(@ForAll long seed) throws IOException {
        var random = new Random(seed);
        boolean encoded = random.nextBoolean();
        StoreSchema schema = encoded ? SampleRows.ENCODED : SampleRows.SCHEMA;
        Filter filter = (encoded ? ENCODED : PLAIN).ofJson(json(random, 3));
        int count = random.nextInt(random.nextBoolean() ? 4 : 40);
        Path file = Files.createTempFile("filter", ".arrow");
        try (var root = new RootAllocator();
                var writer = new BatchWriter(schema.layout(), root)) {
            writer.open(8);
            List<SampleRows.Row> rows = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                rows.add(RowsScanProperties.row(random, "k" + i));
                SampleRows.put(writer, rows.getLast());
                writer.column(schema.offsetColumn()).putInt64(i);
                writer.column(schema.timestampColumn()).putInt64(i);
                writer.column(schema.deletedColumn()).putBit(false);
                writer.endRow();
            }
            List<Integer> expected = IntStream.range(0, count)
                    .filter(i -> Boolean.TRUE.equals(value(rows.get(i), filter)))
                    .boxed()
                    .toList();
            ArrowFile.merge(file, List.of(new ArrowFile.Part(writer.batch(), count, null)), Map.of(), root);
            Batch mapped = ArrowFile.map(file, schema.layout(), root).batch();
            var loop = new FilterLoop(filter);
            for (Batch batch : List.of(writer.batch(), mapped)) {
                int[] selection = IntStream.range(0, count).toArray();
                int kept = loop.narrow(batch, selection, count);
                assertEquals(
                        expected, IntStream.of(selection).limit(kept).boxed().toList(), filter::canonical);
            }
            assertTrue(expected.isEmpty() || loop.mayMeet(mapped), filter::canonical);
            mapped.release();
        } finally {
            Files.delete(file);
        }
    }

    @Property(tries = 400)
    void tree_printedAndParsed_isTheSame(@ForAll long seed) {
        Filter filter = PLAIN.ofJson(json(new Random(seed), 4));
        Filter again = PLAIN.ofJson(filter.canonical());
        assertEquals(filter.canonical(), again.canonical());
        assertEquals(form(filter), form(again));
    }

    /** The tree with what is joined in one order. */
    private static String form(Filter filter) {
        return switch (filter) {
            case Filter.And(List<Filter> all) -> "and" + forms(all);
            case Filter.Or(List<Filter> any) -> "or" + forms(any);
            case Filter.Not(Filter inner) -> "not(" + form(inner) + ")";
            case Filter.Compare compare ->
                compare.column().path() + " " + compare.operator().token() + " " + compare.text();
        };
    }

    private static List<String> forms(List<Filter> filters) {
        return filters.stream()
                .map(FilterProperties::form)
                .sorted(Comparator.naturalOrder())
                .toList();
    }

    private static String json(Random random, int depth) {
        List<String> members = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
            String member = member(random, depth);
            String name = member.substring(0, member.indexOf(':'));
            if (!names.contains(name)) {
                names.add(name);
                members.add(member);
            }
        }
        return "{" + String.join(",", members) + "}";
    }

    private static String member(Random random, int depth) {
        int form = depth == 0 ? 9 : random.nextInt(10);
        return switch (form) {
            case 0, 1 -> "\"not\":" + (random.nextInt(20) == 0 ? "{}" : json(random, depth - 1));
            case 2, 3 -> "\"or\":[" + json(random, depth - 1) + "," + json(random, depth - 1) + "]";
            case 4 -> "\"and\":[" + json(random, depth - 1) + "," + json(random, depth - 1) + "]";
            default -> {
                List<String> one = COMPARISONS.get(random.nextInt(COMPARISONS.size()));
                String[] operators = one.get(1).split(" ");
                yield "\"" + one.getFirst() + "[" + operators[random.nextInt(operators.length)] + "]\":\""
                        + one.get(2 + random.nextInt(one.size() - 2)) + "\"";
            }
        };
    }

    /** SQL's three values: true, false, and null for unknown. */
    private static @Nullable Boolean value(SampleRows.Row row, Filter filter) {
        return switch (filter) {
            case Filter.And(List<Filter> all) -> joined(row, all, false);
            case Filter.Or(List<Filter> any) -> joined(row, any, true);
            case Filter.Not(Filter inner) -> {
                Boolean value = value(row, inner);
                yield value == null ? null : !value;
            }
            case Filter.Compare compare -> {
                boolean unknown = !compare.operator().token().equals("null")
                        && RowsScanProperties.value(row, compare.column().path()) == null;
                yield unknown ? null : (Boolean) RowsScanProperties.meets(row, compare);
            }
        };
    }

    private static @Nullable Boolean joined(SampleRows.Row row, List<Filter> filters, boolean decides) {
        Boolean whole = !decides;
        for (Filter filter : filters) {
            Boolean value = value(row, filter);
            if (value != null && value == decides) {
                return decides;
            }
            whole = value == null ? null : whole;
        }
        return whole;
    }
}
