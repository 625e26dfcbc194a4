package dev.millrace.contract.processor;

import static dev.millrace.contract.processor.JavaType.fill;
import static dev.millrace.contract.processor.Source.quote;

import dev.millrace.contract.FieldType;
import dev.millrace.contract.Property;
import dev.millrace.contract.Rules;
import dev.millrace.contract.processor.JavaType.Family;
import dev.millrace.contract.processor.RecordShape.Component;
import dev.millrace.contract.processor.RecordShape.Kind;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The methods of a reader and writer: for each shape {@code readN}, {@code writeN} and {@code checkN}, N its number.
 * What is checked comes from the contract as it was read back, so both say the same.
 */
final class JsonSource {
    private final StringBuilder out = new StringBuilder();

    private JsonSource() {}

    static String of(RecordShape root, List<Property> columns) {
        var source = new JsonSource();
        source.record(root, columns);
        return source.out.toString();
    }

    private void template(
            String name, RecordShape shape, Map<String, String> values, List<Map<String, String>> components) {
        Map<String, String> all = new LinkedHashMap<>(values);
        all.put("T", shape.type());
        all.put("n", "" + shape.number());
        all.putIfAbsent("null", ifNull(shape));
        out.append(Source.template(name, all, components));
    }

    private void record(RecordShape shape, List<Property> properties) {
        List<Component> components = shape.components();
        List<Map<String, String>> rows = new ArrayList<>();
        List<String> names = new ArrayList<>();
        List<String> made = new ArrayList<>();
        for (int i = 0; i < components.size(); i++) {
            Component component = components.get(i);
            RecordShape one = component.shape();
            String value = "value." + component.name() + "()";
            String json = quote(component.names().getFirst());
            String write = "JsonQuotes.name(out, " + json + "); " + write(one, properties.get(i), value) + ";";
            rows.add(Map.of(
                    "i",
                    "" + i,
                    "type",
                    one.type(),
                    "number",
                    "" + one.number(),
                    "name",
                    component.name(),
                    "json",
                    json,
                    "read",
                    read(one, properties.get(i)),
                    "required",
                    one.isNullable() ? "" : "in.required(v" + i + ", " + json + ");",
                    "write",
                    one.isNullable() ? "if (" + value + " != null) { " + write + " }" : write));
            names.add(component.names().stream().map(Source::quote).collect(Collectors.joining(", ", "List.of(", ")")));
            made.add("v" + i);
        }
        template("Record", shape, Map.of("names", String.join(", ", names), "made", String.join(", ", made)), rows);
        for (int i = 0; i < components.size(); i++) {
            within(components.get(i).shape(), properties.get(i));
        }
    }

    private void within(RecordShape shape, Property property) {
        switch (shape.kind()) {
            case RECORD -> record(shape, property.properties());
            case LIST, SET -> items(shape, property, property.items().orElse(property));
            case MAP -> items(shape, property, property.properties().getLast());
            case ENUM ->
                template(
                        "Constants",
                        shape,
                        Map.of(),
                        shape.constants().entrySet().stream()
                                .map(constant ->
                                        Map.of("constant", constant.getKey(), "text", quote(constant.getValue())))
                                .toList());
            case SCALAR -> {
                property.rules()
                        .pattern()
                        .ifPresent(pattern ->
                                out.append("    private static final TextPattern PATTERN%d = new TextPattern(%s);\n"
                                        .formatted(shape.number(), quote(pattern))));
                out.append("""
                            private static Violation check%d(%s value) {
                        %s        return null;
                            }

                        """.formatted(shape.number(), shape.plainType(), ifNull(shape) + rules(shape, property)));
            }
        }
    }

    private static String read(RecordShape shape, Property property) {
        String read = shape.kind() == Kind.SCALAR
                ? fill(shape.scalar().read(), "", property.fieldType())
                : "read" + shape.number() + "(in)";
        return shape.isNullable() ? "in.isNull() ? null : " + read : read;
    }

    private static String write(RecordShape shape, Property property, String value) {
        return shape.kind() == Kind.SCALAR
                ? fill(shape.scalar().write(), value, property.fieldType())
                : "write" + shape.number() + "(out, " + value + ")";
    }

