package dev.millrace.security;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.millrace.config.yaml.Node;
import dev.millrace.contract.Grant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Whose a grant is, and what its row rule says of somebody. No state. */
public final class Grants {
    private static final Pattern CLAIM = Pattern.compile("\\$\\{(?:(name|purpose)|claims\\.([^}]+))\\}");
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private Grants() {}

    /** Whether a principal has all that a grant asks for; never one without a name. */
    public static boolean isTo(Grant grant, Principal principal) {
        if (principal.name().isEmpty()) {
            return false;
        }
        for (Map.Entry<String, Set<String>> asked : grant.to().entrySet()) {
            if (asked.getValue().stream().noneMatch(value -> has(principal, asked.getKey(), value))) {
                return false;
            }
        }
        return true;
    }

    private static boolean has(Principal principal, String asked, String value) {
        return switch (asked) {
            case "role" -> principal.roles().contains(value);
            case "subject" -> principal.name().equals(value);
            case "purpose" -> principal.purpose().filter(value::equals).isPresent();
            default -> principal.claims().getOrDefault(asked, List.of()).contains(value);
        };
    }

    /** What a principal has under the name that stands within <code>${…}</code>: its name, its purpose or a claim. */
    public static List<String> values(Principal principal, String name) {
        return switch (name) {
            case "name" -> List.of(principal.name());
            case "purpose" -> principal.purpose().stream().toList();
            default -> principal.claims().getOrDefault(name.substring("claims.".length()), List.of());
        };
    }

    /**
     * A row rule as a JSON filter with values in place of <code>${claims.x}</code>; empty where one is missing, or has
     * several values and only one can be compared with. What a value says is always a value, whatever stands in it.
     */
    public static Optional<JsonNode> bound(Node.Mapping rows, Function<String, List<String>> values) {
        return object(rows, values);
    }

    private static Optional<JsonNode> object(Node.Mapping mapping, Function<String, List<String>> values) {
        var object = NODES.objectNode();
        for (Map.Entry<String, Node.Entry> entry : mapping.entries().entrySet()) {
            Optional<JsonNode> value =
                    value(entry.getValue().value(), entry.getKey().endsWith("[in]"), values);
            if (value.isEmpty()) {
                return Optional.empty();
            }
            object.set(entry.getKey(), value.get());
        }
        return Optional.of(object);
    }

    private static Optional<JsonNode> value(Node node, boolean many, Function<String, List<String>> values) {
        return switch (node) {
            case Node.Mapping mapping -> object(mapping, values);
            case Node.Sequence sequence -> {
                var array = NODES.arrayNode();
                for (Node item : sequence.items()) {
                    Optional<JsonNode> value = value(item, many, values);
                    if (value.isEmpty()) {
                        yield Optional.empty();
                    }
                    if (value.get().isArray()) {
                        value.get().forEach(array::add);
                    } else {
                        array.add(value.get());
                    }
                }
                yield Optional.of(array);
            }
            case Node.Scalar scalar -> {
                Matcher claim = CLAIM.matcher(scalar.text());
                if (!claim.matches()) {
                    yield Optional.of(NODES.textNode(scalar.text()));
                }
                List<String> found = values.apply(claim.group(1) != null ? claim.group(1) : "claims." + claim.group(2));
                if (found.isEmpty() || (!many && found.size() > 1)) {
                    yield Optional.empty();
                }
                if (!many) {
                    yield Optional.of(NODES.textNode(found.getFirst()));
                }
                var array = NODES.arrayNode();
                found.forEach(array::add);
                yield Optional.of(array);
            }
        };
    }
}
