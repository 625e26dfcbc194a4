package dev.millrace.contract.processor;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Java source text in the making. */
final class Source {
    private Source() {}

    /** A string literal of Java, and of YAML and JSON too. */
    static String quote(String text) {
        var out = new StringBuilder("\"");
        text.chars().forEach(c -> {
            switch (c) {
                case '"', '\\' -> out.append('\\').append((char) c);
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                default -> out.append(c < 0x20 || c > 0x7E ? "\\u%04x".formatted(c) : String.valueOf((char) c));
            }
        });
        return out.append('"').toString();
    }

    /** The template of that name with each {@code ${key}} replaced. */
    static String template(String name, Map<String, String> values) {
        try (InputStream in = Source.class.getResourceAsStream(name + ".java.txt")) {
            if (in == null) {
                throw new IllegalStateException("the template " + name + " is not in the jar");
            }
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            for (var value : values.entrySet()) {
                text = text.replace("${" + value.getKey() + "}", value.getValue());
            }
            return text;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
