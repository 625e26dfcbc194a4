package dev.millrace.contract.processor;

import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import javax.lang.model.element.Element;

/** Writes maps, lists, texts, numbers and booleans as YAML, and knows afterwards which element a line came from. */
final class Yaml {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z_][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*");
    private static final Pattern WORD = Pattern.compile("(?i)true|false|null|yes|no|on|off|y|n");

    private final Map<Map<?, ?>, Element> elements;
    private final TreeMap<Integer, Element> lines = new TreeMap<>();
    private final StringBuilder out = new StringBuilder();
    private int line = 1;

    private Yaml(Map<Map<?, ?>, Element> elements) {
        this.elements = elements;
    }

    /** A map of names, each followed by its value, in that order. */
    static Map<String, Object> map(Object... namesAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            map.put(namesAndValues[i].toString(), namesAndValues[i + 1]);
        }
        return map;
    }

    /** The text of a document; {@code elements} says which maps stand for which elements. */
    static Yaml of(String comment, Map<String, Object> document, IdentityHashMap<Map<?, ?>, Element> elements) {
        var yaml = new Yaml(elements);
        yaml.end("# " + comment);
        yaml.map(document, 0);
        return yaml;
    }

    String text() {
        return out.toString();
    }

    /** The element whose part of the document holds that line; {@code otherwise} where none does. */
    Element elementAt(int number, Element otherwise) {
        var entry = lines.floorEntry(number);
        return entry == null ? otherwise : entry.getValue();
    }

    private void map(Map<?, ?> map, int indent) {
        Element element = elements.get(map);
        if (element != null) {
            lines.put(line, element);
        }
        boolean first = true;
        for (var entry : map.entrySet()) {
            out.append(" ".repeat(first ? 0 : indent)).append(entry.getKey()).append(':');
            first = false;
            switch (entry.getValue()) {
                case Map<?, ?> inner -> {
                    end("");
                    out.append(" ".repeat(indent + 2));
                    map(inner, indent + 2);
                }
                case List<?> items -> {
                    end("");
                    for (Object item : items) {
                        out.append(" ".repeat(indent + 2)).append("- ");
                        if (item instanceof Map<?, ?> inner) {
                            map(inner, indent + 4);
                        } else {
                            end(scalar(item));
                        }
                    }
                }
                case Object scalar -> end(" " + scalar(scalar));
            }
        }
    }

    private void end(String text) {
        out.append(text).append('\n');
        line++;
    }

    private static String scalar(Object value) {
        if (!(value instanceof String text)) {
            return value.toString();
        }
        return PLAIN.matcher(text).matches() && !WORD.matcher(text).matches() ? text : Source.quote(text);
    }
}
