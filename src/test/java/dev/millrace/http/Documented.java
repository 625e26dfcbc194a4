package dev.millrace.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.millrace.documents.OpenApi;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Holds every answer that a test gets against {@code openapi.yaml}: its status, its media type, its headers, and the body
 * where it is JSON. So the document cannot promise what the server does not do, nor the other way round.
 */
public final class Documented {
    private static final OpenApi DOCUMENT = OpenApi.load();
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonNode TREE = JSON.valueToTree(DOCUMENT.tree());
    private static final SchemaRegistry SCHEMAS = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
    private static final Map<String, Schema> LOADED = new ConcurrentHashMap<>();

    private record Route(OpenApi.Operation operation, Pattern pattern) {}

    private static final List<Route> ROUTES = DOCUMENT.operations().stream()
            .map(operation -> new Route(operation, operation.pattern()))
            .toList();

    private Documented() {}

    /** The answer itself, when it is as the document says. */
    public static <T> HttpResponse<T> check(HttpResponse<T> response) {
        String method = response.request().method();
        if (method.equals("OPTIONS")) {
            return response; // of every path, said once in the document's description
        }
        String path = response.request().uri().getRawPath();
        Optional<OpenApi.Operation> operation = ROUTES.stream()
                .filter(route -> route.operation().method().equals(method.equals("HEAD") ? "GET" : method))
                .filter(route -> route.pattern().matcher(path).matches())
                .map(Route::operation)
                .findFirst();
        // A path or a method that is none still gets a problem.
        JsonNode responses = operation
                .map(found -> TREE.path("paths")
                        .path(found.template())
                        .path(found.method().toLowerCase(Locale.ROOT))
                        .path("responses"))
                .orElseGet(() -> JSON.createObjectNode()
                        .set("default", TREE.at("/components/responses/Problem").deepCopy()));
        String status = Integer.toString(response.statusCode());
        JsonNode wanted = resolved(responses.has(status) ? responses.get(status) : responses.path("default"));
        if (response.statusCode() < 400 && !responses.has(status)) {
            throw wrong(response, "the status is not documented");
        }
        headers(response, wanted);
        if (!method.equals("HEAD")) {
            body(response, wanted);
        }
        return response;
    }

    private static void headers(HttpResponse<?> response, JsonNode wanted) {
        for (Map.Entry<String, JsonNode> header : wanted.path("headers").properties()) {
            Optional<String> value = response.headers().firstValue(header.getKey());
            JsonNode described = resolved(header.getValue());
            if (value.isEmpty() && described.path("required").asBoolean()) {
                throw wrong(response, "there is no header " + header.getKey());
            }
            value.ifPresent(text -> {
                String type = described.path("schema").path("type").asText();
                JsonNode node = type.equals("integer") && text.matches("-?\\d{1,18}")
                        ? JSON.getNodeFactory().numberNode(Long.parseLong(text))
                        : JSON.getNodeFactory().textNode(text);
                validate(response, "header " + header.getKey(), described.path("schema"), node);
            });
        }
    }

    private static void body(HttpResponse<?> response, JsonNode wanted) {
        String type = response.headers().firstValue("content-type").orElse("").split(";", 2)[0];
        JsonNode content = wanted.path("content");
        if (content.isEmpty() && type.isEmpty()) {
            return;
        }
        if (!content.has(type)) {
            throw wrong(response, "the media type '" + type + "' is not documented");
        }
        JsonNode schema = content.path(type).path("schema");
        if (response.body() instanceof String text) {
            if (type.endsWith("json") && !type.equals("application/x-ndjson")) {
                validate(response, "body", schema, tree(text));
            } else if (schema.path("$ref").asText().endsWith("/Row")) {
                text.lines().forEach(line -> validate(response, "line", schema, tree(line)));
            }
        } else if (response.body() instanceof Stream<?>) {
            return; // its reader takes it apart
        }
    }

    private static void validate(HttpResponse<?> response, String what, JsonNode schema, JsonNode value) {
        List<Error> errors = LOADED.computeIfAbsent(schema.toString(), text -> {
                    // References point into the document, so each schema is loaded with its components.
                    ObjectNode whole = JSON.createObjectNode();
                    whole.set("components", TREE.get("components"));
                    whole.putArray("allOf").add(schema);
                    return SCHEMAS.getSchema(whole);
                })
                .validate(value);
        if (!errors.isEmpty()) {
            throw wrong(response, what + ": " + errors);
        }
    }

    private static JsonNode resolved(JsonNode node) {
        String reference = node.path("$ref").asText();
        return reference.isEmpty() ? node : TREE.at(reference.substring(1));
    }

    private static JsonNode tree(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException notJson) {
            throw new UncheckedIOException(notJson);
        }
    }

    private static AssertionError wrong(HttpResponse<?> response, String what) {
        String body = String.valueOf(response.body());
        return new AssertionError(
                response.request().method() + " " + response.request().uri() + ": "
                        + response.statusCode() + " is not as openapi.yaml says: " + what + "\n"
                        + body.substring(0, Math.min(500, body.length())));
    }
}
