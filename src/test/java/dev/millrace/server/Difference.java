package dev.millrace.server;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Says where two JSON values differ; numbers are compared by value, not by how they are written. */
final class Difference {
    private Difference() {}

    /** The first difference with its path, or an empty text. */
    static String between(String path, JsonNode expected, @Nullable JsonNode actual) {
        if (actual == null) {
            return path + ": missing";
        }
        if (expected.isNumber() && actual.isNumber()) {
            return new BigDecimal(expected.asText()).compareTo(new BigDecimal(actual.asText())) == 0
                    ? ""
                    : path + ": " + expected + " != " + actual;
        }
        if (expected.isObject() && actual.isObject()) {
            Iterator<Map.Entry<String, JsonNode>> fields = expected.fields();
            while (fields.hasNext()) {
                Map.Entry<String, JsonNode> field = fields.next();
                String found = between(path + "." + field.getKey(), field.getValue(), actual.get(field.getKey()));
                if (!found.isEmpty()) {
                    return found;
                }
            }
            return expected.size() == actual.size() ? "" : path + ": has more fields than expected";
        }
        if (expected.isArray() && actual.isArray() && expected.size() == actual.size()) {
            for (int i = 0; i < expected.size(); i++) {
                String found = between(path + "[" + i + "]", expected.get(i), actual.get(i));
                if (!found.isEmpty()) {
                    return found;
                }
            }
            return "";
        }
        return expected.equals(actual) ? "" : path + ": " + expected + " != " + actual;
    }
}
