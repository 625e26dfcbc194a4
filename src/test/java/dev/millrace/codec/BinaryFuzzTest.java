package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.Descriptors.Descriptor;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.contract.Property;
import dev.millrace.contract.UnknownFields;
import dev.millrace.contract.ValueFormat;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.text.JsonEncoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryProvider.MapDictionaryProvider;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Damaged Avro, Protobuf and Arrow records, made by the formats' own libraries: each is rows or a violation, wherever it
 * lies, as {@link Placed} says. A slice of {@code ./millrace prove fuzz}.
 */
class BinaryFuzzTest {
    private static final int FIRST_DICTIONARY = 0x51515151;
    private static final int SECOND_DICTIONARY = 0x62626262;
    private static final List<Property> COLUMNS = RandomRecords.COLUMNS;
    private static final List<Property> DICTIONARIES = List.of(
            Records.required("id", Records.INT64),
            Records.optional("n", Records.INT64),
            Records.optional("a", Records.TEXT));

    private final RootAllocator root = new RootAllocator();

    @AfterEach
    void closeAllocator() {
        root.close();
    }

    @Test
    void decode_damagedRecords_areRowsOrViolationsWhereverTheyLie() throws Exception {
        var avroSchema = AvroForm.schema("Record", COLUMNS);
        Descriptor descriptor = BinaryFormatsProperties.descriptor();
        byte[] dictionaries = dictionaries();
        int[] good = {0, 0};
        try (var writer = new BatchWriter(Records.layout(COLUMNS), root);
                var few = new BatchWriter(Records.layout(DICTIONARIES), root)) {
            writer.open(8);
            few.open(8);
            var avro = new Placed(
                    BinaryFormatsProperties.registry(writer, ValueFormat.AVRO, avroSchema.toString()), writer, root);
            var protobuf = new Placed(
                    BinaryFormatsProperties.registry(
                            writer, ValueFormat.PROTOBUF, ProtobufForm.base64(BinaryFormatsProperties.PROTOBUF)),
                    writer,
                    root);
            var arrow = new Placed(arrow(COLUMNS, writer), writer, root);
            var coded = new Placed(arrow(DICTIONARIES, few), few, root);
            Placed.fuzz((random, at) -> {
                JsonNode record = RandomRecords.record(random);
                byte[] byAvro = AvroForm.record(7, avroSchema, COLUMNS, record);
                byte[] byArrow = stream(random);
                RandomRecords.withLists(record, COLUMNS);
                byte[] byProtobuf = ProtobufForm.record(7, descriptor, COLUMNS, record);
                for (int i = 0; i < 12; i++) {
                    good[0] += look(avro, byAvro, 5, random, at);
                    good[0] += look(protobuf, byProtobuf, 7, random, at);
                    good[0] += look(arrow, byArrow, 0, random, at);
                    good[0] += look(coded, dictionaries, 0, random, at);
                    good[1] += 4;
                }
            });
        }
        assertTrue(good[0] > 0 && good[0] < good[1], "of " + good[1] + " records " + good[0] + " were taken");
    }

    private static int look(Placed placed, byte[] record, int header, Random random, byte[][] at) {
        byte[] damaged =
                random.nextInt(3) == 0 ? Placed.confuse(record, random) : RandomRecords.damage(record, header, random);
        at[0] = damaged;
        if (damaged.length > 5) {
            placed.isKey(damaged);
        }
        return placed.isGood(damaged) ? 1 : 0;
    }

    /** Rows of every type. */
    private byte[] stream(Random random) throws IOException {
        try (var writer = new BatchWriter(Records.layout(COLUMNS), root)) {
            writer.open(8);
            JsonDecoder json = Records.decoder(COLUMNS, writer);
            int count = 1 + random.nextInt(3);
            for (int i = 0; i < count; i++) {
                byte[] record = StrictJson.mapper().writeValueAsBytes(RandomRecords.record(random));
                assertTrue(json.decode(record, 0, record.length));
                writer.endRow();
            }
            return BinaryFormatsProperties.stream(writer.batch(), count, root);
        }
    }

