package dev.millrace.domain;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The products of the mesh. Immutable; any thread. */
public final class ProductRegistry {
    private final String mesh;
    private final List<Product> products;
    private final Map<String, Product> byQualifiedName = new HashMap<>();

    /** A registry of the given products, whose qualified names differ. */
    public ProductRegistry(String mesh, List<Product> products) {
        this.mesh = mesh;
        var sorted = new ArrayList<>(products);
        sorted.sort(Comparator.comparing(Product::qualifiedName));
        this.products = List.copyOf(sorted);
        withDeadLetters().forEach(product -> byQualifiedName.put(product.qualifiedName(), product));
    }

    /** The mesh's name. */
    public String mesh() {
        return mesh;
    }

    /** The products of the mesh folder, by qualified name. */
    public List<Product> all() {
        return products;
    }

    /** Those products, each followed by the one of its dead letters. */
    public List<Product> withDeadLetters() {
        return products.stream()
                .flatMap(product -> Stream.concat(Stream.of(product), product.deadLetters().stream()))
                .toList();
    }

    public Optional<Product> find(String domain, String name) {
        return Optional.ofNullable(byQualifiedName.get(domain + "." + name));
    }

    /** The product with this qualified name, or the only one with this name. */
    public Optional<Product> find(String name) {
        Product qualified = byQualifiedName.get(name);
        if (qualified != null) {
            return Optional.of(qualified);
        }
        List<Product> named = withDeadLetters().stream()
                .filter(product -> product.name().equals(name))
                .toList();
        return named.size() == 1 ? Optional.of(named.getFirst()) : Optional.empty();
    }
}
