package dev.millrace.sql;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Kind;
import dev.millrace.problem.ProblemException;
import dev.millrace.query.Filter;
import dev.millrace.query.FilterParser;
import dev.millrace.query.Operator;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What the scan of a table may leave out because a {@code WHERE} of the statement drops it: comparisons of its columns with
 * constants, of a table that the statement names once. DuckDB asks them again, so a comparison that is left out here costs
 * time only; one that is taken must drop no row that DuckDB would keep. So only those are taken whose meaning is the same in
 * both without any doubt. Immutable; any thread.
 */
final class Pushdown {
    /** Joins in which a row without its like is dropped with what it would be joined to, or stands alone. */
    private static final Set<String> JOINS = Set.of("REGULAR", "NATURAL", "CROSS");

    private static final Map<String, String> OPERATORS = Map.of(
            "COMPARE_EQUAL", "eq",
            "COMPARE_LESSTHAN", "lt",
            "COMPARE_LESSTHANOREQUALTO", "lte",
            "COMPARE_GREATERTHAN", "gt",
            "COMPARE_GREATERTHANOREQUALTO", "gte");
    /** Of a decimal in DuckDB; what has more is text there. */
    private static final int MOST_DIGITS = 38;

    private static final Pattern PLAIN = Pattern.compile("-?[0-9]+(\\.[0-9]+)?");
    private static final Map<String, String> TURNED = Map.of("lt", "gt", "lte", "gte", "gt", "lt", "gte", "lte");

    /** A constant: its text, and the literal's kind or the type that it is cast to. */
    private record Constant(String text, String kind) {}

    /** A column that is to be one of some constants, or to stand in an order to one. */
    record Comparison(String column, String operator, List<Constant> constants) {}

    /** What {@code FROM} names; no table where it is something else. */
    private record Source(String alias, Optional<String> table) {}

    private final Map<String, Integer> named = new HashMap<>();
    private final Map<String, List<Comparison>> found = new HashMap<>();

    private Pushdown() {}

    /** Comparisons by {@code schema.table} in lower case. */
    static Map<String, List<Comparison>> of(JsonNode statement) {
        var pushdown = new Pushdown();
        var left = new ArrayDeque<>(List.of(statement));
        while (!left.isEmpty()) {
            JsonNode node = left.pop();
            if (text(node, "type").equals("BASE_TABLE")) {
                pushdown.named.merge(name(node), 1, Integer::sum);
            } else if (text(node, "type").equals("SELECT_NODE")) {
                pushdown.select(node);
            }
            node.forEach(left::push);
        }
        pushdown.found.keySet().removeIf(table -> pushdown.named.getOrDefault(table, 0) != 1);
        return Map.copyOf(pushdown.found);
    }

    /** The comparisons that columns of such kinds can be held to; all rows where there are none. */
    static Filter filter(List<Comparison> comparisons, List<ColumnLayout> columns) {
        var filters = new ArrayList<Filter>();
        for (Comparison comparison : comparisons) {
            List<ColumnLayout> meant = columns.stream()
                    .filter(column -> column.name().equalsIgnoreCase(comparison.column()))
                    .toList();
            if (meant.size() == 1) { // else DuckDB decides which is meant
                filter(comparison, meant.getFirst()).ifPresent(filters::add);
            }
        }
        return Filter.all(filters);
    }

    private static Optional<Filter> filter(Comparison comparison, ColumnLayout column) {
        var parser = new FilterParser(Map.of(column.path(), column), Operator.ALL, 1);
        var one = new ArrayList<Filter>();
        for (Constant constant : comparison.constants()) {
            Optional<String> value = value(constant, column.kind(), comparison.operator());
            if (value.isEmpty()) {
                return Optional.empty();
            }
            try {
                one.add(parser.ofParameters(List.of(
                        Map.entry("filter[" + column.path() + "][" + comparison.operator() + "]", value.get()))));
            } catch (ProblemException unfit) {
                return Optional.empty();
            }
        }
        return Optional.of(Filter.any(one));
    }

    /** The text of a constant as a filter of such a column has it; empty where the two might not mean the same. */
    private static Optional<String> value(Constant constant, Kind kind, String operator) {
        String text = constant.text();
        return switch (kind) {
            case Kind.Int _ -> Optional.of(text).filter(_ -> constant.kind().equals("INTEGER"));
            case Kind.Decimal(int precision, var _, var _) ->
                Optional.of(text)
                        .filter(_ ->
                                precision <= MOST_DIGITS && PLAIN.matcher(text).matches())
                        .filter(_ -> Set.of("INTEGER", "NUMERIC").contains(constant.kind()));
            case Kind.Text _ ->
                Optional.of(text)
                        .filter(_ -> operator.equals("eq") && constant.kind().equals("STRING"));
            case Kind.Date _ -> date(constant).map(LocalDate::toString);
            // Of finer ones DuckDB may have microseconds alone, so that more values are equal there.
            case Kind.Timestamp(Kind.Unit unit, boolean zoned)
            when unit != Kind.Unit.NANOS -> time(constant).map(time -> time + (zoned ? "Z" : ""));
            default -> Optional.empty();
        };
    }

    private static Optional<LocalDate> date(Constant constant) {
        try {
            return Set.of("STRING", "DATE").contains(constant.kind())
                    ? Optional.of(LocalDate.parse(constant.text()))
                    : Optional.empty();
        } catch (DateTimeParseException other) {
            return Optional.empty();
        }
    }

