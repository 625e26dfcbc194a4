package dev.millrace.contract.processor;

import static dev.millrace.contract.processor.Source.quote;

import dev.millrace.contract.processor.Shape.Component;
import dev.millrace.contract.processor.Shape.Kind;
import java.util.List;
import java.util.stream.Collectors;

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
        String texts = keys.size() == 1
                ? "        return " + text(keys.getFirst()) + ".getBytes(StandardCharsets.UTF_8);\n"
                : "        var out = new StringBuilder(\"{\");\n"
                        + keys.stream()
                                .map(key -> "        RecordText.name(out, "
                                        + quote(key.names().getFirst()) + ");\n        "
                                        + write(key) + ";\n")
                                .collect(Collectors.joining())
                        + "        return out.append('}').toString().getBytes(StandardCharsets.UTF_8);\n";
        return """
                    /** The record's key, as its topic has it. */
                    public static byte[] key(%s value) {
                        return key(%s);
                    }

                    /** The key of these values, as the topic has it. */
                    public static byte[] key(%s) {
                %s    }
                """.formatted(
                        type,
                        keys.stream().map(key -> "value." + key.name() + "()").collect(Collectors.joining(", ")),
                        parameters(keys),
                        texts)
                .indent(0);
    }

    /** The method that sends a deletion; nothing without a key. */
    static String delete(String json, List<Component> keys) {
        return keys.isEmpty()
                ? ""
                : """

                    /** Sends that the row of that key is deleted; it means so to an upsert product. */
                    public Future<RecordMetadata> delete(%s) {
                        return producer.send(new ProducerRecord<>(TOPIC, %s.key(%s), null));
                    }
                """.formatted(
                                parameters(keys),
                                json,
                                keys.stream().map(Component::name).collect(Collectors.joining(", ")));
    }

    private static String parameters(List<Component> keys) {
        return keys.stream()
                .map(key -> key.shape().plainType() + " " + key.name())
                .collect(Collectors.joining(", "));
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
