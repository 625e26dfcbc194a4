package dev.millrace.query;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.Kind;
import dev.millrace.arrow.KindText;
import dev.millrace.arrow.RowEncoder;
import dev.millrace.arrow.Scalar;
import dev.millrace.arrow.SecretHash;
import dev.millrace.codec.JsonDecoder;
import dev.millrace.codec.JsonLimits;
import dev.millrace.contract.MeshReader;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.store.Key;
import dev.millrace.store.StoreSchema;
import dev.millrace.text.CsvEncoder;
import dev.millrace.text.JsonEncoder;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/** Texts of every type that a key can have: what an answer writes comes back, and every door reads it as one value. */
class KindProperties {
    private static final List<String> TYPES = List.of(
            "logicalType: string",
            "logicalType: string, logicalTypeOptions: {enum: ['', b, 'ä,b']}",
            "logicalType: string, physicalType: bytes",
            "logicalType: boolean",
            "logicalType: integer, physicalType: tinyint",
            "logicalType: integer, physicalType: uint8",
            "logicalType: integer, physicalType: uint16",
            "logicalType: integer, physicalType: int",
            "logicalType: integer, physicalType: uint32",
            "logicalType: integer",
            "logicalType: integer, physicalType: uint64",
            "logicalType: number, physicalType: 'decimal(9,2)'",
            "logicalType: number, physicalType: 'decimal(38,10)'",
            "logicalType: number, physicalType: 'decimal(76,20)'",
            "logicalType: date",
            "logicalType: time, physicalType: time(3)",
            "logicalType: time",
            "logicalType: time, physicalType: time(9)",
            "logicalType: timestamp, physicalType: timestamp(3)",
            "logicalType: timestamp",
            "logicalType: timestamp, physicalType: timestamp(9)",
            "logicalType: timestamp, physicalType: timestamp_ntz",
            "logicalType: timestamp, physicalType: epoch_millis",
            "logicalType: timestamp, physicalType: epoch_seconds");

    private static final int ROWS = 9;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final SecretHash SECRET = new SecretHash(1, 2);

    private final List<ProductDefinition> products = new ArrayList<>();

    KindProperties() throws IOException {
        Path mesh = Files.createTempDirectory("kinds");
        Path folder = Files.createDirectories(mesh.resolve("domains/d"));
        for (int i = 0; i < TYPES.size(); i++) {
            Files.writeString(folder.resolve("p" + i + ".odcs.yaml"), """
                {apiVersion: v3.1.0, kind: DataContract, id: p%1$d, name: p%1$d, version: 1.0.0, status: active,
                 customProperties: [{property: millrace.mode, value: upsert}],
                 schema: [{name: p%1$d, logicalType: object, properties: [
                   {name: k, %2$s, required: true, primaryKey: true}]}]}
                """.formatted(i, TYPES.get(i)));
        }
        var read = MeshReader.read(mesh);
        for (int i = 0; i < TYPES.size(); i++) {
            products.add(read.product("d", "p" + i).orElseThrow());
        }
        dev.millrace.Folders.delete(mesh);
    }

    /** A product's rows, all with a value. */
    private record Rows(ProductDefinition product, StoreSchema schema, BatchWriter writer) implements AutoCloseable {
        Rows(ProductDefinition product, BufferAllocator root) {
            this(product, new StoreSchema(ArrowSchemas.of(product.object()), List.of("k"), true), root);
        }

        private Rows(ProductDefinition product, StoreSchema schema, BufferAllocator root) {
            this(product, schema, new BatchWriter(schema.layout(), root));
            writer.open(8);
        }

        Kind kind() {
            return schema.columns().getFirst().kind();
        }

        Column column() {
            return writer.batch().column(0);
        }

        void end() {
            for (int own = 1; own < 3; own++) {
                writer.column(own).putInt64(0);
            }
            writer.column(3).putBit(false);
            writer.endRow();
        }

