package dev.millrace.contract.processor;

import static dev.millrace.contract.processor.JavaType.fill;
import static dev.millrace.contract.processor.Source.quote;

import dev.millrace.contract.Property;
import dev.millrace.contract.Rules;
import dev.millrace.contract.processor.JavaType.Family;
import dev.millrace.contract.processor.Shape.Component;
import dev.millrace.contract.processor.Shape.Kind;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BinaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The methods of a reader and writer: for each shape {@code readN}, {@code writeN} and {@code checkN}, N its number.
 * What is checked comes from the contract as it was read back, so both say the same.
 */
final class JsonSource {
    private final StringBuilder out = new StringBuilder();

    private JsonSource() {}

    static String of(Shape root, List<Property> columns) {
        var source = new JsonSource();
        source.record(root, columns);
        return source.out.toString();
    }

    private void line(String format, Object... values) {
        out.append("    ")
                .append(values.length == 0 ? format : format.formatted(values))
                .append('\n');
    }

    private void record(Shape shape, List<Property> properties) {
        int n = shape.number();
        List<Component> components = shape.components();
        line(
                "private static final RecordReader.Names NAMES%d = new RecordReader.Names(%s);",
                n,
                components.stream()
                        .map(component -> component.names().stream()
                                .map(Source::quote)
                                .collect(Collectors.joining(", ", "List.of(", ")")))
                        .collect(Collectors.joining(", ")));
        line("");
        line("private static %s read%d(RecordReader in) {", shape.type(), n);
        for (int i = 0; i < components.size(); i++) {
            line("    %s v%d = null;", components.get(i).shape().type(), i);
        }
        line("    in.beginObject(NAMES%d);", n);
        line("    for (int field = in.next(NAMES%d); field >= 0; field = in.next(NAMES%d)) {", n, n);
        line("        switch (field) {");
        for (int i = 0; i < components.size(); i++) {
            line(
                    "            case %d -> v%d = %s;",
                    i, i, read(components.get(i).shape(), properties.get(i)));
        }
        line("        }");
        line("    }");
        for (int i = 0; i < components.size(); i++) {
            if (!components.get(i).shape().isNullable()) {
                line(
                        "    in.required(v%d, %s);",
                        i, quote(components.get(i).names().getFirst()));
            }
        }
        line("    in.endObject();");
        line(
                "    return new %s(%s);",
                shape.type(),
                IntStream.range(0, components.size()).mapToObj(i -> "v" + i).collect(Collectors.joining(", ")));
        line("}");
        line("");
        line("private static void write%d(StringBuilder out, %s value) {", n, shape.type());
        line("    out.append('{');");
        for (int i = 0; i < components.size(); i++) {
            Component component = components.get(i);
            String value = "value." + component.name() + "()";
            String write = "RecordText.name(out, " + quote(component.names().getFirst()) + "); "
                    + write(component.shape(), properties.get(i), value) + ";";
            line(component.shape().isNullable() ? "    if (" + value + " != null) { %s }" : "    %s", write);
        }
        line("    out.append('}');");
        line("}");
        line("");
        beginCheck(shape, shape.type());
        line("    Violation fault;");
        for (Component component : components) {
            line("    fault = check%d(value.%s());", component.shape().number(), component.name());
            line("    if (fault != null) {");
            line("        return fault.within(%s);", quote(component.names().getFirst()));
            line("    }");
        }
        endCheck();
        for (int i = 0; i < components.size(); i++) {
            within(components.get(i).shape(), properties.get(i));
        }
    }

    private void within(Shape shape, Property property) {
        switch (shape.kind()) {
            case RECORD -> record(shape, property.properties());
            case LIST, SET -> items(shape, property, property.items().orElse(property));
            case MAP -> items(shape, property, property.properties().getLast());
            case ENUM -> constants(shape);
            case SCALAR -> {
                property.rules()
                        .pattern()
                        .ifPresent(pattern -> line(
                                "private static final TextPattern PATTERN%d = new TextPattern(%s);",
                                shape.number(), quote(pattern)));
                beginCheck(shape, shape.primitive().isEmpty() ? shape.type() : shape.primitive());
                rules(shape, property);
                endCheck();
            }
        }
    }

    private String read(Shape shape, Property property) {
        String read = shape.kind() == Kind.SCALAR
                ? fill(shape.scalar().read(), "", property.fieldType())
                : "read" + shape.number() + "(in)";
        return shape.isNullable() ? "in.isNull() ? null : " + read : read;
    }

    private static String write(Shape shape, Property property, String value) {
        return shape.kind() == Kind.SCALAR
                ? fill(shape.scalar().write(), value, property.fieldType())
                : "write" + shape.number() + "(out, " + value + ")";
    }

    private void items(Shape shape, Property property, Property item) {
        Shape one = shape.only();
        String write = write(one, item, "item") + ";";
        boolean set = shape.kind() == Kind.SET;
        int start = out.length();
        ifNull(shape);
        Rules rules = property.rules();
        rule(
                rules.minItems() > 0,
                "value.size() < " + rules.minItems(),
                "minItems",
                atLeast(rules.minItems(), "items"));
        rule(
                rules.maxItems() < Integer.MAX_VALUE,
                "value.size() > " + rules.maxItems(),
                "maxItems",
                atMost(rules.maxItems(), "items"));
        String checks = out.substring(start);
        out.setLength(start);
        out.append(Source.template(
                shape.kind() == Kind.MAP ? "Entries" : "Items",
                Map.of(
                        "T",
                        shape.type(),
                        "n",
                        "" + shape.number(),
                        "Made",
                        set ? "LinkedHashSet" : "ArrayList",
                        "Kind",
                        set ? "Set" : "List",
                        "read",
                        read(one, item),
                        "write",
                        one.isNullable() ? "if (item == null) { out.append(\"null\"); } else { " + write + " }" : write,
                        "E",
                        one.type(),
                        "item",
                        "" + one.number(),
                        "null",
                        checks)));
        within(one, item);
    }

