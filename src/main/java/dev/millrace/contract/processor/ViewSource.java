package dev.millrace.contract.processor;

import static dev.millrace.contract.processor.JavaType.fill;
import static dev.millrace.contract.processor.Source.quote;

import dev.millrace.contract.Property;
import dev.millrace.contract.processor.Shape.Component;
import dev.millrace.contract.processor.Shape.Kind;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The members of a row view: an accessor a component, and for each shape {@code viewN}, N its number. */
final class ViewSource {
    private final String json;
    private final StringBuilder out = new StringBuilder();

    private ViewSource(String json) {
        this.json = json;
    }

    /** The members; {@code json} is the name of the class that knows the texts of enums. */
    static String of(Shape root, List<Property> columns, String json) {
        var source = new ViewSource(json);
        List<Component> components = root.components();
        for (Component component : components) {
            source.line("private final Column %s;", component.name());
        }
        source.line("private int row;");
        source.line("");
        source.line("/** A view of the batch, which is borrowed and must hold the contract's columns. */");
        source.line("public ${View}(Batch batch) {");
        for (Component component : components) {
            source.line("    this.%s = batch.column(%s);", component.name(), quote(component.name()));
        }
        source.line("}");
        source.line("");
        for (int i = 0; i < components.size(); i++) {
            Component component = components.get(i);
            source.line("public %s %s() {", nullableType(component.shape()), component.name());
            source.line("    return view%d(%s, row);", component.shape().number(), component.name());
            source.line("}");
            source.line("");
        }
        for (int i = 0; i < components.size(); i++) {
            source.view(components.get(i).shape(), columns.get(i));
        }
        return source.out.toString();
    }

    private void line(String format, Object... values) {
        out.append("    ").append(format.formatted(values)).append('\n');
    }

    private void view(Shape shape, Property property) {
        line("private static %s view%d(Column c, int r) {", plainType(shape), shape.number());
        if (shape.isNullable()) {
            line("    if (c.isNull(r)) {");
            line("        return null;");
            line("    }");
        }
        switch (shape.kind()) {
            case SCALAR -> line("    return %s;", fill(shape.scalar().view(), "", property.fieldType()));
            case ENUM -> line("    return %s.constant%d(text(c, r));", json, shape.number());
            case RECORD ->
                line(
                        "    return new %s(%s);",
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
            case LIST, SET -> {
                boolean set = shape.kind() == Kind.SET;
                line(
                        "    %s items = new %s<>();",
                        shape.type(), set ? "java.util.LinkedHashSet" : "java.util.ArrayList");
                line("    Column child = c.child(0);");
                line("    for (int i = c.start(r), end = c.end(r); i < end; i++) {");
                line("        items.add(view%d(child, i));", shape.only().number());
                line("    }");
                line("    return java.util.Collections.unmodifiable%s(items);", set ? "Set" : "List");
            }
            case MAP -> {
                line("    %s entries = new java.util.LinkedHashMap<>();", shape.type());
                line("    Column child = c.child(0);");
                line("    for (int i = c.start(r), end = c.end(r); i < end; i++) {");
                line(
                        "        entries.put(text(child.child(0), i), view%d(child.child(1), i));",
                        shape.only().number());
                line("    }");
                line("    return java.util.Collections.unmodifiableMap(entries);");
            }
        }
        line("}");
        line("");
        for (int i = 0; i < shape.components().size(); i++) {
            view(shape.components().get(i).shape(), property.properties().get(i));
        }
        if (!shape.item().isEmpty()) {
            view(
                    shape.only(),
                    property.items().orElseGet(() -> property.properties().getLast()));
        }
    }

    private static String plainType(Shape shape) {
        return shape.primitive().isEmpty() ? shape.type() : shape.primitive();
    }

    /** The type with its nullness, where that is JSpecify's, before the simple name. */
    static String nullableType(Shape shape) {
        String type = plainType(shape);
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
