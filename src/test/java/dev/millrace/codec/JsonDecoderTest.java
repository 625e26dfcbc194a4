package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ByteSink;
import dev.millrace.contract.FieldType;
import dev.millrace.contract.Property;
import dev.millrace.contract.UnknownFields;
import dev.millrace.text.JsonEncoder;
import java.io.IOException;
import java.util.List;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonDecoderTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final RootAllocator root = new RootAllocator();

    @AfterEach
    void allocator_afterEveryTest_hasNoLeak() {
        root.close();
    }

    @Test
    void decode_realEarthquakes_encodeToTheSameJson() throws IOException {
        List<Property> columns = Records.earthquakes();
        byte[][] records = Records.earthquakeJson(Integer.MAX_VALUE);
        assertEquals(1707, records.length);
        try (var writer = new BatchWriter(Records.layout(columns), root);
                var target = new ByteSink.ArrowTarget(root, 64)) {
            JsonDecoder decoder = Records.decoder(columns, writer);
            JsonEncoder encoder = JsonEncoder.of(writer.layout().top(), false);
            var sink = new ByteSink(target);
            writer.open(8);
            for (int i = 0; i < records.length; i++) {
                assertTrue(
                        decoder.decode(records[i], 0, records[i].length),
                        () -> decoder.violation().toString());
                writer.endRow();
                sink.position(0);
                encoder.row(writer.batch(), i, sink);
                JsonNode wanted = MAPPER.readTree(records[i]);
                JsonNode got = MAPPER.readTree(sink.toBytes());
                var properties = (com.fasterxml.jackson.databind.node.ObjectNode) got.get("properties");
                for (String time : List.of("time", "updated")) {
                    properties.put(
                            time,
                            java.time.Instant.parse(properties.get(time).asText())
                                    .toEpochMilli());
                }
                assertEquals(plain(wanted), plain(got));
            }
        }
    }

    /** Numbers as doubles, so that 2 and 2.0 are one. */
    private static String plain(JsonNode node) throws IOException {
        Object tree = MAPPER.treeToValue(node, Object.class);
        return doubles(tree).toString();
    }

    private static Object doubles(Object tree) {
        return switch (tree) {
            case null -> "null";
            case java.util.Map<?, ?> map -> {
                var sorted = new java.util.TreeMap<String, Object>();
                map.forEach((name, value) -> sorted.put(name.toString(), doubles(value)));
                yield sorted;
            }
            case List<?> list -> list.stream().map(JsonDecoderTest::doubles).toList();
            case Number number -> number.doubleValue();
            default -> tree;
        };
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"id\":\"a\"} | ",
                "{\t\"n\" : 12 , \"id\":\"a\" }  | ",
                "{\"id\":\"a\",\"n\":2.0} | ",
                "{\"id\":\"a\",\"n\":1e3} | ",
                "{\"id\":\"a\",\"n\":1200e-2} | ",
                "{\"id\":\"a\",\"n\":-9223372036854775808} | ",
                "{\"id\":\"a\",\"n\":9223372036854775807} | ",
                "{\"id\":\"a\",\"n\":9223372036854775807000e-3} | ",
                "{\"id\":\"a\",\"n\":0e999999999} | ",
                "{\"id\":\"\\u00e9\\ud83d\\ude00\",\"n\":1} | ",
                "{\"\\u0069d\":\"a\"} | ",
                "{\"id\":\"a\",\"x\":{\"y\":[1,{},[],{\"z\":null}],\"id\":1}} | ",
                "{\"id\":\"a\",\"flag\":null,\"d\":1.5} | ",
                "{} | required:id",
                "{\"id\":null} | required:id",
                "{\"id\":1} | type:id",
                "{\"id\":\"a\",\"n\":1.5} | type:n",
                "{\"id\":\"a\",\"n\":\"1\"} | type:n",
                "{\"id\":\"a\",\"n\":9223372036854775808} | type:n",
                "{\"id\":\"a\",\"n\":1e400} | type:n",
                "{\"id\":\"a\",\"n\":01} | json:n",
                "{\"id\":\"a\",\"n\":-} | type:n",
                "{\"id\":\"a\",\"n\":+1} | type:n",
                "{\"id\":\"a\",\"d\":NaN} | type:d",
                "{\"id\":\"a\",\"d\":1.} | json:d",
                "{\"id\":\"a\",\"d\":.5} | type:d",
                "{\"id\":\"a\",\"d\":1e} | json:d",
                "{\"id\":\"a\",\"d\":1e999} | type:d",
                "{\"id\":\"a\",\"flag\":truE} | type:flag",
                "{\"id\":\"a\",\"id\":\"a\"} | json:",
                "{\"id\":\"a\",\"\\u0069d\":\"a\"} | json:",
                "{\"id\":\"a\",\"x\":1,\"x\":1} | json:",
                "{\"id\":\"a\",\"x\":{\"y\":1,\"y\":1}} | json:",
                "{\"id\":\"\\ud83d\"} | json:id",
                "{\"id\":\"\\ude00\"} | json:id",
                "{\"id\":\"\\x\"} | json:id",
                "{\"id\":\"a\"}x | json:",
                "{\"id\":\"a\",} | json:",
                "{\"id\":\"a\" | json:",
                "{\"id\":\"a | json:id",
                "{\"id\" \"a\"} | json:",
                "[] | json:",
                "{ | json:",
                "{\"id\":\"a\",\"x\":[1,]} | json:",
                "{\"id\":\"a\",\"x\":nul} | json:",
                "{\"id\":\"a\",\"inner\":{\"list\":[1,2,\"3\"]}} | type:inner.list[2]",
                "{\"id\":\"a\",\"inner\":{\"list\":[1,2,3]}} | ",
                "{\"id\":\"a\",\"inner\":{\"list\":[]},\"n\":1} | ",
            })
    void decode_document_isFineOrNamesItsRule(String json, String expected) {
        List<Property> columns = List.of(
                Records.required("id", Records.TEXT),
                Records.optional("n", Records.INT64),
                Records.optional("d", Records.DOUBLE),
                Records.optional("flag", new FieldType.Bool()),
                Records.struct(
                        "inner", false, Records.list("list", Records.required("item", new FieldType.Int(16, true)))));
        assertEquals(expected == null ? "" : expected, decode(columns, json));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "len | \"ab\" | ",
                "len | \"a\" | minLength:len",
                "len | \"éé\" | ",
                "len | \"😀😀😀\" | ",
                "len | \"abcd\" | maxLength:len",
                "low | \"ABC\" | ",
                "low | \"ABCD\" | pattern:low",
                "low | \"AB\" | pattern:low",
                "any | \"xx42\" | ",
                "any | \"xx\" | pattern:any",
                "bound | 10 | ",
                "bound | 20 | ",
                "bound | 9 | minimum:bound",
                "bound | 21 | maximum:bound",
                "tiny | 255 | ",
                "tiny | 256 | type:tiny",
                "tiny | -1 | type:tiny",
                "big | 18446744073709551615 | ",
                "big | 18446744073709551616 | type:big",
                "big | -1 | type:big",
                "half | 2.5 | ",
                "half | 2.4 | multipleOf:half",
                "pick | \"USD\" | ",
                "pick | \"usd\" | enum:pick",
                "money | 12345678.25 | ",
                "money | 12345678.255 | type:money",
                "money | 1234567890123.25 | type:money",
                "money | -0.01 | ",
                "money | 1e3 | ",
                "wide | 12345678901234567890123456789012345678 | ",
                "wide | 123456789012345678901234567890123456789 | type:wide",
                "huge | 1234567890123456789012345678901234567890123456789012345678901234567890.123456 | ",
                "huge | -9999999999999999999999999999999999999999999999999999999999999999999999.999999 | ",
                "huge | 12345678901234567890123456789012345678901234567890123456789012345678901.123456 | type:huge",
                "huge | 1.1234567 | type:huge",
                "huge | 1e69 | ",
                "huge | 1e70 | type:huge",
                "state | \"new\" | ",
                "state | \"\\u006eew\" | ",
                "state | \"México\" | ",
                "state | \"old\" | enum:state",
                "state | \"\" | enum:state",
                "state | 1 | type:state",
                "short | \"ab\" | ",
                "short | \"abc\" | maxLength:short",
                "short | \"zz\" | enum:short",
                "vector | [1, -2.5, 3e4] | ",
                "vector | [1, 2] | minItems:vector",
                "vector | [1, 2, 3, 4] | maxItems:vector",
                "vector | [1, null, 3] | required:vector[1]",
                "vector | [1, 3.5e38, 3] | type:vector[1]",
                "vector | {} | type:vector",
                "map | {} | ",
                "map | {\"a\":1, \"b\" : null,\"\":3} | ",
                "map | {\"a\":1,\"a\":2} | json:map",
                "map | {\"a\":1,\"\\u0061\":2} | json:map",
                "map | {\"a\":\"x\"} | type:map.value",
                "map | {\"\\ud83d\":1} | json:map",
                "map | {\"\\ud83d\\ude00\":1} | ",
                "map | {\"a\":1,} | json:map",
                "map | {\"a\" 1} | json:map",
                "map | {\"a\":1 | json:",
                "map | {,} | json:map",
                "map | [] | type:map",
                "full | {\"1\":1} | ",
                "full | {\"-127\":1,\"0\":2} | ",
                "full | {\"1\":null} | required:full.value",
                "full | {\"128\":1} | type:full.key",
                "full | {\"01\":1} | type:full.key",
                "full | {\"-0\":1} | type:full.key",
                "full | {\"1.0\":1} | type:full.key",
                "full | {\"1e1\":1} | type:full.key",
                "full | {\"\":1} | type:full.key",
                "full | {\"-\":1} | type:full.key",
                "full | {\"12345678901234567890123\":1} | type:full.key",
                "picked | {\"EUR\":1,\"USD\":2} | ",
                "picked | {\"eur\":1} | enum:picked.key",
                "day | \"2024-02-29\" | ",
                "day | \"2023-02-29\" | type:day",
                "day | \"2023-2-9\" | type:day",
                "at | \"2024-02-29T12:34:56Z\" | ",
                "at | \"2024-02-29T12:34:56.123456+02:00\" | ",
                "at | \"2024-02-29T12:34:56.1234567Z\" | type:at",
                "at | \"2024-02-29T12:34:56\" | ",
                "at | \"2024-02-29T12:34:56,5Z\" | ",
                "at | \"2024-02-29 12:34:56 +02:00\" | ",
                "at | \"2024-02-29T12:34:56+01:00[Europe/Berlin]\" | ",
                "at | \"2024-02-29T12:34:56 America/New_York\" | ",
                "at | \"2024-02-29T12:34:56[Mars/Base]\" | type:at",
                "at | \"2024-02-29T12:34:56 \" | type:at",
                "at | \"2024-02-29T12:34:56Z]\" | type:at",
                "at | \"2024-02-29\" | type:at",
                "local | \"2024-02-29T12:34:56 Europe/Berlin\" | type:local",
                "at | \"2024-02-29T24:00:00Z\" | type:at",
                "local | \"2024-02-29T12:34:56\" | ",
                "local | \"2024-02-29 12:34\" | ",
                "local | \"2024-02-29T12:34:56Z\" | type:local",
                "clock | \"12:34:56.789\" | ",
                "clock | \"25:34:56\" | type:clock",
                "raw | \"AQID\" | ",
                "raw | \"AQI=\" | ",
                "raw | \"AQJ=\" | type:raw",
                "raw | \"AQI\" | type:raw",
                "uid | \"123e4567-e89b-12d3-a456-426614174000\" | ",
                "uid | \"123e4567e89b-12d3-a456-426614174000\" | type:uid",
                "seconds | 1517966773.84 | ",
                "seconds | 1517966773.8405 | type:seconds",
                "f32 | 3.4e38 | ",
                "f32 | 3.5e38 | type:f32",
            })
    void decode_ruledValue_isFineOrNamesItsRule(String field, String value, String expected) {
        List<Property> all = List.of(
                Records.ruled("len", Records.TEXT, Records.length(2, 3)),
                Records.ruled("low", Records.TEXT, Records.pattern("^[A-Z]{3}$")),
                Records.ruled("any", Records.TEXT, Records.pattern("\\d+")),
                Records.ruled("bound", Records.INT64, Records.range("10", "20")),
                Records.required("tiny", new FieldType.Int(8, false)),
                Records.required("big", new FieldType.Int(64, false)),
                Records.ruled("half", Records.DOUBLE, Records.multiple("0.5")),
                Records.ruled("pick", Records.TEXT, Records.values("EUR", "USD")),
                Records.required("money", new FieldType.Decimal(12, 2)),
                Records.required("wide", new FieldType.Decimal(38, 0)),
                Records.required("huge", new FieldType.Decimal(76, 6)),
                Records.required("state", new FieldType.OneOf(List.of("new", "México"))),
                Records.ruled("short", new FieldType.OneOf(List.of("ab", "abc")), Records.length(0, 2)),
                Records.vector("vector", 3, 32),
                Records.map(
                        "map", true, Records.required("key", Records.TEXT), Records.optional("value", Records.DOUBLE)),
                Records.map(
                        "full",
                        true,
                        Records.required("key", new FieldType.Int(8, true)),
                        Records.required("value", Records.DOUBLE)),
                Records.map(
                        "picked",
                        true,
                        Records.required("key", new FieldType.OneOf(List.of("EUR", "USD"))),
                        Records.optional("value", Records.DOUBLE)),
                Records.required("day", new FieldType.Date()),
                Records.required("at", Records.MICROS),
                Records.required(
                        "local", new FieldType.Timestamp(FieldType.Unit.MICROS, false, FieldType.Encoding.ISO)),
                Records.required("clock", new FieldType.Time(FieldType.Unit.MILLIS)),
                Records.required("raw", new FieldType.Binary()),
                Records.required("uid", new FieldType.Uuid()),
                Records.required("f32", new FieldType.Floating(32)),
                Records.required(
                        "seconds",
                        new FieldType.Timestamp(FieldType.Unit.MILLIS, true, FieldType.Encoding.EPOCH_SECONDS)));
        List<Property> one =
                all.stream().filter(column -> column.name().equals(field)).toList();
        assertEquals(expected == null ? "" : expected, decode(one, "{\"" + field + "\":" + value + "}"));
    }

    private String decode(List<Property> columns, String json) {
        try (var writer = new BatchWriter(Records.layout(columns), root)) {
            JsonDecoder decoder = Records.decoder(columns, writer);
            writer.open(8);
            byte[] bytes = json.getBytes(UTF_8);
            if (decoder.decode(bytes, 0, bytes.length)) {
                writer.endRow();
                return "";
            }
            for (int i = 0; i < columns.size(); i++) {
                assertEquals(0, writer.column(i).count());
            }
            return decoder.violation().rule() + ":" + decoder.violation().path();
        }
    }

    @Test
    void decode_goodRecordsWithRules_allocateNothing() {
        var threads = (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
        byte[][] records = Records.orderJson(1000);
        for (boolean ruled : new boolean[] {false, true}) {
            List<Property> columns = Records.orders(ruled);
            try (var writer = new BatchWriter(Records.layout(columns), root)) {
                JsonDecoder decoder = Records.decoder(columns, writer);
                writer.open(1 << 10);
                long least = Long.MAX_VALUE;
                for (int round = 0; round < 20; round++) {
                    writer.truncate(0);
                    long before = threads.getCurrentThreadAllocatedBytes();
                    for (byte[] record : records) {
                        assertTrue(decoder.decode(record, 0, record.length));
                        writer.endRow();
                    }
                    least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
                }
                assertEquals(0, least);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "59, 4, 2, 8, ''",
        "58, 4, 2, 8, size",
        "59, 3, 2, 8, ''",
        "59, 2, 2, 8, size",
        "59, 3, 1, 8, size",
        "59, 3, 2, 7, size",
        "60, 4, 3, 9, ''"
    })
    void decode_belowAtAndAboveEveryLimit_isFineThenAViolation(
            int bytes, int depth, int fields, int stringBytes, String rule) {
        List<Property> columns = List.of(Records.required("id", Records.TEXT));
        byte[] json = "{\"id\":\"12345678\",\"x\":[[{\"y\":1,\"z\":\"12345678\"}]], \"w\":0}".getBytes(UTF_8);
        try (var writer = new BatchWriter(Records.layout(columns), root)) {
            writer.open(8);
            var decoder = JsonDecoder.of(
                    columns,
                    List.of(),
                    UnknownFields.IGNORE,
                    writer,
                    new JsonLimits(bytes + json.length - 59, depth, fields, stringBytes));
            boolean taken = decoder.decode(json, 0, json.length);
            assertEquals(rule, taken ? "" : decoder.violation().rule());
            writer.rollback();
        }
    }

    @Test
    void decode_nameWithQuotesAndBackslash_isThatNameOnly() {
        List<Property> columns =
                List.of(Records.optional("a\":1,\"b", Records.INT64), Records.optional("c\\n", Records.INT64));
        assertEquals("", decode(columns, "{\"a\\\":1,\\\"b\":1,\"c\\\\n\":1}"));
        try (var writer = new BatchWriter(Records.layout(columns), root)) {
            JsonDecoder decoder = Records.decoder(columns, writer);
            writer.open(8);
            byte[] json = "{\"a\":1,\"b\":2,\"c\\n\":3}".getBytes(UTF_8);
            assertTrue(decoder.decode(json, 0, json.length));
            writer.endRow();
            Batch batch = writer.seal();
            assertTrue(batch.column(0).isNull(0) && batch.column(1).isNull(0));
            batch.release();
        }
    }

    @Test
    void decode_unknownFieldWhereRejected_isAViolation() {
        List<Property> columns = List.of(Records.required("id", Records.TEXT));
        try (var writer = new BatchWriter(Records.layout(columns), root)) {
            var decoder = JsonDecoder.of(columns, List.of(), UnknownFields.REJECT, writer, JsonLimits.DEFAULT);
            writer.open(8);
            byte[] json = "{\"id\":\"a\",\"secret\":1}".getBytes(UTF_8);
            assertFalse(decoder.decode(json, 0, json.length));
            assertEquals("unknown", decoder.violation().rule());
            assertFalse(decoder.violation().reason().contains("secret"));
        }
    }

    @Test
    void decode_unknownFieldWhereKept_goesIntoTheLastColumn() {
        List<Property> columns = List.of(
                Records.required("id", Records.TEXT),
                Records.struct("inner", false, Records.optional("n", Records.INT64)),
                Records.map(
                        "rest", true, Records.required("key", Records.TEXT), Records.required("value", Records.TEXT)));
        try (var writer = new BatchWriter(Records.layout(columns), root);
                var target = new ByteSink.ArrowTarget(root, 64)) {
            var decoder = JsonDecoder.of(columns, List.of("id"), UnknownFields.KEEP, writer, JsonLimits.DEFAULT);
            writer.open(8);
            String[] good = {
                "{\"id\":\"a\"}",
                "{\"x\" : { \"y\": [1.0, null] } ,\"id\":\"a\",\"rest\":\"own\",\"\\u00e9\\n"
                        + "\":null,\"inner\":{\"lost\":1}}",
                "{\"id\":\"a\",\"z\":\"\\\"\\u0041\"}"
            };
            for (String json : good) {
                byte[] bytes = json.getBytes(UTF_8);
                for (String bad : List.of(",\"x2\":1,\"x2\":2}", ",\"x3\":nul}", ",\"x4\":[1,}", ",\"x5\":1")) {
                    byte[] broken = (json.substring(0, json.length() - 1) + bad).getBytes(UTF_8);
                    assertFalse(decoder.decode(broken, 0, broken.length));
                    assertEquals("json", decoder.violation().rule());
                }
                assertTrue(decoder.decode(bytes, 0, bytes.length), () -> json + decoder.violation());
                writer.endRow();
            }
            assertTrue(decoder.decodeKey("k".getBytes(UTF_8)));
            writer.endRow();
            String[] wanted = {
                "{\"id\":\"a\",\"inner\":null,\"rest\":{}}",
                "{\"id\":\"a\",\"inner\":{\"n\":null},\"rest\":{\"x\":\"{ \\\"y\\\": [1.0, null]"
                        + " }\",\"rest\":\"\\\"own\\\"\",\"é\\n"
                        + "\":\"null\"}}",
                "{\"id\":\"a\",\"inner\":null,\"rest\":{\"z\":\"\\\"\\\\\\\"\\\\u0041\\\"\"}}",
                "{\"id\":\"k\",\"inner\":null,\"rest\":{}}"
            };
            JsonEncoder encoder = JsonEncoder.of(writer.layout().top(), false);
            var sink = new ByteSink(target);
            for (int row = 0; row < wanted.length; row++) {
                sink.position(0);
                encoder.row(writer.batch(), row, sink);
                assertEquals(wanted[row], new String(sink.toBytes(), UTF_8));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"[[[[5]]]]", "{\"a\":{\"b\":{\"c\":{}}}}"})
    void decode_atAndBeyondTheDepth_isFineThenAViolation(String value) {
        List<Property> columns = List.of(Records.required("id", Records.TEXT));
        byte[] json = ("{\"id\":\"a\",\"x\":" + value + "}").getBytes(UTF_8);
        try (var writer = new BatchWriter(Records.layout(columns), root)) {
            writer.open(8);
            var four =
                    JsonDecoder.of(columns, List.of(), UnknownFields.IGNORE, writer, new JsonLimits(1000, 4, 10, 100));
            var three =
                    JsonDecoder.of(columns, List.of(), UnknownFields.IGNORE, writer, new JsonLimits(1000, 3, 10, 100));
            assertFalse(three.decode(json, 0, json.length));
            assertEquals("size", three.violation().rule());
            assertTrue(four.decode(json, 0, json.length));
            writer.endRow();
        }
    }

    @Test
    void decode_manyColumnsInAnyOrder_fillsAllAndFindsDuplicates() {
        List<Property> columns = java.util.stream.IntStream.range(0, 200)
                .mapToObj(i -> Records.required("column" + i, Records.INT64))
                .toList();
        List<String> fields = new java.util.ArrayList<>(java.util.stream.IntStream.range(0, 200)
                .mapToObj(i -> "\"column" + i + "\":" + i)
                .toList());
        assertEquals("", decode(columns, "{" + String.join(",", fields) + "}"));
        assertEquals("", decode(columns, "{" + String.join(", ", fields.reversed()) + "}"));
        for (int i = 0; i < 200; i++) {
            assertEquals("json:", decode(columns, "{" + String.join(",", fields) + "," + fields.get(i) + "}"));
            var without = new java.util.ArrayList<>(fields);
            without.remove(i);
            assertEquals("required:column" + i, decode(columns, "{" + String.join(",", without) + "}"));
        }
    }

    @Test
    void decodeKey_oneAndSeveralColumns_leavesTheRestNull() {
        List<Property> columns = List.of(
                Records.required("id", Records.TEXT),
                Records.required("n", Records.INT64),
                Records.required("day", new FieldType.Date()),
                Records.optional("note", Records.TEXT),
                Records.required("state", new FieldType.OneOf(List.of("new", "a\"b"))));
        try (var writer = new BatchWriter(Records.layout(columns), root)) {
            writer.open(8);
            assertTrue(key(columns, writer, "id").decodeKey("a\"b".getBytes(UTF_8)));
            writer.endRow();
            assertTrue(key(columns, writer, "n").decodeKey("-42".getBytes(UTF_8)));
            writer.endRow();
            assertTrue(key(columns, writer, "day").decodeKey("1970-01-02".getBytes(UTF_8)));
            writer.endRow();
            assertTrue(key(columns, writer, "n", "id").decodeKey("{\"id\":\"x\",\"n\":7}".getBytes(UTF_8)));
            writer.endRow();
            assertFalse(key(columns, writer, "n").decodeKey("42x".getBytes(UTF_8)));
            assertFalse(key(columns, writer, "n", "id").decodeKey("{\"id\":\"x\"}".getBytes(UTF_8)));
            assertFalse(key(columns, writer, "id").decodeKey(new byte[] {(byte) 0xC0}));
            assertFalse(key(columns, writer).decodeKey("a".getBytes(UTF_8)));
            var batch = writer.batch();
            assertEquals("a\"b", new String(batch.column(0).bytes(0), UTF_8));
            assertEquals(-42, batch.column(1).int64(1));
            assertEquals(1, batch.column(2).int32(2));
            assertEquals(7, batch.column(1).int64(3));
            assertTrue(batch.column(3).isNull(0));
            assertEquals(4, writer.rows());
            assertTrue(key(columns, writer, "state").decodeKey("a\"b".getBytes(UTF_8)));
            writer.endRow();
            assertEquals("a\"b", new String(writer.batch().column(4).bytes(4), UTF_8));
            assertFalse(key(columns, writer, "state").decodeKey("old".getBytes(UTF_8)));
        }
    }

    private static JsonDecoder key(List<Property> columns, BatchWriter writer, String... names) {
        return JsonDecoder.of(columns, List.of(names), UnknownFields.IGNORE, writer, JsonLimits.DEFAULT);
    }

    @Test
    void decode_whenMemoryEnds_takesTheRowBack() {
        List<Property> columns = List.of(Records.required("n", Records.INT64), Records.required("id", Records.TEXT));
        byte[] json = ("{\"n\":1,\"id\":\"" + "x".repeat(3000) + "\"}").getBytes(UTF_8);
        try (var small = root.newChildAllocator("small", 0, 8192);
                var writer = new BatchWriter(Records.layout(columns), small)) {
            JsonDecoder decoder = Records.decoder(columns, writer);
            writer.open(8);
            assertThrows(OutOfMemoryException.class, () -> {
                while (decoder.decode(json, 0, json.length)) {
                    writer.endRow();
                }
            });
            assertEquals(writer.rows(), writer.column(0).count());
            assertEquals(writer.rows(), writer.column(1).count());
        }
    }
}
