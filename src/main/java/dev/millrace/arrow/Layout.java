package dev.millrace.arrow;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
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
    private MemorySegment zeros = MemorySegment.NULL;
    private volatile Optional<Stored> lastStored = Optional.empty();

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
     * Whether columns that were written with these fields can be read as this layout's: each of them is here with its
     * name, type and nulls, in whatever order, and what is here only may be null. Other metadata may differ, and an enum
     * may have got more values behind those it had.
     */
    public boolean reads(List<Field> stored) {
        return reads(schema.getFields(), stored, true);
    }

    private static boolean reads(List<Field> ours, List<Field> stored, boolean mayGrow) {
        long found = 0;
        for (Field our : ours) {
            Optional<Field> other = stored.stream()
                    .filter(each -> each.getName().equals(our.getName()))
                    .findFirst();
            if (other.isPresent() ? !reads(our, other.get()) : !(mayGrow && our.isNullable())) {
                return false;
            }
            found += other.isPresent() ? 1 : 0;
        }
        return found == stored.size();
    }

    private static boolean reads(Field our, Field stored) {
        List<String> texts = Dictionary.texts(our);
        List<String> had = Dictionary.texts(stored);
        return our.isNullable() == stored.isNullable()
                && our.getType().equals(stored.getType())
                && index(our).equals(index(stored))
                && had.size() <= texts.size()
                && texts.subList(0, had.size()).equals(had)
                && reads(our.getChildren(), stored.getChildren(), our.getType() instanceof ArrowType.Struct);
    }

    /** The type of a dictionary's numbers; its own number within the schema says nothing. */
    private static Optional<ArrowType> index(Field field) {
        return Optional.ofNullable(field.getDictionary()).map(DictionaryEncoding::getIndexType);
    }

    /**
     * The columns that files of one schema have.
     *
     * @param message the schema as the files begin with it
     * @param sources for each column here the number there, negative when it is not there
     */
    @SuppressWarnings("ArrayRecordComponent") // looked up by column
    record Stored(byte[] message, Layout layout, int[] sources) {}

    /** The columns of a file; empty when this layout does not read them. Files of one schema in a row parse it once. */
    Optional<Stored> stored(MemorySegment message, Supplier<Schema> schema) {
        Optional<Stored> last = lastStored;
        if (last.isEmpty() || message.mismatch(MemorySegment.ofArray(last.get().message())) != -1) {
            Layout stored = of(schema.get());
            if (!reads(stored.schema.getFields())) {
                return Optional.empty();
            }
            List<String> paths = stored.all.stream().map(ColumnLayout::path).toList();
            int[] sources = all.stream()
                    .mapToInt(column -> paths.indexOf(column.path()))
                    .toArray();
            last = Optional.of(new Stored(message.toArray(Memory.BYTE), stored, sources));
            lastStored = last;
        }
        return last;
    }

    /** Whether batches of the other layout are batches of this one: as {@link #reads} both ways and in the same order. */
    public boolean isSame(Layout other) {
        return reads(other.schema.getFields())
                && other.reads(schema.getFields())
                && all.stream()
                        .map(ColumnLayout::path)
                        .toList()
                        .equals(other.all.stream().map(ColumnLayout::path).toList());
    }

    /** At least so many bytes that are 0, for columns without a value; freed with the last that holds them. */
    @SuppressWarnings("MustBeClosedChecker") // an automatic arena is closed by the collector
    synchronized MemorySegment zeros(long bytes) {
        if (zeros.byteSize() < bytes) {
            zeros = Arena.ofAuto().allocate(bytes, Long.BYTES);
        }
        return zeros;
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
            Kind kind = kind(path, field.getType());
            Storage storage = encoding == null ? kind.storage() : Storage.DICTIONARY;
            Dictionary dictionary = encoding == null
                    ? Dictionary.NONE
                    : Dictionary.of(field)
                            .orElseThrow(() -> new IllegalArgumentException(
                                    "Column " + path + ": its dictionary is not of texts that its metadata names."));
            int width = encoding == null
                    ? kind.width()
                    : kind(path, encoding.getIndexType()).width();
            return add(path, field, kind, storage, width, dictionary, () -> switch (storage) {
                case STRUCT -> columns(path + ".", field.getChildren());
                case LIST, VECTOR ->
                    List.of(column(
                            path + (field.getType() instanceof ArrowType.Map ? ".entries" : ".item"),
                            field.getChildren().getFirst()));
                case BIT, FIXED, DICTIONARY, BYTES -> List.of();
            });
        }

        private static Kind kind(String path, ArrowType type) {
            try {
                return Kind.of(type);
            } catch (IllegalArgumentException unknown) {
                throw new IllegalArgumentException("Column " + path + ": " + unknown.getMessage(), unknown);
            }
        }

        ColumnLayout copy(ColumnLayout of) {
            return add(
                    of.path(),
                    of.field(),
                    of.kind(),
                    of.storage(),
                    of.width(),
                    of.dictionary(),
                    () -> of.children().stream().map(this::copy).toList());
        }

        private ColumnLayout add(
                String path,
                Field field,
                Kind kind,
                Storage storage,
                int width,
                Dictionary dictionary,
                Supplier<List<ColumnLayout>> children) {
            int index = columns++;
            int firstBuffer = buffers;
            buffers += storage.buffers();
            var column =
                    new ColumnLayout(index, path, field, kind, storage, width, firstBuffer, children.get(), dictionary);
            unordered.add(column);
            return column;
        }

        List<ColumnLayout> all() {
            var all = new ArrayList<>(unordered);
            all.sort((a, b) -> Integer.compare(a.index(), b.index()));
            return all;
        }
    }
}
