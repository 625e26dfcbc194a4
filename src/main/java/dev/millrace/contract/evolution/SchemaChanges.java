package dev.millrace.contract.evolution;

import static dev.millrace.contract.evolution.Change.Effect.BREAK;
import static dev.millrace.contract.evolution.Change.Effect.NONE;
import static dev.millrace.contract.evolution.Change.Effect.WARNING;

import dev.millrace.config.yaml.Node;
import dev.millrace.config.yaml.Node.Mapping;
import dev.millrace.config.yaml.Node.Scalar;
import dev.millrace.contract.Contract;
import dev.millrace.contract.Property;
import dev.millrace.contract.SchemaObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Changes of schema objects and their properties, nested ones and items likewise. */
final class SchemaChanges {
    private static final String MODE = "millrace.mode";
    private static final String UNKNOWN = "millrace.unknownFields";
    /** What the server does without the custom property; a change away from it is one all the same. */
    private static final Map<String, String> DEFAULTS = Map.of(MODE, "append", UNKNOWN, "ignore");

    private SchemaChanges() {}

    static void between(Contract before, Contract after, Spot root) {
        Map<String, SchemaObject> old = new LinkedHashMap<>();
        before.objects().forEach(object -> old.put(object.name(), object));
        Map<String, SchemaObject> now = new LinkedHashMap<>();
        after.objects().forEach(object -> now.put(object.name(), object));
        old.keySet().stream()
                .filter(name -> !now.containsKey(name))
                .forEach(name ->
                        root.within(name).add("removed", BREAK, BREAK, "The schema object '%s' is removed.", name));
        now.forEach((name, object) -> {
            SchemaObject other = old.get(name);
            if (other == null) {
                root.within(name).addition("added", "The schema object '%s' is new.", name);
            } else {
                object(root.within(name), before, other, after, object);
            }
        });
    }

    private static void object(Spot at, Contract before, SchemaObject old, Contract after, SchemaObject now) {
        at.compare(
                "topic", old.physicalName(), now.physicalName(), BREAK, NONE, "The topic changes from '%s' to '%s'.");
        at.compare(
                "format", format(before, old), format(after, now), BREAK, NONE, "Records are %2$s, not %1$s any more.");
        String mode = custom(before, old, MODE);
        at.compare("mode", mode, custom(after, now, MODE), BREAK, BREAK, "The mode changes from %s to %s.");
        String unknown = custom(before, old, UNKNOWN);
        String newUnknown = custom(after, now, UNKNOWN);
        at.compare(
                "unknownFields",
                unknown,
                newUnknown,
                newUnknown.equals("reject") ? BREAK : NONE,
                unknown.equals("keep") ? BREAK : NONE,
                "Unknown fields: %s becomes %s.");
        at.compare("key", key(old), key(now), BREAK, BREAK, "The primary key changes from %s to %s.");
        quality(at, old.quality(), now.quality());
        properties(at, old.properties(), now.properties());
    }

    private static String custom(Contract contract, SchemaObject object, String name) {
        return contract.custom(object, name)
                .flatMap(given -> given instanceof Scalar scalar ? Optional.of(scalar.text()) : Optional.empty())
                .orElse(DEFAULTS.getOrDefault(name, ""));
    }

    /** What the records are: as the custom property says, else the first Kafka server that says it. */
    private static String format(Contract contract, SchemaObject object) {
        String custom = custom(contract, object, "millrace.format");
        String given = custom.isEmpty()
                ? contract.serverWithFormat().map(Contract.Server::format).orElse("json")
                : custom;
        return given.toLowerCase(Locale.ROOT);
    }

    private static List<String> key(SchemaObject object) {
        return object.key().stream().map(Property::name).toList();
    }

    private static void properties(Spot parent, List<Property> before, List<Property> after) {
        Map<String, Property> removed = new LinkedHashMap<>();
        before.forEach(property -> removed.put(property.name(), property));
        List<Property> added = new ArrayList<>();
        List<String> order = new ArrayList<>();
        for (Property now : after) {
            Property old = removed.remove(now.name());
            if (old == null) {
                added.add(now);
            } else {
                order.add(now.name());
                property(parent.within(now.name()), old, now);
            }
        }
        for (Property old : removed.values()) {
            Spot at = parent.within(old.name());
            Optional<Property> renamed = added.stream()
                    .filter(now -> now.physicalName().equals(old.physicalName()))
                    .findFirst();
            if (renamed.isPresent()) {
                String name = renamed.get().name();
                added.remove(renamed.get());
                at.add(
                        "renamed",
                        NONE,
                        BREAK,
                        "The property is renamed to '%s'; records keep the field '%s'.",
                        name,
                        old.physicalName());
                property(parent.within(name), old, renamed.get());
            } else {
                String likely = removed.size() == 1
                                && added.size() == 1
                                && added.getFirst().fieldType().equals(old.fieldType())
                        ? ", or renamed to '" + added.getFirst().name() + "'"
                        : "";
                at.add("removed", BREAK, BREAK, "The property is removed%s.", likely);
            }
        }
        added.forEach(now -> added(parent.within(now.name()), now));
        Stream<String> oldOrder = before.stream().map(Property::name).filter(order::contains);
        parent.compare(
                "order",
                oldOrder.toList(),
                order,
                NONE,
                WARNING,
                "The order of the properties changes, which readers by position notice.");
    }

