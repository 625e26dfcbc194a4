package dev.millrace.domain;

import dev.millrace.contract.ProductDefinition;
import dev.millrace.layer.BackgroundPriority;
import dev.millrace.problem.Problem;
import dev.millrace.store.ProductStore;
import dev.millrace.store.StoreResources;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One domain: its budget of off-heap memory, its ingest threads and its products. Only these threads change their stores
 * and states; whoever wants a change sends a task, which runs after those sent before. A slow or hostile topic of one
 * domain therefore holds up no other domain, and within its domain only products with a partition on the same thread.
 *
 * <p>Files are written on another thread of the domain's own, so that a slow disk holds up no decoding, and merged on a
 * third, so that new segments need not wait for old ones.
 */
public final class DomainActor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DomainActor.class);
    private static final long CLOSE_SECONDS = 60;

    /** Opens a product's store; runs on the thread that opens the domain. */
    public interface StoreOpener {
        /** The open store of {@code product}; its memory is bounded by the domain's budget. */
        ProductStore open(ProductDefinition product, StoreResources resources);
    }

    private final String name;
    private final List<Lanes.Lane> ingest;
    private final ExecutorService files;
    private final ExecutorService background;
    private final BufferAllocator budget;
    private final BufferAllocator mapped;
    private final List<BufferAllocator> shares = new ArrayList<>();
    private final List<ProductStore> stores = new ArrayList<>();
    private final List<Product> products = new CopyOnWriteArrayList<>();
    private final Map<Product, Lanes> lanes = new ConcurrentHashMap<>();
    private final long memoryBytes;
    private int added;

    private DomainActor(
            String name, long memoryBytes, int ingestThreads, BufferAllocator budget, BufferAllocator mapped) {
        this.memoryBytes = memoryBytes;
        this.name = name;
        this.budget = budget;
        this.mapped = mapped;
        this.ingest = IntStream.range(0, ingestThreads)
                .mapToObj(number -> new Lanes.Lane("domain-" + name + "-ingest" + (number == 0 ? "" : "-" + number)))
                .toList();
        this.files = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name("domain-" + name + "-files").factory());
        this.background = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name("domain-" + name + "-background").factory());
        background.execute(BackgroundPriority::take);
    }

    /**
     * Opens the stores of a domain's products; blocks on the disk. Whatever was opened is closed again when one fails.
     *
     * @param memoryBytes the domain's budget of off-heap memory
     * @param ingestThreads how many threads its products' partitions are spread over
     * @param root borrowed: pays for the domain's budget
     */
    public static DomainActor open(
            String name,
            List<ProductDefinition> definitions,
            long memoryBytes,
            int ingestThreads,
            BufferAllocator root,
            StoreOpener opener) {
        var actor = new DomainActor(
                name,
                memoryBytes,
                ingestThreads,
                root.newChildAllocator("domain " + name, 0, memoryBytes),
                root.newChildAllocator("mapped files of " + name, 0, Long.MAX_VALUE));
        try {
            for (ProductDefinition definition : definitions) {
                actor.add(definition, opener);
            }
            return actor;
        } catch (RuntimeException | Error failure) {
            actor.close();
            throw failure;
        }
    }

    /** Opens the stores of one more product. Blocks on the disk; not while another is added or removed. */
    public Product add(ProductDefinition definition, StoreOpener opener) {
        ProductDefinition letters = definition.deadLetters();
        var own = new Lanes(ingest, added++);
        ProductStore lettersStore = store(letters, own, opener);
        boolean opened = false;
        try {
            var deadLetters = new Product(letters, lettersStore, Optional.empty());
            var product = new Product(definition, store(definition, own, opener), Optional.of(deadLetters));
            products.add(product);
            lanes.put(product, own);
            lanes.put(deadLetters, own);
            opened = true;
            return product;
        } finally {
            if (!opened) {
                close(lettersStore);
            }
        }
    }

    /**
     * Flushes and closes the stores of a product, whose input is closed; what readers hold of it stays valid. Its memory
     * is given back, the two empty accounts of it when the domain is closed. Blocks.
     */
    public void remove(Product product) {
        products.remove(product);
        product.counted().save();
        product.endPolicy();
        close(product.store());
        product.deadLetters().map(Product::store).ifPresent(this::close);
    }

    private void close(ProductStore store) {
        stores.remove(store);
        store.close();
    }

    private ProductStore store(ProductDefinition definition, Lanes lanes, StoreOpener opener) {
        BufferAllocator share = budget.newChildAllocator("product " + definition.qualifiedName(), 0, memoryBytes);
        shares.add(share);
        ProductStore store =
                opener.open(definition, new StoreResources(share, mapped, files, background, lanes::isHere));
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

    /** The threads of one of the products, or of one's dead letters. */
    public Lanes lanes(Product product) {
        return Objects.requireNonNull(lanes.get(product));
    }

    /** Changes a product's state; any thread may ask. */
    public void state(Product product, ProductState.Phase phase, String detail) {
        lanes(product).execute(() -> {
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
            ingest.forEach(lane -> lane.tasks().close());
            products.forEach(Product::endPolicy);
            stores.forEach(ProductStore::close);
        } finally {
            shutdown(background);
            shutdown(files);
            shares.forEach(BufferAllocator::close);
            budget.close();
            mapped.close();
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
