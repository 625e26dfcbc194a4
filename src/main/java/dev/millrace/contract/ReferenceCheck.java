package dev.millrace.contract;

import dev.millrace.config.yaml.Cursor;
import dev.millrace.problem.Nearest;
import dev.millrace.problem.Rule;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Checks that what a contract names exists, and once: ids, server names, references of relationships, service levels and
 * quality rules. A server can do without all of that, so every fault is a warning here, and what {@link Rule} says to
 * {@code check}. A reference to another file or contract is not followed.
 */
final class ReferenceCheck {
    private static final Set<String> FREE =
            Set.of("customProperties", "examples", "implementation", "arguments", "enum", "defaultValue");
    private static final int LONGEST = 1000;
    private static final int MOST_SUGGESTIONS = 200;

    /** Names, physical names and ids, each with what it holds. */
    private record Scope(Map<String, Scope> within) {
        static Scope of(Optional<Cursor> elements) {
            Scope scope = new Scope(new HashMap<>());
            elements.ifPresent(list -> {
                for (Cursor element : list.itemsPresent()) {
                    Scope inner = of(element.field("properties"));
                    element.field("items")
                            .ifPresent(items -> inner.within.putAll(of(items.field("properties")).within));
                    for (String key : List.of("name", "physicalName", "id")) {
                        text(element, key).ifPresent(name -> scope.within.putIfAbsent(name, inner));
                    }
                }
            });
            return scope;
        }

        boolean isEmpty() {
            return within.isEmpty();
        }

        /** Whether it holds that path; names may have dots themselves. What lists nothing may hold anything. */
        boolean holds(String path) {
            if (isEmpty() || within.containsKey(path)) {
                return true;
            }
            for (int dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
                Scope inner = within.get(path.substring(0, dot));
                if (inner != null && inner.holds(path.substring(dot + 1))) {
                    return true;
                }
            }
            return false;
        }
    }

    private final Scope objects;
    private final List<String> names;
    private int suggestions = MOST_SUGGESTIONS;

    private ReferenceCheck(Cursor root) {
        this.objects = Scope.of(root.field("schema"));
        this.names = objects.within().keySet().stream()
                .sorted()
                .limit(MOST_SUGGESTIONS)
                .toList();
    }

    static void check(Cursor root) {
        ReferenceCheck references = new ReferenceCheck(root);
        references.visit(root);
        root.field("slaDefaultElement").ifPresent(references::level);
        root.field("slaProperties")
                .ifPresent(levels -> levels.itemsPresent()
                        .forEach(level -> level.field("element").ifPresent(references::level)));
        Elements.mappings(root, "schema")
                .forEach(object -> references.element(object, Scope.of(object.field("properties"))));
    }

    private void visit(Cursor cursor) {
        if (cursor.isMapping()) {
            cursor.fields().forEach((name, value) -> {
                if (!FREE.contains(name)) {
                    visit(value);
                }
            });
        } else if (cursor.isSequence()) {
            Set<String> seen = new HashSet<>();
            for (Cursor item : cursor.itemsPresent()) {
                once(item, "id", Rule.DUPLICATE_ID, seen);
                once(item, "server", Rule.DUPLICATE_NAME, seen);
                visit(item);
            }
        }
    }

    private static void once(Cursor item, String key, Rule rule, Set<String> seen) {
        item.field(key)
                .filter(given -> single(given)
                        .filter(value -> !seen.add(key + "=" + value))
                        .isPresent())
                .ifPresent(given -> given.as(rule)
                        .warning("The " + key + " '" + given.text().orElse("")
                                + "' stands in this list a second time."));
    }

