package dev.millrace.contract.evolution;

import dev.millrace.config.yaml.Node;
import dev.millrace.config.yaml.Node.Mapping;
import dev.millrace.config.yaml.Node.Scalar;
import dev.millrace.contract.Contract;
import dev.millrace.contract.Property;
import dev.millrace.contract.SchemaObject;
import dev.millrace.contract.evolution.Change.Effect;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Changes of schema objects and their properties, nested ones and items likewise. */
final class SchemaChanges {
    /** What the server does without the custom property; a change away from it is one all the same. */
    private static final Map<String, String> DEFAULTS =
            Map.of("millrace.mode", "append", "millrace.unknownFields", "ignore");

    private final List<Change> changes;

    SchemaChanges(List<Change> changes) {
        this.changes = changes;
    }

    void objects(Contract before, Contract after) {
        Map<String, SchemaObject> old = new LinkedHashMap<>();
        before.objects().forEach(object -> old.put(object.name(), object));
        Map<String, SchemaObject> now = new LinkedHashMap<>();
        after.objects().forEach(object -> now.put(object.name(), object));
        old.forEach((name, object) -> {
            if (!now.containsKey(name)) {
                add(name, "removed", "The schema object '" + name + "' is removed.", Effect.BREAK, Effect.BREAK);
            }
        });
        now.forEach((name, object) -> {
            SchemaObject other = old.get(name);
            if (other == null) {
                changes.add(Change.addition(name, "added", "The schema object '" + name + "' is new."));
            } else {
                object(before, other, after, object);
            }
        });
    }

    private void object(Contract before, SchemaObject old, Contract after, SchemaObject now) {
        String path = now.name();
        if (!old.physicalName().equals(now.physicalName())) {
            add(
                    path,
                    "topic",
                    "The topic changes from '" + old.physicalName() + "' to '" + now.physicalName() + "'.",
                    Effect.BREAK,
                    Effect.NONE);
        }
        String format = format(before, old);
        String newFormat = format(after, now);
        if (!format.equals(newFormat)) {
            add(
                    path,
                    "format",
                    "Records are " + newFormat + ", not " + format + " any more.",
                    Effect.BREAK,
                    Effect.NONE);
        }
        String mode = custom(before, old, "millrace.mode");
        String newMode = custom(after, now, "millrace.mode");
        if (!mode.equals(newMode)) {
            add(path, "mode", "The mode changes from " + mode + " to " + newMode + ".", Effect.BREAK, Effect.BREAK);
        }
        String unknown = custom(before, old, "millrace.unknownFields");
        String newUnknown = custom(after, now, "millrace.unknownFields");
        if (!unknown.equals(newUnknown)) {
            add(
                    path,
                    "unknownFields",
                    "Unknown fields: " + unknown + " becomes " + newUnknown + ".",
                    newUnknown.equals("reject") ? Effect.BREAK : Effect.NONE,
                    unknown.equals("keep") ? Effect.BREAK : Effect.NONE);
        }
        List<String> key = key(old);
        List<String> newKey = key(now);
        if (!key.equals(newKey)) {
            add(path, "key", "The primary key changes from " + key + " to " + newKey + ".", Effect.BREAK, Effect.BREAK);
        }
        quality(path, old.quality(), now.quality());
        properties(path, old.properties(), now.properties());
    }

