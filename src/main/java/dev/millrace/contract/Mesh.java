package dev.millrace.contract;

import dev.millrace.problem.Fault;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The domains of one mesh folder with their products, both by name and in its order.
 *
 * @param warnings what was forgiven in any file
 */
public record Mesh(SortedMap<String, SortedMap<String, ProductDefinition>> domains, List<Fault> warnings) {
    public Mesh {
        SortedMap<String, SortedMap<String, ProductDefinition>> copy = new TreeMap<>();
        domains.forEach((name, products) -> copy.put(name, Collections.unmodifiableSortedMap(new TreeMap<>(products))));
        domains = Collections.unmodifiableSortedMap(copy);
        warnings = List.copyOf(warnings);
    }

    /** The product of that name in that domain. */
    public Optional<ProductDefinition> product(String domain, String name) {
        Map<String, ProductDefinition> products = domains.getOrDefault(domain, Collections.emptySortedMap());
        return Optional.ofNullable(products.get(name));
    }

    /** Every product, by domain and name. */
    public List<ProductDefinition> products() {
        return domains.values().stream()
                .flatMap(products -> products.values().stream())
                .toList();
    }
}
