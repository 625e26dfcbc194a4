package dev.millrace.query;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.millrace.Folders;
import dev.millrace.arrow.Batch;
import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.contract.Mask;
import dev.millrace.problem.ProblemException;
import dev.millrace.store.Position;
import dev.millrace.store.StoreSchema;
import dev.millrace.text.JsonEncoder;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Noninterference at the view: two stores that differ only in what a caller may not see give it the same bytes, whatever it
 * asks; and it sees what a naive filter and mask leave of the records. {@code millrace.noninterference} says how often.
 */
class ShownViewProperties {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();
    private static final byte[] SECRET = "0123456789abcdef".getBytes(UTF_8);
    private static final int TRIES = Integer.getInteger("millrace.noninterference", 60);
    private static final int ROWS = 60;

    /** A row rule as a policy has it, and the same in plain Java. */
    private record Rule(Map<String, String> filter, Predicate<SampleRows.Row> naive) {}

    private record Policy(Rule rule, List<Mask> masks) {}

    /** A record: which partition, which row, and whether it deletes. */
    private record Written(int partition, SampleRows.Row row, boolean deleted) {}

    private static final List<Rule> RULES = List.of(
            new Rule(Map.of(), row -> true),
            new Rule(Map.of("origin", "SFO"), row -> "SFO".equals(row.origin())),
            new Rule(
                    Map.of("origin[prefix]", "SF"),
                    row -> row.origin() != null && row.origin().startsWith("SF")),
            new Rule(Map.of("delay[gte]", "10"), row -> row.delay() != null && row.delay() >= 10),
            new Rule(Map.of("limit[in]", "1,2,3"), row -> row.limit() != null && row.limit() >= 1 && row.limit() <= 3),
            new Rule(Map.of("ok", "true"), row -> Boolean.TRUE.equals(row.ok())),
            new Rule(Map.of("properties.mag[lt]", "4"), row -> row.properties() && row.mag() != null && row.mag() < 4),
            new Rule(Map.of("delay[null]", "true"), row -> row.delay() == null));

    private static final List<List<Mask>> MASKS = List.of(
            List.of(Mask.SHOW, Mask.SHOW, Mask.SHOW, Mask.HIDE),
            List.of(Mask.SHOW, Mask.HIDE, new Mask.Null(), new Mask.Keep(1), new Mask.Keep(2), new Mask.Pseudonym()),
            List.of(Mask.SHOW, Mask.HIDE, new Mask.Null(), new Mask.RoundNumber(BigDecimal.valueOf(50))),
            List.of(Mask.SHOW, Mask.HIDE, new Mask.Null(), new Mask.RoundNumber(BigDecimal.valueOf(3))),
            List.of(Mask.SHOW, Mask.HIDE, new Mask.Null(), new Mask.RoundNumber(BigDecimal.valueOf(7.5))),
            List.of(Mask.SHOW, Mask.HIDE, new Mask.Null()),
            List.of(Mask.SHOW, Mask.HIDE, new Mask.Null(), new Mask.RoundTime(Mask.Unit.MONTH)),
            List.of(Mask.SHOW, Mask.HIDE, new Mask.Null(), new Mask.RoundTime(Mask.Unit.HOUR)),
            List.of(Mask.SHOW, Mask.HIDE, new Mask.Null()),
            List.of(Mask.SHOW, Mask.HIDE, new Mask.Null()));

    private static final List<Function<SampleRows.Row, @Nullable Object>> VALUES = List.of(
            SampleRows.Row::id,
            SampleRows.Row::origin,
            SampleRows.Row::delay,
            SampleRows.Row::limit,
            SampleRows.Row::speed,
            SampleRows.Row::price,
            SampleRows.Row::day,
            SampleRows.Row::at,
            SampleRows.Row::ok,
            row -> row.properties() ? Optional.ofNullable(row.mag()) : null);

    /** How a world looks through a view; a planted fault may look otherwise. */
    private interface Sight {
        Looking of(SampleRows sample, List<Showing> showings);
    }

    private record Looking(View view, ShownColumns columns) implements AutoCloseable {
        @Override
        public void close() {
            columns.close();
        }
    }

    private static final Sight RIGHT = (sample, showings) -> {
        var whole = new StoredView("d.p", sample.store());
        var columns = new ShownColumns(
                whole.shape(), showings.stream().map(Showing::masks).toList(), SECRET, "", sample.allocator());
        return new Looking(new ShownView(whole, columns, showings), columns);
    };

