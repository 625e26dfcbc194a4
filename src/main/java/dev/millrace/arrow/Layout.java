package dev.millrace.arrow;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * An Arrow schema with its columns numbered depth-first and their buffers in Arrow's order. Immutable; shared by every
 * batch of a product.
 */
public final class Layout {
    private final Schema schema;
    private final List<ColumnLayout> top;
    private final List<ColumnLayout> all;
    private final int buffers;

    private Layout(Schema schema, List<ColumnLayout> top, List<ColumnLayout> all, int buffers) {
        this.schema = schema;
        this.top = List.copyOf(top);
        this.all = List.copyOf(all);
        this.buffers = buffers;
    }

    /**
     * The layout of a schema.
     *
     * @throws IllegalArgumentException for a type that Millrace does not store
     */
    public static Layout of(Schema schema) {
        var builder = new Builder();
        List<ColumnLayout> top = builder.columns("", schema.getFields());
        return new Layout(schema, top, builder.all(), builder.buffers);
    }

    public Schema schema() {
        return schema;
    }

    /** The top-level columns, in schema order. */
    public List<ColumnLayout> top() {
        return top;
    }

    /** Every column, depth-first, so that {@code all().get(c.index()) == c}. */
    public List<ColumnLayout> all() {
        return all;
    }

    /** How many buffers a batch has. */
    public int buffers() {
        return buffers;
    }

    /** The column at a path of names such as {@code properties.mag}; lists are not entered. */
    public Optional<ColumnLayout> find(String path) {
        return find(top, path);
    }

    private static Optional<ColumnLayout> find(Collection<ColumnLayout> columns, String path) {
        for (ColumnLayout column : columns) {
            if (column.path().equals(path)) {
                return Optional.of(column);
            }
            if (column.storage() == Storage.STRUCT && path.startsWith(column.path() + ".")) {
                return find(column.children(), path);
            }
        }
        return Optional.empty();
    }

    private static final class Builder {
        private final List<ColumnLayout> unordered = new ArrayList<>();
        private int columns;
        private int buffers;

        List<ColumnLayout> columns(String prefix, List<Field> fields) {
            return fields.stream()
                    .map(field -> column(prefix + field.getName(), field))
                    .toList();
        }

        ColumnLayout column(String path, Field field) {
            Storage storage = storage(path, field.getType());
            int index = columns++;
            int firstBuffer = buffers;
            buffers += storage.buffers();
            List<ColumnLayout> children = switch (storage) {
                case STRUCT -> columns(path + ".", field.getChildren());
                case LIST -> List.of(column(path + ".item", field.getChildren().getFirst()));
                case BIT, FIXED, BYTES -> List.of();
            };
            var column = new ColumnLayout(index, path, field, storage, width(field.getType()), firstBuffer, children);
            unordered.add(column);
            return column;
        }

        List<ColumnLayout> all() {
            var all = new ArrayList<>(unordered);
            all.sort((a, b) -> Integer.compare(a.index(), b.index()));
            return all;
        }
    }

    private static Storage storage(String path, ArrowType type) {
        return switch (type.getTypeID()) {
            case Bool -> Storage.BIT;
            case Utf8, Binary -> Storage.BYTES;
            case Struct -> Storage.STRUCT;
            case List -> Storage.LIST;
            default -> {
                if (width(type) == 0) {
                    throw new IllegalArgumentException("Column " + path + ": type " + type + " cannot be stored.");
                }
                yield Storage.FIXED;
            }
        };
    }

    private static int width(ArrowType type) {
        return switch (type) {
            case ArrowType.Int integer -> integer.getBitWidth() / 8;
            case ArrowType.FloatingPoint number ->
                number.getPrecision() == FloatingPointPrecision.SINGLE
                        ? 4
                        : number.getPrecision() == FloatingPointPrecision.DOUBLE ? 8 : 0;
            case ArrowType.Decimal decimal -> decimal.getBitWidth() / 8;
            case ArrowType.Date date -> date.getUnit() == org.apache.arrow.vector.types.DateUnit.DAY ? 4 : 8;
            case ArrowType.Time time -> time.getBitWidth() / 8;
            case ArrowType.Timestamp ignored -> 8;
            case ArrowType.FixedSizeBinary binary -> binary.getByteWidth();
            default -> 0;
        };
    }
}
