package dev.millrace.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.arrow.ArrowFile;
import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Dictionary;
import dev.millrace.contract.Property;
import dev.millrace.text.JsonEncoder;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.memory.util.ArrowBufPointer;
import org.apache.arrow.vector.BaseIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.ElementAddressableVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorLoader;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;

/** Any schema and any rows: from JSON to columns and back, and as Arrow's own vectors see them. */
class TypesProperties {
    private static final int ROWS = 21;

    private final ObjectMapper mapper = StrictJson.mapper();

    @net.jqwik.api.Property(tries = 400)
    void rows_ofAnySchema_areTheSameAsJsonAsFileAndAsArrowVectors(@ForAll long seed) throws IOException {
        var random = new Random(seed);
        List<Property> columns = RandomRecords.columns(random, 3);
        Path file = Files.createTempFile("types", ".arrow");
        try (BufferAllocator root = new RootAllocator();
                var writer = new BatchWriter(Records.layout(columns), root)) {
            writer.open(8);
            List<JsonNode> records = new ArrayList<>();
            JsonDecoder decoder = Records.decoder(columns, writer);
            for (int i = 0; i < ROWS; i++) {
                JsonNode record = RandomRecords.object(columns, random);
                byte[] json = mapper.writeValueAsBytes(record);
                assertTrue(decoder.decode(json, 0, json.length), () -> decoder.violation() + " in " + record);
                writer.endRow();
                records.add(record);
            }
            check(writer.batch(), columns, records, root);

            ArrowFile.merge(file, List.of(new ArrowFile.Part(writer.batch(), ROWS, null)), Map.of(), root);
            ArrowFile.Mapped mapped = ArrowFile.map(file, writer.layout(), root);
            mapped.batch().load(writer.layout().top(), 0, ROWS);
            check(mapped.batch(), columns, records, root);
            mapped.batch().release();

            checkFile(file, writer.batch(), root);
            checkCuts(writer.batch(), random, root);
        } finally {
            Files.delete(file);
        }
    }

    private void check(Batch batch, List<Property> columns, List<JsonNode> records, BufferAllocator root)
            throws IOException {
        try (var target = new ByteSink.ArrowTarget(root, 64)) {
            ByteSink sink = new ByteSink(target);
            JsonEncoder encoder = JsonEncoder.of(batch.layout().top(), false);
            for (int row = 0; row < records.size(); row++) {
                sink.position(0);
                encoder.row(batch, row, sink);
                assertEquals(
                        StrictJson.normal(records.get(row), columns),
                        StrictJson.normal(mapper.readTree(sink.toBytes()), columns));
            }
        }
    }

    private static void checkFile(Path file, Batch batch, BufferAllocator root) throws IOException {
        try (FileChannel channel = FileChannel.open(file);
                var reader = new ArrowFileReader(channel, root)) {
            assertTrue(reader.loadNextBatch());
            assertEquals(ROWS, reader.getVectorSchemaRoot().getRowCount());
            for (int row = 0; row < ROWS; row++) {
                for (int c = 0; c < batch.layout().top().size(); c++) {
                    same(batch.column(c), row, reader.getVectorSchemaRoot().getVector(c), row, reader::lookup);
                }
            }
        }
    }

    private static void checkCuts(Batch batch, Random random, BufferAllocator root) {
        List<ColumnLayout> top = batch.layout().top();
        int from = random.nextInt(ROWS);
        int to = from + random.nextInt(ROWS - from + 1);
        try (ArrowRecordBatch cut = batch.slice(top, from, to, root)) {
            check(cut, batch, IntStream.range(from, to).toArray(), root);
        }
        int[] selection =
                IntStream.range(0, ROWS).filter(row -> random.nextBoolean()).toArray();
        try (ArrowRecordBatch gathered = batch.gather(top, selection, selection.length, root)) {
            check(gathered, batch, selection, root);
        }
        assertTrue(batch.sizeBytes(top, 0, ROWS) > 0);
    }

    private static void check(ArrowRecordBatch cut, Batch batch, int[] rows, BufferAllocator root) {
        try (VectorSchemaRoot vectors = VectorSchemaRoot.create(
                        Dictionary.vectors(batch.layout().schema()), root);
                var dictionaries = Dictionary.provider(batch.layout().top(), root)) {
            new VectorLoader(vectors).load(cut);
            assertEquals(rows.length, vectors.getRowCount());
            for (int i = 0; i < rows.length; i++) {
                for (int c = 0; c < batch.layout().top().size(); c++) {
                    same(batch.column(c), rows[i], vectors.getVector(c), i, dictionaries::lookup);
                }
            }
        }
    }

    private interface Lookup {
        org.apache.arrow.vector.dictionary.Dictionary of(long id);
    }

    private static void same(Column ours, int row, FieldVector theirs, int index, Lookup dictionaries) {
        assertEquals(ours.isNull(row), theirs.isNull(index), ours.layout().path());
        if (ours.isNull(row)) {
            return;
        }
        switch (ours.layout().storage()) {
            case BIT -> assertEquals(ours.bit(row) ? 1 : 0, ((BitVector) theirs).get(index));
            case BYTES -> assertArrayEquals(ours.bytes(row), bytes(theirs, index));
            case FIXED -> {
                byte[] bytes = bytes(theirs, index);
                assertEquals(ours.layout().width(), bytes.length);
                for (int i = 0; i < bytes.length; i++) {
                    long word = bytes.length > 8 ? ours.word(row, i >>> 3) : ours.fixed(row);
                    assertEquals((byte) (word >>> ((i & 7) << 3)), bytes[i]);
                }
            }
            case DICTIONARY -> {
                long id = theirs.getField().getDictionary().getId();
                var texts = (VarCharVector) dictionaries.of(id).getVector();
                int number = (int) ((BaseIntVector) theirs).getValueAsLong(index);
                assertArrayEquals(ours.bytes(row), texts.get(number));
            }
            case STRUCT -> {
                List<FieldVector> children = ((StructVector) theirs).getChildrenFromFields();
                for (int i = 0; i < children.size(); i++) {
                    same(ours.child(i), row, children.get(i), index, dictionaries);
                }
            }
            case LIST -> {
                var list = (ListVector) theirs;
                int from = list.getElementStartIndex(index);
                assertEquals(ours.length(row), list.getElementEndIndex(index) - from);
                for (int i = 0; i < ours.length(row); i++) {
                    same(ours.child(0), ours.start(row) + i, list.getDataVector(), from + i, dictionaries);
                }
            }
            case VECTOR -> {
                var list = (FixedSizeListVector) theirs;
                assertEquals(ours.length(row), list.getListSize());
                for (int i = 0; i < list.getListSize(); i++) {
                    same(
                            ours.child(0),
                            ours.start(row) + i,
                            list.getDataVector(),
                            list.getElementStartIndex(index) + i,
                            dictionaries);
                }
            }
        }
    }

    private static byte[] bytes(FieldVector vector, int index) {
        ArrowBufPointer pointer = ((ElementAddressableVector) vector).getDataPointer(index);
        byte[] bytes = new byte[(int) pointer.getLength()];
        if (bytes.length > 0) {
            pointer.getBuf().getBytes(pointer.getOffset(), bytes);
        }
        return bytes;
    }
}
