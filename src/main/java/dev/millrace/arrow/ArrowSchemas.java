package dev.millrace.arrow;

import dev.millrace.contract.FieldType;
import dev.millrace.contract.Property;
import dev.millrace.contract.SchemaObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * The Arrow schema of a contract: a column for each property, in its order, under its name; required is not nullable. A
 * field's metadata carries {@code description}, {@code logicalType} and {@code classification} where the contract gives
 * them, and {@code enum} where values are encoded by a dictionary. A UUID is its text.
 */
public final class ArrowSchemas {
    /** Metadata of a whole number of records: how many of its digits stand behind the point. */
    public static final String DIGITS = "digits";

    private final boolean records;
    private long dictionaries;

    private ArrowSchemas(boolean records) {
        this.records = records;
    }

    /** The columns of a schema object. */
    public static Schema of(SchemaObject object) {
        return of(object.properties());
    }

    /** The columns of some properties. */
    public static Schema of(List<Property> properties) {
        return new Schema(new ArrowSchemas(false).fields(properties));
    }

    /**
     * The same columns as the records of a topic have them: under their physical names, a timestamp that is a number in a
     * record as that number. A writer of either schema has the same buffers.
     */
    public static Schema ofRecords(List<Property> properties) {
        return new Schema(new ArrowSchemas(true).fields(properties));
    }

    private List<Field> fields(List<Property> properties) {
        return properties.stream()
                .map(property ->
                        field(property, records ? property.physicalName() : property.name(), property.required()))
                .toList();
    }

    private Field field(Property property, String name, boolean required) {
        Map<String, String> metadata = new LinkedHashMap<>();
        if (!property.description().isEmpty()) {
            metadata.put("description", property.description());
        }
        metadata.put("logicalType", property.logicalType().text());
        if (!property.classification().isEmpty()) {
            metadata.put("classification", property.classification());
        }
        FieldType.Encoding encoding = switch (property.fieldType()) {
            case FieldType.Timestamp stamp -> stamp.encoding();
            case FieldType.Date date -> date.encoding();
            default -> FieldType.Encoding.ISO;
        };
        boolean epoch = records && encoding != FieldType.Encoding.ISO;
        if (epoch && encoding == FieldType.Encoding.EPOCH_SECONDS) {
            metadata.put(DIGITS, "3");
        }
        List<Field> children = switch (property.fieldType()) {
            case FieldType.Struct _ -> fields(property.properties());
            case FieldType.ListOf _, FieldType.VectorOf _ ->
                property.items().stream()
                        .map(item -> field(item, "item", item.required()))
                        .toList();
            case FieldType.MapOf _ -> List.of(entries(property.properties()));
            default -> List.of();
        };
        ArrowType stored = epoch
                ? new ArrowType.Int(encoding == FieldType.Encoding.EPOCH_DAYS ? 32 : 64, true)
                : Kind.of(property.fieldType()).arrow();
        var type = new org.apache.arrow.vector.types.pojo.FieldType(!required, stored, null, metadata);
        var field = new Field(name, type, children);
        return property.fieldType() instanceof FieldType.OneOf(var values)
                ? Dictionary.field(field, dictionaries++, values)
                : field;
    }

    private Field entries(List<Property> keyAndValue) {
        Property value = keyAndValue.getLast();
        return new Field(
                "entries",
                org.apache.arrow.vector.types.pojo.FieldType.notNullable(ArrowType.Struct.INSTANCE),
                List.of(field(keyAndValue.getFirst(), "key", true), field(value, "value", value.required())));
    }
}
