package dev.millrace.query;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.text.JsonQuotes;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which rows are wanted: comparisons of columns, joined by and, or and not. Immutable; any thread.
 *
 * <p>The logic is SQL's, of three values: a comparison with a value that is missing is neither true nor false but unknown,
 * {@code not} of unknown is unknown, and a row is wanted where the whole is true. Of the operators only {@code null} is
 * never unknown.
 */
public sealed interface Filter {
    /** Every row. */
    Filter ALL = new And(List.of());

    /** No row. */
    Filter NONE = new Not(ALL);

    /**
     * True where all of them are.
     *
     * @param filters none, for {@link #ALL}, or at least two
     */
    record And(List<Filter> filters) implements Filter {
        public And {
            filters = List.copyOf(filters);
            if (filters.size() == 1) {
                throw new IllegalArgumentException("one filter is itself");
            }
        }
    }

    /**
     * True where one of them is.
     *
     * @param filters at least two
     */
    record Or(List<Filter> filters) implements Filter {
        public Or {
            filters = List.copyOf(filters);
            if (filters.size() < 2) {
                throw new IllegalArgumentException("one filter is itself, and none is nothing");
            }
        }
    }

    /** True where the other is false. */
    record Not(Filter filter) implements Filter {}

    /**
     * One comparison of one column.
     *
     * @param column top-level or nested in structs
     * @param condition what it asks of the column's values
     * @param text the value as the request gave it
     */
    record Compare(ColumnLayout column, Operator operator, Condition condition, String text) implements Filter {
        /** The name of this comparison in a JSON filter, which reads it back. */
        String member() {
            boolean plain = !JOINS.contains(column.path());
            return (plain ? column.path() : "filter[" + column.path() + "]")
                    + (operator.token().equals(Operator.EQUALS) ? "" : "[" + operator.token() + "]");
        }
    }

    /** The members of a JSON filter that are no comparisons. */
    Set<String> JOINS = Set.of("and", "or", "not");

    /** All of these; one that wants every row asks nothing. */
    static Filter all(List<? extends Filter> filters) {
        List<? extends Filter> asking =
                filters.stream().filter(each -> !each.isAll()).toList();
        return asking.size() == 1 ? asking.getFirst() : new And(List.copyOf(asking));
    }

    /** One of these, which are at least one. */
    static Filter any(List<? extends Filter> filters) {
        return filters.size() == 1 ? filters.getFirst() : new Or(List.copyOf(filters));
    }

    /** Whether every row is wanted, seen from the form alone. */
    default boolean isAll() {
        return equals(ALL);
    }

    /** How many comparisons it has. */
    default int comparisons() {
        return switch (this) {
            case And(List<Filter> filters) ->
                filters.stream().mapToInt(Filter::comparisons).sum();
            case Or(List<Filter> filters) ->
                filters.stream().mapToInt(Filter::comparisons).sum();
            case Not(Filter inner) -> inner.comparisons();
            case Compare _ -> 1;
        };
    }

    /**
     * The filter as JSON text, the same for the same comparisons in whatever order: a cursor is bound to it, and so are
     * tags and tickets. Read as a JSON filter it is this one again.
     */
    default String canonical() {
        return '{' + (this instanceof And(List<Filter> filters) ? members(filters) : member(this)) + '}';
    }

    private static String members(List<Filter> filters) {
        List<String> members = filters.stream().map(Filter::member).sorted().toList();
        boolean once = filters.stream().map(Filter::name).distinct().count() == filters.size();
        return once ? String.join(",", members) : joined("and", filters);
    }

    private static String joined(String name, List<Filter> filters) {
        return filters.stream()
                .map(Filter::canonical)
                .sorted()
                .collect(Collectors.joining(",", "\"" + name + "\":[", "]"));
    }

    private static String name(Filter filter) {
        return switch (filter) {
            case And _ -> "and";
            case Or _ -> "or";
            case Not _ -> "not";
            case Compare compare -> compare.member();
        };
    }

    private static String member(Filter filter) {
        return switch (filter) {
            case And(List<Filter> filters) -> joined("and", filters);
            case Or(List<Filter> filters) -> joined("or", filters);
            case Not(Filter inner) -> "\"not\":" + inner.canonical();
            case Compare compare ->
                JsonQuotes.quote(
                                JsonQuotes.quote(new StringBuilder(), compare.member())
                                        .append(':'),
                                compare.text())
                        .toString();
        };
    }
}