    @Property(tries = 1)
    void worlds_thatDifferInWhatIsNotSeen_lookTheSame(@ForAll long seed) throws Exception {
        for (int i = 0; i < TRIES; i++) {
            assertEquals("", difference(seed + i, RIGHT), "seed " + (seed + i));
        }
    }

    /** A view that forgets its rule, a mask that leaves the value, and one that only marks it as missing are found. */
    @Test
    void plantedFaults_areFound() throws Exception {
        List<UnaryOperator<Showing>> faults = List.of(
                showing -> new Showing(Filter.ALL, showing.masks()),
                showing -> new Showing(
                        showing.rows(),
                        showing.masks().stream()
                                .map(mask -> mask instanceof Mask.Keep(int last) ? new Mask.Keep(last + 1) : mask)
                                .toList()),
                showing -> new Showing(
                        showing.rows(),
                        showing.masks().stream()
                                .map(mask -> mask instanceof Mask.RoundNumber ? Mask.SHOW : mask)
                                .toList()));
        for (UnaryOperator<Showing> fault : faults) {
            String found = "";
            for (int seed = 0; seed < 40 && found.isEmpty(); seed++) {
                found = difference(
                        seed,
                        (sample, showings) ->
                                RIGHT.of(sample, showings.stream().map(fault).toList()));
            }
            assertNotEquals("", found);
        }
    }

    private static String difference(long seed, Sight sight) throws Exception {
        var random = new Random(seed);
        StoreSchema schema = random.nextBoolean() ? SampleRows.SCHEMA : SampleRows.ENCODED;
        List<Policy> policies = new ArrayList<>();
        int grants = 1 + random.nextInt(3);
        for (int i = 0; i < grants; i++) {
            policies.add(new Policy(
                    RULES.get(random.nextInt(RULES.size())),
                    MASKS.stream()
                            .map(masks -> masks.get(random.nextInt(masks.size())))
                            .toList()));
        }
        var here = new ArrayList<Written>();
        var there = new ArrayList<Written>();
        for (int i = 0; i < ROWS; i++) {
            String id = "id-" + random.nextInt(40);
            int partition = Math.floorMod(id.hashCode(), SampleRows.PARTITIONS);
            boolean deleted = random.nextInt(8) == 0;
            SampleRows.Row row = row(id, random, schema);
            here.add(new Written(partition, row, deleted));
            there.add(new Written(partition, deleted ? row : other(row, policies, random, schema), deleted));
        }
        return inSample(
                schema,
                first -> inSample(schema, second -> {
                    int half = ROWS / 2;
                    write(first, here.subList(0, half));
                    write(second, there.subList(0, half));
                    Position middle = first.store().position();
                    write(first, here.subList(half, ROWS));
                    write(second, there.subList(half, ROWS));
                    var shape = new Shape(schema);
                    List<Showing> showings = policies.stream()
                            .map(policy -> new Showing(
                                    QueryParser.where(shape, policy.rule().filter())
                                            .filter(),
                                    policy.masks()))
                            .toList();
                    try (Looking left = sight.of(first, showings);
                            Looking right = sight.of(second, showings)) {
                        String naive = sight == RIGHT ? naive(left.view(), here, policies) : "";
                        if (!naive.isEmpty()) {
                            return naive;
                        }
                        List<String> saw = look(left.view(), middle, first, new Random(seed));
                        List<String> other = look(right.view(), middle, second, new Random(seed));
                        for (int i = 0; i < saw.size(); i++) {
                            if (i >= other.size() || !saw.get(i).equals(other.get(i))) {
                                return saw.get(i) + "\n-- and --\n" + (i < other.size() ? other.get(i) : "nothing");
                            }
                        }
                        return "";
                    }
                }));
    }

