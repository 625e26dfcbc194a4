package dev.millrace.documents;

import dev.millrace.domain.Product;
import dev.millrace.query.View;
import io.vertx.core.json.Json;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The AsyncAPI 3.0 document of one product's changes: a channel, its messages, and their payloads with typed rows. */
public final class ProductAsyncApi {
    private static final String ROW = "{ $ref: '#/components/schemas/Row' }";
    private static final String NONE = "{ type: 'null' }";

    /** Messages by their type, with what their payloads have besides it. */
    private static final List<Map.Entry<String, String>> MESSAGES = List.of(
            Map.entry("insert", change(NONE, ROW)),
            Map.entry("update", change(ROW, ROW)),
            Map.entry("delete", change(ROW, NONE)),
            Map.entry("position", "id: { type: string }"),
            Map.entry("problem", "problem: { type: object }"));

    private ProductAsyncApi() {}

    /** The document as YAML. */
    public static String text(Product product, View view) {
        return """
                asyncapi: 3.0.0
                info:
                  title: %s
                  version: %s
                  description: %s
                defaultContentType: application/json
                channels:
                  changes:
                    address: /v1/products/%s/%s/changes
                    description: >-
                      Lines of JSON: as a WebSocket's text messages, of one line or several, or as application/x-ndjson. As
                      text/event-stream, type and id are the event's fields and the rest is its data.
                    messages: { %s }
                    bindings:
                      ws:
                        method: GET
                        query:
                          type: object
                          properties: { from: { type: string, default: now }, select: { type: string } }
                operations:
                  pushChanges:
                    action: send
                    channel: { $ref: '#/channels/changes' }
                    messages: [ %s ]
                components:
                  messages:
                %s
                  schemas:
                    Row: %s
                """.formatted(
                        Json.encode(product.face().title() + ": changes"),
                        Json.encode(product.face().contractVersion()),
                        Json.encode(product.face().description() + " Contract "
                                + product.face().contractId()
                                + ". An id, sent back as Last-Event-ID or as from, resumes behind it."),
                        product.domain(),
                        product.name(),
                        messages("%1$s: { $ref: '#/components/messages/%1$s' }", ", "),
                        messages("{ $ref: '#/channels/changes/messages/%1$s' }", ", "),
                        messages("""
                                    %1$s:
                                      name: %1$s
                                      payload: { type: object, required: [%3$s], additionalProperties: false,
                                        properties: { type: { const: %1$s }, %2$s } }\
                                """, "\n"),
                        RowJsonSchema.ofSome(product, view.shape()).encode());
    }

    private static String change(String before, String after) {
        return "id: { type: string }, before: " + before + ", after: " + after;
    }

    private static String messages(String form, String between) {
        return MESSAGES.stream()
                .map(message -> form.formatted(
                        message.getKey(),
                        message.getValue(),
                        message.getValue().startsWith("problem")
                                ? "type, problem"
                                : message.getValue().contains("before") ? "type, id, before, after" : "type, id"))
                .collect(Collectors.joining(between));
    }
}
