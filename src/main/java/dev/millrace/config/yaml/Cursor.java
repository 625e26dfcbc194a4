package dev.millrace.config.yaml;

import dev.millrace.config.yaml.Node.Entry;
import dev.millrace.config.yaml.Node.Kind;
import dev.millrace.config.yaml.Node.Mapping;
import dev.millrace.config.yaml.Node.Scalar;
import dev.millrace.config.yaml.Node.Sequence;
import dev.millrace.problem.Nearest;
import dev.millrace.problem.Rule;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A node together with its path from the root and the place where faults go: a value of the wrong shape becomes a fault
 * and reads as absent. An explicit null is absent everywhere. Used by one thread.
 *
 * @param path for example {@code schema[0].properties[2]}; empty at the root
 * @param rule the kind of the faults that are said of this node or one within it, unless it has a wrong shape
 */
public record Cursor(Node node, String path, Faults faults, Rule rule) {
    private static final int LONGEST_NUMBER = 400;
    private static final int LARGEST_SCALE = 400;

    /** The cursor at a document's root. */
    public static Cursor at(Node root, Faults faults) {
        return new Cursor(root, "", faults, Rule.OTHER);
    }

    /** This cursor, whose faults are of that rule. */
    public Cursor as(Rule other) {
        return new Cursor(node, path, faults, other);
    }

    /** This cursor, whose faults nobody hears of. */
    public Cursor quietly() {
        return new Cursor(node, path, new Faults(), rule);
    }

    /** Where the node begins. */
    public Place place() {
        return node.place();
    }

    /** Adds an error at this node. */
    public void error(String message) {
        faults.error(rule, place(), path, message);
    }

    private void shapeError(String message) {
        faults.error(Rule.SHAPE, place(), path, message);
    }

    /** Adds a warning at this node. */
    public void warning(String message) {
        faults.warning(rule, place(), path, message);
    }

    /** The value of that name; empty where it is absent or null, or where this is no mapping. */
    public Optional<Cursor> field(String name) {
        if (node instanceof Mapping mapping) {
            return mapping.value(name)
                    .filter(value -> !isNull(value))
                    .map(value -> new Cursor(value, pathTo(name), faults, rule));
        }
        return Optional.empty();
    }

    /** The value of that name or the item of that number, nulls too; this cursor where there is none. */
    public Cursor child(String step) {
        return switch (node) {
            case Mapping mapping ->
                mapping.value(step)
                        .map(value -> new Cursor(value, pathTo(step), faults, rule))
                        .orElse(this);
            case Sequence sequence ->
                new Cursor(sequence.items().get(Integer.parseInt(step)), path + "[" + step + "]", faults, rule);
            case Scalar scalar -> this;
        };
    }

    /** Every name with its value, nulls left out; an error and nothing where this is no mapping. */
    public Map<String, Cursor> fields() {
        Map<String, Cursor> fields = new LinkedHashMap<>();
        if (node instanceof Mapping mapping) {
            mapping.entries().forEach((name, entry) -> {
                if (!isNull(entry.value())) {
                    fields.put(name, new Cursor(entry.value(), pathTo(name), faults, rule));
                }
            });
        } else {
            shapeError("Expected a mapping, found " + shape() + ".");
        }
        return fields;
    }

    /** Every item, nulls left out with an error; an error and nothing where this is no list. */
    public List<Cursor> items() {
        if (!isSequence()) {
            shapeError("Expected a list, found " + shape() + ".");
        }
        return items(item -> item.shapeError("The item is empty."));
    }

    /** The items of the list of that name, as {@link #items()} gives them; none where it is absent. */
    public List<Cursor> items(String name) {
        return field(name).map(Cursor::items).orElse(List.of());
    }

    /** The texts of a list, or that of a single value; errors for items that have none. */
    public List<String> texts() {
        return (isSequence() ? items() : List.of(this))
                .stream().flatMap(item -> item.text().stream()).toList();
    }

    /** Every item, nulls left out; nothing where this is no list. */
    public List<Cursor> itemsPresent() {
        return items(item -> {});
    }

    private List<Cursor> items(Consumer<Cursor> empty) {
        List<Cursor> items = new ArrayList<>();
        if (node instanceof Sequence sequence) {
            for (int i = 0; i < sequence.items().size(); i++) {
                Cursor item = new Cursor(sequence.items().get(i), path + "[" + i + "]", faults, rule);
                if (isNull(item.node)) {
                    empty.accept(item);
                } else {
                    items.add(item);
                }
            }
        }
        return items;
    }

    /** Whether this is a mapping. */
    public boolean isMapping() {
        return node instanceof Mapping;
    }

