package dev.millrace.contract;

import dev.millrace.config.yaml.Node;
import dev.millrace.config.yaml.Place;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A table, topic or file of a contract.
 *
 * @param place where it begins in the file
 * @param physicalName the topic's name; the name where the contract gives none
 * @param description empty for none
 * @param properties the columns in the order of the file, with names that differ
 * @param quality the quality checks, as written
 * @param celRules the rules of {@code quality}, its own and its columns', that are written in CEL
 * @param custom the custom properties by name, as written
 */
public record SchemaObject(
        Place place,
        String name,
        String physicalName,
        String description,
        List<Property> properties,
        List<Node> quality,
        List<CelRule> celRules,
        Map<String, Node> custom) {
    public SchemaObject {
        properties = List.copyOf(properties);
        quality = List.copyOf(quality);
        celRules = List.copyOf(celRules);
        custom = Map.copyOf(custom);
    }

    /** The columns of the primary key in the order of their positions; those without one last. */
    public List<Property> key() {
        return properties.stream()
                .filter(Property::primaryKey)
                .sorted(Comparator.comparingInt(property ->
                        property.primaryKeyPosition() == 0 ? Integer.MAX_VALUE : property.primaryKeyPosition()))
                .toList();
    }

    /** The column of that name. */
    public Optional<Property> property(String name) {
        return properties.stream()
                .filter(property -> property.name().equals(name))
                .findFirst();
    }
}
