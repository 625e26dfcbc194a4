package dev.millrace.contract.check;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.Error;
import com.networknt.schema.path.NodePath;
import dev.millrace.config.yaml.Cursor;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.Node;
import dev.millrace.problem.Nearest;
import dev.millrace.problem.Rule;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Turns a validator's errors into faults for people, each at its place.
 *
 * <p>A validator says much that is only the echo of something else. Two kinds are taken out. Of the errors below a
 * {@code oneOf} or {@code anyOf}, those of the alternative that fits best are kept: the one that fails within and not at
 * the top, and at fewest places. And a key that some alternative knows is 'unevaluated' just because that one failed:
 * said only where nothing else is.
 */
final class SchemaErrors {
    private static final int MOST_ERRORS = 5000; // the first of them are more than are kept
    private static final int SHOWN_VALUES = 60;
    private static final Map<String, String> TYPES = Map.of(
            "string", "a text",
            "array", "a list",
            "object", "a mapping",
            "integer", "a whole number",
            "number", "a number",
            "boolean", "true or false");

    private final JsonNode schema;
    private final Node root;
    private final Faults faults;
    private final Map<String, Set<String>> known = new HashMap<>();

    SchemaErrors(JsonNode schema, Node root, Faults faults) {
        this.schema = schema;
        this.root = root;
        this.faults = faults;
    }

    /** Adds what is worth saying of these errors. */
    void add(List<Error> errors) {
        List<Error> keys = new ArrayList<>();
        List<Error> others = new ArrayList<>();
        errors.stream().limit(MOST_ERRORS).forEach(error -> {
            // below alternatives a key not allowed tells which of them was meant
            boolean tells = error.getKeyword().equals("additionalProperties")
                    && alternatives(error.getEvaluationPath(), 0) >= 0;
            (isOfKeys(error) && !tells ? keys : others).add(error);
        });
        Set<String> said = new HashSet<>();
        reduce(others, 0, said);
        Map<String, List<Error>> echoes = new TreeMap<>(Comparator.comparingInt(String::length)
                .reversed()
                .thenComparing(Comparator.naturalOrder())); // what lies within comes first
        for (Error error : keys) {
            Set<String> names = names(error);
            if (names.contains(error.getProperty()) && error.getKeyword().equals("unevaluatedProperties")) {
                echoes.computeIfAbsent(error.getInstanceLocation().toString(), at -> new ArrayList<>())
                        .add(error);
            } else if (alternatives(error.getEvaluationPath(), 0) < 0) {
                say(error, said);
            }
        }
        echoes.forEach((at, keysThere) -> {
            if (!said.contains(at)) {
                keysThere.forEach(error -> say(
                        error,
                        "The key '" + error.getProperty()
                                + "' does not go with the other values here, for example with the type.",
                        said));
            }
        });
    }

    private static boolean isOfKeys(Error error) {
        return error.getKeyword().equals("unevaluatedProperties")
                || error.getKeyword().equals("additionalProperties");
    }

    /** The index of the next oneOf or anyOf of that path which has a branch after it; -1 where there is none. */
    private static int alternatives(NodePath path, int from) {
        for (int i = from; i + 1 < path.getNameCount(); i++) {
            String name = path.getName(i);
            if (name.equals("properties") || name.equals("$defs")) {
                i++; // a name
            } else if (name.equals("oneOf") || name.equals("anyOf")) {
                return i;
            }
        }
        return -1;
    }

    /** Says the errors; of those below alternatives that begin at {@code from} or later, the best alternative's. */
    private void reduce(List<Error> errors, int from, Set<String> said) {
        Map<String, List<Error>> groups = new LinkedHashMap<>();
        for (Error error : errors) {
            NodePath path = error.getEvaluationPath();
            int at = alternatives(path, from);
            boolean isWhole = at < 0
                    && (error.getKeyword().equals("oneOf") || error.getKeyword().equals("anyOf"));
            if (at < 0 && !isWhole) {
                say(error, said);
            } else {
                int end = isWhole ? path.getNameCount() - 1 : at;
                groups.computeIfAbsent(
                                prefix(path, end) + " " + prefix(error.getInstanceLocation(), depth(path, end)),
                                key -> new ArrayList<>())
                        .add(error);
            }
        }
        groups.values().forEach(group -> alternative(group, from, said));
    }

