package dev.millrace.contract.evolution;

import dev.millrace.config.yaml.Node;
import dev.millrace.config.yaml.Node.Mapping;
import dev.millrace.config.yaml.Node.Scalar;
import dev.millrace.config.yaml.Node.Sequence;
import dev.millrace.contract.evolution.Change.Effect;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Changes of what no program depends on: descriptions, tags, owners, links, prices. Compares the two documents' leaves,
 * those aside that other comparisons know.
 */
final class DocumentChanges {
    /** Keys whose changes are told by {@link Evolution}, {@link SchemaChanges} and {@link ServiceLevelChanges}. */
    private static final Set<String> TOLD =
            Set.of(("id version status slaProperties logicalType logicalTypeOptions physicalType physicalName required"
                            + " unique primaryKey primaryKeyPosition classification enum quality")
                    .split(" ", -1));

    private DocumentChanges() {}

    static void between(Node before, Node after, List<Change> changes) {
        Map<String, Map<String, String>> old = new TreeMap<>();
        Map<String, Map<String, String>> now = new TreeMap<>();
        leaves(before, "", old);
        leaves(after, "", now);
        now.forEach((path, leaves) -> {
            Map<String, String> others = old.get(path);
            if (others == null || others.equals(leaves)) {
                return;
            }
            Set<String> names = new TreeSet<>(leaves.keySet());
            names.addAll(others.keySet());
            names.removeIf(name -> leaves.getOrDefault(name, "").equals(others.getOrDefault(name, "")));
            String keys = names.stream()
                    .map(name -> name.replaceFirst("[.\\[].*", ""))
                    .distinct()
                    .collect(Collectors.joining(", "));
            if (!keys.isEmpty()) {
                changes.add(Change.of(
                        path, "documentation", "Documentation changes: " + keys + ".", Effect.NONE, Effect.NONE));
            }
        });
    }

    /** Gathers, under each named thing's path, the texts of the leaves that belong to it. */
    private static void leaves(Node owner, String path, Map<String, Map<String, String>> into) {
        Map<String, String> own = into.computeIfAbsent(path, unused -> new TreeMap<>());
        if (!(owner instanceof Mapping mapping)) {
            return;
        }
        mapping.entries().forEach((key, entry) -> {
            if (TOLD.contains(key)) {
                return;
            }
            Node value = entry.value();
            boolean things = key.equals("schema") || key.equals("properties");
            if (things && value instanceof Sequence sequence) {
                for (Node item : sequence.items()) {
                    String name = name(item);
                    leaves(item, path.isEmpty() ? name : path + "." + name, into);
                }
            } else if (key.equals("items") && value instanceof Mapping) {
                leaves(value, path + "[]", into);
            } else {
                own.put(key, plain(value));
            }
        });
    }

    private static String name(Node item) {
        return item instanceof Mapping mapping
                ? mapping.value("name").map(DocumentChanges::plain).orElse("")
                : "";
    }

    /** What a node says, without places and without the order of its keys. */
    static String plain(Node node) {
        return switch (node) {
            case Scalar scalar -> scalar.text();
            case Sequence sequence ->
                sequence.items().stream().map(DocumentChanges::plain).collect(Collectors.joining(", ", "[", "]"));
            case Mapping mapping -> {
                List<String> parts = new ArrayList<>();
                new TreeMap<>(mapping.entries())
                        .forEach((name, entry) -> parts.add(name + ": " + plain(entry.value())));
                yield "{" + String.join(", ", parts) + "}";
            }
        };
    }

    /** The nodes of {@code left} that {@code right} does not have. */
    static List<Node> without(List<Node> left, List<Node> right) {
        Set<String> other = new HashSet<>();
        right.forEach(node -> other.add(plain(node)));
        return left.stream().filter(node -> !other.contains(plain(node))).toList();
    }
}
