package dev.millrace.config.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.config.yaml.Node.Mapping;
import dev.millrace.config.yaml.Node.Scalar;
import dev.millrace.config.yaml.Node.Sequence;
import java.util.Locale;

/** Turns nodes into JSON: nothing is lost but places, comments, quotes and how a number is written. Any thread. */
public final class JsonTree {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private JsonTree() {}

    /** The JSON of that node. A number keeps every digit; an infinite one, which JSON has none of, is its text. */
    public static JsonNode of(Node node) {
        return of(node, Integer.MAX_VALUE);
    }

    /** The JSON of that node, each text cut after so many characters. */
    public static JsonNode of(Node node, int longestText) {
        return switch (node) {
            case Mapping mapping -> {
                ObjectNode object = NODES.objectNode();
                mapping.entries().forEach((name, entry) -> object.set(name, of(entry.value(), longestText)));
                yield object;
            }
            case Sequence sequence -> {
                ArrayNode array = NODES.arrayNode();
                sequence.items().forEach(item -> array.add(of(item, longestText)));
                yield array;
            }
            case Scalar scalar
            when scalar.text().length() > longestText ->
                NODES.textNode(scalar.text().substring(0, longestText));
            case Scalar scalar -> scalar(scalar);
        };
    }

    private static JsonNode scalar(Scalar scalar) {
        return switch (scalar.kind()) {
            case STRING -> NODES.textNode(scalar.text());
            case NULL -> NODES.nullNode();
            case BOOLEAN ->
                NODES.booleanNode(scalar.text().toLowerCase(Locale.ROOT).equals("true"));
            case INTEGER ->
                Cursor.at(scalar, new Faults())
                        .number()
                        .<JsonNode>map(number -> NODES.numberNode(number.toBigInteger()))
                        .orElse(NODES.textNode(scalar.text()));
            case NUMBER ->
                Cursor.at(scalar, new Faults())
                        .number()
                        .<JsonNode>map(NODES::numberNode)
                        .orElse(NODES.textNode(scalar.text()));
        };
    }
}
