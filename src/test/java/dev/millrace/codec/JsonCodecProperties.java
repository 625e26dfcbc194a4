package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.contract.FieldType;
import dev.millrace.contract.Property;
import dev.millrace.text.CsvEncoder;
import dev.millrace.text.JsonEncoder;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import net.jqwik.api.ForAll;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;
import org.apache.arrow.memory.RootAllocator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Decoder and encoder against Jackson and the JDK, over random records, mutated records and random bit patterns. */
class JsonCodecProperties {
    private static final int MUTATIONS = 60;

    private static final Pattern HUGE_EXPONENT = Pattern.compile("[eE][+-]?\\d{4}");

    private static final ObjectReader CSV =
            new CsvMapper().readerFor(String[].class).withFeatures(CsvParser.Feature.WRAP_AS_ARRAY);

    private final ObjectMapper mapper = StrictJson.mapper();
    private RootAllocator root = new RootAllocator();

    @BeforeProperty
    void openAllocator() {
        root = new RootAllocator();
    }

    @AfterProperty
    void closeAllocator() {
        root.close();
    }

    @net.jqwik.api.Property(tries = 1000)
    void rows_fromJacksonAndBack_areEqual(@ForAll long seed) throws IOException {
        var random = new Random(seed);
        List<JsonNode> documents = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            documents.add(RandomRecords.record(random));
        }
        try (var fixture = new Fixture(RandomRecords.COLUMNS)) {
            for (JsonNode document : documents) {
                byte[] json = mapper.writeValueAsBytes(document);
                assertTrue(fixture.decode(json), () -> fixture.decoder.violation() + " in " + document);
            }
            for (int i = 0; i < documents.size(); i++) {
                assertEquals(
                        StrictJson.normal(documents.get(i), RandomRecords.COLUMNS),
                        StrictJson.normal(mapper.readTree(fixture.encode(i)), RandomRecords.COLUMNS));
            }
        }
    }

    @net.jqwik.api.Property(tries = 500)
    void csv_ofAnyRows_isReadByAnotherParserAsTheirJson(@ForAll long seed) throws IOException {
        var random = new Random(seed);
        try (var fixture = new Fixture(RandomRecords.COLUMNS)) {
            for (int i = 0; i < 8; i++) {
                assertTrue(fixture.decode(mapper.writeValueAsBytes(RandomRecords.record(random))));
            }
            List<String> names = fixture.writer.layout().top().stream()
                    .map(ColumnLayout::name)
                    .toList();
            try (MappingIterator<String[]> lines = CSV.readValues(fixture.csv(8))) {
                assertEquals(names, List.of(lines.next()));
                for (int i = 0; i < 8; i++) {
                    JsonNode json = mapper.readTree(fixture.encode(i));
                    String[] line = lines.next();
                    assertEquals(names.size(), line.length);
                    for (int column = 0; column < line.length; column++) {
                        JsonNode value = json.get(names.get(column));
                        // Jackson takes an empty field for an empty text, quoted or not; the test below tells them
                        // apart.
                        JsonNode read = line[column].isEmpty() && value.isNull()
                                ? NullNode.getInstance()
                                : value.isTextual() ? TextNode.valueOf(line[column]) : mapper.readTree(line[column]);
                        assertEquals(value, read, names.get(column));
                    }
                }
                assertFalse(lines.hasNext());
            }
        }
    }

    @Test
    void csv_nullEmptyQuoteAndNotANumber_areTold() {
        root = new RootAllocator();
        List<Property> columns =
                List.of(Records.optional("a \"b\"", Records.TEXT), Records.optional("v", Records.DOUBLE));
        try (var fixture = new Fixture(columns)) {
            List<String> texts = Arrays.asList(null, "", "\"", "a,\r\nb\\ \"\"", "ÄÖ");
            List<Double> numbers = Arrays.asList(null, Double.NaN, Double.NEGATIVE_INFINITY, 1.5, -0.0);
            for (int i = 0; i < texts.size(); i++) {
                fixture.append(texts.get(i), numbers.get(i));
            }
            assertEquals(
                    "\"a \"\"b\"\"\",\"v\"\r\n,\r\n\"\",NaN\r\n\"\"\"\",-Infinity\r\n"
                            + "\"a,\r\nb\\ \"\"\"\"\",1.5\r\n\"ÄÖ\",-0.0\r\n",
                    new String(fixture.csv(texts.size()), UTF_8));
        }
        root.close();
    }

    /** 102,000 documents in all. */
    @net.jqwik.api.Property(tries = 1700)
    void mutatedRecord_isAcceptedExactlyWhenStrictJacksonAndTheTypesDo(@ForAll long seed) throws IOException {
        var random = new Random(seed);
        byte[] good = mapper.writeValueAsBytes(RandomRecords.record(random));
        try (var fixture = new Fixture(RandomRecords.COLUMNS)) {
            List<JsonNode> accepted = new ArrayList<>();
            for (int i = 0; i < MUTATIONS; i++) {
                byte[] json = RandomRecords.mutate(good, random);
                if (HUGE_EXPONENT.matcher(new String(json, ISO_8859_1)).find()) {
                    // Too much for BigDecimal, and so for the judge: all that is asked is that nothing is thrown.
                    fixture.decoder.decode(json, 0, json.length);
                    fixture.writer.rollback();
                    continue;
                }
                var wanted = StrictJson.read(json).filter(tree -> StrictJson.fits(tree, RandomRecords.COLUMNS));
                boolean got = fixture.decode(json);
                assertEquals(
                        wanted.isPresent(),
                        got,
                        () -> new String(json, UTF_8) + (got ? "" : " " + fixture.decoder.violation()));
                wanted.ifPresent(accepted::add);
                fixture.assertUnbroken();
            }
            for (int i = 0; i < accepted.size(); i++) {
                assertEquals(
                        StrictJson.normal(accepted.get(i), RandomRecords.COLUMNS),
                        StrictJson.normal(mapper.readTree(fixture.encode(i)), RandomRecords.COLUMNS));
            }
        }
    }

    @net.jqwik.api.Property(tries = 20)
    void double_anyBits_isReadAsTheJdkReadsItAndWrittenShortest(@ForAll long seed) {
        var random = new Random(seed);
        try (var fixture = new Fixture(List.of(Records.optional("v", Records.DOUBLE)))) {
            List<Double> values = new ArrayList<>();
            for (int i = 0; i < 3000; i++) {
                double value = switch (i % 5) {
                    case 0 -> Double.longBitsToDouble(random.nextLong());
                    case 1 -> random.nextInt(2_000_000) / 1000.0;
                    case 2 -> random.nextLong(1L << 53) / (double) JsonNumber.POWERS[random.nextInt(19)];
                    case 3 -> (double) random.nextLong();
                    default -> -random.nextInt(200_000_000) * 1e-7;
                };
                if (Double.isFinite(value)) {
                    String text = i % 2 == 0 ? Double.toString(value) : new BigDecimal(value).toPlainString();
                    if (text.length() <= 1000) {
                        assertTrue(fixture.decode(("{\"v\":" + text + "}").getBytes(UTF_8)), text);
                        values.add(value);
                    }
                }
            }
            for (int i = 0; i < values.size(); i++) {
                double value = values.get(i);
                boolean plain = new BigDecimal(value).signum() == 0;
                assertEquals(
                        plain ? value + 0.0 : value,
                        fixture.writer.batch().column(0).float64(i) + 0.0);
                String text = fixture.encodedValue(i);
                assertEquals(value + 0.0, Double.parseDouble(text) + 0.0, text);
                assertEquals(digits(Double.toString(value)), digits(text), text);
            }
        }
    }

    @net.jqwik.api.Property(tries = 20)
    void float_anyBits_isReadAsTheJdkReadsItAndWrittenShortest(@ForAll long seed) {
        var random = new Random(seed);
        try (var fixture = new Fixture(List.of(Records.optional("v", new FieldType.Floating(32))))) {
            List<Float> values = new ArrayList<>();
            for (int i = 0; i < 3000; i++) {
                float value = i % 2 == 0 ? Float.intBitsToFloat(random.nextInt()) : random.nextInt(2_000_000) / 1000f;
                if (Float.isFinite(value)) {
                    String text = i % 4 < 2 ? Float.toString(value) : new BigDecimal(value).toString();
                    assertTrue(fixture.decode(("{\"v\":" + text + "}").getBytes(UTF_8)), text);
                    values.add(value);
                }
            }
            for (int i = 0; i < values.size(); i++) {
                assertEquals(
                        values.get(i) + 0f, fixture.writer.batch().column(0).float32(i) + 0f);
                String text = fixture.encodedValue(i);
                assertEquals(values.get(i) + 0f, Float.parseFloat(text) + 0f, text);
                assertEquals(digits(Float.toString(values.get(i))), digits(text), text);
            }
        }
    }

    private static int digits(String number) {
        return new BigDecimal(number).stripTrailingZeros().precision();
    }

    @net.jqwik.api.Property(tries = 20)
    void integer_anyBitsAndLength_roundTrips(@ForAll long seed) {
        var random = new Random(seed);
        List<Property> columns =
                List.of(Records.optional("v", Records.INT64), Records.optional("u", new FieldType.Int(64, false)));
        try (var fixture = new Fixture(columns)) {
            List<Long> values = new ArrayList<>();
            for (int i = 0; i < 2000; i++) {
                long value = random.nextLong() >> random.nextInt(64);
                String json = "{\"v\":" + value + ",\"u\":" + Long.toUnsignedString(value) + "}";
                assertTrue(fixture.decode(json.getBytes(UTF_8)), json);
                assertEquals(value, fixture.writer.batch().column(0).int64(i));
                assertEquals(value, fixture.writer.batch().column(1).int64(i));
                assertEquals(json, new String(fixture.encode(i), UTF_8));
                values.add(value);
            }
            for (long value : values) {
                BigInteger beyond = BigInteger.valueOf(value)
                        .multiply(BigInteger.TWO.pow(65))
                        .add(BigInteger.ONE);
                if (value != 0) {
                    assertTrue(!fixture.decode(("{\"v\":" + beyond + "}").getBytes(UTF_8)));
                    assertTrue(!fixture.decode(("{\"u\":" + beyond + "}").getBytes(UTF_8)));
                }
            }
        }
    }

    @net.jqwik.api.Property(tries = 20)
    void timestampAndDate_anyOfYears0To9999_areAsJavaTimeHasThem(@ForAll long seed) {
        var random = new Random(seed);
        List<Property> columns =
                List.of(Records.required("at", Records.MICROS), Records.required("day", new FieldType.Date()));
        try (var fixture = new Fixture(columns)) {
            for (int i = 0; i < 2000; i++) {
                long second = i < 10 ? -1 - 86_400L * i : random.nextLong(-62_167_219_200L, 253_402_300_800L);
                int micros = random.nextBoolean() ? 0 : random.nextInt(1_000_000);
                Instant instant = Instant.ofEpochSecond(second, micros * 1000L);
                LocalDate day = LocalDate.ofEpochDay(Math.floorDiv(second, 86_400L));
                String json = "{\"at\":\"" + instant + "\",\"day\":\"" + day + "\"}";
                assertTrue(fixture.decode(json.getBytes(UTF_8)), json);
                assertEquals(
                        second * 1_000_000 + micros,
                        fixture.writer.batch().column(0).int64(i));
                assertEquals(day.toEpochDay(), fixture.writer.batch().column(1).int32(i));
                String written = new String(fixture.encode(i), UTF_8);
                assertTrue(written.endsWith("\"day\":\"" + day + "\"}"), written);
                assertEquals(instant, Instant.parse(written.substring(7, written.indexOf('"', 7))));
            }
        }
    }

    /** A decoder, an encoder and their memory. */
    private final class Fixture implements AutoCloseable {
        private final BatchWriter writer;
        private final JsonDecoder decoder;
        private final JsonEncoder encoder;
        private final ByteSink.ArrowTarget target = new ByteSink.ArrowTarget(root, 64);
        private final ByteSink sink = new ByteSink(target);
        private final int columns;

        Fixture(List<Property> columns) {
            this.writer = new BatchWriter(Records.layout(columns), root);
            this.decoder = Records.decoder(columns, writer);
            this.encoder = JsonEncoder.of(writer.layout().top(), false);
            this.columns = columns.size();
            writer.open(8);
        }

        boolean decode(byte[] json) {
            boolean good = decoder.decode(json, 0, json.length);
            if (good) {
                writer.endRow();
            }
            return good;
        }

        byte[] encode(int row) {
            sink.position(0);
            encoder.row(writer.batch(), row, sink);
            return sink.toBytes();
        }

        byte[] csv(int rows) {
            var csv = new CsvEncoder(writer.layout().top());
            sink.position(0);
            csv.header(sink);
            for (int row = 0; row < rows; row++) {
                csv.row(writer.batch(), row, sink);
            }
            return sink.toBytes();
        }

        void append(@Nullable String text, @Nullable Double number) {
            if (text == null) {
                writer.column(0).putNull();
            } else {
                byte[] utf8 = text.getBytes(UTF_8);
                writer.column(0).putBytes(utf8, 0, utf8.length);
            }
            if (number == null) {
                writer.column(1).putNull();
            } else {
                writer.column(1).putFloat64(number);
            }
            writer.endRow();
        }

        /** Of a record with the one field {@code v}. */
        String encodedValue(int row) {
            String text = new String(encode(row), UTF_8);
            return text.substring(5, text.length() - 1);
        }

        void assertUnbroken() {
            for (int i = 0; i < columns; i++) {
                assertEquals(writer.rows(), writer.column(i).count());
            }
        }

        @Override
        public void close() {
            target.close();
            writer.close();
        }
    }
}
