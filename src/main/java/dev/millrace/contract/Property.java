package dev.millrace.contract;

import dev.millrace.config.yaml.Node;
import dev.millrace.config.yaml.Place;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A column or a nested field of a contract.
 *
 * @param place where it begins in the file
 * @param name the column's name to readers; {@code item} for the items of an array that name none
 * @param physicalName the field's name in the records of the topic; the name where the contract gives none
 * @param physicalType as written; empty for none
 * @param required whether null and absent are refused
 * @param primaryKey whether it is part of the key; always with {@code required} in a {@link ProductDefinition}
 * @param primaryKeyPosition 1-based; 0 where the contract gives none
 * @param description empty for none
 * @param classification empty for none
 * @param fieldType how the server keeps it
 * @param rules what its values must satisfy
 * @param properties the fields of an object; of a map its {@code key} and its {@code value}; empty otherwise
 * @param items what an array or a vector holds; empty otherwise, an optional component since a property has no neutral value
 * @param quality the quality checks, as written
 * @param custom the custom properties by name, as written
 */
public record Property(
        Place place,
        String name,
        String physicalName,
        LogicalType logicalType,
        String physicalType,
        boolean required,
        boolean primaryKey,
        int primaryKeyPosition,
        boolean unique,
        String description,
        String classification,
        FieldType fieldType,
        Rules rules,
        List<Property> properties,
        Optional<Property> items,
        List<Node> quality,
        Map<String, Node> custom) {
    public Property {
        properties = List.copyOf(properties);
        quality = List.copyOf(quality);
        custom = Map.copyOf(custom);
    }

    /** Other names of the field in the records of the topic: the custom property {@code millrace.aliases}, a list. */
    public List<String> aliases() {
        return custom.get("millrace.aliases") instanceof Node.Sequence names
                ? names.items().stream()
                        .flatMap(name -> name instanceof Node.Scalar scalar ? Stream.of(scalar.text()) : Stream.of())
                        .toList()
                : List.of();
    }

    /** A property of which nothing else is said. */
    static Property plain(
            Place place,
            String name,
            LogicalType logicalType,
            FieldType type,
            boolean required,
            List<Property> properties) {
        return new Property(
                place,
                name,
                name,
                logicalType,
                "",
                required,
                false,
                0,
                false,
                "",
                "",
                type,
                Rules.NONE,
                properties,
                Optional.empty(),
                List.of(),
                Map.of());
    }

    /** Name, type and whether null is refused. */
    public FieldType.Field field() {
        return new FieldType.Field(name, fieldType, required);
    }
}
