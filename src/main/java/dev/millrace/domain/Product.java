package dev.millrace.domain;

import dev.millrace.contract.ProductDefinition;
import dev.millrace.problem.Problem;
import dev.millrace.store.Position;
import dev.millrace.store.ProductStore;
import dev.millrace.store.Snapshot;
import dev.millrace.store.StoreSchema;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A data product as output ports see it: its contract's face, its state, and its snapshots. Any thread may call it; only
 * the domain's actor changes its state.
 */
public final class Product {
    /** What the contract says of itself. */
    public record Face(
            String title, String description, String contractId, String contractVersion, String contractText) {}

    private final ProductDefinition definition;
    private final Face face;
    private final ProductStore store;
    private final Optional<Product> deadLetters;
    private volatile Replay replay = request -> CompletableFuture.failedFuture(
            new Problem.Unavailable("A replay", "the product's input is not open.").exception());
    private volatile ProductState state = ProductState.starting();
    private volatile Position inputEnd = Position.of("-");

    /**
     * A product over an open store, which the domain closes.
     *
     * @param deadLetters the product of its rejected records; empty for such a product itself
     */
    public Product(ProductDefinition definition, ProductStore store, Optional<Product> deadLetters) {
        this.definition = definition;
        this.face = face(definition);
        this.store = store;
        this.deadLetters = deadLetters;
    }

    private static Face face(ProductDefinition definition) {
        var contract = definition.contract();
        return new Face(
                contract.name().isEmpty() ? definition.name() : contract.name(),
                contract.description().purpose(),
                contract.id(),
                contract.version(),
                contract.text());
    }

    /** What the mesh folder says of it. */
    public ProductDefinition definition() {
        return definition;
    }

    public String domain() {
        return definition.domain();
    }

    public String name() {
        return definition.name();
    }

    /** {@code domain.product}, unique in the mesh. */
    public String qualifiedName() {
        return definition.qualifiedName();
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

    /** Figures; the store's own calls that any thread may make. */
    public ProductStore store() {
        return store;
    }

    /** Why the product cannot be read at all now; empty when it can. */
    public Optional<String> unreadable() {
        // Without a dead-letter topic there simply are no dead letters.
        return store.topicId().isEmpty() && !definition.isDeadLetters()
                ? Optional.of("the product has not seen its topic yet")
                : Optional.empty();
    }

    /** The product of the records that this one's contract rejected. */
    public Optional<Product> deadLetters() {
        return deadLetters;
    }

    /** What sends dead letters back. */
    public Replay replay() {
        return replay;
    }

    /** Sets what sends dead letters back; the input port's context. */
    public void replay(Replay next) {
        replay = next;
    }

    /** Where the input's topic ended when it was last looked at; of topic {@code "-"} before that. */
    public Position inputEnd() {
        return inputEnd;
    }

    /** How many offsets the product is behind {@link #inputEnd()}. */
    public long lag() {
        Position end = inputEnd;
        Position reached = position();
        long lag = 0;
        for (int partition = 0; partition < end.partitions(); partition++) {
            lag += Math.max(0, end.next(partition) - reached.next(partition));
        }
        return lag;
    }

    /** Says where the input's topic ends now; the input port's context. */
    public void inputEnd(Position end) {
        inputEnd = end;
    }

    void state(ProductState next) {
        state = next;
    }
}