    @Test
    void arrow_dictionaryOfTwoTypes_isAViolationAndReadsNothing() throws IOException {
        byte[] good = dictionaries();
        byte[] confused = confused(good);
        try (var writer = new BatchWriter(Records.layout(DICTIONARIES), root)) {
            writer.open(8);
            var placed = new Placed(arrow(DICTIONARIES, writer), writer, root);
            assertEquals(
                    "{3}{\"id\":0,\"n\":7,\"a\":\"zero\"}{\"id\":1,\"n\":8,\"a\":\"one\"}{\"id\":2,\"n\":9,\"a\":\"two\"}",
                    placed.outcome(good));
            assertEquals(
                    new Violation("schema", "", "The columns n and a name one dictionary and have not one type.")
                            .toString(),
                    placed.outcome(confused));
            assertTrue(placed.isGood(good), "the next record is not read as the one before");
        }
        var taker = new BodyRecords(
                DICTIONARIES,
                UnknownFields.IGNORE,
                root,
                10,
                columns -> JsonEncoder.of(columns, false),
                new BodyRecords.Taker() {
                    @Override
                    public void json(byte[] bytes, int from, int length) {
                        throw new AssertionError(new String(bytes, from, length, UTF_8));
                    }

                    @Override
                    public void broken(Violation why) {
                        throw new AssertionError(why);
                    }
                });
        ProblemException refused = assertThrows(ProblemException.class, () -> taker.take(BodyForm.ARROW, confused));
        assertEquals(422, refused.problem().status().http());
        assertFalse(((Problem.BrokenRecords) refused.problem()).rejected().isEmpty());
    }

    private static ArrowDecoder arrow(List<Property> columns, BatchWriter writer) {
        return new ArrowDecoder(
                columns, UnknownFields.IGNORE, writer, JsonLimits.DEFAULT, Records.decoder(columns, writer), 1000);
    }

    /** Three rows with a dictionary of numbers and one of texts. */
    private byte[] dictionaries() throws IOException {
        var out = new ByteArrayOutputStream();
        try (var numbers = new BigIntVector("numbers", root);
                var texts = new VarCharVector("texts", root);
                var ids = new BigIntVector("id", root);
                var n = indexes("n", FIRST_DICTIONARY);
                var a = indexes("a", SECOND_DICTIONARY)) {
            for (int i = 0; i < 3; i++) {
                numbers.setSafe(i, 7 + i);
                texts.setSafe(i, List.of("zero", "one", "two").get(i).getBytes(UTF_8));
                ids.setSafe(i, i);
                n.setSafe(i, i);
                a.setSafe(i, i);
            }
            List<FieldVector> all = List.of(numbers, texts, ids, n, a);
            all.forEach(vector -> vector.setValueCount(3));
            var provider = new MapDictionaryProvider(
                    new Dictionary(numbers, n.getField().getDictionary()),
                    new Dictionary(texts, a.getField().getDictionary()));
            List<FieldVector> columns = all.subList(2, 5);
            var schema = new Schema(columns.stream().map(FieldVector::getField).toList());
            try (var batch = new VectorSchemaRoot(schema, columns, 3);
                    var writer = new ArrowStreamWriter(batch, provider, out)) {
                writer.start();
                writer.writeBatch();
                writer.end();
            }
        }
        return out.toByteArray();
    }

    private IntVector indexes(String name, int dictionary) {
        var type = new ArrowType.Int(32, true);
        return new IntVector(
                new Field(name, new FieldType(true, type, new DictionaryEncoding(dictionary, false, type)), List.of()),
                root);
    }

    /** The same, with the second column's dictionary the first's, and no second one. */
    private static byte[] confused(byte[] stream) {
        var out = new ByteArrayOutputStream();
        for (byte[] message : messages(stream)) {
            int at = placeOf(SECOND_DICTIONARY, message);
            boolean isSchema = placeOf(FIRST_DICTIONARY, message) >= 0 && at >= 0;
            if (isSchema) {
                little(message).putLong(at, FIRST_DICTIONARY);
            }
            if (isSchema || at < 0) {
                out.writeBytes(message);
            }
        }
        return out.toByteArray();
    }

    private static int placeOf(int dictionary, byte[] message) {
        for (int at = 0; at + 8 <= message.length; at += 4) {
            if (little(message).getLong(at) == dictionary) {
                return at;
            }
        }
        return -1;
    }

    private static List<byte[]> messages(byte[] stream) {
        List<byte[]> messages = new ArrayList<>();
        ByteBuffer in = little(stream);
        for (int at = 0; at < stream.length; ) {
            int size = in.getInt(at + 4);
            long body = size == 0
                    ? 0
                    : org.apache.arrow.flatbuf.Message.getRootAsMessage(
                                    little(stream).slice(at + 8, size).order(ByteOrder.LITTLE_ENDIAN))
                            .bodyLength();
            int end = at + 8 + size + (int) body;
            messages.add(java.util.Arrays.copyOfRange(stream, at, end));
            at = end;
        }
        return messages;
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
