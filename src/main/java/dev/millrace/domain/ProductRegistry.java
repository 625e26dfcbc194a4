package dev.millrace.domain;

import dev.millrace.contract.Policies;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.problem.Fault;
import dev.millrace.problem.Problem;
import dev.millrace.query.Shape;
import dev.millrace.security.Grants;
import dev.millrace.security.Principal;
import dev.millrace.store.StoreSchema;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
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
    private volatile Governed governed = new Governed(Map.of(), Optional.empty());

    private record Governed(Map<String, Policies> policies, Optional<Governance> governance) {
        void over(Product product) {
            governance.ifPresent(by -> product.govern(policies.getOrDefault(product.domain(), Policies.NONE), by));
        }
    }

    /** A registry of the given products, whose qualified names differ. */
    public ProductRegistry(String mesh, List<Product> products) {
        this.mesh = mesh;
        this.content = Content.of(products, List.of());
    }

    /** Adds a product; who serves it is told by its name from now on. */
    public synchronized void add(Product product) {
        governed.over(product);
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

    /**
     * Sets who may do what, of all products and those added later. A domain one of whose policies cannot be used is closed
     * to everybody who has a name.
     *
     * @param read by domain, as the mesh folder has them
     * @return what is wrong, by domain
     */
    public synchronized Map<String, List<Fault>> govern(Map<String, Policies> read, Governance governance) {
        Map<String, Policies> policies = new TreeMap<>(read);
        Map<String, List<Fault>> faults = new TreeMap<>();
        policies.forEach((domain, said) -> {
            List<Fault> found = Stream.concat(
                            said.faults().stream(),
                            content.products.stream()
                                    .filter(product -> product.domain().equals(domain))
                                    .flatMap(product -> faults(product.definition(), product.schema(), said).stream()))
                    .distinct()
                    .toList();
            if (!found.isEmpty()) {
                faults.put(domain, found);
            }
        });
        faults.forEach((domain, found) -> policies.put(domain, new Policies(List.of(), found)));
        governed = new Governed(policies, Optional.of(governance));
        content.products.forEach(governed::over);
        return faults;
    }

    /** What is wrong with the row rules of policies, of one product. */
    public static List<Fault> faults(ProductDefinition product, StoreSchema schema, Policies policies) {
        return new ProductPolicy(product, new Shape(schema), Optional.empty(), policies, Governance.NONE).faults();
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

    /**
     * Why a product is not served, or its dead letters are not; empty when nothing is known of that qualified name, or the
     * caller would not see it.
     */
    public Optional<Problem> whyUnserved(Principal caller, String qualifiedName) {
        return content.unserved.stream()
                .filter(product -> caller.name().isEmpty()
                        || governed.policies.getOrDefault(product.domain(), Policies.NONE).grants().stream()
                                .anyMatch(grant -> grant.isOf(product.name()) && Grants.isTo(grant, caller)))
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

    /** The products of the mesh folder that a caller sees, by qualified name. */
    public List<Product> all(Principal caller) {
        return caller.name().isEmpty()
                ? content.products
                : content.products.stream()
                        .filter(product -> product.sees(caller))
                        .toList();
    }

    /** The products and the dead letters of which a caller reads anything, by domain and name. */
    public List<Product> read(Principal caller) {
        return withDeadLetters().stream()
                .filter(product -> product.seenBy(caller).isPresent())
                .sorted(Comparator.comparing(Product::domain).thenComparing(Product::name))
                .toList();
    }

    /** Of those that a caller sees, the product with this qualified name, or the only one with this name. */
    public Optional<Product> find(Principal caller, String name) {
        Content now = content;
        Product qualified = now.byQualifiedName.get(name);
        if (qualified != null) {
            return Optional.of(qualified).filter(product -> product.sees(caller));
        }
        List<Product> named = withDeadLetters(now.products).stream()
                .filter(product -> product.name().equals(name) && product.sees(caller))
                .toList();
        return named.size() == 1 ? Optional.of(named.getFirst()) : Optional.empty();
    }
}
