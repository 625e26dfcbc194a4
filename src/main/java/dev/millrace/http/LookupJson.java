package dev.millrace.http;

import dev.millrace.problem.Problem;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The keys that a look-up of many asks for, as JSON. */
final class LookupJson {
    static final int MAX_KEYS = 1_000;
    private static final String EXPECTED =
            "{\"keys\":[\"SFO\",\"LAX\"]}, of a composite key {\"keys\":[[\"SFO\",7]]}; 1 to " + MAX_KEYS
                    + " keys, each component a text, a number or a boolean.";

    private LookupJson() {}

    /**
     * The components of each key.
     *
     * @throws dev.millrace.problem.ProblemException with {@code InvalidBody}
     */
    static List<List<String>> keys(Buffer body) {
        try {
            JsonObject json = new JsonObject(body);
            if (!json.fieldNames().equals(Set.of("keys"))) {
                throw invalid("The body has not just the member keys.");
            }
            JsonArray given = json.getJsonArray("keys");
            if (given.isEmpty() || given.size() > MAX_KEYS) {
                throw invalid("The body has " + given.size() + " keys.");
            }
            List<List<String>> keys = new ArrayList<>(given.size());
            for (Object key : given) {
                List<?> components = key instanceof JsonArray several ? several.getList() : List.of(key);
                keys.add(components.stream().map(LookupJson::component).toList());
            }
            return keys;
        } catch (DecodeException | ClassCastException | NullPointerException wrong) {
            throw invalid("The body is not what a look-up takes.");
        }
    }

    private static String component(Object value) {
        return switch (value) {
            case String text -> text;
            case Number number -> number.toString();
            case Boolean bool -> bool.toString();
            default -> throw new ClassCastException();
        };
    }

    private static RuntimeException invalid(String reason) {
        return new Problem.InvalidBody(reason, EXPECTED).exception();
    }
}
