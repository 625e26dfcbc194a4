package dev.millrace.arrow;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** Layouts of any shape and batches of any values in them, the same for the same seed. */
public final class RandomBatches {
    private static final List<ArrowType> SCALARS = List.of(
            ArrowType.Bool.INSTANCE,
            new ArrowType.Int(8, true),
            new ArrowType.Int(16, false),
            new ArrowType.Int(32, true),
            new ArrowType.Int(64, true),
            new ArrowType.Int(64, false),
            new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE),
            new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE),
            new ArrowType.Timestamp(TimeUnit.MICROSECOND, "UTC"),
            new ArrowType.Decimal(20, 3, 128),
            new ArrowType.Decimal(60, 3, 256),
            ArrowType.Utf8.INSTANCE,
            ArrowType.Binary.INSTANCE);

    private final Random random;
    private int names;
    private int dictionaries;

    public RandomBatches(long seed) {
        this.random = new Random(seed);
    }

    /** Up to so many top-level columns, nested up to so deep. */
    public Layout layout(int columns, int depth) {
        return Layout.of(new Schema(IntStream.rangeClosed(0, random.nextInt(columns))
                .mapToObj(_ -> field("c" + names++, depth, false))
                .toList()));
    }

    private Field field(String name, int depth, boolean required) {
        int kind = random.nextInt(depth > 0 ? 20 : 15);
        boolean nullable = !required && random.nextInt(3) > 0;
        return switch (kind) {
            case 13, 14 ->
                Dictionary.field(
                        of(name, ArrowType.Utf8.INSTANCE, nullable),
                        dictionaries++,
                        IntStream.range(0, kind == 13 ? 3 : 300)
                                .mapToObj(i -> "v" + i)
                                .toList());
            case 15, 16 ->
                of(
                        name,
                        ArrowType.Struct.INSTANCE,
                        nullable,
                        field("a", depth - 1, false),
                        field("b", depth - 1, false));
            case 17 -> of(name, ArrowType.List.INSTANCE, nullable, field("item", depth - 1, false));
            case 18 ->
                of(
                        name,
                        new ArrowType.Map(false),
                        nullable,
                        of(
                                "entries",
                                ArrowType.Struct.INSTANCE,
                                false,
                                of("key", ArrowType.Utf8.INSTANCE, false),
                                field("value", depth - 1, false)));
            case 19 -> of(name, new ArrowType.FixedSizeList(3), nullable, field("item", depth - 1, false));
            default -> of(name, SCALARS.get(kind), nullable);
        };
    }

    private static Field of(String name, ArrowType type, boolean nullable, Field... children) {
        return new Field(name, new FieldType(nullable, type, null), List.of(children));
    }

    /** A batch with so many rows, the caller's to release. */
    public Batch batch(Layout layout, int rows, BufferAllocator allocator) {
        try (var writer = new BatchWriter(layout, allocator)) {
            writer.open(8);
            for (int row = 0; row < rows; row++) {
                for (int c = 0; c < layout.top().size(); c++) {
                    put(writer.column(c));
                }
                writer.endRow();
            }
            return writer.seal();
        }
    }

    private void put(ColumnWriter into) {
        ColumnLayout at = into.layout();
        if (at.nullable() && random.nextInt(4) == 0) {
            into.putNull();
            return;
        }
        switch (at.storage()) {
            case BIT -> into.putBit(random.nextBoolean());
            case FIXED -> {
                if (at.width() > 8) {
                    into.putDecimal(new java.math.BigInteger(random.nextInt(8 * at.width() - 1), random)
                            .multiply(java.math.BigInteger.valueOf(random.nextInt(3) - 1L)));
                } else if (at.type() instanceof ArrowType.FloatingPoint && at.width() == 8) {
                    into.putFloat64(random.nextInt(20) == 0 ? -0.0 : (random.nextInt(9) - 4) * 0.25);
                } else if (at.type() instanceof ArrowType.FloatingPoint) {
                    into.putFloat32((random.nextInt(9) - 4) * 0.25f);
                } else {
                    into.putFixed(random.nextInt(9) == 0 ? random.nextLong() : random.nextInt(16) - 8);
                }
            }
            case DICTIONARY ->
                into.putFixed(random.nextInt(at.dictionary().values().size()));
            case BYTES -> {
                byte[] bytes = text().getBytes(UTF_8);
                into.putBytes(bytes, 0, bytes.length);
            }
            case STRUCT -> {
                for (int i = 0; i < at.children().size(); i++) {
                    put(into.child(i));
                }
                into.endStruct();
            }
            case LIST, VECTOR -> {
                int count = at.storage() == Storage.VECTOR ? at.width() : random.nextInt(4);
                for (int i = 0; i < count; i++) {
                    put(into.child(0));
                }
                into.endList();
            }
        }
    }

    private String text() {
        return switch (random.nextInt(8)) {
            case 0 -> "";
            case 1 -> "ä€😀".repeat(1 + random.nextInt(6));
            default -> "abcdefghijklmnopqrstuvwxyz".substring(random.nextInt(4), 4 + random.nextInt(22));
        };
    }

    /** Numbers of some rows in order: all, none, few or most. */
    public int[] selection(int rows) {
        int share = List.of(0, 1, 50, 90, 100).get(random.nextInt(5));
        return IntStream.range(0, rows).filter(_ -> random.nextInt(100) < share).toArray();
    }

    public int below(int bound) {
        return random.nextInt(bound);
    }

    /** The value of a row as plain objects, which are equal for equal values. */
    public static Object value(Column column, int row) {
        if (column.isNull(row)) {
            return "null";
        }
        return switch (column.layout().storage()) {
            case BIT -> column.bit(row);
            case FIXED -> column.layout().width() > 8 ? column.decimal(row, 0) : column.fixed(row);
            case DICTIONARY, BYTES -> new String(column.bytes(row), UTF_8);
            case STRUCT ->
                IntStream.range(0, column.layout().children().size())
                        .mapToObj(i -> value(column.child(i), row))
                        .toList();
            case LIST, VECTOR -> {
                var values = new ArrayList<Object>();
                for (int i = column.start(row); i < column.end(row); i++) {
                    values.add(value(column.child(0), i));
                }
                yield values;
            }
        };
    }
}