        String text(int row, RowEncoder encoder, BufferAllocator root) {
            try (var target = new ByteSink.ArrowTarget(root, 256)) {
                ByteSink sink = new ByteSink(target);
                encoder.row(writer.batch(), row, sink);
                return new String(sink.toBytes(), UTF_8);
            }
        }

        List<Integer> withKey(Key key) {
            return IntStream.range(0, writer.rows())
                    .filter(row -> key.matches(writer.batch(), row))
                    .boxed()
                    .toList();
        }

        List<Integer> meeting(String operator, String text) {
            FilterParser parser = new FilterParser(Map.of("k", schema.columns().getFirst()), Operator.ALL, 1);
            Filter filter = parser.ofParameters(List.of(Map.entry("k[" + operator + "]", text)));
            int[] rows = IntStream.range(0, writer.rows()).toArray();
            int kept = new FilterLoop(filter).narrow(writer.batch(), rows, rows.length);
            return IntStream.of(rows).limit(kept).boxed().toList();
        }

        Optional<List<Integer>> tried(String operator, String text) {
            try {
                return Optional.of(meeting(operator, text));
            } catch (ProblemException wrong) {
                var problem = (Problem.InvalidParameter) wrong.problem();
                assertFalse(problem.reason().isEmpty() || problem.expected().isEmpty());
                return Optional.empty();
            }
        }

        @Override
        public void close() {
            writer.close();
        }
    }

    @Property(tries = 600)
    void answer_ofAnyValue_comesBackAsKeyAsFilterAndAsBody(@ForAll @IntRange(max = 23) int type, @ForAll long seed)
            throws IOException {
        try (var root = new RootAllocator();
                var rows = filled(type, new Random(seed), root);
                var again = new Rows(products.get(type), root)) {
            var json = JsonEncoder.of(rows.schema().columns(), false);
            var strings = JsonEncoder.of(rows.schema().columns(), true);
            var csv = new CsvEncoder(rows.schema().columns());
            boolean epoch = TYPES.get(type).contains("epoch");
            for (int row = 0; row < ROWS; row++) {
                int at = row;
                List<Integer> same = IntStream.range(0, ROWS)
                        .filter(other -> rows.column().sameValue(at, rows.column(), other))
                        .boxed()
                        .toList();
                String body = rows.text(row, json, root);
                for (String text :
                        List.of(bare(body), member(rows.text(row, strings, root)), field(rows.text(row, csv, root)))) {
                    Key key = Key.parse(rows.schema(), List.of(text)).orElseThrow(() -> new AssertionError(text));
                    assertEquals(same, rows.withKey(key), text);
                    assertEquals(same, rows.meeting("eq", text), text);
                    Scalar scalar = Scalar.read(rows.kind(), text).orElseThrow();
                    assertEquals(rows.column().hash(row, SECRET), scalar.hash(SECRET), text);
                    assertEquals(rows.column().hash(row), scalar.hash(), text);
                }
                if (!epoch) {
                    byte[] record = body.getBytes(UTF_8);
                    var decoder = JsonDecoder.of(rows.product(), again.writer(), JsonLimits.DEFAULT);
                    assertTrue(decoder.decode(record, 0, record.length), () -> decoder.violation() + body);
                    again.end();
                    assertTrue(rows.column().sameValue(row, again.column(), row), body);
                }
            }
        }
    }

