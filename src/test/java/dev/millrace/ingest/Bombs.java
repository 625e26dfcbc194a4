package dev.millrace.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.FieldType;

/** Small bodies that are large when they are read. */
public final class Bombs {
    private Bombs() {}

    /** An Arrow stream with columns of text, whose rows all name the one value of one dictionary. */
    public static byte[] dictionary(int rows, int valueBytes, String... columns) throws IOException {
        var index = new ArrowType.Int(8, true);
        var encoding = new DictionaryEncoding(1, false, index);
        var out = new ByteArrayOutputStream();
        try (var root = new RootAllocator();
                var value = new VarCharVector("value", root)) {
            value.setSafe(0, "x".repeat(valueBytes).getBytes(UTF_8));
            value.setValueCount(1);
            List<FieldVector> indices = new ArrayList<>();
            for (String column : columns) {
                var zeros = new TinyIntVector(column, new FieldType(true, index, encoding), root);
                zeros.allocateNew(rows);
                for (int row = 0; row < rows; row++) {
                    zeros.set(row, 0);
                }
                zeros.setValueCount(rows);
                indices.add(zeros);
            }
            var provider = new DictionaryProvider.MapDictionaryProvider(new Dictionary(value, encoding));
            try (var batch = new VectorSchemaRoot(indices);
                    var writer = new ArrowStreamWriter(batch, provider, out)) {
                batch.setRowCount(rows);
                writer.writeBatch();
            }
        }
        return out.toByteArray();
    }
}
