package dev.millrace.arrow;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.dictionary.DictionaryProvider.MapDictionaryProvider;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * The texts that a dictionary-encoded column may hold, known from its contract before the first row. They stand as a JSON
 * array in the field's metadata under {@value #METADATA}, so that a schema alone says what its files and batches mean.
 * Immutable; any thread; the native copy of the texts is freed with the object.
 */
public final class Dictionary {
    /** Of a column that has none. */
    static final Dictionary NONE = new Dictionary(List.of());

    static final String METADATA = "enum";

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int INT8_VALUES = 128;

    private final List<String> values;
    private final MemorySegment memory;
    private final Column column;

    @SuppressWarnings("MustBeClosedChecker") // an automatic arena is closed by the collector
    private Dictionary(List<String> values) {
        this.values = List.copyOf(values);
        byte[][] texts = values.stream().map(value -> value.getBytes(UTF_8)).toArray(byte[][]::new);
        long validityBytes = ((texts.length + 63L) >>> 6) << 3;
        long offsetBytes = (texts.length + 1L) << 2;
        long textBytes = 0;
        for (byte[] text : texts) {
            textBytes += text.length;
        }
        this.memory = Arena.ofAuto().allocate(validityBytes + offsetBytes + textBytes + Long.BYTES, Long.BYTES);
        long validity = memory.address();
        long offsets = validity + validityBytes;
        long data = offsets + offsetBytes;
        Memory.fill(validity, validityBytes, (byte) -1);
        int end = 0;
        for (int i = 0; i < texts.length; i++) {
            Memory.copyFromHeap(texts[i], 0, data + end, texts[i].length);
            end += texts[i].length;
            Memory.putInt(offsets + ((i + 1L) << 2), end);
        }
        var field = new Field(METADATA, FieldType.notNullable(ArrowType.Utf8.INSTANCE), List.of());
        var layout = new ColumnLayout(0, METADATA, field, new Kind.Text(), Storage.BYTES, 0, 0, List.of(), this);
        this.column = new Column(layout, validity, offsets, data, new Column[0]);
    }

    /** The texts; a column holds their numbers. Empty for a column that is not encoded so. */
    public List<String> values() {
        return values;
    }

    /** The texts as a column, a row each. */
    public Column column() {
        return column;
    }

    /** The field of a text column with these values, numbered {@code id} within its schema. */
    public static Field field(Field text, long id, List<String> values) {
        try {
            var metadata = new java.util.LinkedHashMap<>(text.getMetadata());
            metadata.put(METADATA, JSON.writeValueAsString(values));
            var index = new ArrowType.Int(values.size() <= INT8_VALUES ? 8 : 16, true);
            return new Field(
                    text.getName(),
                    new FieldType(
                            text.isNullable(), text.getType(), new DictionaryEncoding(id, false, index), metadata),
                    text.getChildren());
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Of a field with an encoding; empty when its metadata does not say the texts, or its type is no text. */
    static Optional<Dictionary> of(Field field) {
        return field.getType() instanceof ArrowType.Utf8
                ? Optional.of(texts(field)).filter(found -> !found.isEmpty()).map(Dictionary::new)
                : Optional.empty();
    }

    /** The texts of a field; empty when it has none. */
    static List<String> texts(Field field) {
        String json = field.getMetadata().get(METADATA);
        try {
            return json == null ? List.of() : List.of(JSON.readValue(json, String[].class));
        } catch (JsonProcessingException broken) {
            return List.of();
        }
    }

    /** A schema with dictionaries as Arrow's own vectors have it: columns of numbers. */
    public static Schema vectors(Schema schema) {
        return new Schema(schema.getFields().stream().map(Dictionary::vector).toList(), schema.getCustomMetadata());
    }

    private static Field vector(Field field) {
        DictionaryEncoding encoding = field.getDictionary();
        ArrowType type = encoding == null ? field.getType() : encoding.getIndexType();
        return new Field(
                field.getName(),
                new FieldType(field.isNullable(), type, encoding, field.getMetadata()),
                field.getChildren().stream().map(Dictionary::vector).toList());
    }

    /**
     * The dictionaries of some columns as Arrow's own writers take them; the caller closes it. {@code allocator} pays.
     *
     * @throws org.apache.arrow.memory.OutOfMemoryException when its limit is reached; nothing is kept then
     */
    public static MapDictionaryProvider provider(List<ColumnLayout> columns, BufferAllocator allocator) {
        var provider = new MapDictionaryProvider();
        boolean filled = false;
        try {
            columns.forEach(column -> add(column, provider, allocator));
            filled = true;
            return provider;
        } finally {
            if (!filled) {
                provider.close();
            }
        }
    }

    private static void add(ColumnLayout column, MapDictionaryProvider into, BufferAllocator allocator) {
        DictionaryEncoding encoding = column.field().getDictionary();
        if (encoding != null) {
            var texts = new VarCharVector(METADATA, allocator);
            into.put(new org.apache.arrow.vector.dictionary.Dictionary(texts, encoding));
            List<String> values = column.dictionary().values();
            for (int i = 0; i < values.size(); i++) {
                texts.setSafe(i, values.get(i).getBytes(UTF_8));
            }
            texts.setValueCount(values.size());
        }
        column.children().forEach(child -> add(child, into, allocator));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Dictionary dictionary && values.equals(dictionary.values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        return values.toString();
    }
}
