package dev.millrace.store;

import dev.millrace.arrow.ArrowFile;
import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.SecretHash;
import dev.millrace.problem.Problem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.LongUnaryOperator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The writer of one partition and the place where readers find its newest view. Only the partition's ingest thread
 * writes; {@link #acquire}, {@link #sealSoon} and the volatile figures are for any thread.
 *
 * <p>Rows go into the open segment. A publish adds their keys to the index, marks what they supersede, and then sets a
 * new view: one volatile write, after which readers see all of it. A full segment is sealed and handed to the file
 * threads with everything up to the next offset as one {@link PartitionFiles.Plan}; when it is durable its mapping comes
 * back through {@link #settle()} and takes the place of the memory.
 */
final class PartitionLog implements PartitionWriter {
    private static final Logger LOG = LoggerFactory.getLogger(PartitionLog.class);
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How long files may be written without any being done before it is shown that they are not. */
    private static final long HANGING_NANOS = TimeUnit.MINUTES.toNanos(2);

    private final int partition;
    private final StoreContext context;
    private final StoreSchema schema;
    private final SharedRows shared;
    private PartitionKeys keys;
    private final PartitionFiles files;
    private final PartitionUpkeep upkeep;
    private final Queue<Runnable> outcomes = new ConcurrentLinkedQueue<>();

    private final OpenSegment open;
    private SealedList sealed;
    private int indexed;
    private volatile @Nullable PartitionView view;
    private long next;
    private Kept kept;
    private long visibleRows;
    private long retiringAt = Marks.NEVER;
    private long goneBelow;
    private int checkAt;
    private final List<Departures.Departure> awaited = new ArrayList<>();

    private List<Segment> newlySealed = new ArrayList<>();
    private long plannedNext;
    private long plannedAt;
    private final AtomicInteger underWay = new AtomicInteger();
    private volatile boolean failed;
    private volatile boolean sealAsked;
    private volatile long durableNext;
    private volatile long openBytes;
    private long keyBytes;
    private volatile boolean shortOfKeys;
    private volatile long unmappedBytes;
    private volatile Optional<String> fault = Optional.empty();
    private volatile long progressAt;

    /**
     * Takes over the batches found.
     *
     * @param shared what is known of the partition's rows, and will be
     */
    PartitionLog(
            int partition,
            StoreContext context,
            PartitionFiles files,
            PartitionRecovery.Found found,
            SharedRows shared) {
        this.partition = partition;
        this.context = context;
        this.schema = context.schema();
        this.files = files;
        this.shared = shared;
        this.keys = new PartitionKeys(schema, context.keyHash(), shared);
        Manifest manifest = found.manifest();
        this.next = manifest.next();
        this.durableNext = next;
        this.plannedNext = next;
        this.plannedAt = context.nanoClock().getAsLong();
        this.kept = manifest.kept();
        this.open = new OpenSegment(context, found.files().size() + 1);
        this.sealed = restore(manifest, found.files());
        this.upkeep = new PartitionUpkeep(this, context, files);
        for (Segment segment : sealed.segments()) {
            index(segment.ordinal(), segment.batch(), segment.marks(), 0, segment.rows());
        }
        openBytes = open.allocatedBytes();
        indexOpen();
        payForKeys();
        publishView();
    }

    private SealedList restore(Manifest manifest, List<ArrowFile.Mapped> mapped) {
        var segments = new ArrayList<Segment>();
        for (ArrowFile.Mapped each : mapped) {
            Manifest.SegmentFile file = manifest.segments().get(segments.size());
            int ordinal = segments.size() + 1;
            Segment.Facts facts = file.facts(ordinal, ordinal);
            visibleRows += facts.rows() - facts.deletedRows();
            if (ordinal == mapped.size() && open.reopen(facts, file.sizeBytes(), each)) {
                each.batch().release();
            } else {
                var marks = new Marks(context.mappedAllocator(), facts.rows());
                segments.add(new Segment(schema, facts, each.batch(), marks, Segment.Origin.of(file, each), null));
                retiringAt = Math.min(retiringAt, facts.retiredAt());
            }
        }
        return SealedList.owning(segments);
    }

    @Override
    public int partition() {
        return partition;
    }

    @Override
    public long next() {
        return next;
    }

    @Override
    public BatchWriter batch() {
        return open.writer();
    }

    @Override
    public int maxRows() {
        return context.options().segmentRows();
    }

    @Override
    public boolean ready(int rows) {
        return (open.writer().isOpen() && open.rows() + rows <= checkAt) || makeRoom(rows);
    }

    private boolean makeRoom(int rows) {
        settle();
        if (sealAsked || open.isFull(rows)) {
            seal();
        }
        openBytes = open.allocatedBytes();
        if (!context.gate().admits()) {
            return false;
        }
        try {
            checkAt = open.makeRoom(rows);
        } catch (OutOfMemoryException full) {
            exhausted();
            return false;
        }
        openBytes = open.allocatedBytes();
        if (!schema.key().isEmpty() && !takeForKeys(Math.max(checkAt, open.rows() + rows))) {
            checkAt = 0;
            return false;
        }
        return true;
    }

    /** Takes what it needs to show the open segment with so many rows. */
    private boolean takeForKeys(int rows) {
        long needed = keys.sizeBytes(open.ordinal(), rows, rows - indexed);
        boolean taken = context.keyMemory().take(needed - keyBytes);
        keyBytes = taken ? needed : keyBytes;
        shortOfKeys = !taken;
        return taken;
    }

    /** Counts what the keys take, however much that is, and what rows will that are written but not shown. */
    private void payForKeys() {
        int rows = open.rows();
        long needed = rows > indexed ? keys.sizeBytes(open.ordinal(), rows, rows - indexed) : keys.sizeBytes();
        context.keyMemory().count(needed - keyBytes);
        keyBytes = needed;
    }

    /** Whether rows are not taken because there is no room for their keys. Any thread. */
    boolean isShortOfKeys() {
        return shortOfKeys;
    }

    @Override
    public void commit(long offset, long timestampMillis, boolean deleted, int rows) {
        requireNew(offset);
        open.append(offset, timestampMillis, deleted, rows);
        visibleRows += deleted ? 0 : rows;
        next = offset + 1;
    }

    @Override
    public void exhausted() {
        if (open.writer().isOpen()) {
            open.writer().rollback();
        }
        context.gate().exhausted();
    }

    @Override
    public void skip(long upTo) {
        next = Math.max(next, upTo);
    }

    private void requireNew(long offset) {
        if (offset < next) {
            throw new IllegalArgumentException(
                    "partition " + partition + ": offset " + offset + " is in already, next is " + next);
        }
    }

    @Override
    public void publish() {
        settle();
        PartitionView now = view;
        if (now == null || now.next() != next) {
            indexOpen();
            publishView();
        }
        checkAt = 0;
        long nanos = context.nanoClock().getAsLong();
        upkeep.look(nanos);
        if (underWay.get() == 0
                && next != plannedNext
                && nanos - plannedAt >= context.options().flushInterval().toNanos()) {
            plan();
        }
    }

    private void indexOpen() {
        int rows = open.rows();
        if (rows > indexed) {
            if (schema.upsert()) {
                preview();
            }
            long before = keys.deletesWithoutRow();
            Batch batch = open.writer().batch();
            index(open.ordinal(), batch, open.marks(), indexed, rows);
            awaited.addAll(context.departures().hiding(this, batch, indexed, rows));
            indexed = rows;
            context.deletesWithoutRow().add(keys.deletesWithoutRow() - before);
            payForKeys();
        }
    }

    /** Shows rows to the other partitions' threads before their keys are found, but not yet to readers. */
    private void preview() {
        PartitionView old = view;
        if (old != null) {
            Segment tail = open.readable().orElse(null);
            view = new PartitionView(keys, shared, sealed.retain(), tail, old.next(), kept, old.visibleRows());
            old.release();
        }
    }

    private void index(int ordinal, Batch batch, Marks marks, int from, int to) {
        if (!schema.key().isEmpty()) {
            visibleRows -= keys.add(sealed, ordinal, batch, marks, from, to, goneBelow, elsewhere());
        }
    }

    /** Where else keys are looked for: nowhere while what a start found is read. */
    private PartitionKeys.@Nullable Elsewhere elsewhere() {
        return view == null || !schema.upsert()
                ? null
                : (known, hashes, which, count, batch, first) ->
                        context.sharedKeys().find(this, known, hashes, which, count, batch, first);
    }

    private void publishView() {
        if (next > retiringAt) {
            awaited.addAll(context.departures().others(this)); // for rows that go with others
            countRetired();
        }
        if (!awaited.isEmpty() && !context.departures().areUnderWay(awaited)) {
            awaited.clear();
        }
        PartitionView old = view;
        long shown = next;
        long shownRows = visibleRows;
        if (old != null && (!awaited.isEmpty() || !upkeep.mayShow(next))) {
            shown = old.next();
            shownRows = old.visibleRows();
        }
        view = new PartitionView(keys, shared, sealed.retain(), open.readable().orElse(null), shown, kept, shownRows);
        if (old != null) {
            old.release();
        }
    }

    /** Takes the rows of segments that {@code next} has retired out of the count. */
    private void countRetired() {
        retiringAt = Marks.NEVER;
        for (Segment segment : sealed.segments()) {
            Segment.Facts facts = segment.facts();
            if (facts.lastOffset() < goneBelow || facts.retiredAt() == Marks.NEVER) {
                continue;
            }
            if (facts.retiredAt() >= next) {
                retiringAt = Math.min(retiringAt, facts.retiredAt());
            } else {
                visibleRows -= new SegmentSlice(schema, segment, Marks.NEVER).visibleRows();
                goneBelow = facts.lastOffset() + 1;
            }
        }
    }

    /** Ends the open segment, publishes its rows, and hands it to the file threads. */
    void seal() {
        if (open.rows() == 0) {
            open.giveBack();
            openBytes = 0;
            sealAsked = false;
            return;
        }
        indexOpen();
        Segment segment = open.seal();
        indexed = 0;
        openBytes = 0;
        SealedList longer = sealed.plus(segment);
        sealed.release();
        sealed = longer;
        newlySealed.add(segment.retain());
        unmapped(segment.batch().sizeBytes());
        publishView();
        plan();
        sealAsked = false; // not before it is seen to be under way
    }

    /** Ends the open segment when it may have a row that is to be left out, below {@code bound}. */
    void sealIfDead(long bound) {
        if (open.isDead(bound, shared)) {
            seal();
        }
    }

    /** Has the open segment ended when the partition's thread looks next. Any thread. */
    void sealSoon() {
        sealAsked = true;
    }

    /** Takes in what was written, and ends the open segment where that is asked for. */
    void giveWay() {
        settle();
        if (sealAsked) {
            seal();
        }
    }

    @Override
    public void tend() {
        giveWay();
        publish();
    }

    /** Publishes and has everything up to the next offset made durable. */
    CompletableFuture<Void> flush() {
        settle();
        indexOpen();
        publishView();
        return plan();
    }

    /** Hands over all that is new; everything up to {@code next} is in the view, if not shown yet. */
    private CompletableFuture<Void> plan() {
        PartitionView now = view;
        Segment open = now == null ? null : now.tail();
        var plan = new PartitionFiles.Plan(
                context.topicId().get(),
                newlySealed,
                open == null ? null : open.retain(),
                next,
                upkeep.notes(next),
                context.condition().get());
        newlySealed = new ArrayList<>();
        plannedNext = next;
        plannedAt = context.nanoClock().getAsLong();
        if (underWay.getAndIncrement() == 0) {
            progressAt = plannedAt;
        }
        failed = false;
        var done = new CompletableFuture<Void>();
        context.files().execute(() -> commit(plan, done));
        return done;
    }

    /** On a file thread. */
    private void commit(PartitionFiles.Plan plan, CompletableFuture<Void> done) {
        try {
            PartitionFiles.Committed committed = files.commit(plan);
            durableNext = files.next();
            fault = committed.mapFailure().map(failure -> "partition " + partition + " cannot be mapped: " + failure);
            later(() -> ended(committed.mappings(), committed.mapFailure().isPresent()));
            done.complete(null);
        } catch (IOException | RuntimeException | Error failure) {
            if (!(failure instanceof PartitionFiles.Unmet)) { // that is no fault of the files
                if (fault.isEmpty() && !(failure instanceof IOException)) {
                    LOG.warn("Partition {} cannot be written and is tried again until it can", partition, failure);
                }
                fault = Optional.of("partition " + partition + " cannot be written: " + failure
                        + "; it is tried again until it can");
            }
            later(() -> ended(List.of(), true));
            done.completeExceptionally(failure);
        } finally {
            progressAt = context.nanoClock().getAsLong();
        }
    }

    /** Takes in what the file threads have done since the last call; tries again what failed a second ago. */
    void settle() {
        takeOutcomes();
        if (failed && underWay.get() == 0 && context.nanoClock().getAsLong() - plannedAt >= RETRY_NANOS) {
            indexOpen();
            publishView();
            plan();
        }
    }

    /** Has something done on the ingest thread soon. Any thread. */
    void later(Runnable outcome) {
        outcomes.add(outcome);
    }

    private void takeOutcomes() {
        Runnable outcome;
        while ((outcome = outcomes.poll()) != null) {
            outcome.run();
        }
    }

    private void ended(List<PartitionFiles.Mapping> mappings, boolean hasFailed) {
        failed = failed || hasFailed;
        underWay.decrementAndGet();
        for (PartitionFiles.Mapping mapping : mappings) {
            int ordinal = mapping.ordinal();
            Segment old = Objects.requireNonNull(sealed.withOrdinal(ordinal));
            unmapped(-old.batch().sizeBytes());
            Segment mapped = old.mapped(schema, mapping.batch(), mapping.origin());
            exchange(sealed.replacing(ordinal, ordinal, List.of(mapped)), keys, Kept.ALL);
        }
    }

    /** Whether a seal is asked for, or a commit under way or to be tried again. Any thread. */
    boolean isPending() {
        return sealAsked || underWay.get() > 0 || failed || unmappedBytes > 0;
    }

    /** Shows what is published over another list, which is taken over, and with other keys if they are others. */
    void exchange(SealedList owned, PartitionKeys others, Kept nowKept) {
        exchange(owned, others, nowKept, bound -> 0);
    }

    /**
     * The same over a list without rows that readers saw, were it not for other partitions; {@code gone} says how many of
     * them the partition alone shows at a bound.
     */
    void exchange(SealedList owned, PartitionKeys others, Kept nowKept, LongUnaryOperator gone) {
        if (others != keys) {
            if (indexed > 0) {
                others.add(owned, open.ordinal(), open.writer().batch(), null, 0, indexed, 0, null);
            }
            keys = others;
            payForKeys();
        }
        kept = kept.and(nowKept);
        PartitionView old = view;
        long shownRows = old == null ? 0 : old.visibleRows() - gone.applyAsLong(old.next());
        visibleRows -= gone.applyAsLong(Marks.NEVER);
        sealed.release();
        sealed = owned;
        retiringAt = Marks.NEVER;
        for (Segment segment : sealed.segments()) {
            retiringAt = segment.facts().lastOffset() < goneBelow
                    ? retiringAt
                    : Math.min(retiringAt, segment.facts().retiredAt());
        }
        if (old != null) {
            Segment tail = old.tail();
            view = new PartitionView(
                    keys, shared, sealed.retain(), tail == null ? null : tail.retain(), old.next(), kept, shownRows);
            old.release();
        }
    }

    @SuppressWarnings("NonAtomicOperationOnVolatileField") // only the ingest thread writes it
    private void unmapped(long more) {
        unmappedBytes += more;
    }

    /** The newest view, one reference for the caller. */
    PartitionView acquire() {
        while (true) {
            PartitionView now = view;
            if (now == null) {
                throw new Problem.Unavailable("The product", "its store is closed.").exception();
            }
            if (now.tryRetain()) {
                return now;
            }
            Thread.onSpinWait();
        }
    }

    /** Ends what goes on beside the writing. */
    void stop() {
        upkeep.close();
        takeOutcomes();
    }

    PartitionFiles files() {
        return files;
    }

    PartitionKeys keys() {
        return keys;
    }

    SharedRows shared() {
        return shared;
    }

    /** Whether there may be rows of a key, whose hash by a secret this is; told by the heap alone. Any thread. */
    boolean mayHave(SecretHash secret, long hash) {
        PartitionView now = view;
        return now != null
                && (now.keys().secret() != secret
                        || now.keys().index().probe(hash).next() != Location.NONE);
    }

    /** The keys of the newest view, to be read on the heap alone; empty when the log is closed. Any thread. */
    Optional<KeyIndex> index() {
        return Optional.ofNullable(view).map(now -> now.keys().index());
    }

    SealedList sealed() {
        return sealed;
    }

    /** Whether the files that readers see have, or had, a row of an offset. Any thread. */
    boolean holds(long offset) {
        return read(now -> now.holds(offset));
    }

    /** Whether segments are retired that readers still see. */
    boolean isRetiring() {
        return retiringAt != Marks.NEVER;
    }

    /** Visible rows, and bytes of the files that readers see. Any thread. */
    Retention.Size size() {
        return read(PartitionView::size);
    }

    /** The next offset that readers see. */
    long visibleNext() {
        PartitionView now = view;
        return now == null ? next : now.next();
    }

    /** How far back can be read. Any thread. */
    Kept kept() {
        return Optional.ofNullable(view).map(PartitionView::kept).orElse(Kept.ALL);
    }

    /** What is durable and each position that must stay readable sees. Any thread. */
    long bound() {
        return Math.min(durableNext, upkeep.bound());
    }

    /** The durable offset below which what is superseded must leave the files. Any thread. */
    long due() {
        return Math.min(durableNext, upkeep.due());
    }

    /** The topic that the stored rows came from; empty for a new partition. */
    String topicId() {
        return files.topicId();
    }

    long durableNext() {
        return durableNext;
    }

    /** Off-heap bytes of the open segment and of sealed ones not yet mapped. */
    long memoryBytes() {
        return openBytes + unmappedBytes;
    }

    /** Bytes of the key index, of the marks and of what says where merged rows are. */
    long indexBytes() {
        return read(PartitionView::indexBytes);
    }

    /** Asks the newest view. Any thread. */
    <T> T read(Function<PartitionView, T> question) {
        PartitionView now = acquire();
        try {
            return question.apply(now);
        } finally {
            now.release();
        }
    }

    /** Why the last commit failed; empty when it did not. */
    Optional<String> fault() {
        boolean hangs = underWay.get() > 0 && context.nanoClock().getAsLong() - progressAt >= HANGING_NANOS;
        return hangs && fault.isEmpty()
                ? Optional.of("partition " + partition + " has been written for more than "
                        + TimeUnit.NANOSECONDS.toSeconds(HANGING_NANOS) + " s, and is so still")
                : fault;
    }

    /** Gives everything back; nothing is under way any more. */
    void close() {
        stop();
        upkeep.forget();
        context.keyMemory().count(-keyBytes);
        keyBytes = 0;
        PartitionView last = view;
        view = null;
        if (last != null) {
            last.release();
        }
        open.close();
        sealed.release();
        newlySealed.forEach(Segment::release);
        files.close();
    }
}
