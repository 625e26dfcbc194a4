package dev.millrace.contract;

import dev.millrace.config.yaml.Place;
import java.util.List;

/**
 * What becomes of a field of a record that the contract does not know. The contract says it in the custom property
 * {@code millrace.unknownFields}, of the schema object or else of the contract; without it, {@link #IGNORE}. It is said
 * of the record's own fields; a field that a nested object does not know is skipped, or refused with {@link #REJECT}.
 */
public enum UnknownFields {
    /** The field is skipped. */
    IGNORE,
    /** The record is a dead letter. */
    REJECT,
    /**
     * Name and value, the latter as JSON text, go into a map column, the last one. Its name is in the custom property
     * {@code millrace.unknownFieldsColumn}, else {@value #COLUMN}.
     */
    KEEP;

    static final String COLUMN = "unknown_fields";

    /** The column of {@link #KEEP}: never null, empty where a record has no such field. */
    static Property column(Place place, String name) {
        var key = Property.plain(place, "key", LogicalType.STRING, new FieldType.Text(), true, List.of());
        var value = Property.plain(place, "value", LogicalType.STRING, new FieldType.Text(), true, List.of());
        var type = new FieldType.MapOf(key.field(), value.field());
        return Property.plain(place, name, LogicalType.MAP, type, true, List.of(key, value));
    }
}
