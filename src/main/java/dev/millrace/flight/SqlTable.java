package dev.millrace.flight;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.VectorUnloader;
import org.apache.arrow.vector.complex.DenseUnionVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/**
 * A small table that answers a question about the server itself: rows of texts, numbers, booleans, bytes, lists of texts and
 * nulls. Immutable.
 */
record SqlTable(Schema schema, List<? extends List<? extends @Nullable Object>> rows) {
    /** The rows as one batch, which the caller closes; {@code allocator} pays. */
    ArrowRecordBatch batch(BufferAllocator allocator) {
        try (VectorSchemaRoot root = VectorSchemaRoot.create(schema, allocator)) {
            root.allocateNew();
            for (int column = 0; column < schema.getFields().size(); column++) {
                for (int row = 0; row < rows.size(); row++) {
                    put(root.getVector(column), row, rows.get(row).get(column));
                }
            }
            root.setRowCount(rows.size());
            return new VectorUnloader(root).getRecordBatch();
        }
    }

    private static void put(FieldVector vector, int row, @Nullable Object value) {
        if (value == null) {
            return; // as it is
        }
        switch (vector) {
            case VarCharVector texts -> texts.setSafe(row, value.toString().getBytes(UTF_8));
            case VarBinaryVector bytes -> bytes.setSafe(row, (byte[]) value);
            case BitVector bits -> bits.setSafe(row, (Boolean) value ? 1 : 0);
            case IntVector numbers -> numbers.setSafe(row, ((Number) value).intValue());
            case UInt4Vector numbers -> numbers.setSafe(row, ((Number) value).intValue());
            case UInt1Vector numbers -> numbers.setSafe(row, ((Number) value).intValue());
            case BigIntVector numbers -> numbers.setSafe(row, ((Number) value).longValue());
            case ListVector lists -> {
                int start = lists.startNewValue(row);
                List<?> elements = value instanceof Map<?, ?> ? List.of() : (List<?>) value;
                IntStream.range(0, elements.size())
                        .forEach(i -> put(lists.getDataVector(), start + i, elements.get(i)));
                lists.endValue(row, elements.size());
            }
            case DenseUnionVector union -> {
                byte type = type(value);
                var child = (FieldVector) union.getVectorByType(type);
                int at = child.getValueCount();
                union.setTypeId(row, type);
                union.getOffsetBuffer().setInt((long) row * DenseUnionVector.OFFSET_WIDTH, at);
                put(child, at, value);
                child.setValueCount(at + 1);
            }
            default -> throw new IllegalStateException("no such column: " + vector.getField());
        }
    }

    /** Which of SqlInfo's values one is. */
    private static byte type(Object value) {
        return switch (value) {
            case String _ -> 0;
            case Boolean _ -> 1;
            case Long _ -> 2;
            case Integer _ -> 3;
            case List<?> _ -> 4;
            default -> 5;
        };
    }
}
