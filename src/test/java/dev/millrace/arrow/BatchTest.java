package dev.millrace.arrow;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorLoader;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchTest {
    private static final Layout LAYOUT = Layout.of(new Schema(List.of(
            new Field("id", FieldType.notNullable(ArrowType.Utf8.INSTANCE), List.of()),
            new Field("n", FieldType.nullable(new ArrowType.Int(64, true)), List.of()),
            new Field("ok", FieldType.nullable(ArrowType.Bool.INSTANCE), List.of()),
            new Field(
                    "place",
                    FieldType.nullable(ArrowType.Struct.INSTANCE),
                    List.of(
                            new Field("name", FieldType.nullable(ArrowType.Utf8.INSTANCE), List.of()),
                            new Field(
                                    "at",
                                    FieldType.nullable(ArrowType.List.INSTANCE),
                                    List.of(new Field(
                                            "item",
                                            FieldType.nullable(
                                                    new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE)),
                                            List.of()))))))));

    private final BufferAllocator root = new RootAllocator();

    @AfterEach
    void allocator_afterEveryTest_hasNoLeak() {
        root.close();
    }

    @Test
    void rows_manyMoreThanCapacity_readBackEqual() {
        try (var writer = new BatchWriter(LAYOUT, root)) {
            writer.open(8);
            for (int i = 0; i < 1000; i++) {
                put(writer, i);
            }
            check(writer.batch(), 1000, 0);
            assertEquals(
                    "place.name", writer.batch().column("place.name").layout().path());
            assertThrows(IllegalArgumentException.class, () -> writer.batch().column("place.at.item"));
        }
    }

    @Test
    void rollback_afterHalfARow_leavesNoTrace() {
        try (var writer = new BatchWriter(LAYOUT, root)) {
            writer.open(8);
            for (int i = 0; i < 100; i++) {
                put(writer, i);
                bytes(writer.column(0), "broken");
                writer.column(1).putInt64(-1);
                writer.column(3).child(1).child(0).putFloat64(9);
                writer.rollback();
            }
            check(writer.batch(), 100, 0);
        }
    }

    @Test
    void batch_afterGrowth_leavesEarlierReadersTheirs() {
        try (var writer = new BatchWriter(LAYOUT, root)) {
            writer.open(8);
            put(writer, 0);
            Batch early = writer.batch().retain();
            assertSame(early, writer.batch());
            for (int i = 1; i < 500; i++) {
                put(writer, i);
            }
            assertNotSame(early, writer.batch());
            check(early, 1, 0);
            early.release();
            assertFalse(early.tryRetain());
        }
    }

    @Test
    void seal_thenOpen_startsAfresh() {
        try (var writer = new BatchWriter(LAYOUT, root)) {
            writer.open(8);
            put(writer, 0);
            put(writer, 1);
            Batch sealed = writer.seal();
            assertFalse(writer.isOpen());
            writer.open(8);
            put(writer, 0);
            check(sealed, 2, 0);
            check(writer.batch(), 1, 0);
            sealed.release();
        }
    }

    @Test
    void open_overTheLimit_keepsNothing() {
        try (BufferAllocator small = root.newChildAllocator("small", 0, 4096);
                var writer = new BatchWriter(LAYOUT, small)) {
            assertThrows(OutOfMemoryException.class, () -> writer.open(1 << 16));
            assertEquals(0, small.getAllocatedMemory());
            writer.open(8);
            assertThrows(OutOfMemoryException.class, () -> {
                for (int i = 0; i < 10_000; i++) {
                    put(writer, i);
                }
            });
            writer.rollback();
            assertTrue(writer.rows() > 8);
            check(writer.batch(), writer.rows(), 0);
        }
    }

    @Test
    void file_writtenAndMapped_readsBackEqual(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("a.arrow");
        try (var writer = new BatchWriter(LAYOUT, root)) {
            writer.open(8);
            for (int i = 0; i < 333; i++) {
                put(writer, i);
            }
            long size = ArrowFile.merge(
                            file, List.of(new ArrowFile.Part(writer.batch(), 300, null)), Map.of("position", "p"), root)
                    .sizeBytes();
            assertEquals(Files.size(file), size);
        }
        ArrowFile.Mapped mapped = ArrowFile.map(file, LAYOUT, root);
        assertEquals(300, mapped.rows());
        assertEquals("p", mapped.metadata().get("position"));
        check(mapped.batch(), 300, 0);
        mapped.batch().release();
    }

    @Test
    void map_truncatedFile_isAnIoException(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("a.arrow");
        try (var writer = new BatchWriter(LAYOUT, root)) {
            writer.open(8);
            put(writer, 0);
            ArrowFile.merge(file, List.of(new ArrowFile.Part(writer.batch(), 1, null)), Map.of(), root);
        }
        byte[] whole = Files.readAllBytes(file);
        for (int size = 0; size < whole.length; size += 7) {
            Files.write(file, java.util.Arrays.copyOf(whole, size));
            assertThrows(IOException.class, () -> ArrowFile.map(file, LAYOUT, root));
        }
    }

    @Test
    void head_andGather_loadIntoArrowsOwnVectors() {
        try (var writer = new BatchWriter(LAYOUT, root)) {
            writer.open(8);
            for (int i = 0; i < 100; i++) {
                put(writer, i);
            }
            try (VectorSchemaRoot vectors = VectorSchemaRoot.create(LAYOUT.schema(), root);
                    var head = writer.batch().head(LAYOUT.top(), 77)) {
                new VectorLoader(vectors).load(head);
                assertEquals(77, vectors.getRowCount());
                assertEquals("id-76", vectors.getVector("id").getObject(76).toString());
                assertEquals(
                        "{\"name\":\"n76\",\"at\":[76.0,0.5]}",
                        String.valueOf(vectors.getVector("place").getObject(76)));
                assertEquals(0, vectors.getVector("id").getNullCount());
                assertEquals(26, vectors.getVector("n").getNullCount());
            }
            int[] selection = {3, 5, 50};
            var columns = List.of(LAYOUT.top().get(3), LAYOUT.top().get(0));
            var schema = new Schema(columns.stream().map(ColumnLayout::field).toList());
            try (VectorSchemaRoot vectors = VectorSchemaRoot.create(schema, root);
                    var gathered = writer.batch().gather(columns, selection, 3, root)) {
                new VectorLoader(vectors).load(gathered);
                assertEquals("id-50", vectors.getVector("id").getObject(2).toString());
            }
        }
    }

    @Test
    void slice_anyRange_loadsIntoArrowsOwnVectors() {
        try (var writer = new BatchWriter(LAYOUT, root)) {
            writer.open(8);
            for (int i = 0; i < 200; i++) {
                put(writer, i);
            }
            for (int[] range : new int[][] {{0, 200}, {0, 0}, {8, 9}, {16, 144}, {3, 4}, {13, 199}, {200, 200}}) {
                checkSlice(writer.batch(), range[0], range[1]);
            }
        }
    }

    @Test
    void slice_ofAMappedFile_isTheSameAndLoads(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("a.arrow");
        try (var writer = new BatchWriter(LAYOUT, root)) {
            writer.open(8);
            for (int i = 0; i < 333; i++) {
                put(writer, i);
            }
            ArrowFile.merge(file, List.of(new ArrowFile.Part(writer.batch(), 333, null)), Map.of(), root);
            assertFalse(writer.batch().isMapped());
            assertTrue(
                    writer.batch().capacityBytes(LAYOUT.top()) >= writer.batch().sizeBytes(LAYOUT.top(), 0, 333));
        }
        Batch mapped = ArrowFile.map(file, LAYOUT, root).batch();
        assertTrue(mapped.isMapped());
        mapped.load(LAYOUT.top(), 0, 333);
        mapped.load(LAYOUT.top(), 111, 222);
        mapped.load(LAYOUT.top(), 333, 333);
        checkSlice(mapped, 111, 222);
        mapped.release();
    }

    @Test
    void map_ofAFileWithFewerColumns_hasNullsForThem_atEveryLevel(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("a.arrow");
        Field id = required("id", new ArrowType.Int(32, true));
        Field n = required("n", new ArrowType.Int(32, true));
        try (var writer = new BatchWriter(Layout.of(new Schema(List.of(id, legs(n)))), root)) {
            writer.open(8);
            for (int i = 0; i < 333; i++) {
                writer.column(0).putInt32(i);
                ColumnWriter legs = writer.column(1);
                for (int leg = 0; leg < i % 3; leg++) {
                    legs.child(0).child(0).putInt32(i + leg);
                    legs.child(0).endStruct();
                }
                legs.endList();
                writer.endRow();
            }
            ArrowFile.merge(file, List.of(new ArrowFile.Part(writer.batch(), 333, null)), Map.of(), root);
        }
        List<Field> added = List.of(
                optional("bit", ArrowType.Bool.INSTANCE),
                optional("fixed", new ArrowType.Decimal(40, 2, 256)),
                Dictionary.field(optional("enum", ArrowType.Utf8.INSTANCE), 0, List.of("a", "b")),
                optional("text", ArrowType.Utf8.INSTANCE),
                optional("struct", ArrowType.Struct.INSTANCE, n, legs(n)),
                optional("list", ArrowType.List.INSTANCE, required("item", ArrowType.Utf8.INSTANCE)),
                optional("vector", new ArrowType.FixedSizeList(3000), n));
        List<Field> inner = new java.util.ArrayList<>(added);
        inner.add(n);
        List<Field> outer = new java.util.ArrayList<>(added);
        outer.add(3, legs(inner.toArray(Field[]::new)));
        outer.add(id);
        Layout wide = Layout.of(new Schema(outer));
        ArrowFile.Mapped mapped = ArrowFile.map(file, wide, root);
        Batch batch = mapped.batch();
        batch.load(wide.top(), 0, mapped.rows());
        for (int i = 0; i < mapped.rows(); i++) {
            assertEquals(i, batch.column("id").int32(i));
            for (Field column : added) {
                assertTrue(batch.column(column.getName()).isNull(i));
            }
            assertTrue(batch.column("struct.legs").isNull(i));
            Column legs = batch.column("legs");
            assertEquals(i % 3, legs.end(i) - legs.start(i));
            for (int leg = legs.start(i); leg < legs.end(i); leg++) {
                for (int column = 0; column < added.size(); column++) {
                    assertTrue(legs.child(0).child(column).isNull(leg));
                }
                assertEquals(
                        i + leg - legs.start(i),
                        legs.child(0).child(added.size()).int32(leg));
            }
        }
        checkSlice(batch, 0, 333);
        checkSlice(batch, 111, 222);
        int[] selection = {2, 5, 332};
        try (VectorSchemaRoot vectors = VectorSchemaRoot.create(Dictionary.vectors(wide.schema()), root);
                var gathered = batch.gather(wide.top(), selection, 3, root)) {
            new VectorLoader(vectors).load(gathered);
            assertEquals(332, vectors.getVector("id").getObject(2));
            assertEquals(3, vectors.getVector("struct").getNullCount());
        }
        batch.release();
        for (List<Field> other : List.of(
                List.of(id),
                List.of(id, legs(n), n),
                List.of(id, legs(n, id)),
                List.of(id, legs()),
                List.of(required("id", new ArrowType.Int(64, true)), legs(n)),
                List.of(optional("id", new ArrowType.Int(32, true)), legs(n)))) {
            Layout refused = Layout.of(new Schema(other));
            assertThrows(IOException.class, () -> ArrowFile.map(file, refused, root));
        }
    }

    private static Field required(String name, ArrowType type) {
        return new Field(name, FieldType.notNullable(type), List.of());
    }

    private static Field optional(String name, ArrowType type, Field... children) {
        return new Field(name, FieldType.nullable(type), List.of(children));
    }

    private static Field legs(Field... columns) {
        return optional("legs", ArrowType.List.INSTANCE, optional("item", ArrowType.Struct.INSTANCE, columns));
    }

    private void checkSlice(Batch batch, int from, int to) {
        Layout layout = batch.layout();
        Schema schema = Dictionary.vectors(layout.schema());
        try (VectorSchemaRoot vectors = VectorSchemaRoot.create(schema, root);
                var slice = batch.slice(layout.top(), from, to, root);
                var whole = VectorSchemaRoot.create(schema, root);
                var head = batch.head(layout.top(), to)) {
            new VectorLoader(vectors).load(slice);
            new VectorLoader(whole).load(head);
            assertEquals(to - from, vectors.getRowCount());
            assertEquals(slice.computeBodyLength(), batch.sizeBytes(layout.top(), from, to));
            for (int column = 0; column < layout.top().size(); column++) {
                int nulls = 0;
                for (int i = from; i < to; i++) {
                    Object expected = whole.getVector(column).getObject(i);
                    nulls += expected == null ? 1 : 0;
                    assertEquals(expected, vectors.getVector(column).getObject(i - from));
                }
                assertEquals(nulls, vectors.getVector(column).getNullCount());
            }
        }
    }

    @Test
    void hash_onTheHeapAndInAColumn_isTheSame() {
        try (var writer = new BatchWriter(LAYOUT, root)) {
            writer.open(8);
            put(writer, 123456789);
            Column id = writer.batch().column(0);
            byte[] text = "id-123456789".getBytes(UTF_8);
            assertEquals(Hash.of(text, 0, text.length), id.hash(0));
            assertTrue(id.equalsBytes(0, text));
            assertTrue(id.startsWith(0, "id-123".getBytes(UTF_8)));
            assertTrue(id.compareBytes(0, "id-2".getBytes(UTF_8)) < 0);
            assertEquals(Hash.of(123456789), writer.batch().column(1).hash(0));
            var secret = new SecretHash(1, 2);
            assertEquals(secret.of(text, 0, text.length), id.hash(0, secret));
            assertEquals(secret.of(123456789), writer.batch().column(1).hash(0, secret));
        }
    }

    private static void put(BatchWriter writer, int i) {
        bytes(writer.column(0), "id-" + i);
        if (i % 3 == 2 || i == 0) {
            writer.column(1).putNull();
        } else {
            writer.column(1).putInt64(i);
        }
        writer.column(2).putBit(i % 2 == 0);
        ColumnWriter place = writer.column(3);
        if (i % 5 == 4) {
            place.putNull();
        } else {
            bytes(place.child(0), "n" + i);
            if (i % 7 == 0) {
                place.child(1).putNull();
            } else {
                place.child(1).child(0).putFloat64(i);
                place.child(1).child(0).putFloat64(0.5);
                place.child(1).endList();
            }
            place.endStruct();
        }
        writer.endRow();
    }

    private static void bytes(ColumnWriter column, String text) {
        byte[] utf8 = text.getBytes(UTF_8);
        column.putBytes(utf8, 0, utf8.length);
    }

    private static void check(Batch batch, int rows, int from) {
        for (int i = from; i < rows; i++) {
            assertArrayEquals(("id-" + i).getBytes(UTF_8), batch.column(0).bytes(i));
            assertFalse(batch.column(0).isNull(i));
            boolean noNumber = i % 3 == 2 || i == 0;
            assertEquals(noNumber, batch.column(1).isNull(i));
            assertEquals(noNumber ? 0 : i, batch.column(1).int64(i));
            assertEquals(i % 2 == 0, batch.column(2).bit(i));
            assertEquals(i % 5 == 4, batch.column(3).isNull(i));
            Column at = batch.column("place.at");
            assertEquals(i % 5 == 4 || i % 7 == 0, at.isNull(i));
            if (!at.isNull(i)) {
                assertEquals(2, at.end(i) - at.start(i));
                assertEquals(i, at.child(0).float64(at.start(i)));
            }
        }
    }
}