    /** All that can be asked of a view, as texts. */
    private static List<String> look(View view, Position middle, SampleRows sample, Random random) throws Exception {
        var seen = new ArrayList<String>();
        Shape shape = view.shape();
        seen.add(shape.columns() + " " + shape.key() + " " + shape.id() + " " + view.id());
        var parser = new QueryParser(view, QueryParser.Limits.USUAL, new CursorCodec(new byte[16]));
        var parameters = new ArrayList<Map<String, String>>();
        parameters.add(Map.of());
        for (ColumnLayout column : shape.columns()) {
            if (column.kind().isOrdered()) {
                parameters.add(Map.of("sort", (random.nextBoolean() ? "-" : "") + column.name(), "limit", "7"));
            }
            parameters.add(Map.of("filter[" + column.name() + "][null]", "false", "select", column.name()));
        }
        parameters.add(Map.of("delay[lt]", "50", "limit", "5"));
        parameters.add(Map.of("origin", "SFO"));
        parameters.add(Map.of("origin[prefix]", "***"));
        parameters.add(Map.of("where", "{\"not\":{\"speed[gt]\":\"10\"}}"));
        for (Map<String, String> each : parameters) {
            seen.add(each + ": " + pages(view, parser, each, sample, random));
        }
        for (int i = 0; i < 40; i++) {
            String id = "id-" + i;
            seen.add(id + ": "
                    + view.key(List.of(id)).map(key -> {
                        try (Reading reading = view.open()) {
                            return reading.find(key)
                                    .map(row -> text(shape.columns(), row.batch(), row.row()))
                                    .orElse("none");
                        }
                    }));
        }
        try (Reading reading = view.open()) {
            seen.add(reading.rows() + " " + reading.position() + " " + reading.newestMillis() + " "
                    + reading.estimatedBytes(shape.columns()));
            RowsQuery all = parser.parse(List.of());
            try (var batches =
                    new ArrowBatches(reading.scan(all), shape.columns(), Long.MAX_VALUE, 700, sample.allocator())) {
                Optional<ArrowRecordBatch> next;
                while ((next = batches.next(() -> false)).isPresent()) {
                    try (ArrowRecordBatch batch = next.get()) {
                        seen.add(batch.getLength() + " " + batch.getNodes() + " " + bytes(batch));
                    }
                }
            }
        }
        for (Position from : List.of(Position.of(SampleRows.TOPIC, 0, 0), middle)) {
            var reader = new ChangeReader(view, parser.parseChanges(List.of()), ChangeForm.LINES, false);
            seen.add(sunk(
                    sample,
                    sink -> reader.fill(ChangeToken.changes(from), view.position(), sink, 1 << 20, () -> false)));
            seen.add(sunk(
                    sample, sink -> reader.fill(ChangeToken.state(from), view.position(), sink, 1 << 20, () -> false)));
        }
        return seen;
    }

    private static String pages(
            View view, QueryParser parser, Map<String, String> parameters, SampleRows sample, Random random) {
        var text = new StringBuilder();
        var asked = new HashMap<>(parameters);
        for (int page = 0; page < 4; page++) {
            RowsQuery query;
            try {
                query = parser.parse(List.copyOf(asked.entrySet()));
            } catch (ProblemException refused) {
                return refused.problem().detail();
            }
            try (Reading reading = view.open(query.start())) {
                long count = new RowCount(reading, query).rows();
                RowSource rows = query.sort().isEmpty()
                        ? reading.scan(query)
                        : new SortedRows(reading, view.shape(), query, sample.allocator());
                String next = "";
                try (rows) {
                    int taken = 0;
                    while (next.isEmpty() && rows.next()) {
                        for (int i = 0; i < rows.count() && next.isEmpty(); i++) {
                            if (taken++ == query.limit()) {
                                next = parser.cursor(
                                        query, reading.position(), rows.partition(i), rows.offset(i), rows.skip(i));
                            } else {
                                text.append(text(query.select(), rows.batch(), rows.selection()[i]));
                            }
                        }
                    }
                }
                text.append(count).append(next);
                if (next.isEmpty()) {
                    return text.toString();
                }
                asked.put("cursor", next);
            }
        }
        return text.toString();
    }

    private static String text(List<ColumnLayout> columns, Batch batch, int row) {
        JsonEncoder encoder = JsonEncoder.of(columns, false);
        try (var target = new ByteSink.ArrowTarget(ROOT, 64)) {
            ByteSink sink = new ByteSink(target);
            encoder.row(batch, row, sink);
            return new String(sink.toBytes(), UTF_8);
        }
    }

    private static final org.apache.arrow.memory.BufferAllocator ROOT = new org.apache.arrow.memory.RootAllocator();

    private static String sunk(SampleRows sample, java.util.function.Consumer<ByteSink> write) {
        try (var target = new ByteSink.ArrowTarget(sample.allocator(), 64)) {
            ByteSink sink = new ByteSink(target);
            write.accept(sink);
            return new String(sink.toBytes(), UTF_8);
        }
    }

