package dev.millrace.contract;

import dev.millrace.problem.Fault;
import dev.millrace.problem.Problem;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The domains of one mesh folder with their products, both by name and in its order.
 *
 * @param policies what the domains' {@code policies.yaml} say, by domain; nothing of one without the file
 * @param warnings what was forgiven in any file
 * @param broken the files that cannot be used, in the order of their names
 */
public record Mesh(
        SortedMap<String, SortedMap<String, ProductDefinition>> domains,
        Map<String, Policies> policies,
        List<Fault> warnings,
        List<Broken> broken) {
    /**
     * A file, or a folder, that cannot be used.
     *
     * @param domain empty where it is the mesh folder itself
     * @param name the file's, without its endings: the product's where no descriptor gives the contract another; empty
     *     where it is the domain's folder
     * @param faults all that is wrong with it
     */
    public record Broken(String domain, String name, List<Fault> faults) {
        public Broken {
            faults = List.copyOf(faults);
        }
    }

    public Mesh {
        SortedMap<String, SortedMap<String, ProductDefinition>> copy = new TreeMap<>();
        domains.forEach((name, products) -> copy.put(name, Collections.unmodifiableSortedMap(new TreeMap<>(products))));
        domains = Collections.unmodifiableSortedMap(copy);
        policies = Map.copyOf(policies);
        warnings = List.copyOf(warnings);
        broken = List.copyOf(broken);
    }

    /** This mesh; throws a {@link Problem.InvalidContract} with every fault, warnings too, where a file cannot be used. */
    public Mesh orThrow() {
        if (broken.isEmpty()) {
            return this;
        }
        throw new Problem.InvalidContract(
                        Stream.concat(broken.stream().flatMap(file -> file.faults().stream()), warnings.stream())
                                .sorted(Fault.BY_PLACE)
                                .toList())
                .exception();
    }

    /** What is wrong with files of these names in a domain, or with the domain's folder. */
    public List<Fault> faults(String domain, List<String> names) {
        return broken.stream()
                .filter(file -> file.domain().equals(domain) && (file.name().isEmpty() || names.contains(file.name())))
                .flatMap(file -> file.faults().stream())
                .toList();
    }

    /** What the domain's policies say. */
    public Policies policies(String domain) {
        return policies.getOrDefault(domain, Policies.NONE);
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