    private void alternative(List<Error> group, int from, Set<String> said) {
        Map<String, List<Error>> branches = new LinkedHashMap<>();
        int at = -1;
        for (Error error : group) {
            int found = alternatives(error.getEvaluationPath(), from);
            if (found < 0) {
                if (error.getArguments() != null
                        && !error.getArguments()[0].toString().equals("0")) {
                    tooMany(error, said);
                    return;
                }
                continue;
            }
            at = found;
            branches.computeIfAbsent(error.getEvaluationPath().getName(found + 1), key -> new ArrayList<>())
                    .add(error);
        }
        if (branches.isEmpty()) {
            group.forEach(error -> say(error, said));
            return;
        }
        int top = depth(group.getLast().getEvaluationPath(), at);
        List<Error> atTop = group.stream()
                .filter(error -> error.getInstanceLocation().getNameCount() == top)
                .toList();
        List<List<Error>> fitting = branches.values().stream()
                .filter(branch -> branch.stream().noneMatch(atTop::contains))
                .toList();
        if (fitting.isEmpty() && oneLine(atTop, said)) {
            return;
        }
        (fitting.isEmpty() ? branches.values() : fitting)
                .stream()
                        .min(Comparator.<List<Error>>comparingInt(branch -> (int) branch.stream()
                                        .filter(error -> atTop.contains(error)
                                                && error.getKeyword().equals("type"))
                                        .count())
                                .thenComparingInt(List::size))
                        .ifPresent(best ->
                                reduce(best, alternatives(best.getFirst().getEvaluationPath(), from) + 2, said));
    }

    /** Says in one fault what all alternatives miss, where that is one thing. */
    private boolean oneLine(List<Error> atTop, Set<String> said) {
        List<Error> leaves = atTop.stream()
                .filter(error -> !error.getKeyword().endsWith("Of"))
                .toList();
        Set<String> keywords = leaves.stream().map(Error::getKeyword).collect(Collectors.toSet());
        Error first = leaves.isEmpty() ? atTop.getFirst() : leaves.getFirst();
        if (keywords.equals(Set.of("required"))) {
            say(first, "Expected one of the keys " + joined(leaves.stream().map(Error::getProperty)) + ".", said);
            return true;
        }
        if (keywords.equals(Set.of("type"))) {
            say(first, "Expected " + types(leaves) + ", found " + cursor(first).shape() + ".", said);
            return true;
        }
        return false;
    }

    private void tooMany(Error error, Set<String> said) {
        Cursor owner = cursor(error);
        Set<String> given = wanted(error)
                .valueStream()
                .flatMap(branch -> branch.path("required").valueStream())
                .map(JsonNode::asText)
                .filter(key -> owner.field(key).isPresent())
                .collect(Collectors.toCollection(LinkedHashSet::new));
        if (given.size() > 1) {
            say(error, "The keys " + String.join(" and ", given) + " exclude each other. Keep one of them.", said);
        } else if (!said.contains(error.getInstanceLocation().toString())) {
            say(error, "More than one alternative fits here; exactly one must.", said);
        }
    }

    private void say(Error error, Set<String> said) {
        say(error, message(error), said);
    }

    private void say(Error error, String message, Set<String> said) {
        for (NodePath at = error.getInstanceLocation(); at != null && said.add(at.toString()); ) {
            at = at.getParent(); // so that nothing is said of the keys above what is wrong
        }
        Cursor cursor = cursor(error);
        if (isOfKeys(error)) {
            String name = error.getProperty();
            String path = cursor.path().isEmpty() ? name : cursor.path() + "." + name;
            faults.error(Rule.SCHEMA, cursor.keyPlace(name), path, message);
        } else {
            cursor.error(message);
        }
    }