    private static String bytes(ArrowRecordBatch batch) {
        var text = new StringBuilder();
        batch.getBuffers().forEach(buffer -> {
            byte[] copy = new byte[(int) buffer.readableBytes()];
            buffer.getBytes(0, copy);
            text.append(HexFormat.of().formatHex(copy)).append(' ');
        });
        return text.toString();
    }

    /** What a view shows beside what a plain filter and mask leave of the records; empty when they agree. */
    private static String naive(View view, List<Written> records, List<Policy> policies) throws Exception {
        Map<String, SampleRows.Row> live = new LinkedHashMap<>();
        for (Written each : records) {
            live.remove(each.row().id());
            if (!each.deleted()) {
                live.put(each.row().id(), each.row());
            }
        }
        List<String> expected = new ArrayList<>();
        for (SampleRows.Row row : live.values()) {
            List<Policy> shown = shown(row, policies);
            if (!shown.isEmpty()) {
                List<String> values = new ArrayList<>();
                for (int c = 0; c < VALUES.size(); c++) {
                    int column = c;
                    boolean hidden = policies.stream()
                            .allMatch(policy -> policy.masks().get(column).equals(Mask.HIDE));
                    if (!hidden) {
                        values.add(plain(masked(VALUES.get(c).apply(row), weakest(shown, c))));
                    }
                }
                expected.add(values.toString());
            }
        }
        List<String> found = new ArrayList<>();
        try (Reading reading = view.open();
                RowSource rows = reading.scan(RowsQuery.of(Filter.ALL))) {
            while (rows.next()) {
                for (int i = 0; i < rows.count(); i++) {
                    JsonNode json = JSON.readTree(text(view.shape().columns(), rows.batch(), rows.selection()[i]));
                    List<String> values = new ArrayList<>();
                    json.forEach(value -> values.add(
                            value.isObject()
                                    ? mag(value)
                                    : plain(value.isNumber() ? value.decimalValue() : value.asText())));
                    found.add(values.toString());
                }
            }
        }
        expected.sort(null);
        found.sort(null);
        return expected.equals(found) ? "" : "expected " + expected + "\nfound " + found;
    }

    private static String plain(@Nullable Object value) {
        return value instanceof Number number
                ? new BigDecimal(number.toString()).stripTrailingZeros().toPlainString()
                : value instanceof Optional<?> mag ? "Optional" + mag.map(each -> plain(each)) : String.valueOf(value);
    }

    private static String mag(JsonNode struct) {
        JsonNode mag = struct.get("mag");
        return "Optional" + (mag.isNull() ? Optional.empty() : Optional.of(plain(mag.decimalValue())));
    }

    private static List<Policy> shown(SampleRows.Row row, List<Policy> policies) {
        return policies.stream()
                .filter(policy -> policy.rule().naive().test(row))
                .toList();
    }

    private static Mask weakest(List<Policy> shown, int column) {
        return shown.stream()
                .map(policy -> policy.masks().get(column))
                .min(java.util.Comparator.comparingDouble(Mask::strength))
                .orElseThrow();
    }

    private static @Nullable Object masked(@Nullable Object value, Mask mask) {
        if (value == null) {
            return null;
        }
        return switch (mask) {
            case Mask.Show _ -> value;
            case Mask.Null _, Mask.Hide _ -> null;
            case Mask.Keep(int last) -> {
                String text = (String) value;
                int characters = text.codePointCount(0, text.length());
                yield "***" + (characters <= last ? "" : text.substring(text.offsetByCodePoints(0, characters - last)));
            }
            case Mask.Pseudonym _ -> {
                try {
                    Mac mac = Mac.getInstance("HmacSHA256");
                    mac.init(new SecretKeySpec(SECRET, "HmacSHA256"));
                    byte[] hash = mac.doFinal(((String) value).getBytes(UTF_8));
                    yield HexFormat.of().formatHex(hash, 0, 16);
                } catch (GeneralSecurityException impossible) {
                    throw new IllegalStateException(impossible);
                }
            }
            case Mask.RoundNumber(BigDecimal unit) ->
                value instanceof Double number
                        ? (Object) (Math.floor(number / unit.doubleValue()) * unit.doubleValue())
                        : (Object) (Math.floorDiv(((Number) value).longValue(), unit.longValue()) * unit.longValue());
            case Mask.RoundTime(Mask.Unit unit) ->
                value instanceof LocalDate day
                        ? day.withDayOfMonth(1)
                        : ((Instant) value).truncatedTo(ChronoUnit.HOURS);
        };
    }

