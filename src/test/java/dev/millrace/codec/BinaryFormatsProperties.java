package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.TimestampProto;
import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.Dictionary;
import dev.millrace.contract.Property;
import dev.millrace.contract.UnknownFields;
import dev.millrace.contract.ValueFormat;
import dev.millrace.text.JsonEncoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorLoader;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.DictionaryProvider.MapDictionaryProvider;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.avro.Schema;

/** Avro, Protobuf and Arrow records, made by the formats' own libraries, come to the rows that the same JSON comes to. */
class BinaryFormatsProperties {
    private static final int ROWS = 12;
    private static final List<Property> COLUMNS = RandomRecords.COLUMNS;
    private static final Schema AVRO = AvroForm.schema("Record", COLUMNS);
    static final FileDescriptorProto PROTOBUF = ProtobufForm.file(COLUMNS);

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

    @net.jqwik.api.Property(tries = 400)
    void avro_givesTheRowsOfTheSameJson(@ForAll long seed) {
        var random = new Random(seed);
        try (var side = new Sides(avro())) {
            for (int i = 0; i < ROWS; i++) {
                JsonNode record = RandomRecords.record(random);
                side.assertSame(record, AvroForm.record(7, AVRO, COLUMNS, record));
            }
        }
    }

    /** Lists of Protobuf have no nulls and are never missing, so neither has the JSON. */
    @net.jqwik.api.Property(tries = 400)
    void protobuf_givesTheRowsOfTheSameJson(@ForAll long seed) throws Exception {
        var random = new Random(seed);
        Descriptor descriptor = descriptor();
        try (var side = new Sides(protobuf())) {
            for (int i = 0; i < ROWS; i++) {
                JsonNode record = RandomRecords.record(random);
                RandomRecords.withLists(record, COLUMNS);
                side.assertSame(record, ProtobufForm.record(7, descriptor, COLUMNS, record));
            }
        }
    }

    @net.jqwik.api.Property(tries = 400)
    void arrow_givesTheRowsOfTheSameJson(@ForAll long seed) throws IOException {
        var random = new Random(seed);
        try (var side = new Sides(json -> arrow(json))) {
            int count = random.nextInt(3) == 0 ? random.nextInt(200) : random.nextInt(ROWS);
            for (int i = 0; i < count; i++) {
                side.decodeJson(RandomRecords.record(random));
            }
            byte[] stream = stream(side.json.batch(), count, root);
            assertEquals(count, side.decoder.prepare(stream, 0, stream.length, false));
            assertTrue(
                    side.decoder.decode(stream, 0, stream.length),
                    () -> side.decoder.violation().toString());
            assertEquals(count, side.decoder.rows());
            side.binary.endRows(count);
            side.assertSameRows();
        }
    }

    /** What is written in another format is on the topic as JSON: it comes to the rows that it would have come to. */
    @net.jqwik.api.Property(tries = 200)
    void bodies_becomeJsonOfTheSameRows(@ForAll long seed) throws IOException {
        var random = new Random(seed);
        List<JsonNode> records = new java.util.ArrayList<>();
        for (int i = random.nextInt(ROWS); i >= 0; i--) {
            records.add(RandomRecords.record(random));
        }
        try (var side = new Sides(json -> arrow(json))) {
            records.forEach(side::decodeJson);
            byte[] arrow = stream(side.json.batch(), records.size(), root);
            for (BodyForm form : List.of(BodyForm.AVRO, BodyForm.ARROW)) {
                byte[] body = form == BodyForm.ARROW ? arrow : AvroForm.container(AVRO, COLUMNS, records, random);
                JsonDecoder again = Records.decoder(COLUMNS, side.binary);
                var taker = new BodyRecords.Taker() {
                    @Override
                    public void json(byte[] bytes, int from, int length) {
                        assertTrue(
                                again.decode(bytes, from, length), () -> again.violation() + new String(bytes, UTF_8));
                        side.binary.endRow();
                    }

                    @Override
                    public void broken(Violation why) {
                        throw new AssertionError(why);
                    }
                };
                new BodyRecords(
                                COLUMNS,
                                UnknownFields.IGNORE,
                                root,
                                records.size(),
                                columns -> JsonEncoder.of(columns, false),
                                taker)
                        .take(form, body);
                side.assertSameRows();
                side.binary.truncate(0);
                // Whatever is damaged is refused, or read as something else; nothing is thrown but a problem.
                for (int i = 0; i < 20; i++) {
                    byte[] damaged = RandomRecords.damage(body, 0, random);
                    try {
                        new BodyRecords(
                                        COLUMNS,
                                        UnknownFields.IGNORE,
                                        root,
                                        1000,
                                        columns -> JsonEncoder.of(columns, false),
                                        new Ignoring())
                                .take(form, damaged);
                    } catch (dev.millrace.problem.ProblemException refused) {
                        assertFalse(refused.problem().detail().isEmpty());
                    }
                }
            }
        }
    }

    private static final class Ignoring implements BodyRecords.Taker {
        @Override
        public void json(byte[] bytes, int from, int length) {}

        @Override
        public void broken(Violation why) {
            assertFalse(why.reason().isEmpty());
        }
    }

