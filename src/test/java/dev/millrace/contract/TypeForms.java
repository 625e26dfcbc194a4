package dev.millrace.contract;

import dev.millrace.contract.FieldType.Encoding;

/**
 * What a {@link FieldType} is elsewhere, in words for people. The one table of types: {@code docs/types.md} is printed
 * from it, with the Arrow types that the columns really have.
 *
 * @param contract how a contract writes it: logicalType first, then what narrows it
 * @param json a value of a record, and of an answer
 * @param avro the Avro types whose values are read into it; a union with null beside
 * @param protobuf the fields of a Protobuf message whose values are read into it
 * @param sql the type of a SQL result
 */
public record TypeForms(String contract, String json, String avro, String protobuf, String sql) {
    /** The forms of a type; of what is nested, its kind only. */
    public static TypeForms of(FieldType type) {
        return switch (type) {
            case FieldType.Bool _ -> new TypeForms("boolean", "true, false", "boolean", "bool, BoolValue", "BOOLEAN");
            case FieldType.Int number -> integer(number);
            case FieldType.Floating number ->
                number.bits() == 32
                        ? new TypeForms(
                                "number; format f32, or physicalType real, float4, float32",
                                "number",
                                "float, int",
                                "float, FloatValue",
                                "FLOAT")
                        : new TypeForms(
                                "number; format f64, or any other physicalType",
                                "number",
                                "double, float, int, long",
                                "double, float, DoubleValue",
                                "DOUBLE");
            case FieldType.Decimal number ->
                new TypeForms(
                        "number; physicalType decimal(p,s), numeric(p,s), number(p,s), p up to 76; integer with format"
                                + " i128, u128 is decimal(39,0)",
                        "number, every digit kept",
                        "decimal (bytes, fixed), int, long",
                        "string as in JSON, any integer",
                        number.precision() > 38 ? "none in DuckDB, which has 38 digits" : "DECIMAL(p,s)");
            case FieldType.Text _ -> new TypeForms("string", "string", "string", "string, StringValue", "VARCHAR");
            case FieldType.OneOf _ ->
                new TypeForms(
                        "string with enum of up to " + FieldType.OneOf.MAX_VALUES + " values",
                        "string, one of the values",
                        "enum, string",
                        "enum (by the names of its numbers), string",
                        "ENUM");
            case FieldType.Binary _ ->
                new TypeForms(
                        "string; format byte, binary, or physicalType bytea, blob, binary, bytes",
                        "string, base64",
                        "bytes, fixed",
                        "bytes, BytesValue",
                        "BLOB");
            case FieldType.Uuid _ ->
                new TypeForms(
                        "string; format uuid, or physicalType uuid",
                        "string, its usual text",
                        "uuid (string, fixed 16), string",
                        "string",
                        "VARCHAR");
            case FieldType.Date date ->
                date.encoding() == Encoding.ISO
                        ? new TypeForms(
                                "date",
                                "string, 2001-01-31",
                                "date (int)",
                                "google.type.Date, string as in JSON",
                                "DATE")
                        : new TypeForms(
                                "date; physicalType epoch_days",
                                "number of days since 1970 in a record, as the one above in an answer",
                                "date, int, long as in JSON",
                                "google.type.Date, int32 as in JSON",
                                "DATE");
            case FieldType.Time _ ->
                new TypeForms(
                        "time; physicalType time(3), time(9); micros without",
                        "string, 12:34:56.789",
                        "time-millis (int), time-micros (long)",
                        "google.type.TimeOfDay, string as in JSON",
                        "TIME");
            case FieldType.Timestamp stamp -> timestamp(stamp);
            case FieldType.Struct _ ->
                new TypeForms("object with properties", "object", "record", "message", "STRUCT(…)");
            case FieldType.ListOf _ -> new TypeForms("array with items", "array", "array", "repeated", "…[]");
            case FieldType.MapOf _ ->
                new TypeForms(
                        "map with map: {key, value}; a key is a string or an integer",
                        "object, each key once",
                        "map (its keys are strings)",
                        "map",
                        "MAP(…, …)");
            case FieldType.VectorOf _ ->
                new TypeForms(
                        "vector; option dimensions, elementType float32 or float64",
                        "array of exactly that many numbers",
                        "array of float, double",
                        "repeated float, double",
                        "FLOAT[n], DOUBLE[n]");
        };
    }

    private static TypeForms integer(FieldType.Int number) {
        String bits = String.valueOf(number.bits());
        String physical = switch (number.bits()) {
            case 8 -> "tinyint";
            case 16 -> "smallint";
            case 32 -> "int";
            default -> "bigint";
        };
        String sql = physical.equals("int") ? "INTEGER" : physical.toUpperCase(java.util.Locale.ROOT);
        boolean wide = number.bits() == 64;
        return number.signed()
                ? new TypeForms(
                        "integer; format i" + bits + ", or physicalType " + physical + (wide ? ", or neither" : ""),
                        "whole number",
                        wide ? "long, int" : "int, long",
                        wide ? "any integer, Int64Value" : "any integer, Int32Value",
                        sql)
                : new TypeForms(
                        "integer; format u" + bits + ", or physicalType uint" + bits + ", " + physical + " unsigned",
                        "whole number of at least 0",
                        wide ? "long, int, decimal of scale 0" : "int, long",
                        wide ? "any integer, UInt64Value" : "any integer, UInt32Value",
                        "U" + sql);
    }

    private static TypeForms timestamp(FieldType.Timestamp stamp) {
        if (stamp.encoding() != Encoding.ISO) {
            String unit = stamp.encoding().name().toLowerCase(java.util.Locale.ROOT);
            return new TypeForms(
                    "timestamp; physicalType " + unit,
                    "number of "
                            + unit.replace("epoch_", "")
                                    .replace("millis", "milliseconds")
                                    .replace("micros", "microseconds")
                                    .replace("nanos", "nanoseconds")
                            + " since 1970 in a record, as the one above in an answer",
                    "timestamp-millis, -micros, -nanos, long as in JSON",
                    "google.protobuf.Timestamp, int64 as in JSON",
                    stamp.unit() == FieldType.Unit.NANOS ? "TIMESTAMP_NS" : "TIMESTAMPTZ");
        }
        return stamp.zoned()
                ? new TypeForms(
                        "timestamp; timestamp(3), timestamp(9) or timestamp_ms, timestamp_ns; micros without",
                        "string, 2001-01-31T12:34:56.789Z",
                        "timestamp-millis, -micros, -nanos",
                        "google.protobuf.Timestamp, string as in JSON",
                        "TIMESTAMPTZ")
                : new TypeForms(
                        "timestamp; option timezone: false, or physicalType timestamp_ntz",
                        "string, 2001-01-31T12:34:56.789",
                        "local-timestamp-millis, -micros, -nanos",
                        "string as in JSON",
                        "TIMESTAMP");
    }
}
