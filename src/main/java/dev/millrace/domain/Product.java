package dev.millrace.domain;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.config.yaml.Faults;
import dev.millrace.contract.Grant.May;
import dev.millrace.contract.Policies;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.contract.QualityRules;
import dev.millrace.problem.Problem;
import dev.millrace.quality.ProductQuality;
import dev.millrace.quality.QualityReport;
import dev.millrace.query.Filter;
import dev.millrace.query.StoredView;
import dev.millrace.query.View;
import dev.millrace.security.Principal;
import dev.millrace.store.Position;
import dev.millrace.store.ProductStore;
import dev.millrace.store.Snapshot;
import dev.millrace.store.StoreSchema;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A data product as output ports see it: its contract's face, its state, and its snapshots. Any thread may call it; only
 * the domain's actor changes its state.
 */
public final class Product {
    /** What the contract says of itself. */
    public record Face(
            String title, String description, String contractId, String contractVersion, String contractText) {}

    private record Served(ProductDefinition definition, Face face, Optional<ContractChange> change) {}

    private final ProductStore store;
    private final View open;
    private final Optional<Product> deadLetters;
    private volatile Served served;
    private volatile Replay replay = request -> CompletableFuture.failedFuture(
            new Problem.Unavailable("A replay", "the product's input is not open.").exception());
    private final Waiters waiters;
    private volatile Optional<ProductPolicy> policy = Optional.empty();
    private volatile Runnable governed = () -> {};
    private volatile long policyVersion;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private volatile Writes writes;
    private volatile ProductState state = ProductState.starting();
    private volatile String stalled = "";
    private final ProductQuality quality;
    private final Warnings warnings;
    private volatile Optional<String> halted = Optional.empty();
    private final AtomicLong lost = new AtomicLong();
    private volatile Position inputEnd = Position.of("-");
    private volatile boolean hasBeenLive;