    private void items(RecordShape shape, Property property, Property item) {
        RecordShape one = shape.only();
        String write = write(one, item, "item") + ";";
        Rules rules = property.rules();
        template(
                shape.kind() == Kind.MAP ? "Entries" : "Items",
                shape,
                Map.of(
                        "Made",
                        shape.kind().made,
                        "Kind",
                        shape.kind().unmodifiable,
                        "read",
                        read(one, item),
                        "write",
                        one.isNullable() ? "if (item == null) { out.append(\"null\"); } else { " + write + " }" : write,
                        "E",
                        one.type(),
                        "item",
                        "" + one.number(),
                        "null",
                        ifNull(shape) + size(rules.minItems(), rules.maxItems(), "value.size()", "Items", "items")),
                List.of());
        within(one, item);
    }

    private static String ifNull(RecordShape shape) {
        return shape.isNullable()
                ? """
                        if (value == null) {
                            return null;
                        }
                """
                : rule(shape.primitive().isEmpty(), "value == null", "required", "The value is null.");
    }

    private static String rule(boolean stands, String broken, String rule, String reason) {
        return !stands ? "" : """
                        if (%s) {
                            return new Violation(%s, "", %s);
                        }
                """.formatted(broken, quote(rule), quote(reason));
    }

    private static String rules(RecordShape shape, Property property) {
        Rules rules = property.rules();
        JavaType type = shape.scalar();
        FieldType column = property.fieldType();
        return switch (type.family()) {
            case TEXT ->
                rule(true, "!RecordText.isUnicode(value)", "json", "Half of a surrogate pair stands alone.")
                        + length(rules, "RecordText.length(value)", "characters")
                        + rule(
                                rules.format().equals("email"),
                                "!NamedFormat.EMAIL.isIn(value)",
                                "format",
                                "Expected a text of the format email.")
                        + rule(
                                rules.pattern().isPresent(),
                                "!PATTERN" + shape.number() + ".isIn(value)",
                                "pattern",
                                "The text does not match the contract's pattern.");
            case BYTES -> length(rules, "value.length", "bytes");
            case FLOATING ->
                rule(true, "!" + type.boxed() + ".isFinite(value)", "type", "Expected a finite number.")
                        + bounds(rules, type);
            case WHOLE -> bounds(rules, type);
            case DECIMAL ->
                rule(
                                true,
                                fill("!RecordText.fits(" + decimal(type) + ", $p, $s)", "", column),
                                "type",
                                fill("Expected at most $p digits, $s of them behind the point.", "", column))
                        + bounds(rules, type);
            case OTHER -> {
                boolean day = type.is("LocalDate");
                yield rule(
                        day || type.boxed().startsWith("java.time."),
                        "!RecordText." + (day ? "isYear" : "isMicros") + "(value)",
                        "type",
                        "Expected " + (day ? "" : "whole microseconds and ") + "a year from 0000 to 9999.");
            }
            case ITEMS -> "";
        };
    }

    private static String length(Rules rules, String length, String what) {
        return size(rules.minLength(), rules.maxLength(), length, "Length", what);
    }

    private static String size(int min, int max, String size, String rule, String what) {
        return rule(min > 0, size + " < " + min, "min" + rule, "Expected at least " + min + " " + what + ".")
                + rule(
                        max < Integer.MAX_VALUE,
                        size + " > " + max,
                        "max" + rule,
                        "Expected at most " + max + " " + what + ".");
    }

    private static String bounds(Rules rules, JavaType type) {
        return bound(rules.minimum(), type, "<", "minimum", "less")
                + bound(rules.exclusiveMinimum(), type, "<=", "minimum", "less")
                + bound(rules.maximum(), type, ">", "maximum", "greater")
                + bound(rules.exclusiveMaximum(), type, ">=", "maximum", "greater");
    }

    private static String bound(Optional<BigDecimal> bound, JavaType type, String operator, String rule, String side) {
        if (bound.isEmpty()) {
            return "";
        }
        BigDecimal limit = bound.get();
        boolean isLong =
                limit.stripTrailingZeros().scale() <= 0 && limit.toBigInteger().bitLength() < 64;
        String broken = type.family() == Family.FLOATING
                ? "value " + operator + " " + limit.doubleValue()
                : type.family() == Family.WHOLE && isLong
                        ? "value " + operator + " " + limit.longValue() + "L"
                        : decimal(type) + ".compareTo(new java.math.BigDecimal(" + quote(limit.toString()) + ")) "
                                + operator + " 0";
        return rule(true, broken, rule, "The value is " + side + " than the contract allows.");
    }

    private static String decimal(JavaType type) {
        return type.is("BigDecimal")
                ? "value"
                : type.is("BigInteger") ? "new java.math.BigDecimal(value)" : "java.math.BigDecimal.valueOf(value)";
    }
}
