package dev.millrace.arrow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorLoader;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.DictionaryProvider.MapDictionaryProvider;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@link ArrowFile} writes against copies row by row, and against Arrow's own writer and reader. */
class ArrowFileProperties {
    @Property(tries = 150)
    void merge_anyBatchesAndRows_isTheCopyRowByRow(@ForAll long seed) throws IOException {
        var random = new RandomBatches(seed);
        Path folder = Files.createTempDirectory("merge");
        try (BufferAllocator root = new RootAllocator()) {
            Layout layout = random.layout(4, 2);
            var parts = new ArrayList<ArrowFile.Part>();
            for (int i = 0; i <= random.below(4); i++) {
                int rows = random.below(3) == 0 ? random.below(3) : random.below(300);
                Batch batch = random.batch(layout, rows + random.below(9), root);
                if (random.below(2) == 0) {
                    Path file = folder.resolve("part");
                    ArrowFile.merge(file, List.of(new ArrowFile.Part(batch, rows, null)), Map.of(), root);
                    batch.release();
                    batch = ArrowFile.map(file, layout, root).batch();
                    Files.delete(file);
                }
                parts.add(new ArrowFile.Part(batch, rows, random.below(3) == 0 ? null : random.selection(rows)));
            }
            try (var copy = new BatchWriter(layout, root)) {
                copy.open(8);
                for (ArrowFile.Part part : parts) {
                    int[] selected = part.selected();
                    for (int i = 0; i < (selected == null ? part.rows() : selected.length); i++) {
                        copy.copyRow(part.batch(), selected == null ? i : selected[i]);
                    }
                }
                check(folder, parts, copy.batch(), copy.rows(), root);
            }
            parts.forEach(part -> part.batch().release());
        } finally {
            try (var files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        }
    }

    private static void check(
            Path folder, List<ArrowFile.Part> parts, Batch expected, int rows, BufferAllocator allocator)
            throws IOException {
        Path merged = folder.resolve("merged");
        Layout layout = expected.layout();
        ArrowFile.Written written = ArrowFile.merge(merged, parts, Map.of("a", "b"), allocator);
        byte[] bytes = Files.readAllBytes(merged);
        var crc = new CRC32C();
        crc.update(bytes);
        assertEquals(new ArrowFile.Written(bytes.length, (int) crc.getValue()), written);

        ArrowFile.Mapped mapped = ArrowFile.map(merged, layout, allocator);
        assertEquals(rows, mapped.rows());
        assertEquals("b", mapped.metadata().get("a"));
        for (int c = 0; c < layout.top().size(); c++) {
            for (int row = 0; row < rows; row++) {
                assertEquals(
                        RandomBatches.value(expected.column(c), row),
                        RandomBatches.value(mapped.batch().column(c), row));
            }
            assertEquals(
                    expected.column(c).nullCount(0, rows),
                    mapped.batch().column(c).nullCount(0, rows));
        }
        checkStatistics(mapped.batch(), rows);
        mapped.batch().release();

        Path arrows = folder.resolve("arrows");
        try (var found = new ArrowFileReader(FileChannel.open(merged), allocator)) {
            found.getVectorSchemaRoot(); // reads the footer
            writeByArrow(arrows, expected, rows, found.getMetaData(), allocator);
        }
        if (rows > 0) { // of empty columns Arrow's writer leaves the one offset out
            assertEquals(Files.size(arrows), written.sizeBytes());
        }
        try (var wanted = new ArrowFileReader(FileChannel.open(arrows), allocator);
                var found = new ArrowFileReader(FileChannel.open(merged), allocator)) {
            assertEquals(
                    wanted.getVectorSchemaRoot().getSchema(),
                    found.getVectorSchemaRoot().getSchema());
            assertTrue(wanted.loadNextBatch() && found.loadNextBatch());
            assertTrue(wanted.getVectorSchemaRoot().equals(found.getVectorSchemaRoot()));
        }
    }

    /** Against the ranks of all values, which are asked for in pairs that lie about them. */
    private static void checkStatistics(Batch batch, int rows) {
        Statistics statistics = batch.statistics().orElseThrow();
        assertEquals(rows, statistics.rows());
        for (ColumnLayout at : batch.layout().all()) {
            if (batch.layout().find(at.path()).isEmpty()) {
                continue; // within a list
            }
            Column column = batch.column(at.path());
            assertEquals(column.nullCount(0, rows), statistics.nulls(at));
            if (at.children().isEmpty() && at.width() <= 16) {
                List<Rank> ranks = IntStream.range(0, rows)
                        .filter(row -> !column.isNull(row))
                        .mapToObj(row -> rank(column, row))
                        .sorted()
                        .toList();
                var asked = new ArrayList<>(ranks.subList(0, Math.min(2, ranks.size())));
                asked.addAll(ranks.subList(Math.max(0, ranks.size() - 2), ranks.size()));
                asked.addAll(asked.stream()
                        .map(rank -> new Rank(rank.high(), rank.low() + 1))
                        .toList());
                asked.addAll(asked.stream()
                        .map(rank -> new Rank(rank.high() - 1, rank.low()))
                        .toList());
                for (Rank from : asked) {
                    for (Rank to : asked) {
                        assertEquals(
                                ranks.getFirst().compareTo(to) <= 0
                                        && ranks.getLast().compareTo(from) >= 0,
                                statistics.mayHave(at, from, to));
                    }
                }
            }
        }
    }

    private static Rank rank(Column column, int row) {
        return switch (column.layout().type()) {
            case ArrowType.Utf8 _, ArrowType.Binary _ -> Rank.of(column.bytes(row));
            case ArrowType.Decimal _ -> Rank.of(column.decimal(row, 0).unscaledValue());
            case ArrowType.FloatingPoint _ ->
                Rank.of(column.layout().width() == 4 ? column.float32(row) : column.float64(row));
            default -> Rank.of(column.ordered(row));
        };
    }

    private static void writeByArrow(
            Path file, Batch batch, int rows, Map<String, String> footer, BufferAllocator allocator)
            throws IOException {
        Schema schema = batch.layout().schema();
        try (var channel = Files.newByteChannel(
                        file, java.nio.file.StandardOpenOption.CREATE, java.nio.file.StandardOpenOption.WRITE);
                VectorSchemaRoot vectors = VectorSchemaRoot.create(Dictionary.vectors(schema), allocator);
                MapDictionaryProvider dictionaries =
                        Dictionary.provider(batch.layout().top(), allocator);
                var writer = new ArrowFileWriter(vectors, dictionaries, channel, footer);
                var all = batch.head(batch.layout().top(), rows)) {
            new VectorLoader(vectors).load(all);
            writer.start();
            writer.writeBatch();
            writer.end();
        }
    }

    @Test
    void merge_moreThanFits_isRefusedBeforeAFileIsMade(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("big");
        var wide = new Field("t", FieldType.notNullable(ArrowType.Utf8.INSTANCE), List.of());
        Layout layout = Layout.of(new Schema(List.of(wide)));
        int megabyte = 1 << 20;
        try (BufferAllocator root = new RootAllocator();
                var writer = new BatchWriter(layout, root)) {
            writer.open(8);
            writer.column(0).putBytes(new byte[megabyte], 0, megabyte);
            writer.endRow();
            var part = new ArrowFile.Part(writer.batch(), 1, null);
            var failure = assertThrows(
                    IllegalArgumentException.class,
                    () -> ArrowFile.merge(file, java.util.Collections.nCopies(2048, part), Map.of(), root));
            assertEquals(
                    "Column t would have 2147483648 bytes in one file, at most are 2147483647.", failure.getMessage());
            var empty =
                    new ArrowFile.Part(new RandomBatches(0).batch(layout, 1, root), 1, new int[ArrowFile.MAX_ROWS / 2]);
            for (int more = 1; more >= 0; more--) {
                var parts = List.of(empty, empty, new ArrowFile.Part(writer.batch(), more, null));
                if (more == 1) {
                    assertThrows(IllegalArgumentException.class, () -> ArrowFile.merge(file, parts, Map.of(), root));
                    assertThrows(
                            IllegalArgumentException.class, () -> ArrowFile.merge(file, List.of(), Map.of(), root));
                    assertTrue(Files.notExists(file));
                } else {
                    ArrowFile.merge(file, parts, Map.of(), root);
                    ArrowFile.Mapped mapped = ArrowFile.map(file, layout, root);
                    assertEquals(ArrowFile.MAX_ROWS, mapped.rows());
                    mapped.batch().release();
                }
            }
            empty.batch().release();
        }
    }
}
