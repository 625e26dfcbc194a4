package dev.millrace.contract.processor;

import static dev.millrace.contract.processor.Source.quote;

import dev.millrace.contract.processor.RecordShape.Component;
import dev.millrace.contract.processor.RecordShape.Kind;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The methods that make a Kafka key as the server reads it where a row is deleted: the plain text of a single column, a
 * JSON object of several.
 */
final class KeySource {
    private KeySource() {}

    /** {@code key} of a record and of its key components; nothing without a key. */
    static String keys(String type, List<Component> keys) {
        if (keys.isEmpty()) {
            return "";
        }
        boolean one = keys.size() == 1;
        Stream<String> statements = one
                ? Stream.empty()
                : Stream.concat(
                        Stream.of("var out = new StringBuilder(\"{\");"),
                        keys.stream()
                                .map(key -> "JsonQuotes.name(out, "
                                        + quote(key.names().getFirst()) + "); " + write(key) + ";"));
        return Source.template(
                "Key",
                Map.of(
                        "T",
                        type,
                        "values",
                        joined(keys, key -> "value." + key.name() + "()"),
                        "parameters",
                        parameters(keys),
                        "text",
                        one ? text(keys.getFirst()) : "out.append('}').toString()"),
                statements.map(statement -> Map.of("write", statement)).toList());
    }

    /** The method that sends a deletion; nothing without a key. */
    static String delete(String json, List<Component> keys) {
        return keys.isEmpty()
                ? ""
                : Source.template(
                        "Delete",
                        Map.of(
                                "parameters", parameters(keys),
                                "json", json,
                                "names", joined(keys, Component::name)),
                        List.of());
    }

    private static String parameters(List<Component> keys) {
        return joined(keys, key -> key.shape().plainType() + " " + key.name());
    }

    static String joined(List<Component> keys, Function<Component, String> text) {
        return keys.stream().map(text).collect(Collectors.joining(", "));
    }

    private static String write(Component key) {
        return key.shape().kind() == Kind.ENUM
                ? "write" + key.shape().number() + "(out, " + key.name() + ")"
                : key.shape().scalar().write().replace("$", key.name());
    }

    private static String text(Component key) {
        if (key.shape().kind() == Kind.ENUM) {
            return "text" + key.shape().number() + "(" + key.name() + ")";
        }
        JavaType type = key.shape().scalar();
        return type.is("String")
                ? key.name()
                : type.is("BigDecimal")
                        ? key.name() + ".toPlainString()"
                        : type.family() == JavaType.Family.BYTES
                                ? "java.util.Base64.getEncoder().encodeToString(" + key.name() + ")"
                                : "String.valueOf(" + key.name() + ")";
    }
}
