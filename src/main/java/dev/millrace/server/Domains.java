package dev.millrace.server;

import dev.millrace.config.Configuration;
import dev.millrace.config.yaml.Faults;
import dev.millrace.contract.Keeping;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.domain.DomainActor;
import dev.millrace.domain.Product;
import dev.millrace.problem.Problem;
import dev.millrace.store.KeyMemory;
import dev.millrace.store.LocalStore;
import dev.millrace.store.ProductStore;
import dev.millrace.store.Retention;
import dev.millrace.store.StoreOptions;
import dev.millrace.store.StoreResources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.arrow.memory.BufferAllocator;

/**
 * The domains that have products, with the stores of these. A domain whose last product was removed stays, idle, until the
 * server ends. Blocks on the disk; used by one thread at a time.
 */
final class Domains implements AutoCloseable {
    private final Configuration configuration;
    private final BufferAllocator root;
    private final KeyMemory keys = KeyMemory.ofHeap();
    private final Map<String, DomainActor> actors = new TreeMap<>();

    /** @param root borrowed */
    Domains(Configuration configuration, BufferAllocator root) {
        this.configuration = configuration;
        this.root = root;
    }

    /** Opens the products that a start serves. */
    void open(List<Contracts.Choice> choices) {
        Map<String, List<Contracts.Choice>> byDomain = choices.stream()
                .collect(Collectors.groupingBy(
                        choice -> choice.definition().domain(), TreeMap::new, Collectors.toList()));
        byDomain.forEach((name, own) -> {
            DomainActor actor =
                    actor(name, own.stream().map(Contracts.Choice::definition).toList(), own.size());
            for (int i = 0; i < own.size(); i++) {
                actor.products().get(i).contractChange(own.get(i).change());
            }
        });
    }

    private DomainActor actor(String name, List<ProductDefinition> definitions, int products) {
        DomainActor actor = DomainActor.open(
                name,
                definitions,
                configuration.domain().memory().bytes(),
                configuration.domain().ingestThreads(),
                root,
                (product, resources) -> store(product, products, resources));
        actors.put(name, actor);
        return actor;
    }

    /** Opens one more product. */
    Product add(Contracts.Choice choice) {
        ProductDefinition definition = choice.definition();
        DomainActor actor = actors.get(definition.domain());
        if (actor == null) {
            actor = actor(definition.domain(), List.of(), 1);
        }
        int products = actor.products().size() + 1;
        Product product = actor.add(definition, (opened, resources) -> store(opened, products, resources));
        product.contractChange(choice.change());
        return product;
    }

    /** Closes a product that nobody reads into any more. */
    void remove(Product product) {
        of(product).remove(product);
    }

    /** The domain of a product. */
    DomainActor of(Product product) {
        DomainActor actor = actors.get(product.domain());
        if (actor == null) {
            throw new IllegalStateException("no product of these domains: " + product.qualifiedName());
        }
        return actor;
    }

    List<DomainActor> all() {
        return List.copyOf(actors.values());
    }

    List<Product> products() {
        return actors.values().stream()
                .flatMap(actor -> actor.products().stream())
                .toList();
    }

    private ProductStore store(ProductDefinition product, int products, StoreResources resources) {
        var keeping = Keeping.read(product.contract(), product.object(), new Faults());
        Path folder = configuration
                .data()
                .folder()
                .resolve("domains")
                .resolve(product.domain())
                .resolve(product.name());
        try {
            LocalStore store = LocalStore.open(
                    MillraceServer.schema(product),
                    new StoreOptions(
                            configuration.store().segmentRows(),
                            product.isDeadLetters() ? 4L << 20 : 32L << 20,
                            // Dead letters are few: an eighth for them, the rest for the product itself.
                            configuration.domain().memory().bytes() / products / 8 * (product.isDeadLetters() ? 1 : 7),
                            configuration.store().flushInterval(),
                            keeping.history().orElse(configuration.store().history()),
                            configuration.store().compaction(),
                            new Retention(keeping.age(), keeping.rows(), keeping.bytes(), keeping.eventTime()),
                            configuration.store().erase()),
                    folder,
                    resources.with(keys));
            if (configuration.store().scrub()) {
                store.scrub();
            }
            return store;
        } catch (IOException failure) {
            throw new Problem.CannotStart(
                            "The data of " + product.qualifiedName() + " in " + folder + " cannot be read: " + failure)
                    .exception();
        }
    }

    /** Flushes and closes all stores. */
    @Override
    public void close() {
        List<RuntimeException> failures = new ArrayList<>();
        for (DomainActor actor : actors.values()) {
            try {
                actor.close();
            } catch (RuntimeException failure) {
                failures.add(failure);
            }
        }
        failures.stream().findFirst().ifPresent(first -> {
            failures.stream().skip(1).forEach(first::addSuppressed);
            throw first;
        });
    }
}
