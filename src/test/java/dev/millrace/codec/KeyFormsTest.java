package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ByteSink;
import dev.millrace.contract.FieldType;
import dev.millrace.contract.Property;
import dev.millrace.contract.UnknownFields;
import dev.millrace.contract.ValueFormat;
import dev.millrace.text.JsonEncoder;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Keys of deleted rows in every form that producers give them. */
class KeyFormsTest {
    private static final String AVRO_LONG = "\"long\"";
    private static final String AVRO_RECORD =
            "{\"type\":\"record\",\"name\":\"K\",\"fields\":[{\"name\":\"key\",\"type\":\"long\"}]}";
    private static final Property NUMBER = Records.required("key", Records.INT64);
    private static final Property TEXT = Records.required("key", Records.TEXT);
    private static final Property SECOND = Records.required("second", Records.TEXT);

    private final RootAllocator root = new RootAllocator();
    private ValueFormat format = ValueFormat.JSON;
    private String schema = "";

    @AfterEach
    void closeAllocator() {
        root.close();
    }

    @Test
    void key_ofANumber_inEveryForm_isTheNumber() {
        for (String key : List.of(
                "3",
                "\"3\"",
                "{\"key\":3}",
                "{\"other\":\"x\",\"key\":3}",
                "{\"schema\":{\"type\":\"int64\"},\"payload\":3}",
                "{\"schema\":null,\"payload\":\"3\"}",
                "{\"payload\":{\"key\":3},\"schema\":{\"type\":\"struct\"}}")) {
            assertEquals("{\"key\":3}", read(key.getBytes(UTF_8), NUMBER), key);
        }
        assertEquals("{\"key\":1234}", read("1234".getBytes(UTF_8), NUMBER)); // four bytes, and a text
        assertEquals("{\"key\":5}", read(int64(5), NUMBER));
        assertEquals("{\"key\":-5}", read(int64(-5), NUMBER));
        assertEquals("{\"key\":" + 0x1234567890L + "}", read(int64(0x1234567890L), NUMBER));
        assertEquals("{\"key\":5}", read(int32(5), NUMBER));
        assertEquals("{\"key\":-1}", read(int32(-1), NUMBER));
        assertEquals("{\"key\":" + 0x22000001 + "}", read(int32(0x22000001), NUMBER)); // begins as a JSON string
        assertEquals("{\"key\":" + 0x7B000001 + "}", read(int32(0x7B000001), NUMBER)); // as an object
        assertEquals("{\"key\":\"1970-01-01T00:00:01Z\"}", read(int64(1000), Records.required("key", Records.EPOCH)));
        assertEquals("{\"key\":5.00}", read(int64(5), Records.required("key", new FieldType.Decimal(9, 2))));
    }

    @Test
    void key_thatIsNoNumber_isAViolation() {
        for (String key : List.of(
                "x",
                "",
                "null",
                "order-12",
                "\"x\"",
                "{\"key\":\"x\"}",
                "{\"other\":3}",
                "{\"key\":3",
                "[3]",
                "{\"schema\":1,\"payload\":[3]}",
                "{\"schema\":1,\"payload\":3,\"more\":1}",
                "3 4",
                "123456789012345678901")) {
            assertEquals("", read(key.getBytes(UTF_8), NUMBER), key);
        }
        assertEquals("", read(new byte[] {1, 2, 3}, NUMBER));
        assertEquals("", read(int64(300), Records.required("key", new FieldType.Int(8, true))));
        assertEquals("", read(int64(5), Records.required("key", new FieldType.Uuid())));
    }

    @Test
    void key_ofAText_isPlainUnlessItIsJson() {
        for (String key : List.of(
                "c",
                "\"c\"",
                "\"\\u0063\"",
                "{\"key\":\"c\"}",
                "{\"schema\":{\"type\":\"string\"},\"payload\":\"c\"}",
                "{\"schema\":{},\"payload\":{\"key\":\"c\"}}")) {
            assertEquals("{\"key\":\"c\"}", read(key.getBytes(UTF_8), TEXT), key);
        }
        for (String plain : List.of("12345678", "null", "", "{c", "[\"c\"]", "a{\"key\":\"c\"}")) {
            assertEquals("{\"key\":\"" + plain.replace("\"", "\\\"") + "\"}", read(plain.getBytes(UTF_8), TEXT));
        }
        assertEquals("{\"key\":\"\\\"c\"}", read("\"c".getBytes(UTF_8), TEXT));
        assertEquals("", read("{\"other\":\"c\"}".getBytes(UTF_8), TEXT));
        assertEquals("", read(new byte[] {(byte) 0xC0}, TEXT));
        Property day = Records.required("key", new FieldType.Date());
        for (String key : List.of("1970-01-02", "\"1970-01-02\"", "{\"key\":\"1970-01-02\"}")) {
            assertEquals("{\"key\":\"1970-01-02\"}", read(key.getBytes(UTF_8), day));
        }
    }

