package dev.millrace.http;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.millrace.problem.Problem;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The keys that a look-up of many asks for, as JSON. */
final class LookupJson {
    static final int MAX_KEYS = 1_000;
    private static final String EXPECTED =
            "{\"keys\":[\"SFO\",\"LAX\"]}, of a composite key {\"keys\":[[\"SFO\",7]]}; 1 to " + MAX_KEYS
                    + " keys, each component a text, a number or a boolean.";

    /** Numbers keep every digit that the request has. */
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .nodeFactory(JsonNodeFactory.withExactBigDecimals(true))
            .build();

    private LookupJson() {}

    /**
     * The components of each key.
     *
     * @throws dev.millrace.problem.ProblemException with {@code InvalidBody}
     */
    static List<List<String>> keys(Buffer body) {
        try {
            JsonNode json = JSON.readTree(body.getBytes());
            if (!json.isObject() || json.size() != 1 || !json.has("keys")) {
                throw invalid("The body has not just the member keys.");
            }
            JsonNode given = json.get("keys");
            if (!given.isArray()) {
                throw invalid("The member keys is no array.");
            }
            if (given.isEmpty() || given.size() > MAX_KEYS) {
                throw invalid("The body has " + given.size() + " keys.");
            }
            List<List<String>> keys = new ArrayList<>(given.size());
            for (JsonNode key : given) {
                var components = new ArrayList<String>();
                for (JsonNode component : key.isArray() ? key : List.of(key)) {
                    if (!component.isTextual() && !component.isNumber() && !component.isBoolean()) {
                        throw invalid("A component of key " + keys.size() + " is " + component.getNodeType() + ".");
                    }
                    components.add(component.asText());
                }
                keys.add(components);
            }
            return keys;
        } catch (IOException wrong) {
            throw invalid("The body is no JSON, or has a member twice.");
        }
    }

    private static RuntimeException invalid(String reason) {
        return new Problem.InvalidBody(reason, EXPECTED).exception();
    }
}
