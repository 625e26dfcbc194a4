package dev.millrace.http;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.domain.Product;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.math.BigInteger;
import java.util.List;
import org.apache.arrow.vector.types.pojo.ArrowType;

/** The JSON Schema (2020-12) of a product's rows as JSON answers show them, made from the columns. */
final class RowJsonSchema {
    private RowJsonSchema() {}

    static JsonObject of(Product product) {
        JsonObject schema = object(product.schema().columns());
        return new JsonObject()
                .put("$schema", "https://json-schema.org/draft/2020-12/schema")
                .put("title", product.face().title())
                .mergeIn(schema);
    }

    /** The same for rows of which a select answers some columns only, as a part of another document. */
    static JsonObject ofSome(Product product) {
        JsonObject schema = of(product);
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

    /** The schema of a value that is there. */
    static JsonObject value(ColumnLayout column) {
        return switch (column.type()) {
            case ArrowType.Bool ignored -> type("boolean");
            case ArrowType.Int integer -> integer(integer);
            case ArrowType.FloatingPoint _, ArrowType.Decimal _ -> type("number");
            case ArrowType.Date ignored -> type("string").put("format", "date");
            case ArrowType.Time ignored -> type("string").put("format", "time");
            case ArrowType.Timestamp timestamp ->
                timestamp.getTimezone() == null
                        ? type("string")
                        : type("string").put("format", "date-time");
            case ArrowType.Struct ignored -> object(column.children());
            case ArrowType.List ignored ->
                type("array").put("items", column(column.children().getFirst()));
            case ArrowType.FixedSizeList list ->
                type("array")
                        .put("items", column(column.children().getFirst()))
                        .put("minItems", list.getListSize())
                        .put("maxItems", list.getListSize());
            case ArrowType.Map ignored ->
                type("object")
                        .put(
                                "additionalProperties",
                                column(column.children().getFirst().children().getLast()));
            case ArrowType.Binary _, ArrowType.FixedSizeBinary _ ->
                type("string").put("contentEncoding", "base64");
            default -> type("string");
        };
    }

    private static JsonObject integer(ArrowType.Int integer) {
        JsonObject schema = type("integer");
        int bits = integer.getBitWidth();
        BigInteger most = BigInteger.ONE
                .shiftLeft(integer.getIsSigned() ? bits - 1 : bits)
                .subtract(BigInteger.ONE);
        return schema.put("minimum", integer.getIsSigned() ? most.negate().subtract(BigInteger.ONE) : 0)
                .put("maximum", most);
    }

    private static JsonObject type(String name) {
        return new JsonObject().put("type", name);
    }
}