    private void constants(Shape shape) {
        int start = out.length();
        ifNull(shape);
        String checks = out.substring(start);
        out.setLength(start);
        out.append(Source.template(
                "Constants",
                Map.of(
                        "T", shape.type(),
                        "n", "" + shape.number(),
                        "constants", cases(shape, (name, text) -> quote(text) + " -> " + shape.type() + "." + name),
                        "texts", cases(shape, (name, text) -> name + " -> " + quote(text)),
                        "null", checks)));
    }

    private static String cases(Shape shape, BinaryOperator<String> arm) {
        return shape.constants().entrySet().stream()
                .map(entry -> "            case " + arm.apply(entry.getKey(), entry.getValue()) + ";\n")
                .collect(Collectors.joining());
    }

    private void beginCheck(Shape shape, String type) {
        line("private static Violation check%d(%s value) {", shape.number(), type);
        ifNull(shape);
    }

    private void ifNull(Shape shape) {
        if (shape.isNullable()) {
            line("    if (value == null) {");
            line("        return null;");
            line("    }");
        } else {
            rule(shape.primitive().isEmpty(), "value == null", "required", "The value is null.");
        }
    }

    private void endCheck() {
        line("    return null;");
        line("}");
        line("");
    }

    private void rule(boolean stands, String broken, String rule, String reason) {
        if (stands) {
            line("    if (%s) {", broken);
            line("        return new Violation(%s, \"\", %s);", quote(rule), quote(reason));
            line("    }");
        }
    }

    private void rules(Shape shape, Property property) {
        Rules rules = property.rules();
        JavaType type = shape.scalar();
        switch (type.family()) {
            case TEXT -> {
                rule(true, "!RecordText.isUnicode(value)", "json", "Half of a surrogate pair stands alone.");
                length(rules, "RecordText.length(value)", "characters");
                rule(
                        rules.format().equals("email"),
                        "!TextFormat.EMAIL.isIn(value)",
                        "format",
                        "Expected a text of the format email.");
                rule(
                        rules.pattern().isPresent(),
                        "!PATTERN" + shape.number() + ".isIn(value)",
                        "pattern",
                        "The text does not match the contract's pattern.");
            }
            case BYTES -> length(rules, "value.length", "bytes");
            case FLOATING -> {
                rule(true, "!" + type.boxed() + ".isFinite(value)", "type", "Expected a finite number.");
                bounds(rules, type);
            }
            case WHOLE -> bounds(rules, type);
            case DECIMAL -> {
                String value = decimal(type);
                rule(
                        true,
                        fill("!RecordText.fits(" + value + ", $p, $s)", "", property.fieldType()),
                        "type",
                        fill("Expected at most $p digits, $s of them behind the point.", "", property.fieldType()));
                bounds(rules, type);
            }
            case OTHER -> {
                boolean day = type.is("LocalDate");
                rule(
                        day || type.boxed().startsWith("java.time."),
                        "!RecordText." + (day ? "isYear" : "isMicros") + "(value)",
                        "type",
                        day
                                ? "Expected a year from 0000 to 9999."
                                : "Expected whole microseconds and a year from 0000 to 9999.");
            }
            case ITEMS -> {}
        }
    }

    private void length(Rules rules, String length, String what) {
        rule(rules.minLength() > 0, length + " < " + rules.minLength(), "minLength", atLeast(rules.minLength(), what));
        rule(
                rules.maxLength() < Integer.MAX_VALUE,
                length + " > " + rules.maxLength(),
                "maxLength",
                atMost(rules.maxLength(), what));
    }

    private void bounds(Rules rules, JavaType type) {
        bound(rules.minimum(), type, "<", "minimum", "less");
        bound(rules.exclusiveMinimum(), type, "<=", "minimum", "less");
        bound(rules.maximum(), type, ">", "maximum", "greater");
        bound(rules.exclusiveMaximum(), type, ">=", "maximum", "greater");
    }

    private void bound(Optional<BigDecimal> bound, JavaType type, String operator, String rule, String reason) {
        bound.ifPresent(limit -> {
            boolean isLong = limit.stripTrailingZeros().scale() <= 0
                    && limit.toBigInteger().bitLength() < 64;
            String broken = type.family() == Family.FLOATING
                    ? "value " + operator + " " + limit.doubleValue()
                    : type.family() == Family.WHOLE && isLong
                            ? "value " + operator + " " + limit.longValue() + "L"
                            : decimal(type) + ".compareTo(new java.math.BigDecimal(" + quote(limit.toString()) + ")) "
                                    + operator + " 0";
            rule(true, broken, rule, "The value is " + reason + " than the contract allows.");
        });
    }

    private static String decimal(JavaType type) {
        return type.is("BigDecimal")
                ? "value"
                : type.is("BigInteger") ? "new java.math.BigDecimal(value)" : "java.math.BigDecimal.valueOf(value)";
    }

    private static String atLeast(int number, String what) {
        return "Expected at least " + number + " " + what + ".";
    }

    private static String atMost(int number, String what) {
        return "Expected at most " + number + " " + what + ".";
    }
}
