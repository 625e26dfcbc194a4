package dev.millrace.contract;

import dev.millrace.config.yaml.Cursor;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.Node;
import dev.millrace.config.yaml.Place;
import dev.millrace.config.yaml.YamlReader;
import dev.millrace.contract.Grant.May;
import dev.millrace.problem.Nearest;
import dev.millrace.problem.Rule;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reads a domain's {@code policies.yaml}, and who may do what by a contract alone. Strict: a key that is not known would
 * be a rule that nobody keeps, so it is an error. Reads files, so never called on an event loop. No state.
 */
public final class PolicyReader {
    /** The file's name in the domain's folder. */
    public static final String FILE = "policies.yaml";

    private static final Set<String> KNOWN = Set.of("to", "products", "may", "columns", "rows", "until");
    private static final Node.Mapping ALL_ROWS = new Node.Mapping(Place.of(""), Map.of());

    private PolicyReader() {}

    /**
     * What a file says; every fault of it is added to {@code faults}, too.
     *
     * @param products of the domain
     * @param broken names of further products, of which nothing is known
     */
    static Policies read(Path file, Map<String, ProductDefinition> products, Set<String> broken, Faults faults) {
        var own = new Faults();
        List<Grant> grants = YamlReader.read(file, own)
                .map(document -> grants(Cursor.at(document.root(), own).as(Rule.POLICY), products, broken))
                .orElse(List.of());
        own.all().forEach(faults::add);
        return own.errors() > 0 ? new Policies(List.of(), own.ofErrors()) : new Policies(grants, List.of());
    }

    private static List<Grant> grants(Cursor root, Map<String, ProductDefinition> products, Set<String> broken) {
        only(root, Set.of("grants"));
        var grants = new ArrayList<Grant>();
        root.field("grants")
                .ifPresentOrElse(
                        list -> list.items()
                                .forEach(item ->
                                        grants.add(grant("grant " + (grants.size() + 1), item, products, broken))),
                        () -> root.error("The key 'grants' is missing: a list of grants."));
        return grants;
    }

    private static Grant grant(String name, Cursor item, Map<String, ProductDefinition> products, Set<String> broken) {
        only(item, KNOWN);
        Set<String> named = products(item, products, broken);
        List<ProductDefinition> of = products.values().stream()
                .filter(product -> named.contains(Grant.ALL) || named.contains(product.name()))
                .toList();
        return new Grant(
                name + " of " + at(item.place()),
                item.place(),
                to(item),
                named,
                may(item),
                columns(item, of),
                item.field("rows").map(PolicyReader::rows).orElse(ALL_ROWS),
                item.field("until")
                        .flatMap(given -> Elements.parsed(given, "a day such as 2027-01-31", LocalDate::parse))
                        .orElse(LocalDate.MAX));
    }

    private static String at(Place place) {
        return place.file() + ":" + place.line() + ":" + place.column();
    }

    private static Map<String, Set<String>> to(Cursor item) {
        Map<String, Set<String>> to = new LinkedHashMap<>();
        Optional<Cursor> given = item.field("to");
        if (given.isEmpty()
                || (!given.get().isMapping() && !given.get().text().orElse("").equals("anyone"))) {
            given.orElse(item)
                    .error("Expected 'to' with a role, a subject, a purpose or a claim, such as {role: analyst};"
                            + " or anyone, for everybody who says who it is.");
        } else if (given.get().isMapping()) {
            given.get().fields().forEach((name, value) -> to.put(name, texts(value)));
            if (to.isEmpty()) {
                given.get().error("It names nobody. For everybody who says who it is, write anyone.");
            }
        }
        return to;
    }

    private static Set<String> products(Cursor item, Map<String, ProductDefinition> products, Set<String> broken) {
        Optional<Cursor> given = item.field("products");
        if (given.isEmpty()) {
            item.error("The key 'products' is missing: names of products of this domain, or \"*\".");
            return Set.of();
        }
        Set<String> names = texts(given.get());
        for (String name : names) {
            if (!name.equals(Grant.ALL) && !products.containsKey(name) && !broken.contains(name)) {
                given.get()
                        .error("There is no product '" + name + "' in this domain."
                                + Nearest.hint(name, products.keySet()));
            }
        }
        return names;
    }

    private static Set<May> may(Cursor item) {
        Set<May> may = EnumSet.noneOf(May.class);
        Optional<Cursor> given = item.field("may");
        if (given.isEmpty()) {
            item.error("The key 'may' is missing: read, write, replay, administer.");
        }
        given.map(PolicyReader::texts)
                .orElse(Set.of())
                .forEach(word -> Arrays.stream(May.values())
                        .filter(each -> each.name().toLowerCase(Locale.ROOT).equals(word))
                        .findFirst()
                        .ifPresentOrElse(
                                may::add,
                                () -> given.orElseThrow()
                                        .error("Expected read, write, replay or administer, found '" + word + "'.")));
        return may;
    }

