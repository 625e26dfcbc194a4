package dev.millrace.mcp;

import dev.millrace.domain.Door;
import dev.millrace.mcp.McpDoor.Message;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The contracts of products as resources: texts that are read by their names, in parts where they are long. Any thread. */
final class ContractResources {
    static final JsonObject TEMPLATE = new JsonObject()
            .put("uriTemplate", "millrace://contract/{domain}/{product}{?from}")
            .put("name", "contract")
            .put("title", "Data contract")
            .put(
                    "description",
                    "The contract of a product (ODCS, YAML); a long one from a place on, as the part before says.")
            .put("mimeType", "application/yaml");

    private static final String SCHEME = "millrace://contract/";
    private static final Pattern URI =
            Pattern.compile(Pattern.quote(SCHEME) + "([\\w-]+)/([\\w.-]*[\\w-])(?:\\?from=(\\d{1,9}))?");

    /** The contracts of all products that the caller may read, a page of them. */
    Door.Step list(Message request) {
        String cursor = String.valueOf(request.parameters().getValue("cursor", "0"));
        if (!cursor.matches("\\d{1,9}")) {
            return request.error(McpDoor.WRONG_PARAMETERS, "There is no such cursor.");
        }
        return new Door.Asked("listProducts", "/v1/products", List.of(), "application/json", "", told -> {
            if (told.problem().isPresent()) {
                return request.error(
                        McpDoor.WRONG_PARAMETERS, told.problem().get().detail());
            }
            var resources = new JsonArray();
            for (Object each : new JsonObject(told.text()).getJsonArray("data")) {
                resources.add(resource((JsonObject) each));
            }
            JsonObject page =
                    Bounded.list(new JsonObject().put("resources", resources), "resources", Integer.parseInt(cursor));
            Object next = page.remove("next");
            page.remove("of");
            return request.listed(next == null ? page : page.put("nextCursor", next.toString()));
        });
    }

    private static JsonObject resource(JsonObject product) {
        String name = product.getString("domain") + "." + product.getString("product");
        return new JsonObject()
                .put("uri", SCHEME + product.getString("domain") + "/" + product.getString("product"))
                .put("name", name)
                .put("title", "Contract of " + name)
                .put("description", product.getString("description"))
                .put("mimeType", "application/yaml");
    }

    Door.Step read(Message request) {
        String uri = String.valueOf(request.parameters().getValue("uri"));
        Matcher named = URI.matcher(uri);
        if (!named.matches()) {
            return request.error(
                    McpDoor.WRONG_PARAMETERS, "There is no such resource; resources/list has those that there are.");
        }
        String plain = SCHEME + named.group(1) + "/" + named.group(2);
        String path = "/v1/products/" + named.group(1) + "/" + named.group(2) + "/contract";
        return new Door.Asked("getContract", path, List.of(), "application/yaml", "", told -> {
            String text = told.text();
            int from = named.group(3) == null ? 0 : Integer.parseInt(named.group(3));
            if (told.problem().isPresent() || from > text.length()) {
                return request.error(
                        McpDoor.WRONG_PARAMETERS,
                        told.problem().map(why -> why.detail()).orElse("It is not that long."));
            }
            String part = Bounded.part(text, from);
            int until = from + part.length();
            String rest = until < text.length() ? "# The contract goes on: " + plain + "?from=" + until + "\n" : "";
            var content = new JsonObject(Map.of("uri", uri, "mimeType", "application/yaml", "text", part + rest));
            return request.listed(new JsonObject().put("contents", new JsonArray().add(content)));
        });
    }
}