    @Property(tries = 1_500)
    void text_ofAnyForm_isTheSameAsKeyAndAsEquality_andHasOnePlaceInTheOrder(
            @ForAll @IntRange(max = 23) int type, @ForAll long seed) throws IOException {
        var random = new Random(seed);
        try (var root = new RootAllocator();
                var rows = filled(type, random, root)) {
            String written = bare(
                    rows.text(random.nextInt(ROWS), JsonEncoder.of(rows.schema().columns(), false), root));
            String text = varied(random, written);
            Optional<List<Integer>> equal = rows.tried("eq", text);
            Optional<Key> key = Key.parse(rows.schema(), List.of(text));
            assertEquals(equal, key.map(rows::withKey), text);
            assertEquals(equal.isEmpty(), rows.tried("ne", text).isEmpty(), text);
            assertEquals(
                    equal.isPresent(),
                    Key.fault(rows.schema(), List.of(text)).equals("this is no key of the product."));
            if (!rows.kind().isOrdered() || rows.kind() instanceof Kind.Bool) {
                return;
            }
            Optional<List<Integer>> below = rows.tried("lt", text);
            assertTrue(below.isPresent() || equal.isEmpty(), text);
            if (below.isEmpty()) {
                return;
            }
            assertEquals(without(below.get()), rows.meeting("gte", text), text);
            assertEquals(without(rows.meeting("gt", text)), rows.meeting("lte", text), text);
            List<Integer> orEqual = new ArrayList<>(below.get());
            orEqual.addAll(equal.orElse(List.of()));
            orEqual.sort(null);
            assertEquals(orEqual, rows.meeting("lte", text), text);
            exact(rows.kind(), text).ifPresent(wanted -> {
                for (int row = 0; row < ROWS; row++) {
                    BigDecimal value = exact(
                                    rows.kind(),
                                    bare(rows.text(
                                            row, JsonEncoder.of(rows.schema().columns(), false), root)))
                            .orElseThrow();
                    assertEquals(value.compareTo(wanted) < 0, below.get().contains(row), value + " and " + text);
                    boolean isEqual = value.compareTo(wanted) == 0;
                    assertTrue(equal.isEmpty() ? !isEqual : equal.get().contains(row) == isEqual, text);
                }
            });
        }
    }

    /** A text as a number, read by means of the platform alone; empty for kinds without. */
    private static Optional<BigDecimal> exact(Kind kind, String text) {
        return switch (kind) {
            case Kind.Int _, Kind.Decimal _ -> Optional.of(new BigDecimal(text));
            case Kind.Time _ ->
                Optional.of(BigDecimal.valueOf(LocalTime.parse(text).toNanoOfDay()));
            case Kind.Timestamp(var _, boolean zoned) -> {
                String whole = text.toUpperCase(java.util.Locale.ROOT).contains("T")
                        ? text
                        : text + "T00:00" + (zoned ? "Z" : "");
                LocalDateTime utc = zoned
                        ? OffsetDateTime.parse(whole)
                                .withOffsetSameInstant(ZoneOffset.UTC)
                                .toLocalDateTime()
                        : LocalDateTime.parse(whole);
                yield Optional.of(BigDecimal.valueOf(utc.toEpochSecond(ZoneOffset.UTC))
                        .add(BigDecimal.valueOf(utc.getNano(), 9)));
            }
            default -> Optional.empty();
        };
    }

    private static List<Integer> without(List<Integer> rows) {
        return IntStream.range(0, ROWS)
                .boxed()
                .filter(row -> !rows.contains(row))
                .toList();
    }

    private Rows filled(int type, Random random, BufferAllocator root) {
        var rows = new Rows(products.get(type), root);
        for (int i = 0; i < ROWS; i++) {
            put(rows, random);
            rows.end();
        }
        return rows;
    }

    private static void put(Rows rows, Random random) {
        var into = rows.writer().column(0);
        switch (rows.kind()) {
            case Kind.Bool _ -> into.putBit(random.nextBoolean());
            case Kind.Text _ -> {
                List<String> texts = into.layout().dictionary().values();
                if (texts.isEmpty()) {
                    byte[] text = List.of("", "a", "a,b", "Ä\u0000", "😀", "true", "2026-01-01", "\"\\\n")
                            .get(random.nextInt(8))
                            .getBytes(UTF_8);
                    into.putBytes(text, 0, text.length);
                } else {
                    into.putFixed(random.nextInt(texts.size()));
                }
            }
            case Kind.Binary _ -> {
                byte[] bytes = new byte[random.nextInt(5)];
                random.nextBytes(bytes);
                into.putBytes(bytes, 0, bytes.length);
            }
            case Kind.Date _ -> into.putInt32(random.nextInt(-719_528, 2_932_896));
            case Kind.Time(Kind.Unit unit) -> into.putFixed(near(random, 0, 86_400L * unit.perSecond() - 1));
            case Kind.Timestamp(Kind.Unit unit, var _) -> {
                boolean nanos = unit == Kind.Unit.NANOS;
                into.putInt64(near(
                        random,
                        nanos ? Long.MIN_VALUE : -62_167_219_200L * unit.perSecond(),
                        nanos ? Long.MAX_VALUE : 253_402_300_800L * unit.perSecond() - 1));
            }
            case Kind.Decimal(int precision, var _, var _) -> {
                BigInteger limit = BigInteger.TEN.pow(precision);
                BigInteger value = random.nextBoolean()
                        ? BigInteger.valueOf(random.nextInt(-400, 400))
                        : new BigInteger(limit.bitLength() - 1, random);
                into.putDecimal(random.nextBoolean() ? value.negate() : value);
            }
            default -> into.putFixed(random.nextInt(3) == 0 ? random.nextLong() : random.nextInt(-3, 3));
        }
    }