    /** 72,000 records in all: nothing is thrown, nothing is left behind, and rows that come in are whole. */
    @net.jqwik.api.Property(tries = 400)
    void mutatedRecord_isARowOrAViolation(@ForAll long seed) throws Exception {
        var random = new Random(seed);
        JsonNode record = RandomRecords.record(random);
        try (var side = new Sides(avro())) {
            side.mutate(AvroForm.record(7, AVRO, COLUMNS, record), 5, random);
        }
        RandomRecords.withLists(record, COLUMNS);
        byte[] protobuf = ProtobufForm.record(7, descriptor(), COLUMNS, record);
        try (var side = new Sides(protobuf())) {
            side.mutate(protobuf, 5, random);
        }
        byte[] stream;
        try (var side = new Sides(json -> arrow(json))) {
            for (int i = 0; i < 3; i++) {
                side.decodeJson(RandomRecords.record(random));
            }
            stream = stream(side.json.batch(), 3, root);
        }
        try (var side = new Sides(json -> arrow(json))) {
            side.mutate(stream, 0, random);
        }
    }

    static Descriptor descriptor() throws DescriptorValidationException {
        return FileDescriptor.buildFrom(PROTOBUF, new FileDescriptor[] {TimestampProto.getDescriptor()})
                .findMessageTypeByName("Record");
    }

    private static Making avro() {
        return writer -> registry(writer, ValueFormat.AVRO, AVRO.toString());
    }

    private static Making protobuf() {
        return writer -> registry(writer, ValueFormat.PROTOBUF, ProtobufForm.base64(PROTOBUF));
    }

    static RegistryDecoder registry(BatchWriter writer, ValueFormat format, String schema) {
        return new RegistryDecoder(
                COLUMNS,
                List.of("id"),
                UnknownFields.IGNORE,
                writer,
                JsonLimits.DEFAULT,
                Records.decoder(COLUMNS, writer),
                format,
                id -> id == 7
                        ? new SchemaSource.Known(format.name(), schema, List.of())
                        : new SchemaSource.Missing("it does not exist."));
    }

    private static ArrowDecoder arrow(BatchWriter writer) {
        return new ArrowDecoder(
                COLUMNS, UnknownFields.IGNORE, writer, JsonLimits.DEFAULT, Records.decoder(COLUMNS, writer), 1000);
    }

    static byte[] stream(Batch batch, int rows, BufferAllocator root) throws IOException {
        var out = new ByteArrayOutputStream();
        try (VectorSchemaRoot vectors = VectorSchemaRoot.create(
                        Dictionary.vectors(batch.layout().schema()), root);
                MapDictionaryProvider dictionaries =
                        Dictionary.provider(batch.layout().top(), root);
                var writer = new ArrowStreamWriter(vectors, dictionaries, out)) {
            writer.start();
            for (int from = 0; from < rows; from += 100) {
                try (var part = batch.slice(batch.layout().top(), from, Math.min(rows, from + 100), root)) {
                    new VectorLoader(vectors).load(part);
                    writer.writeBatch();
                }
            }
            writer.end();
        }
        return out.toByteArray();
    }

    private interface Making {
        RecordDecoder decoder(BatchWriter writer);
    }

    /** The same columns written from JSON and from another format. */
    private final class Sides implements AutoCloseable {
        private final BatchWriter json = new BatchWriter(Records.layout(COLUMNS), root);
        private final BatchWriter binary = new BatchWriter(Records.layout(COLUMNS), root);
        private final JsonDecoder jsonDecoder = Records.decoder(COLUMNS, json);
        private final RecordDecoder decoder;

        Sides(Making making) {
            this.decoder = making.decoder(binary);
            json.open(8);
            binary.open(8);
        }

        void decodeJson(JsonNode record) {
            try {
                byte[] bytes = mapper.writeValueAsBytes(record);
                assertTrue(jsonDecoder.decode(bytes, 0, bytes.length), () -> jsonDecoder.violation() + " " + record);
                json.endRow();
            } catch (IOException impossible) {
                throw new IllegalStateException(impossible);
            }
        }

        void assertSame(JsonNode record, byte[] bytes) {
            decodeJson(record);
            assertEquals(1, decoder.prepare(bytes, 0, bytes.length, false));
            assertTrue(decoder.decode(bytes, 0, bytes.length), () -> decoder.violation() + " " + record);
            binary.endRow();
            assertSameRows();
        }

        void assertSameRows() {
            assertEquals(json.rows(), binary.rows());
            for (int row = 0; row < json.rows(); row++) {
                assertEquals(text(json, row), text(binary, row));
            }
        }

        private String text(BatchWriter writer, int row) {
            try (var target = new ByteSink.ArrowTarget(root, 64)) {
                ByteSink sink = new ByteSink(target);
                JsonEncoder.of(writer.layout().top(), false).row(writer.batch(), row, sink);
                return new String(sink.toBytes(), UTF_8);
            }
        }

        void mutate(byte[] good, int header, Random random) {
            for (int i = 0; i < 60; i++) {
                byte[] bytes = RandomRecords.damage(good, header, random);
                int rows = decoder.prepare(bytes, 0, bytes.length, false);
                if (decoder.decode(bytes, 0, bytes.length)) {
                    assertEquals(rows, decoder.rows());
                    binary.endRows(rows);
                    for (int row = binary.rows() - rows; row < binary.rows(); row++) {
                        assertFalse(text(binary, row).isEmpty());
                    }
                } else {
                    assertFalse(decoder.violation().reason().isEmpty());
                }
                for (int column = 0; column < COLUMNS.size(); column++) {
                    assertEquals(binary.rows(), binary.column(column).count());
                }
            }
        }

        @Override
        public void close() {
            json.close();
            binary.close();
        }
    }
}
