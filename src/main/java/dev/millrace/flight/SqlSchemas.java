package dev.millrace.flight;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.types.UnionMode;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** The schemas that Flight SQL's specification gives its answers, to the letter: clients compare them. */
final class SqlSchemas {
    private static final ArrowType TEXT = ArrowType.Utf8.INSTANCE;
    private static final ArrowType INT = new ArrowType.Int(32, true);
    private static final ArrowType BOOL = ArrowType.Bool.INSTANCE;
    private static final ArrowType BYTE = new ArrowType.Int(8, false);

    static final Schema CATALOGS = new Schema(List.of(must("catalog_name", TEXT)));
    static final Schema DOMAINS = new Schema(List.of(may("catalog_name", TEXT), must("db_schema_name", TEXT)));
    static final Schema TABLE_TYPES = new Schema(List.of(must("table_type", TEXT)));
    static final Schema TABLES = new Schema(List.of(
            may("catalog_name", TEXT),
            may("db_schema_name", TEXT),
            must("table_name", TEXT),
            must("table_type", TEXT)));
    static final Schema TABLES_WITH_SCHEMAS = new Schema(List.of(
            may("catalog_name", TEXT),
            may("db_schema_name", TEXT),
            must("table_name", TEXT),
            must("table_type", TEXT),
            must("table_schema", ArrowType.Binary.INSTANCE)));
    static final Schema PRIMARY_KEYS = new Schema(List.of(
            may("catalog_name", TEXT),
            may("db_schema_name", TEXT),
            must("table_name", TEXT),
            must("column_name", TEXT),
            may("key_name", TEXT),
            must("key_sequence", INT)));
    static final Schema FOREIGN_KEYS = new Schema(List.of(
            may("pk_catalog_name", TEXT),
            may("pk_db_schema_name", TEXT),
            must("pk_table_name", TEXT),
            must("pk_column_name", TEXT),
            may("fk_catalog_name", TEXT),
            may("fk_db_schema_name", TEXT),
            must("fk_table_name", TEXT),
            must("fk_column_name", TEXT),
            must("key_sequence", INT),
            may("fk_key_name", TEXT),
            may("pk_key_name", TEXT),
            must("update_rule", BYTE),
            must("delete_rule", BYTE)));
    static final Schema TYPES = new Schema(List.of(
            must("type_name", TEXT),
            must("data_type", INT),
            may("column_size", INT),
            may("literal_prefix", TEXT),
            may("literal_suffix", TEXT),
            new Field("create_params", FieldType.nullable(ArrowType.List.INSTANCE), List.of(must("item", TEXT))),
            must("nullable", INT),
            must("case_sensitive", BOOL),
            must("searchable", INT),
            may("unsigned_attribute", BOOL),
            must("fixed_prec_scale", BOOL),
            may("auto_increment", BOOL),
            may("local_type_name", TEXT),
            may("minimum_scale", INT),
            may("maximum_scale", INT),
            must("sql_data_type", INT),
            may("datetime_subcode", INT),
            may("num_prec_radix", INT),
            may("interval_precision", INT)));
    static final Schema INFO = new Schema(List.of(
            must("info_name", new ArrowType.Int(32, false)),
            new Field(
                    "value",
                    FieldType.notNullable(new ArrowType.Union(UnionMode.Dense, new int[] {0, 1, 2, 3, 4, 5})),
                    List.of(
                            may("string_value", TEXT),
                            may("bool_value", BOOL),
                            may("bigint_value", new ArrowType.Int(64, true)),
                            may("int32_bitmask", INT),
                            list("string_list", may("item", TEXT)),
                            new Field(
                                    "int32_to_int32_list_map",
                                    FieldType.nullable(new ArrowType.Map(false)),
                                    List.of(new Field(
                                            "entries",
                                            FieldType.notNullable(ArrowType.Struct.INSTANCE),
                                            List.of(must("key", INT), list("value", may("item", INT))))))))));

    private SqlSchemas() {}

    /** A column of a product or a result as SQL's clients see it: no dictionary, and what its type is called. */
    static Field column(Field field, String mesh, String domain, String product) {
        var metadata = new HashMap<>(Map.of("ARROW:FLIGHT:SQL:TYPE_NAME", name(field.getType())));
        if (!product.isEmpty()) {
            metadata.putAll(Map.of(
                    "ARROW:FLIGHT:SQL:CATALOG_NAME",
                    mesh,
                    "ARROW:FLIGHT:SQL:DB_SCHEMA_NAME",
                    domain,
                    "ARROW:FLIGHT:SQL:TABLE_NAME",
                    product,
                    "ARROW:FLIGHT:SQL:IS_READ_ONLY",
                    "1",
                    "ARROW:FLIGHT:SQL:IS_AUTO_INCREMENT",
                    "0",
                    "ARROW:FLIGHT:SQL:IS_SEARCHABLE",
                    "1"));
        }
        if (field.getType() instanceof ArrowType.Decimal decimal) {
            metadata.put("ARROW:FLIGHT:SQL:PRECISION", Integer.toString(decimal.getPrecision()));
            metadata.put("ARROW:FLIGHT:SQL:SCALE", Integer.toString(decimal.getScale()));
        }
        return new Field(
                field.getName(), new FieldType(field.isNullable(), field.getType(), null, metadata), plain(field));
    }

    /** The schema of a statement's result. */
    static Schema result(Schema columns) {
        return new Schema(columns.getFields().stream()
                .map(field -> column(field, "", "", ""))
                .toList());
    }

    private static List<Field> plain(Field field) {
        return field.getChildren().stream()
                .map(child -> new Field(
                        child.getName(), new FieldType(child.isNullable(), child.getType(), null), plain(child)))
                .toList();
    }

    /** What SQL calls a type. */
    private static String name(ArrowType type) {
        return switch (type) {
            case ArrowType.Int number ->
                (number.getIsSigned() ? "" : "U")
                        + switch (number.getBitWidth()) {
                            case 8 -> "TINYINT";
                            case 16 -> "SMALLINT";
                            case 32 -> "INTEGER";
                            default -> "BIGINT";
                        };
            case ArrowType.FloatingPoint number ->
                number.getPrecision() == org.apache.arrow.vector.types.FloatingPointPrecision.DOUBLE
                        ? "DOUBLE"
                        : "FLOAT";
            case ArrowType.Decimal decimal -> "DECIMAL(" + decimal.getPrecision() + "," + decimal.getScale() + ")";
            case ArrowType.Utf8 _ -> "VARCHAR";
            case ArrowType.Binary _ -> "BLOB";
            case ArrowType.Bool _ -> "BOOLEAN";
            case ArrowType.Date _ -> "DATE";
            case ArrowType.Time _ -> "TIME";
            case ArrowType.Timestamp time -> time.getTimezone() == null ? "TIMESTAMP" : "TIMESTAMP WITH TIME ZONE";
            case ArrowType.List _ -> "LIST";
            case ArrowType.Map _ -> "MAP";
            case ArrowType.Struct _ -> "STRUCT";
            default -> type.getTypeID().name();
        };
    }

    private static Field must(String name, ArrowType type) {
        return new Field(name, FieldType.notNullable(type), List.of());
    }

    private static Field may(String name, ArrowType type) {
        return new Field(name, FieldType.nullable(type), List.of());
    }

    private static Field list(String name, Field element) {
        return new Field(name, FieldType.nullable(ArrowType.List.INSTANCE), List.of(element));
    }
}
