package dev.millrace.http;

import dev.millrace.domain.Product;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;

/** The AsyncAPI 3.0 document of one product's changes: a channel, its messages, and their payloads with typed rows. */
final class ProductAsyncApi {
    private final Product product;

    ProductAsyncApi(Product product) {
        this.product = product;
    }

    String text() {
        return new Dump(DumpSettings.builder().setSplitLines(false).build()).dumpToString(plain(document()));
    }

    private JsonObject document() {
        String url = "/v1/products/" + product.domain() + "/" + product.name() + "/changes";
        var messages = new JsonObject();
        var ofChannel = new JsonObject();
        var ofOperation = new JsonArray();
        for (String kind : new String[] {"insert", "update", "delete", "position", "problem"}) {
            messages.put(kind, message(kind));
            ofChannel.put(kind, reference("components/messages/" + kind));
            ofOperation.add(reference("channels/changes/messages/" + kind));
        }
        JsonObject row = RowJsonSchema.of(product);
        row.remove("$schema");
        row.remove("required"); // a select answers some of them
        return new JsonObject()
                .put("asyncapi", "3.0.0")
                .put(
                        "info",
                        new JsonObject()
                                .put("title", product.face().title() + ": changes")
                                .put("version", product.face().contractVersion())
                                .put(
                                        "description",
                                        product.face().description() + "\n\nContract "
                                                + product.face().contractId() + ". An id, sent back as Last-Event-ID or"
                                                + " `from`, resumes behind it."))
                .put("defaultContentType", "application/json")
                .put(
                        "channels",
                        new JsonObject()
                                .put(
                                        "changes",
                                        new JsonObject()
                                                .put("address", url)
                                                .put(
                                                        "description",
                                                        "Lines of JSON: as a WebSocket's text messages, of one line or"
                                                                + " several, or as application/x-ndjson. As"
                                                                + " text/event-stream, `type` and `id` are the event's"
                                                                + " fields and the rest its data.")
                                                .put("messages", ofChannel)
                                                .put("bindings", bindings())))
                .put(
                        "operations",
                        new JsonObject()
                                .put(
                                        "pushChanges",
                                        new JsonObject()
                                                .put("action", "send")
                                                .put("channel", reference("channels/changes"))
                                                .put("messages", ofOperation)))
                .put(
                        "components",
                        new JsonObject().put("messages", messages).put("schemas", new JsonObject().put("Row", row)));
    }

    private static JsonObject bindings() {
        var query = new JsonObject()
                .put("from", type("string").put("default", "now"))
                .put("select", type("string"));
        return new JsonObject()
                .put(
                        "ws",
                        new JsonObject()
                                .put("method", "GET")
                                .put("query", type("object").put("properties", query)));
    }

    private static JsonObject message(String kind) {
        var properties = new JsonObject().put("type", new JsonObject().put("const", kind));
        var required = new JsonArray().add("type");
        if (kind.equals("problem")) {
            properties.put("problem", type("object"));
            required.add("problem");
        } else {
            properties.put("id", type("string"));
            required.add("id");
        }
        if (!kind.equals("problem") && !kind.equals("position")) {
            properties
                    .put("before", kind.equals("insert") ? type("null") : reference("components/schemas/Row"))
                    .put("after", kind.equals("delete") ? type("null") : reference("components/schemas/Row"));
            required.add("before").add("after");
        }
        return new JsonObject()
                .put("name", kind)
                .put(
                        "payload",
                        type("object")
                                .put("properties", properties)
                                .put("required", required)
                                .put("additionalProperties", false));
    }

    private static JsonObject reference(String path) {
        return new JsonObject().put("$ref", "#/" + path);
    }

    private static JsonObject type(String name) {
        return new JsonObject().put("type", name);
    }

    /** Plain maps and lists, as the writer of YAML takes them. */
    private static Object plain(Object value) {
        return switch (value) {
            case JsonObject object -> {
                Map<String, Object> map = new LinkedHashMap<>();
                object.getMap().forEach((name, each) -> map.put(name, plain(each)));
                yield map;
            }
            case JsonArray array ->
                array.getList().stream().map(each -> plain((Object) each)).toList();
            default -> value;
        };
    }
}
