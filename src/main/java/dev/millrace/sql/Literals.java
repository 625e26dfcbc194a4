package dev.millrace.sql;

import dev.millrace.problem.Problem;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Values of a statement's parameters as literals of SQL: nothing in them is ever read as anything else. */
public final class Literals {
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,63}");

    private Literals() {}

    /** Of an array, for {@code ?} and {@code $1}, or of an object, for {@code $name}; empty for null. */
    public static String of(@Nullable Object parameters) {
        return switch (parameters) {
            case null -> "";
            case JsonArray values -> positional(values.getList());
            case JsonObject values ->
                values.getMap().entrySet().stream()
                        .map(value -> name(value.getKey()) + " := " + literal(value.getValue()))
                        .collect(Collectors.joining(", "));
            default -> throw wrong("an array or an object.");
        };
    }

    /** Of texts, numbers, booleans and nulls, in their order. */
    public static String positional(List<? extends @Nullable Object> values) {
        return values.stream().map(Literals::literal).collect(Collectors.joining(", "));
    }

    private static String name(String name) {
        if (!NAME.matcher(name).matches()) {
            throw wrong("names of letters, digits and underscores.");
        }
        return name;
    }

    private static String literal(@Nullable Object value) {
        return switch (value) {
            case null -> "NULL";
            case Boolean bool -> bool.toString();
            case Integer number -> number.toString();
            case Long number -> number.toString();
            case BigDecimal number -> number.toString();
            case Number number -> "'" + number + "'::DOUBLE";
            case CharSequence text -> "'" + text.toString().replace("'", "''") + "'";
            case Map<?, ?> _, List<?> _, JsonObject _, JsonArray _ -> throw wrong("texts, numbers, booleans or null.");
            default -> throw wrong("texts, numbers, booleans or null.");
        };
    }

    private static RuntimeException wrong(String expected) {
        return new Problem.InvalidParameter("parameters", "this is no value of a parameter.", expected).exception();
    }
}
