package dev.millrace.contract;

import dev.millrace.config.yaml.Cursor;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.Node;
import dev.millrace.problem.Problem;
import dev.millrace.problem.Rule;
import java.time.DateTimeException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Parts that contracts and product descriptors share. */
final class Elements {
    private Elements() {}

    /** What was read; throws a {@link Problem.InvalidContract} with every fault, warnings too, where that is nothing. */
    static <T> T orThrow(Function<Faults, Optional<T>> read) {
        Faults faults = new Faults();
        return read.apply(faults).orElseThrow(() -> new Problem.InvalidContract(faults.all()).exception());
    }

    /** What the text there says; an error where {@code form} throws that it is none such. */
    static <T> Optional<T> parsed(Cursor given, String expected, Function<String, T> form) {
        return given.text().flatMap(text -> {
            try {
                return Optional.of(form.apply(text));
            } catch (IllegalArgumentException | DateTimeException e) {
                given.error("Expected " + expected + ", found " + given.shape() + ".");
                return Optional.empty();
            }
        });
    }

    /** The object's custom property of that name, else the contract's. */
    static Optional<Cursor> custom(Contract contract, SchemaObject object, String name, Faults faults) {
        return contract.custom(object, name).map(node -> new Cursor(node, name, faults, Rule.PRODUCT));
    }

    /** The custom properties by name; ODCS's list of {@code property} and {@code value}, or a plain mapping. */
    static Map<String, Node> custom(Cursor owner) {
        Map<String, Node> custom = new LinkedHashMap<>();
        owner.field("customProperties").ifPresent(given -> {
            if (given.isMapping()) {
                given.as(Rule.SHAPE).warning("Expected a list of property and value; read as if it were one.");
                given.fields().forEach((name, value) -> custom.put(name, value.node()));
                return;
            }
            for (Cursor item : given.items()) {
                String name = item.text("property");
                if (name.isEmpty()) {
                    item.as(Rule.SHAPE)
                            .warning("A custom property needs a 'property', its name; this one means nothing.");
                    continue;
                }
                item.field("value").ifPresent(value -> {
                    if (custom.putIfAbsent(name, value.node()) != null) {
                        item.as(Rule.NOT_APPLIED)
                                .warning("The custom property '" + name
                                        + "' stands here a second time; the first counts.");
                    }
                });
            }
        });
        return custom;
    }

    /** The mappings in the list of that name; none where it is absent or no list. */
    static List<Cursor> mappings(Cursor owner, String name) {
        return owner.field(name).stream()
                .flatMap(list -> list.itemsPresent().stream())
                .filter(Cursor::isMapping)
                .toList();
    }

    /** The items of the list of that name, as written; none where it is absent. */
    static List<Node> raw(Cursor owner, String name) {
        return owner.items(name).stream().map(Cursor::node).toList();
    }

    static Contract.Description description(Cursor owner) {
        return owner.field("description")
                .map(given -> given.isMapping()
                        ? new Contract.Description(
                                given.text("purpose"), given.text("usage"), given.text("limitations"))
                        : new Contract.Description(given.text().orElse(""), "", ""))
                .orElse(new Contract.Description("", "", ""));
    }

    /** The text of that name; an error where it is absent or empty. */
    static String needed(Cursor owner, String name) {
        if (owner.field(name).isEmpty()) {
            owner.as(Rule.MISSING_KEY).error("The key '" + name + "' is missing.");
            return "";
        }
        String text = owner.text(name);
        if (text.isBlank()) {
            owner.field(name).ifPresent(given -> {
                if (!given.isMapping() && !given.isSequence()) {
                    given.as(Rule.MISSING_KEY).error("The key '" + name + "' is empty.");
                }
            });
        }
        return text;
    }
}
