package dev.millrace.arrow;

import java.util.List;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * Where one column, top-level or nested, stands in a {@link Layout}.
 *
 * @param index depth-first number in the layout, 0-based
 * @param path the names from the top joined by dots; a list's element is {@code item}
 * @param field Arrow's own description
 * @param storage how values lie in memory
 * @param width bytes a value for {@link Storage#FIXED}, else 0
 * @param firstBuffer number of its validity buffer in Arrow's depth-first buffer order
 * @param children the nested columns, in order
 */
public record ColumnLayout(
        int index, String path, Field field, Storage storage, int width, int firstBuffer, List<ColumnLayout> children) {
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

    /** Whether a value may be missing. */
    public boolean nullable() {
        return field.isNullable();
    }
}
