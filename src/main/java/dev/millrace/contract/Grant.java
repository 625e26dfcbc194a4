package dev.millrace.contract;

import dev.millrace.config.yaml.Node;
import dev.millrace.config.yaml.Place;
import java.time.LocalDate;
import java.util.Map;
import java.util.Set;

/**
 * What a policy lets somebody see and do.
 *
 * @param name what people call it: where it stands
 * @param place of it in its file; of a contract's role there
 * @param to what a caller must have: {@code role}, {@code subject}, {@code purpose}, or a claim by its path, each with one of
 *     these values; empty for everybody who has said who it is
 * @param products of the domain; {@link #ALL} among them for all
 * @param columns what is shown of top-level columns; what is not named is shown as the mesh says of its classification
 * @param rows the filter in its form as an object, with claims as {@code ${claims.x}}; without entries for all rows
 * @param until the last day on which it holds, in UTC
 */
public record Grant(
        String name,
        Place place,
        Map<String, Set<String>> to,
        Set<String> products,
        Set<May> may,
        Map<String, Mask> columns,
        Node.Mapping rows,
        LocalDate until) {
    /** The name that stands for every product. */
    public static final String ALL = "*";

    /** What a grant allows; none includes another. */
    public enum May {
        READ,
        WRITE,
        REPLAY,
        ADMINISTER
    }

    public Grant {
        to = Map.copyOf(to);
        products = Set.copyOf(products);
        may = Set.copyOf(may);
        columns = Map.copyOf(columns);
    }

    /** Whether it is of that product of its domain. */
    public boolean isOf(String product) {
        return products.contains(ALL) || products.contains(product);
    }
}
