package dev.millrace.documents;

import com.fasterxml.jackson.databind.JsonNode;
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
        JsonNode root = JsonTree.of(contract.root());
        put(product, "usage", contract.description().usage());
        put(product, "limitations", contract.description().limitations());
        put(product, "owner", owner(root.path("team")));
        copy(root, "tags", product, "tags");
        copy(root, "support", product, "support");
        copy(root, "slaProperties", product, "serviceLevels");
        JsonNode schema = root.path("schema");
        JsonNode object = schema.isArray() ? schema.path(0) : schema;
        if (text(object, "name").equals(definition.object().name())) {
            for (JsonNode written : object.path("properties")) {
                definition
                        .object()
                        .property(text(written, "name"))
                        .ifPresent(property -> columns.put(property.name(), column(property, written)));
            }
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

    private static JsonObject column(Property property, JsonNode written) {
        var json = new JsonObject();
        OF_COLUMN.forEach((from, to) -> copy(written, from, json, to));
        unit(property).ifPresent(unit -> json.put("x-unit", unit));
        boolean number = property.rules().minimum().isPresent()
                || property.rules().maximum().isPresent()
                || property.rules().exclusiveMinimum().isPresent()
                || property.rules().exclusiveMaximum().isPresent();
        JsonNode options = written.path("logicalTypeOptions");
        for (String bound : BOUNDS) {
            // Bounds of times are texts, which no member of JSON Schema takes.
            if (bound.equals("pattern") ? !number : options.path(bound).isNumber()) {
                copy(options, bound, json, bound);
            }
        }
        return json;
    }

    /** The custom property {@code unit} of a column. */
    private static Optional<String> unit(Property property) {
        return property.custom().get("unit") instanceof Node.Scalar unit ? Optional.of(unit.text()) : Optional.empty();
    }

    /** A team's name, else the people in it who own something, else all of them. */
    private static String owner(JsonNode team) {
        if (team.isObject()) {
            return text(team, "name").isEmpty() ? owner(team.path("members")) : text(team, "name");
        }
        var owners = new ArrayList<String>();
        var others = new ArrayList<String>();
        for (JsonNode person : team) {
            if (person.isObject()) {
                String name = text(person, "name").isEmpty() ? text(person, "username") : text(person, "name");
                (text(person, "role").toLowerCase(Locale.ROOT).contains("owner") ? owners : others).add(name);
            }
        }
        return String.join(", ", owners.isEmpty() ? others : owners);
    }

    private static String text(JsonNode object, String name) {
        return object.path(name).asText("");
    }

    private static void put(JsonObject json, String name, String value) {
        if (!value.isEmpty()) {
            json.put(name, value);
        }
    }

    private static void copy(JsonNode from, String name, JsonObject to, String as) {
        if (from.has(name)) {
            to.put(as, Json.decodeValue(from.get(name).toString()));
        }
    }
}
