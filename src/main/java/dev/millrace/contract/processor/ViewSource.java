package dev.millrace.contract.processor;

import static dev.millrace.contract.processor.JavaType.fill;

import dev.millrace.contract.Property;
import dev.millrace.contract.processor.RecordShape.Kind;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What the template of a row view needs: its components, and for each shape the method {@code viewN}, N its number. */
final class ViewSource {
    private final String json;
    private final StringBuilder out = new StringBuilder();

    private ViewSource(String json) {
        this.json = json;
    }

    /** The methods {@code viewN}; {@code json} is the name of the class that knows the texts of enums. */
    static String of(RecordShape root, List<Property> columns, String json) {
        var source = new ViewSource(json);
        for (int i = 0; i < columns.size(); i++) {
            source.view(root.components().get(i).shape(), columns.get(i));
        }
        return source.out.toString();
    }

    /** What the template needs of each component. */
    static List<Map<String, String>> rows(RecordShape root) {
        return root.components().stream()
                .map(component -> Map.of(
                        "name", component.name(),
                        "number", "" + component.shape().number(),
                        "result", nullableType(component.shape())))
                .toList();
    }

    private void view(RecordShape shape, Property property) {
        String ifNull = """
                        if (c.isNull(r)) {
                            return null;
                        }
                """;
        out.append("""
                    private static %s view%d(Column c, int r) {
                %s%s    }

                """.formatted(
                        shape.plainType(), shape.number(), shape.isNullable() ? ifNull : "", body(shape, property)));
        for (int i = 0; i < shape.components().size(); i++) {
            view(shape.components().get(i).shape(), property.properties().get(i));
        }
        if (!shape.item().isEmpty()) {
            view(
                    shape.only(),
                    property.items().orElseGet(() -> property.properties().getLast()));
        }
    }

    private String body(RecordShape shape, Property property) {
        return switch (shape.kind()) {
            case SCALAR -> "        return " + fill(shape.scalar().view(), "", property.fieldType()) + ";\n";
            case ENUM -> "        return %s.constant%d(text(c, r));\n".formatted(json, shape.number());
            case RECORD ->
                "        return new %s(%s);\n"
                        .formatted(
                                shape.type(),
                                IntStream.range(0, shape.components().size())
                                        .mapToObj(i -> "view%d(c.child(%d), r)"
                                                .formatted(
                                                        shape.components()
                                                                .get(i)
                                                                .shape()
                                                                .number(),
                                                        i))
                                        .collect(Collectors.joining(", ")));
            case LIST, SET, MAP ->
                """
                            %s items = new java.util.%s<>();
                            Column child = c.child(0);
                            for (int i = c.start(r), end = c.end(r); i < end; i++) {
                                items.%s;
                            }
                            return java.util.Collections.unmodifiable%s(items);
                    """.formatted(
                                shape.type(),
                                shape.kind().made,
                                (shape.kind() == Kind.MAP
                                                ? "put(text(child.child(0), i), view%d(child.child(1), i))"
                                                : "add(view%d(child, i))")
                                        .formatted(shape.only().number()),
                                shape.kind().unmodifiable);
        };
    }

    /** The type with its nullness, where that is JSpecify's, before the simple name. */
    private static String nullableType(RecordShape shape) {
        String type = shape.plainType();
        if (!shape.nullable().equals("org.jspecify.annotations.Nullable")) {
            return type;
        }
        int generic = type.indexOf('<');
        int dot = type.lastIndexOf('.', generic < 0 ? type.length() : generic);
        return type.endsWith("[]")
                ? type.replace("[]", " @" + shape.nullable() + " []")
                : type.substring(0, dot + 1) + "@" + shape.nullable() + " " + type.substring(dot + 1);
    }
}
