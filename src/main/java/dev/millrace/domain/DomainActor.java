package dev.millrace.domain;

import dev.millrace.contract.ProductDefinition;
import dev.millrace.problem.Problem;
import dev.millrace.store.ProductStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.arrow.memory.BufferAllocator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One domain: its budget of off-heap memory, its ingest thread and its products. Only this thread changes their stores
 * and states; whoever wants a change sends a task, which runs after those sent before. A slow or hostile topic of one
 * domain therefore holds up no other domain.
 *
 * <p>Files are written on a second thread of the domain's own, so that a slow disk holds up no decoding.
 */
public final class DomainActor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DomainActor.class);
    private static final long CLOSE_SECONDS = 60;

    /** Opens a product's store; runs on the thread that opens the domain. */
    public interface StoreOpener {
        /** The open store of {@code product}; {@code allocator} is bounded by the product's share of the budget. */
        ProductStore open(ProductDefinition product, BufferAllocator allocator, Executor files);
    }

    private final String name;
    private final ExecutorService ingest;
    private final ExecutorService files;
    private final BufferAllocator budget;
    private final List<BufferAllocator> shares = new ArrayList<>();
    private final List<ProductStore> stores = new ArrayList<>();
    private final List<Product> products = new ArrayList<>();

    private DomainActor(String name, BufferAllocator budget) {
        this.name = name;
        this.budget = budget;
        this.ingest = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name("domain-" + name + "-ingest").factory());
        this.files = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name("domain-" + name + "-files").factory());
    }

    /**
     * Opens the stores of a domain's products; blocks on the disk. Whatever was opened is closed again when one fails.
     *
     * @param memoryBytes the domain's budget of off-heap memory
     * @param root borrowed: pays for the domain's budget
     */
    public static DomainActor open(
            String name,
            List<ProductDefinition> definitions,
            long memoryBytes,
            BufferAllocator root,
            StoreOpener opener) {
        var actor = new DomainActor(name, root.newChildAllocator("domain " + name, 0, memoryBytes));
        try {
            for (ProductDefinition definition : definitions) {
                actor.add(definition, memoryBytes, opener);
            }
            return actor;
        } catch (RuntimeException | Error failure) {
            actor.close();
            throw failure;
        }
    }

    private void add(ProductDefinition definition, long memoryBytes, StoreOpener opener) {
        ProductDefinition letters = definition.deadLetters();
        var deadLetters = new Product(letters, store(letters, memoryBytes, opener), Optional.empty());
        products.add(new Product(definition, store(definition, memoryBytes, opener), Optional.of(deadLetters)));
    }

    private ProductStore store(ProductDefinition definition, long memoryBytes, StoreOpener opener) {
        BufferAllocator share = budget.newChildAllocator("product " + definition.qualifiedName(), 0, memoryBytes);
        shares.add(share);
        ProductStore store = opener.open(definition, share, files);
        stores.add(store);
        return store;
    }

    public String name() {
        return name;
    }

    /** The products, in the order of their definitions; each knows the one of its dead letters. */
    public List<Product> products() {
        return List.copyOf(products);
    }

    /** Runs a task on the ingest thread; its failure fails the result. */
    public <T> CompletableFuture<T> ask(Supplier<T> task) {
        return CompletableFuture.supplyAsync(task, ingest);
    }

    /** The ingest thread, for tasks that follow other futures. */
    public Executor ingestThread() {
        return ingest;
    }

    /** Changes a product's state; any thread may ask. */
    public void state(Product product, ProductState.Phase phase, String detail) {
        ingest.execute(() -> {
            ProductState before = product.state();
            ProductState after = new ProductState(phase, detail);
            if (!before.equals(after)) {
                product.state(after);
                log(product, before, after);
            }
        });
    }

    private static void log(Product product, ProductState before, ProductState after) {
        switch (after.phase()) {
            case STARTING, CATCHING_UP, LIVE, PAUSED ->
                LOG.info("{}: {} -> {} {}", product.qualifiedName(), before.phase(), after.phase(), after.detail());
            case UNWRITABLE, RETRYING, GAP, RECREATED ->
                LOG.warn("{}: {} -> {}: {}", product.qualifiedName(), before.phase(), after.phase(), after.detail());
            case STOPPED ->
                LOG.error("{}: {} -> {}: {}", product.qualifiedName(), before.phase(), after.phase(), after.detail());
        }
    }

    /** Finishes the tasks sent, flushes and closes the stores, gives the memory back. Blocks. */
    @Override
    public void close() {
        try {
            CompletableFuture.runAsync(() -> stores.forEach(ProductStore::close), ingest)
                    .join();
        } finally {
            shutdown(ingest);
            shutdown(files);
            shares.forEach(BufferAllocator::close);
            budget.close();
        }
    }

    private void shutdown(ExecutorService executor) {
        executor.shutdown();
        try {
            if (!executor.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                throw new Problem.Unavailable("domain " + name, "its thread did not end within " + CLOSE_SECONDS + " s")
                        .exception();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