    private static void added(Spot at, Property now) {
        if (!now.required()) {
            at.addition("added", "An optional property is new.");
        } else if (now.rules().fallback().isPresent()) {
            at.addition("added", "A property with a default is new.");
        } else {
            at.add("added", BREAK, NONE, "A required property without default is new: records before it have none.");
        }
    }

    private static void property(Spot at, Property old, Property now) {
        if (old.name().equals(now.name()) && !now.aliases().contains(old.physicalName())) {
            at.compare(
                    "renamed",
                    old.physicalName(),
                    now.physicalName(),
                    BREAK,
                    NONE,
                    "The field in the records changes from '%s' to '%s'.");
        }
        for (String alias : old.aliases()) {
            if (!now.aliases().contains(alias) && !alias.equals(now.physicalName())) {
                at.add("alias", BREAK, NONE, "The alias '%s' is removed: records may name the field so.", alias);
            }
        }
        fallback(at, old, now);
        at.flag(
                "required",
                old.required(),
                now.required(),
                "The property becomes required: records may lack it.",
                "The property becomes optional: readers meet null.");
        at.flag(
                "unique",
                old.unique(),
                now.unique(),
                "Values must be unique from now on.",
                "Values need not be unique any more.");
        at.compare(
                "classification",
                old.classification(),
                now.classification(),
                NONE,
                WARNING,
                "The classification changes from '%s' to '%s'.");
        if (TypeChanges.compare(at, old.fieldType(), now.fieldType())) {
            new RuleChanges(at, now.fieldType()).compare(old.rules(), now.rules());
        }
        quality(at, old.quality(), now.quality());
        if (!old.properties().isEmpty() && !now.properties().isEmpty()) {
            properties(at, old.properties(), now.properties());
        }
        if (old.items().isPresent() && now.items().isPresent()) {
            property(at.items(), old.items().get(), now.items().get());
        }
    }

    private static void fallback(Spot at, Property old, Property now) {
        Optional<String> before = old.rules().fallback();
        Optional<String> after = now.rules().fallback();
        if (before.isPresent() && after.isEmpty()) {
            at.add(
                    "default",
                    now.required() ? BREAK : NONE,
                    now.required() ? NONE : WARNING,
                    "The default is removed: records without the field no longer have it.");
        } else if (!before.equals(after)) {
            at.add("default", NONE, WARNING, "The default becomes '%s'.", after.orElse(""));
        }
    }

    /** Rules that records are refused for tighten and relax; the others are promises to readers. */
    private static void quality(Spot at, List<Node> before, List<Node> after) {
        for (Node gone : DocumentChanges.without(before, after)) {
            boolean unique = says(gone, "metric", "duplicateValues") || says(gone, "rule", "duplicateCount");
            at.add("quality", NONE, unique ? BREAK : WARNING, "A quality rule is removed or changed: %s.", label(gone));
        }
        for (Node rule : DocumentChanges.without(after, before)) {
            if (says(rule, "engine", "cel") && !says(rule, "severity", "warning")) {
                at.add("quality", BREAK, NONE, "A rule that refuses records is new or changed: %s.", label(rule));
            } else {
                at.addition("quality", "A quality rule is new or changed: %s.", label(rule));
            }
        }
    }

    private static boolean says(Node rule, String name, String word) {
        return said(rule, name).filter(word::equalsIgnoreCase).isPresent();
    }

    private static Optional<String> said(Node rule, String name) {
        return rule instanceof Mapping mapping ? mapping.value(name).map(DocumentChanges::plain) : Optional.empty();
    }

    private static String label(Node rule) {
        return Stream.of("name", "id", "metric", "rule", "implementation", "description")
                .flatMap(name -> said(rule, name).stream())
                .findFirst()
                .map(text -> "'" + text + "'")
                .orElse("one without a name");
    }
}
