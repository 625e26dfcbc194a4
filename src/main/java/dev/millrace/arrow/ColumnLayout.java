package dev.millrace.arrow;

import java.util.List;
import java.util.stream.Stream;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * Where one column, top-level or nested, stands in a {@link Layout}.
 *
 * @param index depth-first number in the layout, 0-based
 * @param path the names from the top joined by dots; a list's element is {@code item}, a map's {@code entries}
 * @param field Arrow's own description
 * @param kind what the values are
 * @param storage how values lie in memory
 * @param width bytes a value for {@link Storage#FIXED} and {@link Storage#DICTIONARY}, values for {@link Storage#VECTOR},
 *     else 0
 * @param firstBuffer number of its validity buffer in Arrow's depth-first buffer order
 * @param children the nested columns, in order
 * @param dictionary the texts of {@link Storage#DICTIONARY}, else without any
 */
public record ColumnLayout(
        int index,
        String path,
        Field field,
        Kind kind,
        Storage storage,
        int width,
        int firstBuffer,
        List<ColumnLayout> children,
        Dictionary dictionary) {
    public ColumnLayout {
        children = List.copyOf(children);
    }

    /** The last name of the path. */
    public String name() {
        return field.getName();
    }

    /** The logical type. */
    public ArrowType type() {
        return field.getType();
    }

    /** The same struct with these of its fields only, which may be narrowed themselves. */
    public ColumnLayout narrowed(List<ColumnLayout> fields) {
        var narrow = new Field(
                name(),
                field.getFieldType(),
                fields.stream().map(ColumnLayout::field).toList());
        return new ColumnLayout(index, path, narrow, kind, storage, width, firstBuffer, fields, dictionary);
    }

    /** The columns that hold the values: itself, or of a struct those within its fields. */
    public Stream<ColumnLayout> leaves() {
        return storage == Storage.STRUCT ? children.stream().flatMap(ColumnLayout::leaves) : Stream.of(this);
    }

    /** Whether values are text or bytes, be they encoded or not. */
    public boolean isText() {
        return storage == Storage.BYTES || storage == Storage.DICTIONARY;
    }

    /** Whether a value may be missing. */
    public boolean nullable() {
        return field.isNullable();
    }
}
