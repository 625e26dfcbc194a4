package dev.millrace.contract.processor;

import java.util.List;
import java.util.Map;

/**
 * What one value of a record is in Java: the record itself, a component, an item of a list, a value of a map.
 *
 * @param type its boxed type as source text
 * @param primitive the type of the component where it is primitive; empty otherwise
 * @param nullable the annotation that says so, its whole name; empty where null is refused
 * @param number names the methods that are generated for it; differs for each within one product
 * @param scalar only for {@link Kind#SCALAR} and {@link Kind#ENUM}, where it is a text
 * @param components of a record, named in order
 * @param item of a list or a set, and of a map its value; only there
 * @param constants of an enum: its constants with their texts in JSON
 */
record RecordShape(
        Kind kind,
        String type,
        String primitive,
        String nullable,
        int number,
        JavaType scalar,
        List<Component> components,
        List<RecordShape> item,
        Map<String, String> constants) {
    enum Kind {
        SCALAR("", ""),
        ENUM("", ""),
        RECORD("", ""),
        LIST("ArrayList", "List"),
        SET("LinkedHashSet", "Set"),
        MAP("LinkedHashMap", "Map");

        /** The class of java.util that is made. */
        final String made;
        /** What {@code java.util.Collections} makes unmodifiable. */
        final String unmodifiable;

        Kind(String made, String unmodifiable) {
            this.made = made;
            this.unmodifiable = unmodifiable;
        }
    }

    /** A component of a record; {@code names} are its name in JSON and those that are read as well. */
    record Component(String name, List<String> names, boolean key, RecordShape shape) {}

    /** This shape where null is allowed: the annotation that says so; none for empty. */
    RecordShape orNull(String annotation) {
        return new RecordShape(kind, type, primitive, annotation, number, scalar, components, item, constants);
    }

    boolean isNullable() {
        return !nullable.isEmpty();
    }

    /** The type of a component, a parameter or a result. */
    String plainType() {
        return primitive.isEmpty() ? type : primitive;
    }

    RecordShape only() {
        return item.getFirst();
    }
}
