package dev.millrace.contract;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A {@code physicalType} taken apart: {@code TIMESTAMP(6) WITH TIME ZONE} is {@code timestamp}, 6, none,
 * {@code with time zone}. What has no such form has an empty name.
 */
record PhysicalType(String name, OptionalInt first, OptionalInt second, String rest) {
    private static final Pattern FORM = Pattern.compile(
            "([a-z][a-z0-9_-]*)\\s*(?:\\(\\s*(\\d{1,6})\\s*(?:,\\s*(\\d{1,6})\\s*)?\\))?\\s*(.*)", Pattern.DOTALL);

    static PhysicalType of(String text) {
        Matcher matcher = FORM.matcher(text.strip().toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            return new PhysicalType("", OptionalInt.empty(), OptionalInt.empty(), "");
        }
        return new PhysicalType(matcher.group(1), number(matcher, 2), number(matcher, 3), matcher.group(4));
    }

    private static OptionalInt number(Matcher matcher, int group) {
        String digits = matcher.group(group);
        return digits == null ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(digits));
    }

    boolean isDecimal() {
        return switch (name) {
            case "decimal", "numeric", "number", "dec", "bigdecimal", "bignumeric" -> true;
            default -> false;
        };
    }

    /** The whole number of that name; {@code integer} says nothing of bits, and {@code int8} too little. */
    Optional<FieldType.Int> integer() {
        boolean signed = !rest.contains("unsigned");
        return switch (name) {
            case "tinyint", "int1", "byte" -> Optional.of(new FieldType.Int(8, signed));
            case "smallint", "int2", "int16", "short", "smallserial" -> Optional.of(new FieldType.Int(16, signed));
            case "int", "int4", "int32", "mediumint", "serial" -> Optional.of(new FieldType.Int(32, signed));
            case "integer", "int8", "int64", "bigint", "long", "bigserial" ->
                Optional.of(new FieldType.Int(64, signed));
            case "uint8" -> Optional.of(new FieldType.Int(8, false));
            case "uint16" -> Optional.of(new FieldType.Int(16, false));
            case "uint32" -> Optional.of(new FieldType.Int(32, false));
            case "uint64" -> Optional.of(new FieldType.Int(64, false));
            default -> Optional.empty();
        };
    }

    /** The logical type that a column of this physical type usually has; for contracts that name none. */
    Optional<LogicalType> usualLogicalType() {
        if (integer().isPresent()) {
            return Optional.of(LogicalType.INTEGER);
        }
        if (isDecimal()) {
            return Optional.of(LogicalType.NUMBER);
        }
        if (isTimestamp()) {
            return Optional.of(LogicalType.TIMESTAMP);
        }
        return switch (name) {
            case "float", "double", "real", "float4", "float8", "float32", "float64", "binary_float", "binary_double" ->
                Optional.of(LogicalType.NUMBER);
            case "bool", "boolean" -> Optional.of(LogicalType.BOOLEAN);
            case "date" -> Optional.of(LogicalType.DATE);
            case "time", "timetz" -> Optional.of(LogicalType.TIME);
            case "string", "text", "varchar", "varchar2", "nvarchar", "nvarchar2", "char", "nchar", "bpchar", "clob" ->
                Optional.of(LogicalType.STRING);
            case "nclob", "uuid", "bytea", "blob", "binary", "varbinary", "bytes", "raw" ->
                Optional.of(LogicalType.STRING);
            case "object", "struct", "record" -> Optional.of(LogicalType.OBJECT);
            case "array", "list" -> Optional.of(LogicalType.ARRAY);
            case "enum" -> Optional.of(LogicalType.STRING);
            case "map" -> Optional.of(LogicalType.MAP);
            default -> Optional.empty();
        };
    }

    boolean isTimestamp() {
        return name.startsWith("timestamp")
                || name.startsWith("local-timestamp")
                || name.startsWith("datetime")
                || name.startsWith("epoch_");
    }

    boolean isTime() {
        return !isTimestamp() && name.startsWith("time");
    }

    boolean isBinary() {
        return switch (name) {
            case "bytea", "blob", "binary", "varbinary", "bytes", "raw" -> true;
            default -> false;
        };
    }
}
