package dev.millrace.flight;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.problem.Problem;
import dev.millrace.store.Position;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * What a descriptor path names: a product, some of its columns and maybe a position.
 *
 * <p>The path is {@code [domain, product]} or one name, {@code domain.product} or {@code product} where only one domain
 * has it, and {@code dead-letters} may follow; after the names come options: {@code select=a,b} and {@code as_of=POSITION}.
 *
 * @param columns the columns wanted, in the order wanted
 * @param position empty for the product as it is now
 */
record Selection(Product product, List<ColumnLayout> columns, Optional<Position> position) {
    private static final String PATH_EXPECTED =
            "[domain, product] or [domain.product], for dead letters a dead-letters behind it, then optionally select=a,b and as_of=POSITION.";
    private static final int NAMES_MAX = 3;

    Selection {
        columns = List.copyOf(columns);
    }

    /** The selection that a path names; a wrong path is a {@link Problem}. */
    static Selection parse(ProductRegistry registry, List<String> path) {
        List<String> names =
                path.stream().takeWhile(component -> !component.contains("=")).toList();
        if (names.isEmpty()
                || names.size() > NAMES_MAX
                || (names.size() == NAMES_MAX && !names.getLast().equals("dead-letters"))) {
            throw invalid("descriptor path", "it is '" + String.join(", ", names) + "'.", PATH_EXPECTED);
        }
        Optional<Product> product = registry.find(String.join(".", names));
        if (product.isEmpty()) {
            throw unknown(registry, names);
        }
        Optional<List<String>> select = Optional.empty();
        Optional<Position> position = Optional.empty();
        for (String option : path.subList(names.size(), path.size())) {
            String name = option.substring(0, Math.max(0, option.indexOf('=')));
            String value = option.substring(option.indexOf('=') + 1);
            switch (name) {
                case "select" -> select = Optional.of(List.of(value.split(",", -1)));
                case "as_of" -> position = Optional.of(position("as_of", value));
                default -> throw invalid("descriptor path", "'" + option + "' is none of its options.", PATH_EXPECTED);
            }
        }
        return new Selection(product.get(), columns(product.get(), select), position);
    }

    /** The columns of these names; all of the contract's when no names are given. */
    static List<ColumnLayout> columns(Product product, Optional<List<String>> select) {
        List<ColumnLayout> all = product.schema().columns();
        if (select.isEmpty()) {
            return all;
        }
        Map<String, ColumnLayout> byName = all.stream().collect(Collectors.toMap(ColumnLayout::name, column -> column));
        List<ColumnLayout> columns = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (String name : select.get()) {
            ColumnLayout column = byName.get(name);
            String expected = "columns of " + product.qualifiedName() + ", each once: "
                    + all.stream().map(ColumnLayout::name).collect(Collectors.joining(", ")) + ".";
            if (column == null) {
                throw invalid("select", "there is no column '" + name + "'.", expected);
            }
            if (!seen.add(name)) {
                throw invalid("select", "the column '" + name + "' stands there twice.", expected);
            }
            columns.add(column);
        }
        if (columns.isEmpty()) {
            throw invalid("select", "it names no column.", "at least one column, or no select for all of them.");
        }
        return columns;
    }

    /** The position that a text names. */
    static Position position(String parameter, String text) {
        return Position.parse(text)
                .orElseThrow(() -> invalid(
                        parameter, "'" + text + "' is no position.", "the text of millrace.position in a schema."));
    }

    /** The schema that clients see: the selected columns, and metadata that says what they are. */
    Schema schema(Position at) {
        return product.arrowSchema(columns, at);
    }

    private static RuntimeException unknown(ProductRegistry registry, List<String> names) {
        List<String> candidates = registry.all().stream()
                .filter(product -> names.size() == 1 && product.name().equals(names.getFirst()))
                .map(Product::qualifiedName)
                .toList();
        return candidates.isEmpty()
                ? new Problem.NotFound("product", String.join(".", names)).exception()
                : invalid(
                        "descriptor path",
                        "several domains have a product '" + names.getFirst() + "'.",
                        "one of " + String.join(", ", candidates) + ".");
    }

    static RuntimeException invalid(String parameter, String reason, String expected) {
        return new Problem.InvalidParameter(parameter, reason, expected).exception();
    }
}
