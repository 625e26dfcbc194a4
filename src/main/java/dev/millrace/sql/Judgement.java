package dev.millrace.sql;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.problem.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a parsed statement may do, by lists of what is allowed: one SELECT, tables by their names, functions that look at
 * their arguments alone. Whatever is not known is refused. Immutable; any thread.
 *
 * @param tables the tables that it names, and that no {@code WITH} of it makes
 * @param catalogue whether it looks into the catalogue, so that all tables have to be there
 * @param pushed what rows of a table are to meet, by its name in lower case
 */
record Judgement(Set<Table> tables, boolean catalogue, Map<String, List<Pushdown.Comparison>> pushed) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> FUNCTIONS = functions();
    private static final Set<String> TABLE_FUNCTIONS = Set.of("unnest", "range", "generate_series");
    private static final Set<String> SOURCES = Set.of(
            "BASE_TABLE", "JOIN", "SUBQUERY", "TABLE_FUNCTION", "EMPTY", "EMPTY_FROM", "EXPRESSION_LIST", "SHOW_REF");
    private static final Set<String> QUERIES =
            Set.of("SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE");
    private static final Set<String> SCHEMAS = Set.of("", "main", "pg_catalog");
    private static final String CATALOGUE = "information_schema";

    /** A table as a statement names it; parts that it leaves out are empty. */
    record Table(String catalog, String schema, String name) {
        @Override
        public String toString() {
            return schema.isEmpty() ? name : schema + "." + name;
        }
    }

    Judgement {
        tables = Set.copyOf(tables);
    }

    /**
     * The judgement on what DuckDB made of a text.
     *
     * @throws dev.millrace.problem.ProblemException with {@code InvalidParameter} and the reason
     */
    static Judgement of(String parsed) {
        JsonNode root;
        try {
            root = JSON.readTree(parsed);
        } catch (JsonProcessingException tooDeep) {
            throw refused("it is too deep or too long.", "a statement of less than 500 levels.");
        }
        if (root.path("error").asBoolean()) {
            String reason = root.path("error_message").asText();
            throw reason.startsWith("Only SELECT")
                    ? refused(
                            "only a SELECT can be asked for.",
                            "one SELECT, with or without WITH; or EXPLAIN before it.")
                    : refused(
                            reason,
                            root.has("position")
                                    ? "SQL as DuckDB has it; look at character "
                                            + root.path("position").asText() + "."
                                    : "SQL as DuckDB has it.");
        }
        if (root.path("statements").size() != 1) {
            throw refused("there are " + root.path("statements").size() + " statements.", "one.");
        }
        return judge(root.path("statements").get(0));
    }

    private static Judgement judge(JsonNode statement) {
        var named = new LinkedHashSet<Table>();
        boolean catalogue = false;
        var left = new ArrayDeque<Part>(List.of(new Part(statement, Set.of())));
        while (!left.isEmpty()) {
            Part part = left.pop();
            JsonNode node = part.node();
            if (node.isObject()) {
                if (node.has("sample") && node.has("alias") && !SOURCES.contains(type(node))) {
                    throw refused(
                            "it has a " + type(node) + ", which is not known here.", "tables, joins, subqueries.");
                }
                if (node.has("modifiers") && node.has("cte_map") && !QUERIES.contains(type(node))) {
                    throw refused("only a SELECT can be asked for, also within WITH.", "queries that read.");
                }
                if (node.has("function_name")) {
                    function(node);
                }
                switch (type(node)) {
                    case "BASE_TABLE" -> {
                        if (!node.path("at_clause").isNull()
                                && !node.path("at_clause").isMissingNode()) {
                            throw refused("AT is not known here.", "the member positions.");
                        }
                        var table = new Table(
                                text(node, "catalog_name"), text(node, "schema_name"), text(node, "table_name"));
                        if (table.schema().equalsIgnoreCase(CATALOGUE)) {
                            catalogue = true;
                        } else if (!table.schema().isEmpty()
                                || !part.made().contains(table.name().toLowerCase(Locale.ROOT))) {
                            named.add(table);
                        }
                    }
                    case "TABLE_FUNCTION" -> {
                        String name = lower(node.path("function").path("function_name"));
                        if (!TABLE_FUNCTIONS.contains(name)) {
                            throw refused(
                                    "the table function " + name + " is not allowed.",
                                    "unnest, range, generate_series.");
                        }
                    }
                    case "SHOW_REF" -> {
                        if (node.path("query").isNull()
                                && !text(node, "table_name").equals("__show_tables_expanded")) {
                            throw refused(
                                    "this cannot be shown.",
                                    "DESCRIBE SELECT …, SUMMARIZE SELECT …, SHOW ALL TABLES, or information_schema.");
                        }
                        catalogue |= node.path("query").isNull();
                    }
                    default -> {}
                }
            }
            within(part, left);
        }
        return new Judgement(named, catalogue, Pushdown.of(statement));
    }

    /** A part of a statement, and the names in lower case that a {@code WITH} around it has made tables of. */
    private record Part(JsonNode node, Set<String> made) {}

    /**
     * What a part is made of. A name is known in the queries of the {@code WITH} behind it, in the query itself, and, where it
     * is recursive, in the second of its own two; nowhere else, since DuckDB then takes it for one of its own tables.
     */
    private static void within(Part part, Deque<Part> left) {
        JsonNode node = part.node();
        var made = new HashSet<>(part.made());
        for (JsonNode each : node.path("cte_map").path("map")) {
            left.push(new Part(each.path("value"), Set.copyOf(made)));
            made.add(lower(each.path("key")));
        }
        if (!node.isObject()) {
            node.forEach(each -> left.push(new Part(each, part.made())));
            return;
        }
        node.properties().forEach(member -> {
            if (member.getKey().equals("right") && node.has("cte_name")) {
                var itself = new HashSet<>(made);
                itself.add(lower(node.path("cte_name")));
                left.push(new Part(member.getValue(), itself));
            } else if (!member.getKey().equals("cte_map")) {
                left.push(new Part(member.getValue(), made));
            }
        });
    }

    private static void function(JsonNode node) {
        String name = lower(node.path("function_name"));
        if (!SCHEMAS.contains(lower(node.path("schema")))
                || !(FUNCTIONS.contains(name) || TABLE_FUNCTIONS.contains(name))) {
            throw refused("the function " + name + " is not allowed.", "functions that look at their arguments alone.");
        }
    }

    private static String type(JsonNode node) {
        return node.path("type").isTextual() ? node.path("type").textValue() : "";
    }

    private static String text(JsonNode node, String member) {
        return node.path(member).asText("");
    }

    private static String lower(JsonNode text) {
        return text.asText("").toLowerCase(Locale.ROOT);
    }

    static RuntimeException refused(String reason, String expected) {
        return new Problem.InvalidParameter("sql", reason, expected).exception();
    }

    private static Set<String> functions() {
        try (InputStream in = Judgement.class.getResourceAsStream("functions.txt")) {
            if (in == null) {
                throw new IllegalStateException("functions.txt is not on the class path");
            }
            return new String(in.readAllBytes(), UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("# "))
                    .collect(Collectors.toUnmodifiableSet());
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
