package dev.millrace.query;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Kind;
import java.util.Map;
import java.util.function.Function;

/** {@code true}: the value is missing; {@code false}: it is there. */
record NullOperator() implements Operator {
    @Override
    public String token() {
        return "null";
    }

    @Override
    public boolean takes(Kind kind) {
        return true;
    }

    @Override
    public String expected(Kind kind) {
        return "true or false";
    }

    @Override
    public Map<String, Object> schema(Kind kind) {
        return Map.of("type", "boolean");
    }

    @Override
    public Condition condition(ColumnLayout column, String text, Function<String, RuntimeException> wrong) {
        return switch (text) {
            case "true" -> new Condition.Missing(true);
            case "false" -> new Condition.Missing(false);
            default -> throw wrong.apply("'" + QueryParser.shown(text) + "' is no value for this operator.");
        };
    }
}
