package dev.millrace.documents;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Kind;
import dev.millrace.domain.Product;
import dev.millrace.query.Shape;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** The JSON Schema (2020-12) of a product's rows as JSON answers show them, made from the columns. */
public final class RowJsonSchema {
    private RowJsonSchema() {}

    public static JsonObject of(Product product, Shape shape) {
        return of(product, shape, Meaning.of(product.definition()));
    }

    static JsonObject of(Product product, Shape shape, Meaning meaning) {
        JsonObject schema = object(shape.columns());
        JsonObject properties = schema.getJsonObject("properties");
        properties.forEach(column -> ((JsonObject) column.getValue()).mergeIn(meaning.column(column.getKey())));
        return new JsonObject()
                .put("$schema", "https://json-schema.org/draft/2020-12/schema")
                .put("title", product.face().title())
                .mergeIn(schema);
    }

    /** The same for rows of which a select answers some columns only, as a part of another document. */
    public static JsonObject ofSome(Product product, Shape shape) {
        JsonObject schema = of(product, shape);
        schema.remove("$schema");
        schema.remove("required");
        return schema;
    }

    private static JsonObject object(List<ColumnLayout> columns) {
        var properties = new JsonObject();
        var required = new JsonArray();
        for (ColumnLayout column : columns) {
            properties.put(column.name(), column(column));
            // A missing value is written as null, so every member is there.
            required.add(column.name());
        }
        return new JsonObject()
                .put("type", "object")
                .put("properties", properties)
                .put("required", required)
                .put("additionalProperties", false);
    }

    private static JsonObject column(ColumnLayout column) {
        JsonObject schema = value(column);
        String type = schema.getString("type");
        if (!column.dictionary().values().isEmpty()) {
            var values = new JsonArray(List.copyOf(column.dictionary().values()));
            schema.put("enum", column.nullable() ? values.copy().addNull() : values);
        }
        if (column.nullable()) {
            schema.put("type", new JsonArray().add(type).add("null"));
        }
        return schema;
    }

    private static JsonObject value(ColumnLayout column) {
        var schema = new JsonObject(column.kind().schema())
                .put("x-sql", column.kind().sql());
        return switch (column.kind()) {
            case Kind.Struct _ -> schema.mergeIn(object(column.children()));
            case Kind.ListOf _, Kind.VectorOf _ ->
                schema.put("items", column(column.children().getFirst()));
            case Kind.MapOf _ ->
                schema.put(
                        "additionalProperties",
                        column(column.children().getFirst().children().getLast()));
            default -> schema;
        };
    }
}
