package dev.millrace.query;

import static com.fasterxml.jackson.core.StreamReadFeature.STRICT_DUPLICATE_DETECTION;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.problem.Nearest;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * Reads a {@link Filter} from each of its two forms, or fails with the {@code InvalidParameter} that says what is wrong and
 * what would be right. Immutable; any thread.
 *
 * <p>As parameters: one a comparison, {@code column}, {@code column[operator]}, {@code filter[column]} or {@code
 * filter[column][operator]}, all of which must hold. As JSON: an object of such members, all of which must hold, with texts,
 * numbers and booleans as values, for {@code in} an array of them; {@code "and"} and {@code "or"} have an array of such
 * objects, {@code "not"} has one.
 */
public final class FilterParser {
    /** The parameter that has a filter as JSON. */
    static final String WHERE = "where";

    private static final String FORM =
            "an object such as {\"origin\":\"SFO\",\"delay[gte]\":60,\"or\":[{…},{…}],\"not\":{…}}.";
    private static final JsonFactory JSON =
            JsonFactory.builder().enable(STRICT_DUPLICATE_DETECTION).build();

    /** Objects within each other at most, the outermost counted. */
    public static final int MAX_DEPTH = 16;

    private final Map<String, ColumnLayout> columns;
    private final List<Operator> operators;
    private final int maxComparisons;

    /**
     * A parser of filters over some columns.
     *
     * @param columns by the names that a request uses
     * @param maxComparisons of a filter, however they are joined
     */
    public FilterParser(Map<String, ColumnLayout> columns, List<Operator> operators, int maxComparisons) {
        this.columns = columns;
        this.operators = List.copyOf(operators);
        this.maxComparisons = maxComparisons;
    }

    /** The operators that a column has. */
    public List<Operator> operators(ColumnLayout column) {
        return operators.stream()
                .filter(operator -> operator.takes(column.kind()))
                .toList();
    }

    /** The filter that decoded parameters ask for. */
    public Filter ofParameters(List<Map.Entry<String, String>> parameters) {
        var filters = new ArrayList<Filter>();
        var seen = new HashSet<String>();
        for (Map.Entry<String, String> parameter : parameters) {
            String name = parameter.getKey();
            Filter.Compare filter = compare(name, name, parameter.getValue());
            if (!seen.add(filter.member())) {
                throw problem(name, "the same column and operator are given twice.", "each operator once a column.");
            }
            count(name, filters.size());
            filters.add(filter);
        }
        return Filter.all(filters);
    }

    /** The filter that a JSON text is. */
    public Filter ofJson(String json) {
        try (JsonParser parser = JSON.createParser(json)) {
            parser.nextToken();
            Filter filter = new Reader(parser).object(1);
            if (parser.nextToken() != null) {
                throw problem(WHERE, "there is something behind its end.", FORM);
            }
            return filter;
        } catch (StreamConstraintsException tooLarge) {
            throw problem(
                    WHERE,
                    "it is too deep or has too long a number.",
                    "at most " + MAX_DEPTH + " objects within each other.");
        } catch (IOException wrong) {
            String reason =
                    wrong instanceof JsonProcessingException said ? said.getOriginalMessage() : "it ends too early";
            throw problem(WHERE, "it is no JSON, or has a member twice: " + QueryParser.shown(reason) + ".", FORM);
        }
    }

    /** One reading of a JSON text. */
    private final class Reader {
        private final JsonParser parser;
        private int comparisons;

        Reader(JsonParser parser) {
            this.parser = parser;
        }

