package dev.millrace.domain;

import dev.millrace.contract.ProductDefinition;
import dev.millrace.problem.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/** The products of the mesh, as they come and go. Any thread; each call sees one state of it. */
public final class ProductRegistry {
    /**
     * A product that cannot be served at all: its contract is broken, and there is none that it was served under before.
     *
     * @param reasons what is wrong, a sentence each
     */
    public record Unserved(String domain, String name, List<String> reasons) {
        public Unserved {
            reasons = List.copyOf(reasons);
        }

        /** Domain and product with a dot between them. */
        public String qualifiedName() {
            return domain + "." + name;
        }
    }

    private record Content(List<Product> products, List<Unserved> unserved, Map<String, Product> byQualifiedName) {
        static Content of(List<Product> products, List<Unserved> unserved) {
            var sorted = new ArrayList<>(products);
            sorted.sort(Comparator.comparing(Product::qualifiedName));
            Map<String, Product> byQualifiedName = new HashMap<>();
            withDeadLetters(sorted).forEach(product -> byQualifiedName.put(product.qualifiedName(), product));
            return new Content(List.copyOf(sorted), List.copyOf(unserved), byQualifiedName);
        }
    }

    private final String mesh;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private volatile Content content;

    /** A registry of the given products, whose qualified names differ. */
    public ProductRegistry(String mesh, List<Product> products) {
        this.mesh = mesh;
        this.content = Content.of(products, List.of());
    }

    /** Adds a product; who serves it is told by its name from now on. */
    public synchronized void add(Product product) {
        var products = new ArrayList<>(content.products);
        products.add(product);
        content = Content.of(products, content.unserved);
        listeners.forEach(Runnable::run);
    }

    /** Removes a product: nobody finds it any more, who has it keeps it. */
    public synchronized void remove(Product product) {
        content = Content.of(
                content.products.stream().filter(other -> other != product).toList(), content.unserved);
        listeners.forEach(Runnable::run);
    }

    /** Has {@code listener} told after each change, on the thread that made it; run the answer to end that. */
    public Runnable onChange(Runnable listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /** Says which products cannot be served. */
    public synchronized void unserved(List<Unserved> unserved) {
        content = Content.of(content.products, unserved);
    }

    /** The products that cannot be served. */
    public List<Unserved> unserved() {
        return content.unserved;
    }

    /** Why a product is not served, or its dead letters are not; empty when nothing is known of that qualified name. */
    public Optional<Problem> whyUnserved(String qualifiedName) {
        return content.unserved.stream()
                .filter(product -> qualifiedName.equals(product.qualifiedName())
                        || qualifiedName.equals(product.qualifiedName() + ProductDefinition.DEAD_LETTERS))
                .findFirst()
                .map(product -> new Problem.Unavailable(
                        product.qualifiedName(), "it is not served: " + String.join(" ", product.reasons())));
    }

    /** The mesh's name. */
    public String mesh() {
        return mesh;
    }

    /** The products of the mesh folder, by qualified name. */
    public List<Product> all() {
        return content.products;
    }

    /** Those products, each followed by the one of its dead letters. */
    public List<Product> withDeadLetters() {
        return withDeadLetters(content.products);
    }

    private static List<Product> withDeadLetters(List<Product> products) {
        return products.stream()
                .flatMap(product -> Stream.concat(Stream.of(product), product.deadLetters().stream()))
                .toList();
    }

    public Optional<Product> find(String domain, String name) {
        return Optional.ofNullable(content.byQualifiedName.get(domain + "." + name));
    }

    /** The product with this qualified name, or the only one with this name. */
    public Optional<Product> find(String name) {
        Content now = content;
        Product qualified = now.byQualifiedName.get(name);
        if (qualified != null) {
            return Optional.of(qualified);
        }
        List<Product> named = withDeadLetters(now.products).stream()
                .filter(product -> product.name().equals(name))
                .toList();
        return named.size() == 1 ? Optional.of(named.getFirst()) : Optional.empty();
    }
}