    /**
     * A product over an open store, which the domain closes.
     *
     * @param deadLetters the product of its rejected records; empty for such a product itself
     */
    public Product(ProductDefinition definition, ProductStore store, Optional<Product> deadLetters) {
        this.served = new Served(definition, face(definition), Optional.empty());
        this.store = store;
        this.open = new StoredView(definition.qualifiedName(), store);
        this.deadLetters = deadLetters;
        this.waiters = new Waiters(store::position);
        Problem closed = definition.isDeadLetters()
                ? new Problem.MethodNotAllowed("Writing dead letters", List.of())
                : new Problem.Unavailable("Writing", "the product's input is not open.");
        this.writes = request -> CompletableFuture.failedFuture(closed.exception());
        this.warnings = new Warnings(store.derivedFolder().map(folder -> folder.resolve("warnings")));
        this.quality = new ProductQuality(
                store.schema(),
                QualityRules.read(definition.contract(), definition.object(), new Faults()),
                store.derivedFolder().map(folder -> folder.resolve("quality")));
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

    /** What the mesh folder said of it when that was taken up last; another object when it says something else. */
    public ProductDefinition definition() {
        return served.definition();
    }

    public String domain() {
        return definition().domain();
    }

    public String name() {
        return definition().name();
    }

    /** {@code domain.product}, unique in the mesh. */
    public String qualifiedName() {
        return definition().qualifiedName();
    }

    public Face face() {
        return served.face();
    }

    /** The contract in the mesh folder when it is not the one served. */
    public Optional<ContractChange> contractChange() {
        return served.change();
    }

    /** Says that another contract is in the mesh folder, or no other; the watch of that folder. */
    public void contractChange(Optional<ContractChange> change) {
        served = new Served(served.definition(), served.face(), change);
    }

    /**
     * Serves by another definition of the same product, whose rows have the same columns; the watch of the mesh folder.
     * Records are checked by it from the next run on.
     */
    public void adopt(ProductDefinition next) {
        served = new Served(next, face(next), Optional.empty());
        governed.run(); // roles and classifications may be others
    }

    public StoreSchema schema() {
        return store.schema();
    }

    /** The schema of some of the columns that clients see, with metadata that says of what and up to where they are. */
    public Schema arrowSchema(List<ColumnLayout> columns, Position at) {
        return new Schema(
                columns.stream().map(ColumnLayout::field).toList(),
                Map.of(
                        "millrace.product", qualifiedName(),
                        "millrace.contract.id", face().contractId(),
                        "millrace.contract.version", face().contractVersion(),
                        "millrace.position", at.toString()));
    }

    /** Sets who may do what with the product and its dead letters from now on. */
    public synchronized void govern(Policies policies, Governance governance) {
        var next = new ProductPolicy(definition(), open.shape(), Optional.of(open), policies, governance);
        deadLetters.ifPresent(
                letters -> letters.replace(Optional.of(next.deadLetters(letters.open.shape(), letters.open))));
        governed = () -> govern(policies, governance);
        replace(Optional.of(next));
        // Who is sent changes may see others now, or none.
        listeners.forEach(Runnable::run);
    }

    private synchronized void replace(Optional<ProductPolicy> next) {
        Optional<ProductPolicy> old = policy;
        policy = next;
        policyVersion++;
        old.ifPresent(ProductPolicy::close);
    }

    /** Ends what policies keep; nobody with a name sees the product any more. Before its store is closed. */
    public synchronized void endPolicy() {
        governed = () -> {};
        deadLetters.ifPresent(letters -> letters.replace(Optional.empty()));
        replace(Optional.empty());
    }

    /**
     * What one principal may see of the product: the only way from an output port to its rows. Policies are for those who
     * have a name; the server gives one to everybody, unless it is open.
     *
     * @throws dev.millrace.problem.ProblemException with {@code NotFound} where that is nothing
     */
    public View as(Principal principal) {
        return principal.name().isEmpty()
                ? open
                : seenBy(principal)
                        .orElseThrow(() -> new Problem.NotFound("data product", domain() + "/" + name()).exception());
    }

    /** The same; empty for nothing. */
    public Optional<View> seenBy(Principal principal) {
        return principal.name().isEmpty() ? Optional.of(open) : policy.flatMap(each -> each.view(principal));
    }

    /** Grows whenever the product is put under other policies. */
    public long policyVersion() {
        return policyVersion;
    }

    /** Whether a principal may know that the product is there: it may do something with it. */
    public boolean sees(Principal principal) {
        return principal.name().isEmpty()
                || policy.filter(each -> each.sees(principal)).isPresent();
    }

    /** Whether a principal may do that with the product. */
    public boolean may(Principal principal, May what) {
        return principal.name().isEmpty()
                || policy.filter(each -> each.may(principal, what)).isPresent();
    }

    /** @throws dev.millrace.problem.ProblemException with {@code Forbidden} where a principal may not do that */
    public void require(Principal principal, May what) {
        if (!may(principal, what)) {
            throw new Problem.Forbidden(
                            "To " + what.name().toLowerCase(Locale.ROOT) + " " + qualifiedName(),
                            "no grant allows it to this caller.")
                    .exception();
        }
    }

    /** What rows that a principal writes must meet; empty where it may write none. */
    public Optional<Filter> writable(Principal principal) {
        return principal.name().isEmpty() ? Optional.of(Filter.ALL) : policy.flatMap(each -> each.writable(principal));
    }

    public ProductState state() {
        String why = stalled;
        return why.isEmpty() ? state : new ProductState(ProductState.Phase.RETRYING, why);
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

    /**
     * Ends when the product has reached a position, on an ingest thread or a timer's; fails with {@code NotReached} when
     * that takes longer, with {@code Gone} for a position of another topic. Who waits no more cancels it.
     */
    public CompletableFuture<Void> reach(Position wanted, Duration patience) {
        if (unreadable().isEmpty() && !wanted.topicId().equals(position().topicId())) {
            snapshotAt(wanted).close();
        }
        if (wanted.partitions() > position().partitions() && unreadable().isEmpty()) {
            throw new Problem.InvalidParameter(
                            RequestHeaders.MIN_POSITION,
                            "it has " + wanted.partitions() + " partitions.",
                            "a position of " + position().partitions() + " partitions, as answers have it.")
                    .exception();
        }
        return waiters.await(wanted, patience);
    }

    /**
     * Says whether the product got another position than this within the time; ends on the ingest thread or a timer's.
     * Who waits no more cancels it.
     */
    public CompletableFuture<Boolean> changed(Position since, Duration patience) {
        return waiters.await(now -> !now.equals(since), patience);
    }

    /** Says that more can be read; each ingest thread, after its part of a run. */
    public void advanced() {
        waiters.advanced();
        listeners.forEach(Runnable::run);
    }

    /** Has {@code listener} told after each run, on the thread that made it; it must not block. Run the answer to end that. */
    public Runnable onAdvance(Runnable listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /** The position that readers see. */
    public Position position() {
        return store.position();
    }

    /** Where the input ports write. */
    public ProductStore store() {
        return store;
    }

    /** The position that a restart would begin from. */
    public Position durable() {
        return store.durable();
    }

    /** Off-heap bytes that are not yet on the disk. */
    public long memoryBytes() {
        return store.memoryBytes();
    }

    /** How many deletes met no row, since the start: their keys are not those that the rows have. */
    public long deletesWithoutRow() {
        return store.deletesWithoutRow();
    }

    /** How many files were found broken since the start; the log names them. */
    public int brokenFiles() {
        return store.recoveryNotes().size();
    }

    /** How many files lie aside: no manifest named them, or they were broken. */
    public int setAside() {
        return store.setAside();
    }

    /** Why files cannot be written at the moment, a full disk for example; empty when they can. */
    public Optional<String> fileFault() {
        return store.fileFault();
    }

    /** Why the product cannot be read at all now; empty when it can. */
    public Optional<String> unreadable() {
        // Without a dead-letter topic there simply are no dead letters.
        return store.topicId().isEmpty() && !definition().isDeadLetters()
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

    /** What writes into the product's topic. */
    public Writes writes() {
        return writes;
    }

    /** Sets what writes into the product's topic; the server, at its start. */
    public void writes(Writes next) {
        writes = next;
    }

    /** The quality of the records as they came; not for an event loop. */
    public ProductQuality quality() {
        return quality;
    }

    /**
     * The quality of the records up to now, or up to an earlier position when there is more to look at than the time
     * allows; not for an event loop.
     *
     * @throws dev.millrace.problem.ProblemException with {@code Unavailable} when the store is closed
     */
    public QualityReport quality(Duration time, Clock clock) {
        QualityReport report = quality.report(store::snapshot, time.toNanos(), clock.millis());
        halted = report.stopping();
        return report;
    }

    /** The counts of records that were served though they broke a rule of severity warning. */
    public Warnings counted() {
        return warnings;
    }

    /** How many records were served though they broke a rule of severity warning, by rule; over restarts. */
    public Map<String, Long> warnings() {
        return warnings.sums();
    }

    /** Why the input port must take in no more; empty while it may. */
    public Optional<String> halted() {
        return halted;
    }

    /** How many offsets the topic no longer had when the product came to them, since the start. */
    public long lost() {
        return lost.get();
    }

    /** Counts offsets that were passed over since the topic no longer has them; any thread. */
    public void countLost(long offsets) {
        lost.addAndGet(offsets);
    }

    /** How many offsets the product is behind its topic's end when that was last looked at. */
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

    /** Whether it was {@code LIVE} since the start. */
    public boolean hasBeenLive() {
        return hasBeenLive;
    }

    /** Whether anything of its topic was read, now or before the last start. */
    public boolean hasRead() {
        Position reached = position();
        for (int partition = 0; partition < reached.partitions(); partition++) {
            if (reached.next(partition) > 0) {
                return true;
            }
        }
        return false;
    }

    /**
     * Says that the thread that changes the state does not answer, in place of the state; empty once it does again. The
     * input port's context.
     */
    public void stalled(String why) {
        stalled = why;
    }

    void state(ProductState next) {
        state = next;
        hasBeenLive |= next.phase() == ProductState.Phase.LIVE;
    }
}
