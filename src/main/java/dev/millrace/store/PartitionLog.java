package dev.millrace.store;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.problem.Problem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.OutOfMemoryException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The writer of one partition and the place where readers find its newest view. Only the ingest thread writes; {@link
 * #acquire} and the volatile figures are for any thread.
 *
 * <p>Rows go into the open segment. A publish adds their keys to the index, marks what they supersede, and then sets a
 * new view: one volatile write, after which readers see all of it. A full segment is sealed and handed to the file
 * threads with everything up to the next offset as one {@link PartitionFiles.Plan}; when it is durable its mapping comes
 * back through {@link #settle()} and takes the place of the memory.
 */
final class PartitionLog implements PartitionWriter {
    private static final Logger LOG = LoggerFactory.getLogger(PartitionLog.class);
    private static final int FIRST_ROWS = 1024;
    private static final int MAX_ROWS_UNCHECKED = 256;
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** What a commit on the file threads brought. */
    private record Outcome(List<PartitionFiles.Mapping> mappings, boolean failed) {}

    private final int partition;
    private final StoreContext context;
    private final StoreSchema schema;
    private final BatchWriter writer;
    private final PartitionKeys keys;
    private final PartitionFiles files;
    private final Queue<Outcome> outcomes = new ConcurrentLinkedQueue<>();

    private SealedList sealed;
    private Tail tail;
    private volatile @Nullable PartitionView view;
    private long next;
    private long visibleRows;
    private long letterCount;
    private int checkAt;

    private List<Segment> newlySealed = new ArrayList<>();
    private List<DeadLetter> newLetters = new ArrayList<>();
    private long plannedNext;
    private long plannedAt;
    private int underWay;
    private boolean failed;
    private volatile long durableNext;
    private volatile long openBytes;
    private volatile long unmappedBytes;
    private volatile Optional<String> fault = Optional.empty();

    /** The open segment's facts while it grows. */
    private static final class Tail {
        final int ordinal;
        Marks marks;
        int rowCapacity;
        int indexed;
        int deletedRows;
        long firstOffset;
        long lastOffset;
        long firstDeleted = Marks.NEVER;
        long lettersBefore;

        Tail(int ordinal, Marks marks) {
            this.ordinal = ordinal;
            this.marks = marks;
        }

        Segment.Facts facts(int rows) {
            return new Segment.Facts(ordinal, rows, firstOffset, lastOffset, deletedRows, firstDeleted, lettersBefore);
        }
    }

    /** Takes over the batches found. */
    PartitionLog(int partition, StoreContext context, PartitionFiles files, PartitionRecovery.Found found) {
        this.partition = partition;
        this.context = context;
        this.schema = context.schema();
        this.files = files;
        this.writer = new BatchWriter(schema.layout(), context.productAllocator());
        this.keys = new PartitionKeys(schema);
        Manifest manifest = found.manifest();
        this.next = manifest.next();
        this.durableNext = next;
        this.plannedNext = next;
        this.plannedAt = context.nanoClock().getAsLong();
        this.letterCount = manifest.letterCount();
        this.sealed = SealedList.owning(List.of());
        this.tail = newTail();
        restore(manifest, found.batches());
        publishView();
    }

    private void restore(Manifest manifest, List<Batch> batches) {
        var segments = new ArrayList<Segment>();
        int last = batches.size() - 1;
        for (int i = 0; i <= last; i++) {
            Segment.Facts facts = manifest.segments().get(i).facts(i + 1);
            visibleRows += facts.rows() - facts.deletedRows();
            Batch batch = batches.get(i);
            Marks marks = new Marks(context.mappedAllocator(), facts.rows());
            if (i == last && mayGrow(manifest.segments().get(i)) && reopen(facts, batch)) {
                marks.release();
                batch.release();
            } else {
                segments.add(new Segment(schema, facts, batch, marks, true));
            }
        }
        sealed.release();
        sealed = SealedList.owning(segments);
        int tailRows = writer.isOpen() ? writer.rows() : 0;
        tail = tailRows == 0 ? newTail() : tail;
        for (int i = 0; i < sealed.size(); i++) {
            index(
                    sealed.get(i).ordinal(),
                    sealed.get(i).batch(),
                    sealed.get(i).marks(),
                    0,
                    sealed.get(i).rows());
        }
        indexTail();
    }

    private boolean mayGrow(Manifest.SegmentFile file) {
        return file.rows() < context.options().segmentRows() / 2
                && file.sizeBytes() < context.options().segmentBytes() / 2
                && file.sizeBytes() < context.options().budgetBytes() / 4;
    }

    /** Copies a short last segment into the open one, so that restarts do not leave many small segments. */
    private boolean reopen(Segment.Facts facts, Batch batch) {
        try {
            int capacity = Math.max(FIRST_ROWS, Integer.highestOneBit(facts.rows()) << 1);
            writer.open(capacity);
            for (int row = 0; row < facts.rows(); row++) {
                writer.copyRow(batch, row);
            }
            tail = new Tail(facts.ordinal(), new Marks(context.mappedAllocator(), capacity));
            tail.rowCapacity = capacity;
            tail.firstOffset = facts.firstOffset();
            tail.lastOffset = facts.lastOffset();
            tail.deletedRows = facts.deletedRows();
            tail.firstDeleted = facts.firstDeleted();
            tail.lettersBefore = facts.lettersBefore();
            return true;
        } catch (OutOfMemoryException tooMuch) {
            writer.close();
            return false;
        }
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
        return writer;
    }

    @Override
    public boolean ready() {
        return (writer.isOpen() && writer.rows() < checkAt) || makeRoom();
    }

    private boolean makeRoom() {
        settle();
        if (writer.isOpen()) {
            openBytes = writer.allocatedBytes();
            if (writer.rows() >= context.options().segmentRows()
                    || (writer.rows() > 0 && openBytes >= context.options().segmentBytes())) {
                seal();
            }
        }
        if (!context.gate().admits()) {
            return false;
        }
        try {
            reserve();
        } catch (OutOfMemoryException full) {
            exhausted();
            return false;
        }
        openBytes = writer.allocatedBytes();
        long perRow = 1 + openBytes / (1 + writer.rows());
        long room = (context.options().segmentBytes() - openBytes) / (8 * perRow);
        int unchecked = (int) Math.clamp(room, 1, MAX_ROWS_UNCHECKED);
        checkAt = Math.min(
                writer.rows() + unchecked,
                Math.min(tail.rowCapacity, context.options().segmentRows()));
        return true;
    }

    /** Opens a segment, and has the store's own columns grow here, so that {@link #commit} cannot run out of memory. */
    private void reserve() {
        if (!writer.isOpen()) {
            int capacity = Math.min(FIRST_ROWS, context.options().segmentRows());
            writer.open(capacity);
            tail.rowCapacity = capacity;
        }
        if (writer.rows() == tail.rowCapacity) {
            try {
                writer.column(schema.offsetColumn()).putInt64(0);
                writer.column(schema.timestampColumn()).putInt64(0);
                writer.column(schema.deletedColumn()).putBit(false);
            } finally {
                writer.rollback();
            }
            tail.rowCapacity *= 2;
        }
    }

    @Override
    public void commit(long offset, long timestampMillis, boolean deleted) {
        requireNew(offset);
        writer.column(schema.offsetColumn()).putInt64(offset);
        writer.column(schema.timestampColumn()).putInt64(timestampMillis);
        writer.column(schema.deletedColumn()).putBit(deleted);
        writer.endRow();
        if (writer.rows() == 1) {
            tail.firstOffset = offset;
            tail.lettersBefore = letterCount;
        }
        tail.lastOffset = offset;
        if (deleted) {
            tail.deletedRows++;
            tail.firstDeleted = Math.min(tail.firstDeleted, offset);
        } else {
            visibleRows++;
        }
        next = offset + 1;
    }

    @Override
    public void exhausted() {
        if (writer.isOpen()) {
            writer.rollback();
        }
        context.gate().exhausted();
    }

    @Override
    public void reject(DeadLetter letter) {
        requireNew(letter.offset());
        newLetters.add(letter);
        context.letters().add(letter);
        letterCount++;
        next = letter.offset() + 1;
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
            indexTail();
            publishView();
        }
        checkAt = 0;
        long age = context.nanoClock().getAsLong() - plannedAt;
        if (underWay == 0
                && next != plannedNext
                && age >= context.options().flushInterval().toNanos()) {
            plan();
        }
    }

    private void indexTail() {
        if (!writer.isOpen() || writer.rows() == tail.indexed) {
            return;
        }
        int rows = writer.rows();
        if (rows > tail.marks.capacity()) {
            Marks grown = tail.marks.grown(Math.max(64, Integer.highestOneBit(rows - 1) << 1));
            tail.marks.release();
            tail.marks = grown;
        }
        index(tail.ordinal, writer.batch(), tail.marks, tail.indexed, rows);
        tail.indexed = rows;
    }

    private void index(int ordinal, Batch batch, Marks marks, int from, int to) {
        if (!schema.key().isEmpty()) {
            visibleRows -= keys.add(sealed, ordinal, batch, marks, from, to);
        }
    }

    private void publishView() {
        Segment open = null;
        if (writer.isOpen() && writer.rows() > 0) {
            open = new Segment(schema, tail.facts(writer.rows()), writer.batch().retain(), tail.marks.retain(), false);
        }
        PartitionView old = view;
        view = new PartitionView(sealed.retain(), open, next, visibleRows);
        if (old != null) {
            old.release();
        }
    }

    /** Ends the open segment, publishes its rows, and hands it to the file threads. */
    void seal() {
        if (!writer.isOpen()) {
            return;
        }
        if (writer.rows() == 0) {
            writer.close();
            openBytes = 0;
            return;
        }
        indexTail();
        Segment.Facts facts = tail.facts(writer.rows());
        var segment = new Segment(schema, facts, writer.seal(), tail.marks.retain(), false);
        tail.marks.release();
        SealedList longer = sealed.plus(segment);
        sealed.release();
        sealed = longer;
        tail = newTail();
        newlySealed.add(segment.retain());
        unmapped(segment.batch().sizeBytes());
        openBytes = 0;
        publishView();
        plan();
    }

    private Tail newTail() {
        int ordinal = sealed.size() == 0 ? 1 : sealed.get(sealed.size() - 1).ordinal() + 1;
        if (ordinal > Location.MAX_ORDINAL) {
            throw new IllegalStateException("a partition has more than " + Location.MAX_ORDINAL + " segments");
        }
        return new Tail(ordinal, new Marks(context.mappedAllocator(), 64));
    }

    /** Publishes and has everything up to the next offset made durable. */
    CompletableFuture<Void> flush() {
        settle();
        indexTail();
        publishView();
        return plan();
    }

    private CompletableFuture<Void> plan() {
        PartitionView now = view;
        Segment open = now == null ? null : now.tail();
        var plan = new PartitionFiles.Plan(
                context.topicId(),
                newlySealed,
                open == null ? null : open.retain(),
                newLetters,
                next,
                letterCount,
                context.condition());
        newlySealed = new ArrayList<>();
        newLetters = new ArrayList<>();
        plannedNext = next;
        plannedAt = context.nanoClock().getAsLong();
        underWay++;
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
            outcomes.add(
                    new Outcome(committed.mappings(), committed.mapFailure().isPresent()));
            done.complete(null);
        } catch (IOException | RuntimeException failure) {
            report(failure);
            outcomes.add(new Outcome(List.of(), true));
            done.completeExceptionally(failure);
        }
    }

    private void report(Exception failure) {
        if (fault.isEmpty()) {
            LOG.warn(
                    "Partition {} cannot be written and is tried again until it can: {}",
                    partition,
                    failure.toString());
        }
        LOG.debug("Partition {} cannot be written", partition, failure);
        fault = Optional.of("partition " + partition + " cannot be written: " + failure);
    }

    /** Takes in what the file threads have done since the last call; tries again what failed a second ago. */
    void settle() {
        takeOutcomes();
        if (failed && underWay == 0 && context.nanoClock().getAsLong() - plannedAt >= RETRY_NANOS) {
            indexTail();
            publishView();
            plan();
        }
    }

    private void takeOutcomes() {
        Outcome outcome;
        while ((outcome = outcomes.poll()) != null) {
            underWay--;
            failed |= outcome.failed();
            if (!outcome.mappings().isEmpty()) {
                swap(outcome.mappings());
            }
        }
    }

    /** Whether a commit is under way or must be tried again. */
    boolean isPending() {
        return underWay > 0 || failed || unmappedBytes > 0;
    }

    private void swap(List<PartitionFiles.Mapping> mappings) {
        var versions = new ArrayList<Segment>();
        for (PartitionFiles.Mapping mapping : mappings) {
            Segment old = java.util.Objects.requireNonNull(sealed.withOrdinal(mapping.ordinal()));
            versions.add(old.mapped(schema, mapping.batch()));
            unmapped(-old.batch().sizeBytes());
        }
        SealedList swapped = sealed.replacing(versions);
        sealed.release();
        sealed = swapped;
        PartitionView old = view;
        if (old != null) {
            Segment open = old.tail();
            view = new PartitionView(
                    sealed.retain(), open == null ? null : open.retain(), old.next(), old.visibleRows());
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

    PartitionKeys keys() {
        return keys;
    }

    /** The next offset that readers see. */
    long visibleNext() {
        PartitionView now = view;
        return now == null ? next : now.next();
    }

    long durableNext() {
        return durableNext;
    }

    long openBytes() {
        return openBytes;
    }

    long unmappedBytes() {
        return unmappedBytes;
    }

    /** Bytes of the key index and of the marks. */
    long indexBytes() {
        PartitionView now = acquire();
        try {
            long marks = now.tail() == null ? 0 : now.tail().marks().sizeBytes();
            for (int i = 0; i < now.sealed().size(); i++) {
                marks += now.sealed().get(i).marks().sizeBytes();
            }
            return keys.sizeBytes() + marks;
        } finally {
            now.release();
        }
    }

    /** Why the last commit failed; empty when it did not. */
    Optional<String> fault() {
        return fault;
    }

    /** Gives everything back; nothing is under way any more. */
    void close() {
        takeOutcomes();
        PartitionView last = view;
        view = null;
        if (last != null) {
            last.release();
        }
        writer.close();
        tail.marks.release();
        sealed.release();
        newlySealed.forEach(Segment::release);
        files.close();
    }
}