        /** The filter of the object that the parser stands at. */
        Filter object(int depth) throws IOException {
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                throw problem(WHERE, "it has " + shown() + " where an object must be.", FORM);
            }
            if (depth > MAX_DEPTH) {
                throw problem(WHERE, "it is too deep.", "at most " + MAX_DEPTH + " objects within each other.");
            }
            var filters = new ArrayList<Filter>();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                filters.add(
                        switch (name) {
                            case "and" -> Filter.all(objects(name, depth));
                            case "or" -> Filter.any(objects(name, depth));
                            case "not" -> new Filter.Not(object(depth + 1));
                            default -> compared(name);
                        });
            }
            return Filter.all(filters);
        }

        private List<Filter> objects(String name, int depth) throws IOException {
            var filters = new ArrayList<Filter>();
            if (parser.currentToken() == JsonToken.START_ARRAY) {
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    Filter filter = object(depth + 1);
                    if (filter.isAll()) {
                        throw problem(WHERE, "an object in '" + name + "' is empty.", FORM);
                    }
                    filters.add(filter);
                }
            }
            if (filters.isEmpty()) {
                throw problem(WHERE, "'" + name + "' has no filters.", "an array of at least one object.");
            }
            return filters;
        }

        private Filter compared(String name) throws IOException {
            count(WHERE, comparisons++);
            if (parser.currentToken() != JsonToken.START_ARRAY) {
                return compare(WHERE, name, value(name));
            }
            if (!name.endsWith("[in]")) {
                throw problem(
                        WHERE, "'" + QueryParser.shown(name) + "' has several values.", "one, or the operator in.");
            }
            var values = new ArrayList<String>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                values.add(value(name));
            }
            if (values.isEmpty()) {
                throw problem(WHERE, "'" + QueryParser.shown(name) + "' has no values.", "at least one.");
            }
            return compare(WHERE, name, InOperator.joined(values));
        }

        private String value(String name) throws IOException {
            return switch (parser.currentToken()) {
                case VALUE_STRING, VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT, VALUE_TRUE, VALUE_FALSE -> parser.getText();
                case null, default ->
                    throw problem(
                            WHERE,
                            "'" + QueryParser.shown(name) + "' has " + shown() + ".",
                            "a text, a number or a boolean; for a missing value column[null] and true.");
            };
        }

        private String shown() throws IOException {
            return switch (parser.currentToken()) {
                case START_OBJECT -> "an object";
                case START_ARRAY -> "an array";
                case VALUE_NULL -> "null";
                case null -> "nothing";
                default -> "'" + QueryParser.shown(parser.getText()) + "'";
            };
        }
    }

    private void count(String parameter, int before) {
        if (before == maxComparisons) {
            throw problem(parameter, "the query has too many filters.", "at most " + maxComparisons + ".");
        }
    }

    /** The comparison of one name and value; {@code parameter} is what a problem is told of. */
    private Filter.Compare compare(String parameter, String name, String value) {
        String column = name;
        String token = Operator.EQUALS;
        if (name.startsWith("filter[")) {
            int end = name.indexOf(']');
            if (end < 0) {
                throw fault(parameter, name, "a bracket is not closed.", "filter[column] or filter[column][operator].");
            }
            column = name.substring("filter[".length(), end);
            token = operator(parameter, name, name.substring(end + 1));
        } else if (name.indexOf('[') >= 0) {
            column = name.substring(0, name.indexOf('['));
            token = operator(parameter, name, name.substring(name.indexOf('[')));
        }
        ColumnLayout layout = columns.get(column);
        if (layout == null) {
            throw fault(parameter, name, unknown(column), names() + " Or select, sort, limit, cursor, as_of.");
        }
        String wanted = token;
        List<Operator> offered = operators(layout);
        Operator operator = offered.stream()
                .filter(each -> each.token().equals(wanted))
                .findFirst()
                .orElseThrow(() -> fault(
                        parameter,
                        name,
                        "'" + QueryParser.shown(wanted) + "' is no operator of this column.",
                        "one of "
                                + String.join(
                                        ", ",
                                        offered.stream().map(Operator::token).toList()) + "."));
        Condition condition = operator.condition(
                layout, value, reason -> fault(parameter, name, reason, operator.expected(layout.kind()) + "."));
        return new Filter.Compare(layout, operator, condition, value);
    }

    private static String operator(String parameter, String name, String brackets) {
        if (brackets.isEmpty()) {
            return Operator.EQUALS;
        }
        if (brackets.charAt(0) != '[' || brackets.indexOf(']') != brackets.length() - 1) {
            throw fault(parameter, name, "the brackets are wrong.", "column[operator] or filter[column][operator].");
        }
        return brackets.substring(1, brackets.length() - 1);
    }

    String unknown(String name) {
        String nearest = Nearest.closeTo(name, columns.keySet())
                .map(near -> " The nearest is '" + near + "'.")
                .orElse("");
        return "there is no column '" + QueryParser.shown(name) + "'." + nearest;
    }

    String names() {
        return "one of " + String.join(", ", columns.keySet()) + ".";
    }

    /** Of a parameter the name says which; in a JSON text it is to be said. */
    private static ProblemException fault(String parameter, String name, String reason, String expected) {
        String of = parameter.equals(name) ? "" : "'" + QueryParser.shown(name) + "': ";
        return problem(QueryParser.shown(parameter), of + reason, expected);
    }

    private static ProblemException problem(String parameter, String reason, String expected) {
        return new Problem.InvalidParameter(parameter, reason, expected).exception();
    }
}
