package dev.millrace.documents;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.domain.Product;
import dev.millrace.query.Operator;
import dev.millrace.query.QueryParser;
import dev.millrace.query.Reading;
import dev.millrace.query.RowSource;
import dev.millrace.query.View;
import dev.millrace.text.JsonEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;

/**
 * The document of one product, made of the server's: its own paths, its rows with their types, a parameter for each filter,
 * and a row of its own as the example. So a generator makes typed clients, and a reader can try what stands there.
 */
public final class ProductOpenApi {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PATH = "/v1/products/{domain}/{product}";

    private final OpenApi server;
    private final Product product;
    private final View view;
    private final QueryParser parser;
    private final BufferAllocator allocator;

    /** @param allocator borrowed, pays for the example while it is made */
    public ProductOpenApi(OpenApi server, Product product, View view, QueryParser parser, BufferAllocator allocator) {
        this.server = server;
        this.product = product;
        this.view = view;
        this.parser = parser;
        this.allocator = allocator;
    }

    /** The document as YAML, with an example from the reading, which is borrowed; not for an event loop. */
    public String text(Reading reading) {
        Optional<ObjectNode> example = example(reading);
        return server.ofProducts().of(product.qualifiedName(), view.id(), product.face(), example, () -> text(example));
    }

    private String text(Optional<ObjectNode> example) {
        ObjectNode document = JSON.valueToTree(server.tree());
        ObjectNode info = document.putObject("info");
        info.put("title", product.face().title())
                .put("version", product.face().contractVersion())
                .put(
                        "description",
                        product.face().description() + "\n\nContract "
                                + product.face().contractId() + ".");
        ObjectNode components = (ObjectNode) document.get("components");
        paths(document, components, example);
        rows(components, example);
        Map<?, ?> plain = JSON.convertValue(document, Map.class);
        return new Dump(DumpSettings.builder().setSplitLines(false).build()).dumpToString(plain);
    }

    private void paths(ObjectNode document, ObjectNode components, Optional<ObjectNode> example) {
        ObjectNode all = (ObjectNode) document.get("paths");
        ObjectNode own = document.putObject("paths");
        String url = "/v1/products/" + product.domain() + "/" + product.name();
        for (Map.Entry<String, JsonNode> path : all.properties()) {
            String rest = path.getKey().startsWith(PATH) ? path.getKey().substring(PATH.length()) : "-";
            boolean keyed = rest.startsWith("/rows/") || rest.equals("/rows:lookup");
            boolean letters = rest.startsWith("/dead-letters");
            if (rest.equals("-")
                    || (keyed && view.shape().key().isEmpty())
                    || (letters && product.deadLetters().isEmpty())) {
                continue;
            }
            ObjectNode item = (ObjectNode) path.getValue();
            ArrayNode shared = (ArrayNode) item.get("parameters");
            shared.removeIf(each -> each.path("$ref").asText().matches(".*/(Domain|Product)"));
            if (rest.equals("/changes") || rest.equals("/rows")) {
                filters((ArrayNode) item.get("get").get("parameters"));
            }
            if (rest.equals("/rows")) {
                pageExample((ObjectNode) item.get("get"), example);
            }
            if (rest.equals("/rows/{key}")) {
                key((ObjectNode) shared.get(0), example);
            }
            if (product.definition().isDeadLetters()) {
                item.remove(List.of("post", "delete"));
            }
            own.set(url + rest, item);
        }
        // The rows of dead letters are not this product's.
        ObjectNode schemas = (ObjectNode) components.get("schemas");
        schemas.set("DeadLetter", schemas.get("Row"));
        schemas.set("DeadLetterPage", withRow(schemas.get("Page").deepCopy(), "DeadLetter"));
        own.properties().stream()
                .filter(path -> path.getKey().startsWith(url + "/dead-letters"))
                .forEach(path -> withRow(path.getValue(), "DeadLetter"));
    }

    /** The same tree with another schema of rows in it. */
    private static <T extends JsonNode> T withRow(T tree, String name) {
        tree.findParents("$ref").forEach(reference -> {
            String to = reference.get("$ref").asText();
            if (to.equals("#/components/schemas/Row")) {
                ((ObjectNode) reference).put("$ref", "#/components/schemas/" + name);
            } else if (to.equals("#/components/schemas/Page")) {
                ((ObjectNode) reference).put("$ref", "#/components/schemas/" + name + "Page");
            }
        });
        return tree;
    }

    private void rows(ObjectNode components, Optional<ObjectNode> example) {
        ObjectNode schemas = (ObjectNode) components.get("schemas");
        ObjectNode row = read(RowJsonSchema.ofSome(product, view.shape()).encode());
        example.ifPresent(each -> row.set("examples", JSON.createArrayNode().add(each)));
        schemas.set("Row", row);
        // A group has a column that no row has, or is like a row of which some columns are selected.
        ObjectNode group = schemas.putObject("Group").put("type", "object").put("title", "A group of rows");
        ArrayNode columns = group.putObject("not").putObject("propertyNames").putArray("enum");
        row.get("properties").fieldNames().forEachRemaining(columns::add);
        ObjectNode items = ((ObjectNode) schemas.at("/Page/properties/data")).putObject("items");
        for (String either : List.of("Row", "Group")) {
            items.withArray("anyOf").addObject().put("$ref", "#/components/schemas/" + either);
        }
    }

    private void filters(ArrayNode parameters) {
        parameters.removeIf(each -> each.path("$ref").asText().endsWith("/Filters"));
        parser.filters().forEach((name, column) -> {
            for (Operator operator : parser.filterParser().operators(column)) {
                ObjectNode parameter = parameters.addObject();
                parameter
                        .put(
                                "name",
                                operator.token().equals(Operator.EQUALS) ? name : name + "[" + operator.token() + "]")
                        .put("in", "query");
                ObjectNode schema = parameter.putObject("schema");
                schema.setAll((ObjectNode) JSON.valueToTree(operator.schema(column.kind())));
                if (schema.get("type").asText().equals("string") && !schema.has("format")) {
                    schema.put("pattern", "^[^\\u0000]*$");
                }
            }
        });
    }

    private void pageExample(ObjectNode operation, Optional<ObjectNode> example) {
        ObjectNode content = (ObjectNode) operation.at("/responses/200/content/application~1json");
        content.remove("examples");
        example.ifPresent(row -> {
            ObjectNode page = content.putObject("example");
            page.putArray("data").add(row);
            page.put("position", product.position().toString()).putNull("next");
        });
    }

    private void key(ObjectNode parameter, Optional<ObjectNode> example) {
        List<ColumnLayout> key = view.shape().key();
        parameter.remove("example");
        if (key.size() == 1) {
            String name = key.getFirst().name();
            example.ifPresent(row -> parameter.put("example", row.path(name).asText()));
        }
    }

    private Optional<ObjectNode> example(Reading reading) {
        RowSource scan = reading.scan(parser.parse(List.of(Map.entry("limit", "1"))));
        while (scan.next()) {
            if (scan.count() > 0) {
                try (var target = new ByteSink.ArrowTarget(allocator, 4096)) {
                    ByteSink sink = new ByteSink(target);
                    JsonEncoder.of(view.shape().columns(), false).row(scan.batch(), scan.selection()[0], sink);
                    return Optional.of(read(new String(sink.toBytes(), StandardCharsets.UTF_8)));
                }
            }
        }
        return Optional.empty();
    }

    private static ObjectNode read(String json) {
        try {
            return (ObjectNode) JSON.readTree(json);
        } catch (JsonProcessingException ourOwnText) {
            throw new IllegalStateException(ourOwnText);
        }
    }
}