    /** Another row of the same key that a caller cannot tell from this one. */
    private static SampleRows.Row other(SampleRows.Row row, List<Policy> policies, Random random, StoreSchema schema) {
        List<Policy> shown = shown(row, policies);
        for (int attempt = 0; attempt < 20; attempt++) {
            SampleRows.Row made = row(row.id(), random, schema);
            SampleRows.Row mixed = new SampleRows.Row(
                    row.id(),
                    pick(row, made, 1, shown, SampleRows.Row::origin),
                    pick(row, made, 2, shown, SampleRows.Row::delay),
                    pick(row, made, 3, shown, SampleRows.Row::limit),
                    pick(row, made, 4, shown, SampleRows.Row::speed),
                    pick(row, made, 5, shown, SampleRows.Row::price),
                    pick(row, made, 6, shown, SampleRows.Row::day),
                    pick(row, made, 7, shown, SampleRows.Row::at),
                    pick(row, made, 8, shown, SampleRows.Row::ok),
                    Objects.requireNonNull(pick(row, made, 9, shown, SampleRows.Row::properties)),
                    pick(row, made, 9, shown, SampleRows.Row::mag));
            if (shown(mixed, policies).equals(shown)) {
                return mixed;
            }
        }
        return row;
    }

    private static <T> @Nullable T pick(
            SampleRows.Row row,
            SampleRows.Row other,
            int column,
            List<Policy> shown,
            Function<SampleRows.Row, @Nullable T> value) {
        boolean free = shown.isEmpty()
                || Objects.equals(
                        masked(VALUES.get(column).apply(row), weakest(shown, column)),
                        masked(VALUES.get(column).apply(other), weakest(shown, column)));
        return value.apply(free ? other : row);
    }

    private static SampleRows.Row row(String id, Random random, StoreSchema schema) {
        return new SampleRows.Row(
                id,
                random.nextInt(6) == 0
                        ? null
                        : schema == SampleRows.SCHEMA && random.nextBoolean()
                                ? "SF" + Integer.toString(random.nextInt(64), 4)
                                : SampleRows.ORIGINS.get(random.nextInt(SampleRows.ORIGINS.size())),
                random.nextInt(6) == 0 ? null : random.nextInt(300) - 150,
                random.nextInt(6) == 0 ? null : (long) random.nextInt(12) - 4,
                random.nextInt(6) == 0 ? null : random.nextInt(80) / 2.0,
                random.nextInt(6) == 0 ? null : BigDecimal.valueOf(random.nextInt(10_000) + 11, 2),
                random.nextInt(6) == 0 ? null : LocalDate.ofEpochDay(11_000 + random.nextInt(80)),
                random.nextInt(6) == 0
                        ? null
                        : LocalDate.ofEpochDay(11_000)
                                .atStartOfDay()
                                .plusMinutes(random.nextInt(300))
                                .toInstant(ZoneOffset.UTC),
                random.nextInt(6) == 0 ? null : random.nextBoolean(),
                random.nextInt(4) != 0,
                random.nextInt(6) == 0 ? null : random.nextInt(9) * 1.0);
    }

    private static void write(SampleRows sample, List<Written> records) {
        records.forEach(each -> sample.write(each.partition(), each.row(), each.deleted()));
        sample.publish();
    }

    private interface With {
        String run(SampleRows sample) throws Exception;
    }

    private static String inSample(StoreSchema schema, With run) throws Exception {
        Path folder = Files.createTempDirectory("shown");
        try (var sample = new SampleRows(folder, schema)) {
            return run.run(sample);
        } finally {
            Folders.delete(folder);
        }
    }

    @Test
    void look_hasSomethingToSee() throws Exception {
        inSample(SampleRows.SCHEMA, sample -> {
            sample.writeUsual(0, 50);
            List<Mask> masks = new StoredView("d.p", sample.store())
                    .shape().columns().stream()
                            .map(column -> column.name().equals("origin") ? new Mask.Keep(1) : Mask.SHOW)
                            .toList();
            try (Looking right = RIGHT.of(sample, List.of(new Showing(Filter.ALL, masks)))) {
                List<String> seen = look(right.view(), sample.store().position(), sample, new Random(1));
                assertTrue(seen.toString().contains("***O"), seen::toString);
            }
            return "";
        });
    }
}
