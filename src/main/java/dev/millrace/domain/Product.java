package dev.millrace.domain;

import dev.millrace.store.Position;
import dev.millrace.store.ProductStore;
import dev.millrace.store.Snapshot;
import dev.millrace.store.StoreSchema;
import java.util.Optional;

/**
 * A data product as output ports see it: its contract's face, its state, and its snapshots. Any thread may call it; only
 * the domain's actor changes its state.
 */
public final class Product {
    /** What the contract says of itself. */
    public record Face(
            String title, String description, String contractId, String contractVersion, String contractText) {}

    private final String domain;
    private final String name;
    private final Face face;
    private final ProductStore store;
    private volatile ProductState state = ProductState.starting();

    Product(String domain, String name, Face face, ProductStore store) {
        this.domain = domain;
        this.name = name;
        this.face = face;
        this.store = store;
    }

    public String domain() {
        return domain;
    }

    public String name() {
        return name;
    }

    /** {@code domain.product}, unique in the mesh. */
    public String qualifiedName() {
        return domain + "." + name;
    }

    public Face face() {
        return face;
    }

    public StoreSchema schema() {
        return store.schema();
    }

    public ProductState state() {
        return state;
    }

    /** The product as it is now; the caller closes it. */
    public Snapshot snapshot() {
        return store.snapshot();
    }

    /**
     * The product as it was at a position; the caller closes it.
     *
     * @throws dev.millrace.problem.ProblemException as {@link ProductStore#snapshotAt} says
     */
    public Snapshot snapshotAt(Position position) {
        return store.snapshotAt(position);
    }

    /** The position that readers see. */
    public Position position() {
        return store.position();
    }

    /** Dead letters and counts; the store's own calls that any thread may make. */
    public ProductStore store() {
        return store;
    }

    /** Why the product cannot be read at all now; empty when it can. */
    public Optional<String> unreadable() {
        return store.topicId().isEmpty() ? Optional.of("the product has not seen its topic yet") : Optional.empty();
    }

    void state(ProductState next) {
        state = next;
    }
}