    /** Whether this is a list. */
    public boolean isSequence() {
        return node instanceof Sequence;
    }

    /** The text of a single value, whatever its kind; an error and empty otherwise. */
    public Optional<String> text() {
        if (node instanceof Scalar scalar && scalar.kind() != Kind.NULL) {
            return Optional.of(scalar.text());
        }
        shapeError("Expected a text, found " + shape() + ".");
        return Optional.empty();
    }

    /** The text of the field of that name; empty string where it is absent or no single value. */
    public String text(String name) {
        return field(name).flatMap(Cursor::text).orElse("");
    }

    /** True or false; a quoted one, or YAML 1.1's yes and no, is taken with a warning; an error and empty otherwise. */
    public Optional<Boolean> flag() {
        if (node instanceof Scalar scalar) {
            String word = scalar.text().toLowerCase(Locale.ROOT);
            if (scalar.kind() == Kind.BOOLEAN) {
                return Optional.of(word.equals("true"));
            }
            if (Set.of("true", "yes", "on", "false", "no", "off").contains(word)) {
                boolean value = Set.of("true", "yes", "on").contains(word);
                as(Rule.SHAPE)
                        .warning("'" + scalar.text() + "' is a text in YAML 1.2; read as " + value + ". Write " + value
                                + ".");
                return Optional.of(value);
            }
        }
        shapeError("Expected true or false, found " + shape() + ".");
        return Optional.empty();
    }

    /** Whether the field of that name is true; false where it is absent or broken. */
    public boolean flag(String name) {
        return field(name).flatMap(Cursor::flag).orElse(false);
    }

    /** The number with every digit; a quoted one is taken; an error and empty otherwise. */
    public Optional<BigDecimal> number() {
        if (node instanceof Scalar scalar && scalar.text().length() <= LONGEST_NUMBER) {
            try {
                BigDecimal number = number(scalar);
                if (Math.abs((long) number.scale()) <= LARGEST_SCALE) {
                    return Optional.of(number);
                }
            } catch (NumberFormatException e) {
                shapeError("Expected a number, found '" + scalar.text() + "'.");
                return Optional.empty();
            }
        }
        shapeError("Expected a number, found " + shape() + ".");
        return Optional.empty();
    }

    private static BigDecimal number(Scalar scalar) {
        String text = scalar.text();
        if (scalar.kind() == Kind.INTEGER && text.startsWith("0x")) {
            return new BigDecimal(new BigInteger(text.substring(2), 16));
        }
        if (scalar.kind() == Kind.INTEGER && text.startsWith("0o")) {
            return new BigDecimal(new BigInteger(text.substring(2), 8));
        }
        return new BigDecimal(text);
    }

    /** A whole number from 0 to 2^31 - 1; an error and empty otherwise. */
    public OptionalInt count() {
        Optional<BigDecimal> number = number();
        if (number.isEmpty()) {
            return OptionalInt.empty();
        }
        try {
            int count = number.get().intValueExact();
            if (count >= 0) {
                return OptionalInt.of(count);
            }
        } catch (ArithmeticException e) {
            // said below, with the negative ones
        }
        shapeError("Expected a whole number of at least 0, found " + number.get() + ".");
        return OptionalInt.empty();
    }

    /** Warns of every name that is not known, with the nearest known one; a name that begins with {@code x-} is fine. */
    public void warnOfUnknown(Set<String> known) {
        if (node instanceof Mapping mapping) {
            mapping.entries().forEach((name, entry) -> {
                if (!known.contains(name) && !name.startsWith("x-") && faults.keepsWarnings()) {
                    faults.warning(Rule.UNKNOWN_KEY, entry.key(), pathTo(name), unknown(name, known));
                }
            });
        }
    }

    private static String unknown(String name, Set<String> known) {
        return "The key '" + name + "' is not known here and means nothing." + Nearest.hint(name, known);
    }

    /** The place of the key of that name, or of this node where there is none. */
    public Place keyPlace(String name) {
        if (node instanceof Mapping mapping) {
            Entry entry = mapping.entries().get(name);
            return entry == null ? place() : entry.key();
        }
        return place();
    }

    /** What this is, for people. */
    public String shape() {
        return switch (node) {
            case Mapping mapping -> "a mapping";
            case Sequence sequence -> "a list";
            case Scalar scalar when scalar.kind() == Kind.NULL -> "nothing";
            case Scalar scalar
            when scalar.text().length() > 80 -> "'" + scalar.text().substring(0, 80) + "…'";
            case Scalar scalar -> "'" + scalar.text() + "'";
        };
    }

    private String pathTo(String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    private static boolean isNull(Node node) {
        return node instanceof Scalar scalar && scalar.kind() == Kind.NULL;
    }
}