    private static Map<String, Mask> columns(Cursor item, List<ProductDefinition> products) {
        Map<String, Mask> columns = new LinkedHashMap<>();
        Optional<Cursor> given = item.field("columns");
        if (given.isPresent() && given.get().node() instanceof Node.Mapping mapping) {
            mapping.entries().forEach((name, entry) -> {
                // null is a mask here
                var at = new Cursor(entry.value(), given.get().path() + "." + name, item.faults(), Rule.POLICY);
                mask(at).ifPresent(mask -> {
                    columns.put(name, mask);
                    fit(at, name, mask, products);
                });
            });
        } else if (given.isPresent()) {
            given.get()
                    .error("Expected a mapping of columns, such as {email: hide}, found "
                            + given.get().shape() + ".");
        }
        return columns;
    }

    private static void fit(Cursor at, String name, Mask mask, List<ProductDefinition> products) {
        List<Property> found = products.stream()
                .flatMap(product -> product.object().property(name).stream())
                .toList();
        if (found.isEmpty() && !products.isEmpty()) {
            Set<String> known = products.stream()
                    .flatMap(product -> product.object().properties().stream())
                    .map(Property::name)
                    .collect(Collectors.toSet());
            at.error("There is no column '" + name + "'; a field within one is masked with it."
                    + Nearest.hint(name, known));
        }
        for (Property column : found) {
            if (column.primaryKey() && !mask.equals(Mask.SHOW) && !mask.equals(Mask.HIDE)) {
                at.error("'" + name + "' is of the key: it is hidden or shown, never masked.");
            } else if (!mask.fits(column.fieldType())) {
                at.error("'" + name + "' cannot be masked so: keep and pseudonym are for texts, {round: year} for dates"
                        + " and times, {round: 10} for numbers.");
            }
        }
    }

    private static Optional<Mask> mask(Cursor at) {
        Optional<Mask> mask = switch (at.node()) {
            case Node.Scalar scalar when scalar.kind() == Node.Kind.NULL -> Optional.of(new Mask.Null());
            case Node.Scalar scalar -> ofWord(scalar.text());
            case Node.Mapping mapping
            when mapping.entries().size() == 1 -> {
                Optional<Cursor> last = at.field("keep");
                Optional<Cursor> unit = at.field("round");
                yield last.isPresent()
                        ? last.get().count().stream().boxed().findFirst().map(Mask.Keep::new)
                        : unit.flatMap(PolicyReader::round);
            }
            case Node.Mapping _, Node.Sequence _ -> Optional.empty();
        };
        if (mask.isEmpty()) {
            at.error("Expected hide, show, null, pseudonym, {keep: 4} or {round: year}, found " + at.shape() + ".");
        }
        return mask;
    }

    /** A mask that is one word. */
    public static Optional<Mask> ofWord(String word) {
        return switch (word) {
            case "show" -> Optional.of(Mask.SHOW);
            case "hide" -> Optional.of(Mask.HIDE);
            case "null" -> Optional.of(new Mask.Null());
            case "pseudonym" -> Optional.of(new Mask.Pseudonym());
            default -> Optional.empty();
        };
    }

    private static Optional<Mask> round(Cursor unit) {
        String text = unit.text().orElse("");
        Optional<Mask> time = Arrays.stream(Mask.Unit.values())
                .filter(each -> each.name().toLowerCase(Locale.ROOT).equals(text))
                .findFirst()
                .map(Mask.RoundTime::new);
        return time.isPresent()
                ? time
                : unit.quietly().number().filter(number -> number.signum() > 0).map(Mask.RoundNumber::new);
    }

    private static Node.Mapping rows(Cursor given) {
        if (given.node() instanceof Node.Mapping mapping && !mapping.entries().isEmpty()) {
            return mapping;
        }
        given.error("Expected a filter such as {region: \"${claims.region}\"}, found " + given.shape() + ".");
        return ALL_ROWS;
    }

    private static Set<String> texts(Cursor given) {
        var texts = new HashSet<>(given.texts());
        if (texts.isEmpty()) {
            given.error("Expected at least one name.");
        }
        return texts;
    }

    private static void only(Cursor at, Set<String> known) {
        if (at.node() instanceof Node.Mapping mapping) {
            mapping.entries().forEach((name, entry) -> {
                if (!known.contains(name)) {
                    at.faults()
                            .error(
                                    Rule.POLICY,
                                    entry.key(),
                                    name,
                                    "The key '" + name + "' is not known here." + Nearest.hint(name, known));
                }
            });
        } else {
            at.error("Expected a mapping with " + String.join(", ", known) + ", found " + at.shape() + ".");
        }
    }

    /** Who may do what with a product by its contract alone: each of its {@code roles} as its {@code access} says. */
    public static List<Grant> ofContract(ProductDefinition product) {
        Cursor root = Cursor.at(product.contract().root(), new Faults());
        return Elements.mappings(root, "roles").stream()
                .filter(role -> !role.text("role").isEmpty())
                .map(role -> new Grant(
                        "role '" + role.text("role") + "' of " + at(role.place()),
                        role.place(),
                        Map.of("role", Set.of(role.text("role"))),
                        Set.of(product.name()),
                        access(role.text("access").toLowerCase(Locale.ROOT)),
                        Map.of(),
                        ALL_ROWS,
                        LocalDate.MAX))
                .toList();
    }

    private static Set<May> access(String words) {
        return Arrays.stream(May.values())
                .filter(may -> words.contains(may.name().toLowerCase(Locale.ROOT)))
                .collect(Collectors.toSet());
    }
}