    private static String custom(Contract contract, SchemaObject object, String name) {
        Optional<Node> given = contract.custom(object, name);
        return given.isPresent() && given.get() instanceof Scalar scalar
                ? scalar.text()
                : DEFAULTS.getOrDefault(name, "");
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

    private void properties(String parent, List<Property> before, List<Property> after) {
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
                property(parent + "." + now.name(), old, now);
            }
        }
        for (Property old : removed.values()) {
            Optional<Property> renamed = added.stream()
                    .filter(now -> now.physicalName().equals(old.physicalName()))
                    .findFirst();
            if (renamed.isPresent()) {
                added.remove(renamed.get());
                add(
                        parent + "." + old.name(),
                        "renamed",
                        "The property is renamed to '" + renamed.get().name() + "'; records keep the field '"
                                + old.physicalName() + "'.",
                        Effect.NONE,
                        Effect.BREAK);
                property(parent + "." + renamed.get().name(), old, renamed.get());
            } else {
                boolean likely = removed.size() == 1
                        && added.size() == 1
                        && added.getFirst().fieldType().equals(old.fieldType());
                add(
                        parent + "." + old.name(),
                        "removed",
                        likely
                                ? "The property is removed, or renamed to '"
                                        + added.getFirst().name() + "'."
                                : "The property is removed.",
                        Effect.BREAK,
                        Effect.BREAK);
            }
        }
        added.forEach(now -> added(parent, now));
        List<String> oldOrder =
                before.stream().map(Property::name).filter(order::contains).toList();
        if (!order.equals(oldOrder)) {
            add(
                    parent,
                    "order",
                    "The order of the properties changes, which readers by position notice.",
                    Effect.NONE,
                    Effect.WARNING);
        }
    }

    private void added(String parent, Property now) {
        String path = parent + "." + now.name();
        if (now.required() && now.rules().fallback().isEmpty()) {
            add(
                    path,
                    "added",
                    "A required property without default is new: records before it have none.",
                    Effect.BREAK,
                    Effect.NONE);
        } else {
            changes.add(Change.addition(
                    path,
                    "added",
                    now.required() ? "A property with a default is new." : "An optional property is new."));
        }
    }

    private void property(String path, Property old, Property now) {
        if (old.name().equals(now.name())
                && !old.physicalName().equals(now.physicalName())
                && !now.aliases().contains(old.physicalName())) {
            add(
                    path,
                    "renamed",
                    "The field in the records changes from '" + old.physicalName() + "' to '" + now.physicalName()
                            + "'.",
                    Effect.BREAK,
                    Effect.NONE);
        }
        for (String alias : old.aliases()) {
            if (!now.aliases().contains(alias) && !alias.equals(now.physicalName())) {
                add(
                        path,
                        "alias",
                        "The alias '" + alias + "' is removed: records may name the field so.",
                        Effect.BREAK,
                        Effect.NONE);
            }
        }
        fallback(path, old, now);
        if (old.required() != now.required()) {
            add(
                    path,
                    "required",
                    now.required()
                            ? "The property becomes required: records may lack it."
                            : "The property becomes optional: readers meet null.",
                    now.required() ? Effect.BREAK : Effect.NONE,
                    now.required() ? Effect.NONE : Effect.BREAK);
        }
        if (old.unique() != now.unique()) {
            add(
                    path,
                    "unique",
                    now.unique() ? "Values must be unique from now on." : "Values need not be unique any more.",
                    now.unique() ? Effect.BREAK : Effect.NONE,
                    now.unique() ? Effect.NONE : Effect.BREAK);
        }
        if (!old.classification().equals(now.classification())) {
            add(
                    path,
                    "classification",
                    "The classification changes from '" + old.classification() + "' to '" + now.classification() + "'.",
                    Effect.NONE,
                    Effect.WARNING);
        }
        if (TypeChanges.compare(path, old.fieldType(), now.fieldType(), changes)) {
            new RuleChanges(path, now.fieldType(), changes).compare(old.rules(), now.rules());
        }
        quality(path, old.quality(), now.quality());
        if (!old.properties().isEmpty() && !now.properties().isEmpty()) {
            properties(path, old.properties(), now.properties());
        }
        if (old.items().isPresent() && now.items().isPresent()) {
            property(path + "[]", old.items().get(), now.items().get());
        }
    }

    private void fallback(String path, Property old, Property now) {
        Optional<String> before = old.rules().fallback();
        Optional<String> after = now.rules().fallback();
        if (before.isPresent() && after.isEmpty()) {
            add(
                    path,
                    "default",
                    "The default is removed: records without the field no longer have it.",
                    now.required() ? Effect.BREAK : Effect.NONE,
                    now.required() ? Effect.NONE : Effect.WARNING);
        } else if (!before.equals(after)) {
            add(path, "default", "The default becomes '" + after.orElse("") + "'.", Effect.NONE, Effect.WARNING);
        }
    }

    /** Rules that records are refused for tighten and relax; the others are promises to readers. */
    private void quality(String path, List<Node> before, List<Node> after) {
        for (Node gone : DocumentChanges.without(before, after)) {
            boolean unique = says(gone, "metric", "duplicateValues") || says(gone, "rule", "duplicateCount");
            add(
                    path,
                    "quality",
                    "A quality rule is removed or changed: " + label(gone) + ".",
                    Effect.NONE,
                    unique ? Effect.BREAK : Effect.WARNING);
        }
        for (Node rule : DocumentChanges.without(after, before)) {
            boolean rejects = says(rule, "engine", "cel") && !says(rule, "severity", "warning");
            if (rejects) {
                add(
                        path,
                        "quality",
                        "A rule that refuses records is new or changed: " + label(rule) + ".",
                        Effect.BREAK,
                        Effect.NONE);
            } else {
                changes.add(Change.addition(path, "quality", "A quality rule is new or changed: " + label(rule) + "."));
            }
        }
    }

    private static boolean says(Node rule, String name, String word) {
        return rule instanceof Mapping mapping
                && mapping.value(name)
                        .map(DocumentChanges::plain)
                        .filter(word::equalsIgnoreCase)
                        .isPresent();
    }

    private static String label(Node rule) {
        if (rule instanceof Mapping mapping) {
            for (String name : List.of("name", "id", "metric", "rule", "implementation", "description")) {
                Optional<Node> value = mapping.value(name);
                if (value.isPresent()) {
                    return "'" + DocumentChanges.plain(value.get()) + "'";
                }
            }
        }
        return "one without a name";
    }

    private void add(String path, String rule, String message, Effect producer, Effect consumer) {
        changes.add(Change.of(path, rule, message, producer, consumer));
    }
}
