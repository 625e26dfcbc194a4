package dev.millrace.documents;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * The document {@code openapi.yaml}, the truth about paths and methods: handlers are bound to its operation ids.
 *
 * @param text as it is stored
 * @param tree its maps, lists and scalars
 * @param operations in the document's order
 * @param ofProducts those that are made from this one
 */
public record OpenApi(String text, Map<String, Object> tree, List<Operation> operations, Documents ofProducts) {
    private static final String RESOURCE = "/openapi.yaml";
    private static final Set<String> METHODS =
            Set.of("get", "put", "post", "delete", "options", "head", "patch", "trace");

    /**
     * One operation of the document.
     *
     * @param id the operation id
     * @param method in upper case
     * @param template for example {@code /v1/products/{domain}/{product}/rows:lookup}
     */
    public record Operation(String id, String method, String template) {
        private static final Pattern PARAMETER = Pattern.compile("\\{[A-Za-z]+\\}");

        /** The methods that it answers: who may get, may ask for the head alone. */
        public List<String> methods() {
            return method.equals("GET") ? List.of("GET", "HEAD") : List.of(method);
        }

        /** A pattern over raw paths: a parameter is a segment without a slash, everything else is itself. */
        public Pattern pattern() {
            return Pattern.compile(
                    Stream.of(PARAMETER.split(template, -1)).map(Pattern::quote).collect(Collectors.joining("[^/]+")));
        }
    }

    public OpenApi {
        tree = java.util.Collections.unmodifiableMap(tree);
        operations = List.copyOf(operations);
    }

    /** The document that the server was built with. Blocks: reads the class path. */
    public static OpenApi load() {
        try (InputStream stream = OpenApi.class.getResourceAsStream(RESOURCE)) {
            if (stream == null) {
                throw new IllegalStateException(RESOURCE + " is not on the class path");
            }
            return parse(new String(stream.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** A document of this text. */
    public static OpenApi parse(String text) {
        Object document = new Load(LoadSettings.builder().build()).loadFromString(text);
        var operations = new ArrayList<Operation>();
        var ids = new HashSet<String>();
        map(map(document).get("paths"))
                .forEach((template, item) -> map(item).forEach((method, operation) -> {
                    if (METHODS.contains(method)) {
                        String id = String.valueOf(map(operation).get("operationId"));
                        if (!ids.add(id)) {
                            throw new IllegalStateException("openapi.yaml has two operations '" + id + "'");
                        }
                        operations.add(new Operation(id, method.toUpperCase(java.util.Locale.ROOT), template));
                    }
                }));
        return new OpenApi(text, map(document), operations, new Documents());
    }

    /**
     * Checks that there is a handler for each operation and an operation for each handler.
     *
     * @throws IllegalStateException naming all that are alone
     */
    public void checkBound(Set<String> handlers) {
        var unbound = new HashSet<String>();
        operations.forEach(operation -> unbound.add(operation.id()));
        var unknown = new HashSet<>(handlers);
        unknown.removeAll(unbound);
        unbound.removeAll(handlers);
        if (!unbound.isEmpty() || !unknown.isEmpty()) {
            throw new IllegalStateException(
                    "operations without a handler: " + unbound + ", handlers without an operation: " + unknown);
        }
    }

    @SuppressWarnings("unchecked") // a YAML mapping with text keys, as OpenAPI demands
    private static Map<String, Object> map(@Nullable Object node) {
        if (node instanceof Map<?, ?> mapping) {
            return (Map<String, Object>) mapping;
        }
        throw new IllegalStateException("openapi.yaml: a mapping is missing");
    }
}
