package dev.millrace.store;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.arrow.ArrowFile;
import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.SparseFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Makes the folder of an append product whose rows have an ascending {@code id} and {@code at} and a vector of
 * {@value #FLOATS} floats that is missing: its 16 KiB a row are a hole in the file. Files have no true checksum.
 */
public final class SparseStore {
    public static final int FLOATS = 4096;
    /** The time between two rows of a partition. */
    public static final long STEP_MILLIS = 1000;

    public static final long FIRST_MILLIS = 1_700_000_000_000L;

    private static final Field ID = field("id", new ArrowType.Int(64, true));
    private static final Field AT = field("at", new ArrowType.Timestamp(TimeUnit.MILLISECOND, "UTC"));
    private static final Field WIDE = new Field(
            "embedding",
            FieldType.nullable(new ArrowType.FixedSizeList(FLOATS)),
            List.of(new Field(
                    "item",
                    FieldType.nullable(new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE)),
                    List.of())));

    public static final StoreSchema NARROW = new StoreSchema(new Schema(List.of(ID, AT)), List.of(), false);
    public static final StoreSchema SCHEMA = new StoreSchema(new Schema(List.of(ID, AT, WIDE)), List.of(), false);

    private SparseStore() {}

    private static Field field(String name, ArrowType type) {
        return new Field(name, FieldType.notNullable(type), List.of());
    }

    /**
     * Makes it.
     *
     * @return the bytes of all files, holes included
     */
    public static long make(
            StoreSchema schema, Path folder, int partitions, int files, int rows, BufferAllocator allocator)
            throws IOException {
        long bytes = 0;
        Path narrow = folder.resolve("narrow");
        for (int partition = 0; partition < partitions; partition++) {
            Path into = Files.createDirectories(folder.resolve("p" + partition));
            var segments = new ArrayList<Map<String, Object>>();
            for (int i = 0; i < files; i++) {
                long first = (long) i * rows;
                String name = first + "-" + (first + rows - 1) + "-" + (i + 1) + ".arrow";
                Batch made = batch(first, rows, allocator);
                SparseFile.write(narrow, made, rows, allocator);
                made.release();
                Batch mapped = ArrowFile.map(narrow, schema.layout(), allocator).batch();
                long size = SparseFile.write(into.resolve(name), mapped, rows, allocator);
                mapped.release();
                Files.delete(narrow);
                segments.add(Map.of(
                        "file",
                        name,
                        "rows",
                        rows,
                        "firstOffset",
                        first,
                        "lastOffset",
                        first + rows - 1,
                        "deletedRows",
                        0,
                        "firstDeleted",
                        Long.MAX_VALUE,
                        "sizeBytes",
                        size,
                        "crc32c",
                        0));
                bytes += size;
            }
            byte[] json = new ObjectMapper()
                    .writeValueAsBytes(Map.of(
                            "format",
                            1,
                            "topicId",
                            "t",
                            "next",
                            (long) files * rows,
                            "schema",
                            Manifest.describe(schema),
                            "generation",
                            files,
                            "segments",
                            segments));
            String crc = "\ncrc32c:" + HexFormat.of().toHexDigits(Manifest.crc32c(json)) + "\n";
            Files.writeString(
                    into.resolve("manifest"), new String(json, java.nio.charset.StandardCharsets.UTF_8) + crc);
        }
        return bytes;
    }

    private static Batch batch(long first, int rows, BufferAllocator allocator) {
        try (var writer = new BatchWriter(NARROW.layout(), allocator)) {
            writer.open(rows);
            for (long i = first; i < first + rows; i++) {
                writer.column(0).putInt64(i);
                writer.column(1).putInt64(FIRST_MILLIS + i * STEP_MILLIS);
                writer.column(2).putInt64(i);
                writer.column(3).putInt64(FIRST_MILLIS + i * STEP_MILLIS);
                writer.column(4).putBit(false);
                writer.endRow();
            }
            return writer.seal();
        }
    }
}
