package dev.millrace.query;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Kind;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * What a comparison asks of a column's value. An operator is one class and one line of {@link #ALL}. None but the last
 * is ever true of a value that is missing. Immutable; any thread.
 */
public interface Operator {
    /** The operator that a request need not name. */
    String EQUALS = "eq";

    /** All that the server has. */
    List<Operator> ALL = List.of(
            new CompareOperator(EQUALS, false, true, false),
            new CompareOperator("ne", true, false, true),
            new CompareOperator("gt", false, false, true),
            new CompareOperator("gte", false, true, true),
            new CompareOperator("lt", true, false, false),
            new CompareOperator("lte", true, true, false),
            new InOperator(),
            new PrefixOperator(),
            new NullOperator());

    /** How a request names it. */
    String token();

    /** Whether a column of that kind has it. */
    boolean takes(Kind kind);

    /** What the text that a request gives looks like, for people, without a full stop. */
    default String expected(Kind kind) {
        return kind.expected();
    }

    /** The JSON Schema of that text. */
    default Map<String, Object> schema(Kind kind) {
        return Map.of("type", "string");
    }

    /**
     * What is asked of the column.
     *
     * @param wrong makes the problem to throw of what is wrong with the text
     */
    Condition condition(ColumnLayout column, String text, Function<String, RuntimeException> wrong);
}