    @Test
    void key_ofSeveralColumns_isAnObjectWrappedOrNot() {
        String key = "{\"second\":\"s\",\"key\":7}";
        for (String form : List.of(key, "{\"schema\":{},\"payload\":" + key + "}")) {
            assertEquals("{\"key\":7,\"second\":\"s\"}", read(form.getBytes(UTF_8), NUMBER, SECOND), form);
        }
        assertEquals("", read("{\"key\":7}".getBytes(UTF_8), NUMBER, SECOND));
        assertEquals("", read("7".getBytes(UTF_8), NUMBER, SECOND));
        assertEquals("", read(int64(7), NUMBER, SECOND));
        Property schemaColumn = Records.required("schema", Records.TEXT);
        Property payload = Records.required("payload", Records.TEXT);
        assertEquals(
                "{\"schema\":\"a\",\"payload\":\"b\"}",
                read("{\"schema\":\"a\",\"payload\":\"b\"}".getBytes(UTF_8), schemaColumn, payload));
    }

    @Test
    void key_withASchema_isReadByItWhateverTheFormatOfTheRecords() {
        for (ValueFormat each : ValueFormat.values()) {
            format = each;
            schema = AVRO_RECORD;
            assertEquals("{\"key\":-2}", read(framed(3), NUMBER));
            schema = AVRO_LONG;
            assertEquals("{\"key\":3}", read(framed(6), NUMBER));
            assertEquals("", read(framed(6, 6), NUMBER));
            assertEquals("{\"key\":5}", read(int64(5), NUMBER));
            assertEquals("{\"key\":3}", read("{\"key\":3}".getBytes(UTF_8), NUMBER));
            schema = "";
            assertEquals("{\"key\":" + 20_000_000 + "}", read(int64(20_000_000), NUMBER));
            assertEquals("", read(framed(6), NUMBER));
        }
    }

    private static byte[] framed(int... payload) {
        ByteBuffer bytes = ByteBuffer.allocate(5 + payload.length).put((byte) 0).putInt(9);
        for (int each : payload) {
            bytes.put((byte) each);
        }
        return bytes.array();
    }

    private static byte[] int64(long value) {
        return ByteBuffer.allocate(8).putLong(value).array();
    }

    private static byte[] int32(int value) {
        return ByteBuffer.allocate(4).putInt(value).array();
    }

    /** The key's columns as JSON; empty where it cannot be read. */
    private String read(byte[] key, Property... columns) {
        List<Property> all = List.of(columns);
        try (var writer = new BatchWriter(Records.layout(all), root);
                var target = new ByteSink.ArrowTarget(root, 64)) {
            writer.open(8);
            List<String> names = all.stream().map(Property::name).toList();
            SchemaSource schemas = id -> schema.isEmpty()
                    ? new SchemaSource.Missing("it is not there.")
                    : new SchemaSource.Known("AVRO", schema, List.of());
            var decoder = new RegistryDecoder(
                    all,
                    names,
                    UnknownFields.IGNORE,
                    writer,
                    JsonLimits.DEFAULT,
                    JsonDecoder.of(all, names, UnknownFields.IGNORE, writer, JsonLimits.DEFAULT),
                    format,
                    schemas);
            assertEquals(1, decoder.prepare(key, 0, key.length, true));
            if (!decoder.decodeKey(key)) {
                assertEquals(false, decoder.violation().reason().isEmpty());
                assertEquals(0, writer.column(0).count());
                return "";
            }
            writer.endRow();
            ByteSink sink = new ByteSink(target);
            JsonEncoder.of(writer.layout().top(), false).row(writer.batch(), 0, sink);
            return new String(sink.toBytes(), UTF_8);
        }
    }
}