    private static Optional<String> time(Constant constant) {
        Optional<LocalDateTime> midnight = date(constant).map(LocalDate::atStartOfDay);
        if (midnight.isPresent() || !Set.of("STRING", "TIMESTAMP").contains(constant.kind())) {
            return midnight.map(Pushdown::iso);
        }
        try {
            String text = constant.text().replaceFirst("(?<=\\d) (?=\\d)", "T");
            return Optional.of(iso(
                    text.contains("T")
                            ? LocalDateTime.parse(text)
                            : LocalDate.parse(text).atStartOfDay()));
        } catch (DateTimeParseException other) {
            return Optional.empty();
        }
    }

    private static String iso(LocalDateTime time) {
        return time.getSecond() == 0 && time.getNano() == 0
                ? time.toLocalDate() + "T" + LocalTime.of(time.getHour(), time.getMinute()) + ":00"
                : time.toString();
    }

    private void select(JsonNode select) {
        var sources = new ArrayList<Source>();
        if (!select.path("sample").isNull() || !sources(select.path("from_table"), sources)) {
            return;
        }
        var left = new ArrayDeque<>(List.of(select.path("where_clause")));
        while (!left.isEmpty()) {
            JsonNode condition = left.pop();
            String type = text(condition, "type");
            JsonNode children = condition.path("children");
            if (type.equals("CONJUNCTION_AND")) {
                children.forEach(left::push);
            } else if (OPERATORS.get(type) instanceof String operator) {
                compare(select, sources, condition.path("left"), operator, List.of(condition.path("right")));
                compare(
                        select,
                        sources,
                        condition.path("right"),
                        TURNED.getOrDefault(operator, operator),
                        List.of(condition.path("left")));
            } else if (type.equals("COMPARE_BETWEEN")) {
                compare(select, sources, condition.path("input"), "gte", List.of(condition.path("lower")));
                compare(select, sources, condition.path("input"), "lte", List.of(condition.path("upper")));
            } else if (type.equals("COMPARE_IN")) {
                List<JsonNode> all = children.valueStream().toList();
                compare(select, sources, all.getFirst(), "eq", all.subList(1, all.size()));
            }
        }
    }

    /** Collects what a {@code FROM} names; false where something in it is not known to bear it. */
    private static boolean sources(JsonNode from, List<Source> into) {
        if (!from.path("sample").isNull()
                || !from.path("column_name_alias").isEmpty()
                || !from.path("at_clause").isNull() && !from.path("at_clause").isMissingNode()) {
            return false;
        }
        switch (text(from, "type")) {
            case "JOIN" -> {
                return JOINS.contains(text(from, "ref_type"))
                        && sources(from.path("left"), into)
                        && sources(from.path("right"), into);
            }
            case "BASE_TABLE" -> {
                String alias = text(from, "alias");
                into.add(new Source(alias.isEmpty() ? text(from, "table_name") : alias, Optional.of(name(from))));
            }
            default -> into.add(new Source(text(from, "alias"), Optional.empty()));
        }
        return true;
    }

    private void compare(
            JsonNode select, List<Source> sources, JsonNode column, String operator, List<JsonNode> values) {
        List<Constant> constants =
                values.stream().flatMap(value -> constant(value).stream()).toList();
        List<String> names =
                column.path("column_names").valueStream().map(JsonNode::asText).toList();
        if (!text(column, "type").equals("COLUMN_REF") || constants.isEmpty() || constants.size() < values.size()) {
            return;
        }
        List<Source> meant = sources.stream()
                .filter(source -> names.size() == 2
                        ? source.alias().equalsIgnoreCase(names.getFirst())
                        : names.size() == 1 && sources.size() == 1 && !isAlias(select, names.getFirst()))
                .toList();
        if (meant.size() == 1 && meant.getFirst().table().isPresent()) {
            found.computeIfAbsent(meant.getFirst().table().get(), table -> new ArrayList<>())
                    .add(new Comparison(names.getLast(), operator, constants));
        }
    }

    /** Whether a name may mean an expression of the select list. */
    private static boolean isAlias(JsonNode select, String name) {
        return select.path("select_list")
                .valueStream()
                .anyMatch(each -> text(each, "alias").equalsIgnoreCase(name));
    }

    private static Optional<Constant> constant(JsonNode value) {
        JsonNode literal = value.path("literal");
        if (text(value, "type").equals("VALUE_CONSTANT")) {
            return Optional.of(new Constant(text(literal, "text"), text(literal, "kind")));
        }
        String type = text(value.path("type_expr"), "type_name").toUpperCase(Locale.ROOT);
        boolean cast = text(value, "type").equals("OPERATOR_CAST")
                && Stream.of("DATE", "TIMESTAMP").anyMatch(type::equals)
                && value.path("type_expr").path("children").isEmpty();
        return cast
                ? constant(value.path("child"))
                        .filter(inner -> inner.kind().equals("STRING"))
                        .map(inner -> new Constant(inner.text(), type))
                : Optional.empty();
    }

    private static String name(JsonNode table) {
        return (text(table, "schema_name") + "." + text(table, "table_name")).toLowerCase(Locale.ROOT);
    }

    private static String text(JsonNode node, String member) {
        return node.path(member).asText("");
    }
}