    private static long near(Random random, long min, long max) {
        return switch (random.nextInt(6)) {
            case 0 -> min;
            case 1 -> max;
            case 2 -> random.nextLong(min, max);
            default -> Math.max(min, random.nextInt(-2000, 2000));
        };
    }

    private static String varied(Random random, String text) {
        return switch (random.nextInt(14)) {
            case 0 -> "+" + text;
            case 1 -> "0" + text;
            case 2 -> text + "0";
            case 3 -> text.contains(".") ? text.replaceFirst("\\.", ".0") : text + ".5";
            case 4 ->
                text.replaceFirst("Z$", "").replaceFirst("\\.\\d*$", "") + ".0009990" + (text.endsWith("Z") ? "Z" : "");
            case 5 -> text.replace("Z", "+01:00");
            case 6 -> text.replaceFirst("[Tt].*", "");
            case 7 -> text.toLowerCase(java.util.Locale.ROOT);
            case 8 -> text.replaceFirst("T(..:..):.*?(Z?)$", "T$1$2");
            case 9 -> text + "00000000000000000000000000";
            case 10 ->
                List.of(
                                "",
                                " ",
                                "-",
                                "true",
                                "1e2",
                                "-1",
                                "256",
                                "NaN",
                                "2026-02-30",
                                "24:00",
                                "AA==",
                                "\ud800",
                                "٣",
                                "0.125",
                                "2500-01-01T00:00:00Z")
                        .get(random.nextInt(15));
            case 11 -> "-" + text;
            case 12 -> " " + text;
            default -> text;
        };
    }

    /** The text of the only member, as it stands there but for quotes. */
    private static String bare(String object) {
        int from = object.indexOf(':') + 1;
        return object.charAt(from) == '"' ? member(object) : object.substring(from, object.length() - 1);
    }

    private static String member(String object) {
        try {
            JsonNode value = JSON.readTree(object).get("k");
            return value.asText();
        } catch (IOException wrong) {
            throw new AssertionError(object, wrong);
        }
    }

    private static String field(String line) {
        String field = line.substring(0, line.length() - 2);
        return field.startsWith("\"") ? field.substring(1, field.length() - 1).replace("\"\"", "\"") : field;
    }

    @Property(tries = 300)
    void number_ofFewDigits_isReadAsAnyOther(@ForAll @IntRange(max = 23) int type, @ForAll long value) {
        Kind kind = Kind.of(products.get(type).object().properties().getFirst().fieldType());
        if (kind instanceof Kind.Int) {
            for (String text : List.of(
                    "" + value, "" + value % 1000, "-" + Math.abs(value % 100), "00" + Math.abs(value % 70_000))) {
                Optional<Long> slow = Scalar.of(kind, kind.equal(text)).map(Scalar::hash);
                assertEquals(slow, Scalar.read(kind, text).map(Scalar::hash), text);
                assertTrue(kind.read(text) instanceof KindText.Whole(BigInteger whole, var _)
                        && whole.equals(new BigInteger(text)));
            }
        }
    }
}