    /** The element of a service level: names of objects or columns, with commas between. */
    private void level(Cursor element) {
        for (String part : single(element).orElse("").split(",", LONGEST)) {
            String name = part.strip();
            if (name.isEmpty() || objects.holds(name) || name.contains("/") || column(name)) {
                continue;
            }
            // the standard's own example names a table that it does not have, and a column that it has
            String last = name.substring(name.lastIndexOf('.') + 1);
            boolean doubtful = name.contains(".") && column(last);
            element.as(doubtful ? Rule.DOUBTFUL_REFERENCE : Rule.DANGLING_REFERENCE)
                    .warning("There is no '" + name + "' in this contract's schema" + near(name)
                            + (doubtful ? " A column '" + last + "' is in another object." : ""));
        }
    }

    private boolean column(String name) {
        return objects.within().values().stream()
                .anyMatch(object -> object.within().containsKey(name));
    }

    private String near(String name) {
        if (suggestions-- <= 0) {
            return ".";
        }
        return Nearest.closeTo(name, names)
                .map(near -> ". Did you mean '" + near + "'?")
                .orElse(". It has " + String.join(", ", names.subList(0, Math.min(names.size(), 10))) + ".");
    }

    private void element(Cursor element, Scope columns) {
        Elements.mappings(element, "relationships").forEach(relationship -> {
            for (String end : List.of("from", "to")) {
                relationship
                        .field(end)
                        .ifPresent(given ->
                                (given.isSequence() ? given.itemsPresent() : List.of(given)).forEach(this::reference));
            }
        });
        Elements.mappings(element, "quality").forEach(rule -> quality(rule, columns));
        Elements.mappings(element, "properties").forEach(property -> element(property, columns));
        element.field("items").filter(Cursor::isMapping).ifPresent(item -> element(item, columns));
    }

    private void reference(Cursor given) {
        String text = single(given).filter(name -> name.length() <= LONGEST).orElse("");
        String path = text.startsWith("/") ? text.substring(1) : text;
        if (path.contains("/")) {
            if (!path.startsWith("schema/")) {
                return; // another contract
            }
            path = path.substring("schema/".length())
                    .replaceAll("/(properties|items)(?=/|$)", "")
                    .replace('/', '.');
        }
        if (!path.isEmpty() && !objects.holds(path)) {
            given.as(Rule.DANGLING_REFERENCE)
                    .warning("There is no '" + text + "' in this contract's schema"
                            + near(path.substring(0, Math.max(0, path.indexOf('.')))));
        }
    }

    private static void quality(Cursor rule, Scope columns) {
        rule.field("metric")
                .filter(given -> single(given)
                        .filter(name -> !QualityRules.METRICS.contains(name))
                        .isPresent())
                .ifPresent(given -> given.as(Rule.UNKNOWN_METRIC)
                        .warning("'" + given.text().orElse("") + "' is no metric. Expected one of "
                                + String.join(
                                        ", ",
                                        QualityRules.METRICS.stream().sorted().toList()) + "."));
        for (String between : List.of("mustBeBetween", "mustNotBeBetween")) {
            List<BigDecimal> bounds = rule.field(between).stream()
                    .flatMap(given -> given.itemsPresent().stream())
                    .flatMap(bound -> bound.quietly().number().stream())
                    .toList();
            if (bounds.size() == 2 && bounds.get(0).compareTo(bounds.get(1)) > 0) {
                rule.as(Rule.CONTRADICTING_BOUNDS)
                        .warning(between + " has the greater number first: no value can lie between.");
            }
        }
        for (String key : List.of("properties", "columns")) {
            rule.field("arguments").flatMap(arguments -> arguments.field(key)).stream()
                    .flatMap(names -> names.itemsPresent().stream())
                    .filter(name ->
                            single(name).filter(text -> !columns.holds(text)).isPresent())
                    .forEach(name -> name.as(Rule.DANGLING_REFERENCE)
                            .warning("There is no column " + name.shape() + " in this object."));
        }
    }

    private static Optional<String> text(Cursor owner, String key) {
        return owner.field(key).flatMap(ReferenceCheck::single);
    }

    private static Optional<String> single(Cursor value) {
        return value.isMapping() || value.isSequence() ? Optional.empty() : value.text();
    }
}
