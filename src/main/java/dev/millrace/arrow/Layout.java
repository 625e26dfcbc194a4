package dev.millrace.arrow;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
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

    /** The layout of some columns of another, which shares their dictionaries. */
    static Layout select(List<ColumnLayout> columns) {
        var builder = new Builder();
        List<ColumnLayout> top = columns.stream().map(builder::copy).toList();
        return new Layout(
                new Schema(columns.stream().map(ColumnLayout::field).toList()), top, builder.all(), builder.buffers);
    }

    public Schema schema() {
        return schema;
    }

    /**
     * Whether columns that were written with these fields can be read as this layout's: the same names, types and nulls
     * in the same order. Other metadata may differ, and an enum may have got more values behind those it had.
     */
    public boolean reads(List<Field> stored) {
        return reads(schema.getFields(), stored);
    }

    private static boolean reads(List<Field> ours, List<Field> stored) {
        boolean same = ours.size() == stored.size();
        for (int i = 0; same && i < ours.size(); i++) {
            Field our = ours.get(i);
            Field other = stored.get(i);
            List<String> texts = Dictionary.texts(our);
            List<String> had = Dictionary.texts(other);
            same = our.getName().equals(other.getName())
                    && our.isNullable() == other.isNullable()
                    && our.getType().equals(other.getType())
                    && Objects.equals(our.getDictionary(), other.getDictionary())
                    && had.size() <= texts.size()
                    && texts.subList(0, had.size()).equals(had)
                    && reads(our.getChildren(), other.getChildren());
        }
        return same;
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
            DictionaryEncoding encoding = field.getDictionary();
            Storage storage = encoding == null ? storage(path, field.getType()) : Storage.DICTIONARY;
            Dictionary dictionary = encoding == null
                    ? Dictionary.NONE
                    : Dictionary.of(field)
                            .orElseThrow(() -> new IllegalArgumentException(
                                    "Column " + path + ": its dictionary is not of texts that its metadata names."));
            int width = width(encoding == null ? field.getType() : encoding.getIndexType());
            return add(path, field, storage, width, dictionary, () -> switch (storage) {
                case STRUCT -> columns(path + ".", field.getChildren());
                case LIST, VECTOR ->
                    List.of(column(
                            path + (field.getType() instanceof ArrowType.Map ? ".entries" : ".item"),
                            field.getChildren().getFirst()));
                case BIT, FIXED, DICTIONARY, BYTES -> List.of();
            });
        }

        ColumnLayout copy(ColumnLayout of) {
            return add(
                    of.path(),
                    of.field(),
                    of.storage(),
                    of.width(),
                    of.dictionary(),
                    () -> of.children().stream().map(this::copy).toList());
        }

        private ColumnLayout add(
                String path,
                Field field,
                Storage storage,
                int width,
                Dictionary dictionary,
                Supplier<List<ColumnLayout>> children) {
            int index = columns++;
            int firstBuffer = buffers;
            buffers += storage.buffers();
            var column = new ColumnLayout(index, path, field, storage, width, firstBuffer, children.get(), dictionary);
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
            case List, Map -> Storage.LIST;
            case FixedSizeList -> Storage.VECTOR;
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
            case ArrowType.FixedSizeList list -> list.getListSize();
            default -> 0;
        };
    }
}
