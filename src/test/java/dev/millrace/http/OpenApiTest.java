package dev.millrace.http;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.millrace.documents.Catalogue;
import dev.millrace.documents.OpenApi;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.layer.Places;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** Holds the document and the handlers together. */
class OpenApiTest {
    private final OpenApi document = OpenApi.load();
    private final Vertx vertx = Vertx.vertx();

    @Test
    void document_andHandlers_areTheSame() {
        assertDoesNotThrow(() -> document.checkBound(handlers()));
    }

    @Test
    void checkBound_withOneMoreOrLess_namesIt() {
        Set<String> fewer = new HashSet<>(handlers());
        fewer.remove("getRow");
        assertTrue(assertThrows(IllegalStateException.class, () -> document.checkBound(fewer))
                .toString()
                .contains("[getRow]"));
        Set<String> more = new HashSet<>(handlers());
        more.add("dropProduct");
        assertTrue(assertThrows(IllegalStateException.class, () -> document.checkBound(more))
                .toString()
                .contains("[dropProduct]"));
    }

    @Test
    void parse_sameIdTwice_isRefused() {
        String text = """
                paths:
                  /a: { get: { operationId: x } }
                  /b: { get: { operationId: x } }
                """;
        assertThrows(IllegalStateException.class, () -> OpenApi.parse(text));
    }

    @Test
    void pattern_withAColon_isLiteral() {
        Pattern pattern = new OpenApi.Operation("x", "POST", "/v1/{domain}/rows:lookup").pattern();
        assertTrue(pattern.matcher("/v1/a/rows:lookup").matches());
        assertFalse(pattern.matcher("/v1/a/rows").matches());
        assertFalse(pattern.matcher("/v1/a/b/rows:lookup").matches());
    }

    /** The schema is that of the OpenAPI Initiative, of 2021-04-15, Apache-2.0. */
    @Test
    void document_meetsTheSchemaOfOpenApi() throws Exception {
        var json = new ObjectMapper();
        try (var in = OpenApiTest.class.getResourceAsStream("openapi-3.1.json")) {
            var schema = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                    .getSchema(json.readTree(in));
            ObjectNode tree = json.valueToTree(document.tree());
            assertEquals(List.of(), schema.validate(tree));
            ((ObjectNode) tree.get("info")).remove("title");
            assertEquals(1, schema.validate(tree).size());
        }
    }

    @Test
    void references_allResolve() {
        Object root = new Load(LoadSettings.builder().build()).loadFromString(document.text());
        Matcher reference = Pattern.compile("\\$ref: \"#/([^\"]+)\"").matcher(document.text());
        int count = 0;
        while (reference.find()) {
            Object node = root;
            for (String name : reference.group(1).split("/")) {
                node = at(node, name);
            }
            count++;
        }
        assertTrue(count > 50);
    }

    @Test
    void everyOperation_hasASummaryAndAProblem() {
        Object root = new Load(LoadSettings.builder().build()).loadFromString(document.text());
        for (OpenApi.Operation operation : document.operations()) {
            String method = operation.method().toLowerCase(java.util.Locale.ROOT);
            Object node = at(at(at(root, "paths"), operation.template()), method);
            assertTrue(at(node, "summary") instanceof String, operation.id());
            assertTrue(at(at(node, "responses"), "default") instanceof Map, operation.id());
        }
    }

    private static Object at(Object node, String name) {
        Object found = node instanceof Map<?, ?> map ? map.get(name) : null;
        if (found == null) {
            throw new AssertionError("no " + name);
        }
        return found;
    }

    private Set<String> handlers() {
        var products = new ProductRegistry("mesh", List.of());
        var room = new RowStream.Workplace(
                vertx,
                dev.millrace.layer.WorkerPool.unwatched(vertx, "test", 1),
                dev.millrace.layer.WorkerPool.unwatched(vertx, "statements", 1),
                new dev.millrace.query.QueryEngine(
                        new dev.millrace.query.DuckDbEngine(new dev.millrace.query.DuckDbEngine.Limits(
                                java.nio.file.Path.of("target", "openapi-test"), 1 << 26, 1, 1, 1)),
                        new org.apache.arrow.memory.RootAllocator()),
                RowFormat.all(),
                new UnderWay(),
                Places.unshared("streams", 1),
                Places.unshared("subscribers", 1),
                1,
                1,
                1024);
        return new Operations(
                        document,
                        new Catalogue(products, Clock.systemUTC()),
                        room,
                        Map.of(),
                        new SqlPort(java.util.Optional.empty(), java.util.Optional.empty(), room))
                .byId()
                .keySet();
    }

    @AfterEach
    void close() throws Exception {
        vertx.close().await(30, TimeUnit.SECONDS);
    }
}