    private String message(Error error) {
        Cursor cursor = cursor(error);
        Object[] arguments = error.getArguments() == null ? new Object[0] : error.getArguments();
        return switch (error.getKeyword()) {
            case "additionalProperties", "unevaluatedProperties" -> unknown(error, names(error));
            case "required" -> "The key '" + error.getProperty() + "' is missing.";
            case "enum" -> {
                List<String> values =
                        wanted(error).valueStream().map(JsonNode::asText).toList();
                yield expected(cursor, joined(values.stream().limit(SHOWN_VALUES)))
                        + Nearest.hint(cursor.quietly().text().orElse(""), values);
            }
            case "const" -> expected(cursor, wanted(error).asText());
            case "type" -> expected(cursor, types(List.of(error)));
            case "pattern" ->
                expected(cursor, "a text of the form " + wanted(error).asText());
            case "minItems" -> "Expected at least " + arguments[0] + " items.";
            case "maxItems" -> "Expected at most " + arguments[0] + " items.";
            case "uniqueItems" -> "Two items of this list are the same.";
            case "minimum" -> expected(cursor, "at least " + arguments[0]);
            case "exclusiveMinimum" -> expected(cursor, "more than " + arguments[0]);
            case "maximum" -> expected(cursor, "at most " + arguments[0]);
            case "not" -> {
                String keys =
                        joined(wanted(error).path("required").valueStream().map(JsonNode::asText));
                yield keys.isEmpty() ? "This is not allowed here." : "The key '" + keys + "' is not allowed here.";
            }
            default -> "This breaks the rule '" + error.getKeyword() + "': " + error.getMessage() + ".";
        };
    }

    private static String expected(Cursor cursor, String what) {
        return "Expected " + what + ", found " + cursor.shape() + ".";
    }

    private static String unknown(Error error, Set<String> names) {
        return "The key '" + error.getProperty() + "' is not known here."
                + Nearest.hint(
                        error.getProperty(),
                        names,
                        names.isEmpty() ? "" : " Known are " + joined(names.stream()) + ".");
    }

    private String types(List<Error> errors) {
        return errors.stream()
                .map(this::wanted)
                .flatMap(type -> type.isArray() ? type.valueStream() : Stream.of(type))
                .map(type -> TYPES.getOrDefault(type.asText(), type.asText()))
                .distinct()
                .collect(Collectors.joining(" or "));
    }

    private static String joined(Stream<String> words) {
        List<String> list = words.filter(word -> word != null).distinct().toList();
        return list.size() < 2
                ? String.join("", list)
                : String.join(", ", list.subList(0, list.size() - 1)) + " or " + list.getLast();
    }

    /** Every key that the schema above that error, or any that it refers to for the same value, knows. */
    private Set<String> names(Error error) {
        return known.computeIfAbsent(error.getSchemaLocation().getFragment().toString(), at -> {
            Set<String> names = new TreeSet<>();
            names(
                    at(error.getSchemaLocation().getFragment(), 1),
                    names,
                    Collections.newSetFromMap(new IdentityHashMap<>()));
            return names;
        });
    }

    private void names(JsonNode at, Set<String> names, Set<JsonNode> seen) {
        if (!seen.add(at)) {
            return;
        }
        at.path("properties").fieldNames().forEachRemaining(names::add);
        String reference = at.path("$ref").asText("");
        if (reference.startsWith("#")) {
            names(schema.at(reference.substring(1)), names, seen);
        }
        for (String key : List.of("allOf", "anyOf", "oneOf")) {
            at.path(key).forEach(part -> names(part, names, seen));
        }
        for (String key : List.of("if", "then", "else")) {
            names(at.path(key), names, seen);
        }
    }

    /** What the keyword that the error is of stands before. */
    private JsonNode wanted(Error error) {
        return at(error.getSchemaLocation().getFragment(), 0);
    }

    /** The part of the schema at that place, or so many steps above it. */
    private JsonNode at(NodePath fragment, int above) {
        JsonNode node = schema;
        for (int i = 0; i < fragment.getNameCount() - above; i++) {
            Object step = fragment.getElement(i);
            node = node.isArray() ? node.path(Integer.parseInt(step.toString())) : node.path(step.toString());
        }
        return node;
    }

    /** How many steps of an instance's path the schema's path goes, up to there. */
    private static int depth(NodePath path, int end) {
        int depth = 0;
        for (int i = 0; i < end; i++) {
            switch (path.getName(i)) {
                case "properties" -> {
                    i++;
                    depth++;
                }
                case "items", "additionalProperties" -> depth++;
                default -> {}
            }
        }
        return depth;
    }

    private static String prefix(NodePath path, int end) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < Math.min(end, path.getNameCount()); i++) {
            text.append('/').append(path.getElement(i));
        }
        return text.toString();
    }

    private Cursor cursor(Error error) {
        Cursor cursor = Cursor.at(root, faults).as(Rule.SCHEMA);
        NodePath path = error.getInstanceLocation();
        for (int i = 0; i < path.getNameCount(); i++) {
            cursor = cursor.child(path.getElement(i).toString());
        }
        return cursor;
    }
}
