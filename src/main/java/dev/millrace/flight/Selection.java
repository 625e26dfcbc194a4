package dev.millrace.flight;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.flight.FlightRequest.Wanted;
import dev.millrace.problem.Problem;
import dev.millrace.query.RowsQuery;
import dev.millrace.query.View;
import dev.millrace.security.Principal;
import dev.millrace.store.Position;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * What a descriptor asks for: a product as a view shows it, and a query of its rows, in the same words as over HTTP.
 *
 * <p>A path is {@code [domain, product]} or one name, {@code domain.product} or {@code product} where only one domain has
 * it, and {@code dead-letters} may follow; after the names come parameters, such as {@code select=a,b} and {@code
 * delay[gte]=60}. A command is a JSON object with the member {@code product} and others that are parameters.
 *
 * @param parameters by name, as the request has them
 */
record Selection(Product product, View view, Map<String, String> parameters, RowsQuery query) {
    private static final String PATH_EXPECTED =
            "[domain, product] or [domain.product], for dead letters a dead-letters behind it, then parameters such as"
                    + " select=a,b, as_of=POSITION or delay[gte]=60.";
    private static final String COMMAND_EXPECTED = "{\"product\":\"domain.product\",\"select\":[…],\"where\":{…},"
            + "\"sort\":[…],\"limit\":10,\"group\":[…],\"agg\":[…],\"bucket\":\"…\",\"as_of\":\"…\"}.";
    private static final List<String> COMMAND_MEMBERS =
            List.of("select", "where", "sort", "limit", "group", "agg", "bucket", "as_of");
    private static final int NAMES_MAX = 3;

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** A wrong path is a {@link Problem}. */
    static Wanted path(List<String> path) {
        List<String> names =
                path.stream().takeWhile(component -> !component.contains("=")).toList();
        if (names.isEmpty()
                || names.size() > NAMES_MAX
                || (names.size() == NAMES_MAX && !names.getLast().equals("dead-letters"))) {
            throw invalid("descriptor path", "it is '" + String.join(", ", names) + "'.", PATH_EXPECTED);
        }
        var parameters = new LinkedHashMap<String, String>();
        for (String option : path.subList(names.size(), path.size())) {
            int equals = option.indexOf('=');
            if (equals <= 0) {
                throw invalid("descriptor path", "'" + option + "' is no parameter.", PATH_EXPECTED);
            }
            String name = option.substring(0, equals);
            if (parameters.put(name, option.substring(equals + 1)) != null) {
                throw invalid(name, "it is given twice.", "each parameter once.");
            }
        }
        return new Wanted(String.join(".", names), parameters);
    }

    /** Whether a command is ours, and not Flight SQL's. */
    static boolean isCommand(byte[] command) {
        return command.length > 0 && command[0] == '{';
    }

    /** A wrong command is a {@link Problem}. */
    static Wanted command(byte[] command) {
        JsonNode json;
        try {
            json = JSON.readTree(command);
        } catch (JsonProcessingException broken) {
            throw invalid("command", "it is no JSON object.", COMMAND_EXPECTED);
        } catch (IOException impossible) {
            throw new IllegalStateException(impossible);
        }
        if (!json.path("product").isTextual()) {
            throw invalid("command", "it names no product.", COMMAND_EXPECTED);
        }
        var parameters = new LinkedHashMap<String, String>();
        for (Map.Entry<String, JsonNode> member : json.properties()) {
            String name = member.getKey();
            if (!name.equals("product")) {
                if (!COMMAND_MEMBERS.contains(name)) {
                    throw invalid("command", "'" + name + "' is none of its members.", COMMAND_EXPECTED);
                }
                parameters.put(name, text(name, member.getValue()));
            }
        }
        return new Wanted(json.get("product").textValue(), parameters);
    }

    private static String text(String name, JsonNode value) {
        if (name.equals("where")) {
            return value.toString();
        }
        if (value.isArray()) {
            var texts = new StringJoiner(",");
            for (JsonNode element : value) {
                texts.add(text(name, element));
            }
            return texts.toString();
        }
        if (value.isTextual() || value.isIntegralNumber()) {
            return value.asText();
        }
        throw invalid(
                name,
                "the value is " + value.getNodeType().name().toLowerCase(java.util.Locale.ROOT) + ".",
                COMMAND_EXPECTED);
    }

    /** The product that a caller sees under a name; a wrong one is a {@link Problem}. */
    static Product product(ProductRegistry registry, Principal caller, String name) {
        return registry.find(caller, name).orElseThrow(() -> unknown(registry, caller, name));
    }

    /** The columns of the answer. */
    List<ColumnLayout> columns() {
        return query.select();
    }

    /** Most rows of the answer. */
    long limit() {
        return query.limitGiven() ? query.limit() : Long.MAX_VALUE;
    }

    /** The schema that clients see, with metadata that says what the columns are. */
    Schema schema(Position at) {
        return product.arrowSchema(columns(), at);
    }

    private static RuntimeException unknown(ProductRegistry registry, Principal caller, String name) {
        List<String> candidates = registry.all(caller).stream()
                .filter(product -> product.name().equals(name))
                .map(Product::qualifiedName)
                .toList();
        return candidates.isEmpty()
                ? registry.whyUnserved(caller, name)
                        .orElseGet(() -> new Problem.NotFound("product", name))
                        .exception()
                : invalid(
                        "product",
                        "several domains have a product '" + name + "'.",
                        "one of " + String.join(", ", candidates) + ".");
    }

    /** The position that the query names; empty for the product as it is now. */
    Optional<Position> position() {
        return query.position();
    }

    static RuntimeException invalid(String parameter, String reason, String expected) {
        return new Problem.InvalidParameter(parameter, reason, expected).exception();
    }
}
