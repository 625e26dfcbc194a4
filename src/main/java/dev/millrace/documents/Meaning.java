package dev.millrace.documents;

import dev.millrace.config.yaml.JsonTree;
import dev.millrace.config.yaml.Node;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.contract.Property;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a contract says to people: of the product who owns it, what it is for and what is promised; of a column what it
 * means, in which unit, within which bounds. Members that the contract does not give are left out. Any thread.
 */
final class Meaning {
    /** Of a property's own members, those that JSON Schema has under the same name, or under another one. */
    private static final Map<String, String> OF_COLUMN = Map.of(
            "description", "description",
            "businessName", "title",
            "examples", "examples",
            "classification", "x-classification",
            "criticalDataElement", "x-critical",
            "tags", "x-tags",
            "deprecated", "deprecated");

    /** Of a property's options, those that say of JSON's values what they say of the contract's. */
    private static final List<String> BOUNDS = List.of(
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
            "minLength",
            "maxLength",
            "pattern",
            "minItems",
            "maxItems");

    private final JsonObject product = new JsonObject();
    private final Map<String, JsonObject> columns = new LinkedHashMap<>();

    private Meaning(ProductDefinition definition) {
        var contract = definition.contract();
        put(product, "usage", contract.description().usage());
        put(product, "limitations", contract.description().limitations());
        if (contract.root() instanceof Node.Mapping root) {
            root.value("team").ifPresent(team -> put(product, "owner", owner(team)));
            copy(root, "tags", product, "tags");
            copy(root, "support", product, "support");
            copy(root, "slaProperties", product, "serviceLevels");
            objects(root)
                    .filter(object ->
                            text(object, "name").equals(definition.object().name()))
                    .flatMap(object -> object.value("properties"))
                    .ifPresent(properties -> columns(definition, properties));
        }
    }

    static Meaning of(ProductDefinition definition) {
        return new Meaning(definition);
    }

    /** Owner, usage, limitations, tags, support and service levels; a copy. */
    JsonObject product() {
        return product.copy();
    }

    /** What is said of a top-level column, as members of its JSON Schema; a copy, empty for one that nothing is said of. */
    JsonObject column(String name) {
        JsonObject said = columns.get(name);
        return said == null ? new JsonObject() : said.copy();
    }

    private static Optional<Node.Mapping> objects(Node.Mapping root) {
        return root.value("schema")
                .flatMap(schema -> schema instanceof Node.Sequence many
                        ? many.items().stream().findFirst()
                        : Optional.of(schema))
                .flatMap(object -> object instanceof Node.Mapping mapping ? Optional.of(mapping) : Optional.empty());
    }

    private void columns(ProductDefinition definition, Node properties) {
        if (!(properties instanceof Node.Sequence all)) {
            return;
        }
        for (Node each : all.items()) {
            if (each instanceof Node.Mapping written) {
                definition
                        .object()
                        .property(text(written, "name"))
                        .ifPresent(property -> columns.put(property.name(), column(property, written)));
            }
        }
    }

    private static JsonObject column(Property property, Node.Mapping written) {
        var json = new JsonObject();
        OF_COLUMN.forEach((from, to) -> copy(written, from, json, to));
        unit(property).ifPresent(unit -> json.put("x-unit", unit));
        boolean number = property.rules().minimum().isPresent()
                || property.rules().maximum().isPresent()
                || property.rules().exclusiveMinimum().isPresent()
                || property.rules().exclusiveMaximum().isPresent();
        if (written.value("logicalTypeOptions").orElse(written) instanceof Node.Mapping options && options != written) {
            for (String bound : BOUNDS) {
                // Bounds of times are texts, which no member of JSON Schema takes.
                if (options.value(bound)
                        .filter(node -> isApplicable(bound, node, number))
                        .isPresent()) {
                    copy(options, bound, json, bound);
                }
            }
        }
        return json;
    }

    private static boolean isApplicable(String bound, Node node, boolean number) {
        boolean numeric = node instanceof Node.Scalar(var _, String _, Node.Kind kind)
                && (kind == Node.Kind.INTEGER || kind == Node.Kind.NUMBER);
        return bound.equals("pattern") ? !number : numeric;
    }

    /** The custom property {@code unit} of a column. */
    private static Optional<String> unit(Property property) {
        return property.custom().get("unit") instanceof Node.Scalar unit ? Optional.of(unit.text()) : Optional.empty();
    }

    /** A team's name, else the people in it who own something, else all of them. */
    private static String owner(Node team) {
        if (team instanceof Node.Mapping mapping) {
            return text(mapping, "name").isEmpty()
                    ? mapping.value("members").map(Meaning::owner).orElse("")
                    : text(mapping, "name");
        }
        var owners = new ArrayList<String>();
        var others = new ArrayList<String>();
        if (team instanceof Node.Sequence people) {
            for (Node person : people.items()) {
                if (person instanceof Node.Mapping each) {
                    String name = text(each, "name").isEmpty() ? text(each, "username") : text(each, "name");
                    (text(each, "role").toLowerCase(Locale.ROOT).contains("owner") ? owners : others).add(name);
                }
            }
        }
        return String.join(", ", owners.isEmpty() ? others : owners);
    }

    private static String text(Node.Mapping mapping, String name) {
        return mapping.value(name)
                .flatMap(node -> node instanceof Node.Scalar scalar ? Optional.of(scalar.text()) : Optional.empty())
                .orElse("");
    }

    private static void put(JsonObject json, String name, String value) {
        if (!value.isEmpty()) {
            json.put(name, value);
        }
    }

    private static void copy(Node.Mapping from, String name, JsonObject to, String as) {
        from.value(name)
                .ifPresent(node -> to.put(as, Json.decodeValue(JsonTree.of(node).toString())));
    }
}
