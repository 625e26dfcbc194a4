package dev.millrace.contract.processor;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Java source text in the making. */
final class Source {
    private static final Pattern REPEATED = Pattern.compile("(?m)(^\\*.*\n)+");

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

    /**
     * The template of that name with each {@code ${key}} replaced. Lines that begin with {@code *} and follow each other
     * stand once for each of the rows, with its values; what comes out blank is left out.
     */
    static String template(String name, Map<String, String> values, List<Map<String, String>> rows) {
        try (InputStream in = Source.class.getResourceAsStream(name + ".java.txt")) {
            if (in == null) {
                throw new IllegalStateException("the template " + name + " is not in the jar");
            }
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            String all = REPEATED.matcher(text)
                    .replaceAll(lines -> rows.stream()
                            .map(row -> filled(lines.group().replaceAll("(?m)^\\*", ""), row))
                            .filter(lineOfRow -> !lineOfRow.isBlank())
                            .collect(Collectors.collectingAndThen(Collectors.joining(), Matcher::quoteReplacement)));
            return filled(all, values);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String filled(String template, Map<String, String> values) {
        String text = template;
        for (var value : values.entrySet()) {
            text = text.replace("${" + value.getKey() + "}", value.getValue());
        }
        return text;
    }
}
