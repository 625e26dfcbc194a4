package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumValueDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Label;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ByteSink;
import dev.millrace.contract.FieldType;
import dev.millrace.contract.Property;
import dev.millrace.contract.UnknownFields;
import dev.millrace.contract.ValueFormat;
import dev.millrace.text.JsonEncoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.LargeVarCharVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BinaryFormatsTest {
    private static final FieldType INT32 = new FieldType.Int(32, true);

    private final RootAllocator root = new RootAllocator();

    @AfterEach
    void closeAllocator() {
        root.close();
    }

    @Test
    void avro_schemasThatDoNotFit_areRefusedWithTheFieldAndTheReason() {
        List<Property> columns = List.of(
                Records.required("id", Records.TEXT),
                Records.struct("place", false, Records.required("x", Records.DOUBLE)));
        String record = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[%s]}";
        String id = "{\"name\":\"id\",\"type\":\"string\"}";
        String inner = "{\"name\":\"place\",\"type\":{\"type\":\"record\",\"name\":\"P\",\"fields\":[%s]}}";
        refused(columns, record.formatted("{\"name\":\"other\",\"type\":\"string\"}"), "schema id", "lacks a field");
        refused(columns, record.formatted("{\"name\":\"id\",\"type\":\"long\"}"), "schema id", "long is not one");
        refused(columns, record.formatted(id + "," + inner.formatted("")), "schema place.x", "lacks a field");
        refused(
                columns,
                record.formatted(id + "," + inner.formatted("{\"name\":\"x\",\"type\":[\"null\",\"bytes\"]}")),
                "schema place.x",
                "bytes is not one");
        refused(columns, "\"string\"", "schema ", "not that of a record");
        refused(columns, "{", "schema ", "not one of Avro");
        assertEquals(
                "schema z",
                verdict(columns, record.formatted(id + ",{\"name\":\"z\",\"type\":\"int\"}"), true, new byte[] {0}));
    }

    private void refused(List<Property> columns, String schema, String ruleAndPath, String reason) {
        Violation[] why = new Violation[1];
        assertEquals(ruleAndPath, verdict(columns, schema, false, new byte[] {0}, why));
        assertTrue(why[0].reason().contains(reason), why[0].reason());
        assertTrue(why[0].reason().startsWith("Schema 7 cannot be used"), why[0].reason());
    }

    @Test
    void avro_hostileBytes_areViolationsAtOnce() {
        List<Property> columns = List.of(
                Records.required("id", Records.TEXT), Records.list("tags", Records.optional("item", Records.TEXT)));
        String schema = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},"
                + "{\"name\":\"tags\",\"type\":{\"type\":\"array\",\"items\":\"null\"}},"
                + "{\"name\":\"more\",\"type\":{\"type\":\"array\",\"items\":\"null\"}}]}";
        assertEquals("", verdict(columns, schema, false, bytes(2, 'a', 0, 0)));
        // 2^60 nulls, in one of the contract's fields and in one that is passed over; then the same as -2^60.
        byte[] many = {
            (byte) 0x80, (byte) 0x80, (byte) 0x80, (byte) 0x80, (byte) 0x80, (byte) 0x80, (byte) 0x80, (byte) 0x80, 0x20
        };
        byte[] less = many.clone();
        less[0] = (byte) 0x81;
        for (byte[] count : List.of(many, less)) {
            byte[] first = ByteBuffer.allocate(30).put(bytes(2, 'a')).put(count).array();
            byte[] second =
                    ByteBuffer.allocate(30).put(bytes(2, 'a', 0)).put(count).array();
            assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
                assertEquals("avro ", verdict(columns, schema, false, first));
                assertEquals("avro ", verdict(columns, schema, false, second));
            });
        }
        assertEquals("avro ", verdict(columns, schema, false, bytes(2, 'a', 0, 0, 0)));
        assertEquals("avro ", verdict(columns, schema, false, bytes(2, 'a', 0)));
        assertEquals("avro ", verdict(columns, schema, false, bytes(200, 'a', 0, 0)));
        assertEquals("avro ", verdict(columns, schema, false, bytes(1, 'a', 0, 0)));
        assertEquals("type id", verdict(columns, schema, false, bytes(2, 0xFF, 0, 0)));
    }

    @Test
    void avro_unions_takeWhatFits() {
        List<Property> columns = List.of(Records.optional("v", INT32));
        String schema = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"v\","
                + "\"type\":[\"string\",\"null\",\"long\",\"int\"]}]}";
        assertEquals("{\"v\":null}", row(columns, ValueFormat.AVRO, schema, bytes(2)));
        assertEquals("{\"v\":-3}", row(columns, ValueFormat.AVRO, schema, bytes(4, 5)));
        assertEquals("{\"v\":3}", row(columns, ValueFormat.AVRO, schema, bytes(6, 6)));
        assertEquals("type v", verdict(columns, schema, false, bytes(0, 2, 'a')));
        assertEquals("avro ", verdict(columns, schema, false, bytes(8, 6)));
        assertEquals("type v", verdict(columns, schema, false, bytes(4, 0x80, 0x80, 0x80, 0x80, 0x40)));
    }

    @Test
    void registry_idThatIsNotThere_isWaitedForOrRefused() {
        List<Property> columns = List.of(Records.required("v", INT32));
        try (var writer = new BatchWriter(Records.layout(columns), root)) {
            writer.open(8);
            SchemaSource source = id -> id == 1 ? new SchemaSource.Pending() : new SchemaSource.Missing("it is gone.");
            var decoder = decoder(columns, ValueFormat.AVRO, false, writer, source);
            assertEquals(RecordDecoder.WAITING, decoder.prepare(bytes(0, 0, 0, 0, 1, 2), 0, 6, false));
            assertEquals(1, decoder.prepare(bytes(0, 0, 0, 0, 2, 2), 0, 6, false));
            assertFalse(decoder.decode(bytes(0, 0, 0, 0, 2, 2), 0, 6));
            assertEquals(new Violation("schema", "", "Schema 2 cannot be used: it is gone."), decoder.violation());
            assertFalse(decoder.decode("{\"v\":1}".getBytes(UTF_8), 0, 7));
            assertEquals("avro", decoder.violation().rule());
            // A delete's key is plain where it does not begin with the header, and by its schema where it does.
            assertTrue(decoder.decodeKey("12".getBytes(UTF_8)));
            writer.rollback();
            var keyed = decoder(
                    columns,
                    ValueFormat.AVRO,
                    false,
                    writer,
                    id -> new SchemaSource.Known("AVRO", "\"int\"", List.of()));
            assertTrue(keyed.decodeKey(bytes(0, 0, 0, 0, 1, 24)));
            writer.endRow();
            assertEquals(12, writer.batch().column(0).int32(0));
        }
    }

    @Test
    void protobuf_followsTheSpecification() throws IOException {
        List<Property> columns = List.of(
                Records.optional("number", INT32),
                Records.optional("text", Records.TEXT),
                Records.list("list", Records.optional("item", Records.INT64)),
                Records.struct("point", false, Records.optional("x", INT32), Records.optional("y", INT32)),
                Records.optional("a", INT32),
                Records.optional("b", Records.TEXT),
                Records.optional("state", Records.TEXT),
                Records.optional("wrapped", Records.INT64));
        String schema = ProtobufForm.base64(FileDescriptorProto.newBuilder()
                .setName("x.proto")
                .setSyntax("proto3")
                .addDependency("google/protobuf/wrappers.proto")
                .addEnumType(EnumDescriptorProto.newBuilder()
                        .setName("State")
                        .addValue(EnumValueDescriptorProto.newBuilder()
                                .setName("NEW")
                                .setNumber(0))
                        .addValue(EnumValueDescriptorProto.newBuilder()
                                .setName("PAID")
                                .setNumber(-5)))
                .addMessageType(DescriptorProto.newBuilder()
                        .setName("X")
                        .addNestedType(DescriptorProto.newBuilder()
                                .setName("P")
                                .addField(field("x", 1, Type.TYPE_INT32))
                                .addField(field("y", 2, Type.TYPE_SINT32)))
                        .addOneofDecl(com.google.protobuf.DescriptorProtos.OneofDescriptorProto.newBuilder()
                                .setName("one"))
                        .addField(field("number", 1, Type.TYPE_INT32))
                        .addField(field("text", 2, Type.TYPE_STRING))
                        .addField(field("list", 3, Type.TYPE_INT64).setLabel(Label.LABEL_REPEATED))
                        .addField(field("point", 4, Type.TYPE_MESSAGE).setTypeName(".X.P"))
                        .addField(field("a", 5, Type.TYPE_INT32).setOneofIndex(0))
                        .addField(field("b", 6, Type.TYPE_STRING).setOneofIndex(0))
                        .addField(field("state", 7, Type.TYPE_ENUM).setTypeName(".State"))
                        .addField(field("wrapped", 8, Type.TYPE_MESSAGE).setTypeName(".google.protobuf.Int64Value")))
                .build());
        // Nothing at all: zeros where the schema cannot tell, null where it can.
        assertEquals(
                "{\"number\":0,\"text\":\"\",\"list\":[],\"point\":null,\"a\":null,\"b\":null,\"state\":\"NEW\",\"wrapped\":null}",
                row(columns, ValueFormat.PROTOBUF, schema, new byte[] {0}));
        var out = new ByteArrayOutputStream();
        CodedOutputStream to = CodedOutputStream.newInstance(out);
        to.writeRawByte(0);
        to.writeInt32(1, 1);
        to.writeInt64(3, 10);
        to.writeTag(4, 2);
        to.writeRawBytes(bytes(2, 8, 7));
        to.writeString(6, "gone");
        to.writeTag(3, 2);
        to.writeRawBytes(bytes(2, 11, 12));
        to.writeInt32(5, 5);
        to.writeTag(99, 3);
        to.writeTag(98, 3);
        to.writeInt64(1, 4);
        to.writeTag(98, 4);
        to.writeTag(99, 4);
        to.writeTag(4, 2);
        to.writeRawBytes(bytes(2, 16, 3));
        to.writeInt64(3, -1);
        to.writeInt32(1, -2);
        to.writeEnum(7, -5);
        to.writeTag(8, 2);
        to.writeRawBytes(bytes(0));
        to.writeFixed64(2, 1); // of another kind than the schema says: unknown
        to.flush();
        assertEquals(
                "{\"number\":-2,\"text\":\"\",\"list\":[10,11,12,-1],\"point\":{\"x\":7,\"y\":-2},\"a\":5,\"b\":null,"
                        + "\"state\":\"PAID\",\"wrapped\":0}",
                row(columns, ValueFormat.PROTOBUF, schema, out.toByteArray()));
        assertEquals("enum state", verdict(columns, ValueFormat.PROTOBUF, schema, bytes(0, 7 << 3, 9)));
        assertEquals("protobuf ", verdict(columns, ValueFormat.PROTOBUF, schema, bytes(0, 1 << 3)));
        assertEquals("protobuf ", verdict(columns, ValueFormat.PROTOBUF, schema, bytes(0, 99 & 0x7F | 4)));
        assertEquals("schema ", verdict(columns, ValueFormat.PROTOBUF, schema, bytes(2, 8)));
        assertEquals("schema ", verdict(columns, ValueFormat.PROTOBUF, "syntax = \"proto3\";", bytes(0)));
    }

    @Test
    void arrow_dictionariesAndLargeTexts_areRead_andABrokenRowNamesItself() throws IOException {
        List<Property> columns = List.of(
                Records.required("name", Records.TEXT),
                Records.optional("city", Records.TEXT),
                Records.ruled("total", Records.INT64, Records.range("0", "100")));
        byte[] good = stream(40, -1);
        try (var writer = new BatchWriter(Records.layout(columns), root)) {
            writer.open(8);
            ArrowDecoder decoder = arrow(columns, writer, 40);
            assertEquals(40, decoder.prepare(good, 0, good.length, false));
            assertTrue(
                    decoder.decode(good, 0, good.length),
                    () -> decoder.violation().toString());
            writer.endRows(40);
            assertEquals("{\"name\":\"größe 17\",\"city\":\"Ulm\",\"total\":17}", text(writer, 17));
            assertEquals("{\"name\":\"größe 3\",\"city\":null,\"total\":3}", text(writer, 3));
            byte[] broken = stream(40, 17);
            assertFalse(decoder.decode(broken, 0, broken.length));
            assertEquals("[17].total", decoder.violation().path());
            assertEquals("minimum", decoder.violation().rule());
            assertEquals(40, writer.rows());
            assertEquals(40, writer.column(0).count());
            ArrowDecoder less = arrow(columns, writer, 39);
            assertFalse(less.decode(good, 0, good.length));
            assertEquals("arrow", less.violation().rule());
            List<Property> more = new ArrayList<>(columns);
            more.add(Records.required("missing", INT32));
            try (var other = new BatchWriter(Records.layout(more), root)) {
                other.open(8);
                ArrowDecoder lacking = arrow(more, other, 100);
                assertFalse(lacking.decode(good, 0, good.length));
                assertEquals(
                        "schema missing",
                        lacking.violation().rule() + " " + lacking.violation().path());
            }
        }
    }

    @Test
    void arrow_columnsOfOneName_orNone_areRefused() throws IOException {
        List<Property> columns = List.of(Records.optional("total", Records.INT64));
        try (var writer = new BatchWriter(Records.layout(columns), root);
                var one = new BigIntVector("other", root);
                var same = new BigIntVector("other", root);
                var child = new BigIntVector("total", root)) {
            writer.open(8);
            for (List<FieldVector> vectors : List.of(List.<FieldVector>of(child, one, same), List.<FieldVector>of())) {
                vectors.forEach(vector -> {
                    vector.allocateNew();
                    vector.setValueCount(1);
                });
                byte[] record = stream(vectors, 1, new DictionaryProvider.MapDictionaryProvider());
                ArrowDecoder decoder = arrow(columns, writer, 40);
                assertFalse(decoder.decode(record, 0, record.length));
                assertEquals("schema", decoder.violation().rule());
                assertEquals(
                        vectors.isEmpty()
                                ? "The stream has no columns."
                                : "Two columns are named other; each is to stand once.",
                        decoder.violation().reason());
            }
        }
    }

    /** Rows with a large text, a dictionary of two cities and a number, which is negative in one of them. */
    private byte[] stream(int rows, int broken) throws IOException {
        var encoding = new DictionaryEncoding(5, false, new ArrowType.Int(8, true));
        try (var cities = new VarCharVector("cities", root);
                var names = new LargeVarCharVector("name", root);
                var city = new TinyIntVector(
                        new Field(
                                "city",
                                new org.apache.arrow.vector.types.pojo.FieldType(
                                        true, new ArrowType.Int(8, true), encoding),
                                List.of()),
                        root);
                var totals = new BigIntVector("total", root);
                var ignored = new IntVector("unknown", root)) {
            cities.allocateNew();
            cities.setSafe(0, "Ulm".getBytes(UTF_8));
            cities.setSafe(1, "Köln".getBytes(UTF_8));
            cities.setValueCount(2);
            for (int row = 0; row < rows; row++) {
                names.setSafe(row, ("größe " + row).getBytes(UTF_8));
                if (row % 4 == 3) {
                    city.setNull(row);
                } else {
                    city.setSafe(row, row % 4 / 2);
                }
                totals.setSafe(row, row == broken ? -1 : row);
                ignored.setSafe(row, row);
            }
            List<FieldVector> vectors = List.of(ignored, totals, names, city);
            vectors.forEach(vector -> vector.setValueCount(rows));
            var dictionaries = new DictionaryProvider.MapDictionaryProvider(new Dictionary(cities, encoding));
            return stream(vectors, rows, dictionaries);
        }
    }

    private static byte[] stream(List<FieldVector> vectors, int rows, DictionaryProvider dictionaries)
            throws IOException {
        var out = new ByteArrayOutputStream();
        var schema = new Schema(vectors.stream().map(FieldVector::getField).toList());
        var batch = new VectorSchemaRoot(schema, vectors, rows); // the vectors are the caller's
        try (var writer = new ArrowStreamWriter(batch, dictionaries, out)) {
            writer.start();
            writer.writeBatch();
            writer.end();
        }
        return out.toByteArray();
    }

    private static FieldDescriptorProto.Builder field(String name, int number, Type type) {
        return FieldDescriptorProto.newBuilder()
                .setName(name)
                .setNumber(number)
                .setType(type)
                .setLabel(Label.LABEL_OPTIONAL);
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    private static ArrowDecoder arrow(List<Property> columns, BatchWriter writer, int maxRows) {
        return new ArrowDecoder(
                columns, UnknownFields.IGNORE, writer, JsonLimits.DEFAULT, Records.decoder(columns, writer), maxRows);
    }

    private static RegistryDecoder decoder(
            List<Property> columns, ValueFormat format, boolean reject, BatchWriter writer, SchemaSource source) {
        return new RegistryDecoder(
                columns,
                List.of(columns.getFirst().name()),
                reject ? UnknownFields.REJECT : UnknownFields.IGNORE,
                writer,
                JsonLimits.DEFAULT,
                Records.decoder(columns, writer),
                format,
                source);
    }

    private String verdict(List<Property> columns, ValueFormat format, String schema, byte[] value) {
        return verdict(columns, format, schema, false, value, new Violation[1]);
    }

    private String verdict(List<Property> columns, String schema, boolean reject, byte[] value) {
        return verdict(columns, ValueFormat.AVRO, schema, reject, value, new Violation[1]);
    }

    private String verdict(List<Property> columns, String schema, boolean reject, byte[] value, Violation[] why) {
        return verdict(columns, ValueFormat.AVRO, schema, reject, value, why);
    }

    /** Rule and path of what is wrong with a value behind its header; empty for nothing. */
    private String verdict(
            List<Property> columns, ValueFormat format, String schema, boolean reject, byte[] value, Violation[] why) {
        try (var writer = new BatchWriter(Records.layout(columns), root)) {
            writer.open(8);
            var decoder = decoder(
                    columns, format, reject, writer, id -> new SchemaSource.Known(format.name(), schema, List.of()));
            byte[] record = ByteBuffer.allocate(5 + value.length)
                    .put((byte) 0)
                    .putInt(7)
                    .put(value)
                    .array();
            if (decoder.decode(record, 0, record.length)) {
                return "";
            }
            why[0] = decoder.violation();
            assertEquals(0, writer.column(0).count());
            return why[0].rule() + " " + why[0].path();
        }
    }

    private String row(List<Property> columns, ValueFormat format, String schema, byte[] value) {
        try (var writer = new BatchWriter(Records.layout(columns), root)) {
            writer.open(8);
            var decoder = decoder(
                    columns, format, false, writer, id -> new SchemaSource.Known(format.name(), schema, List.of()));
            byte[] record = ByteBuffer.allocate(5 + value.length)
                    .put((byte) 0)
                    .putInt(7)
                    .put(value)
                    .array();
            assertTrue(
                    decoder.decode(record, 0, record.length),
                    () -> decoder.violation().toString());
            writer.endRow();
            return text(writer, 0);
        }
    }

    private String text(BatchWriter writer, int row) {
        try (var target = new ByteSink.ArrowTarget(root, 64)) {
            ByteSink sink = new ByteSink(target);
            JsonEncoder.of(writer.layout().top(), false).row(writer.batch(), row, sink);
            return new String(sink.toBytes(), UTF_8);
        }
    }
}
