package dev.millrace.store;

import dev.millrace.arrow.SecretHash;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets go of what a partition need not keep: drops retired segments, retires old ones, merges small ones, and builds the
 * key index anew; and writes segments anew that hold values which are due to be erased. One of these at a time. The ingest thread begins and ends each; what takes time is done by the
 * background thread, and manifests are written by the file threads.
 *
 * <p>No position changes its answer. What is dropped was visible to no position from the history's horizon on, and the
 * manifest that drops it says that the earlier ones are gone. Retiring takes effect at an offset {@code at} that readers
 * have not seen when it is durable; should they be about to, it is called off, and while it cannot be told whether the
 * disk has it, they see nothing newer. After a start it waits for as long as the history is: readers may have seen
 * positions before that are not reached again yet.
 */
final class PartitionUpkeep {
    private static final Logger LOG = LoggerFactory.getLogger(PartitionUpkeep.class);
    private static final long MAX_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final int EVERY_PART = 16;

    /** What comes after a piece of work. */
    private sealed interface Then {
        /** Something to do on the ingest thread. */
        record Show(Runnable effect) implements Then {}

        /** Work on the file threads. */
        record Write(Work work) implements Then {}
    }

    private interface Work {
        Then run() throws IOException;
    }

    /** Segments that are not seen by bounds beyond {@code at}; {@code decided} by whoever comes first, writer or readers. */
    private record Retirement(long at, AtomicBoolean decided) {}

    private final PartitionLog log;
    private final StoreContext context;
    private final StoreSchema schema;
    private final PartitionFiles files;
    private final History history;
    private final Erasure erasure;
    private final long everyNanos;
    private final long retiresFrom;
    private CompletableFuture<Void> job = CompletableFuture.completedFuture(null);
    private @Nullable Retirement retirement;
    private Departures.@Nullable Departure departure;
    private boolean busy;
    private boolean closed;
    private long lookedAt;
    private long lookedNext;
    private long garbage;
    private boolean erasing;
    private long erased;
    private long sweptAt;
    private volatile long bound;
    private volatile long due;

    PartitionUpkeep(PartitionLog log, StoreContext context, PartitionFiles files) {
        this.log = log;
        this.context = context;
        this.schema = context.schema();
        this.files = files;
        // Values that are to leave the files cannot be read as of a position for longer.
        long kept = Math.min(
                context.options().history().toNanos(),
                context.options().erase().dividedBy(2).toNanos());
        Manifest manifest = files.manifest();
        this.sweptAt = context.millisClock().getAsLong();
        this.erasure = new Erasure(context.options().erase(), manifest.reached(), manifest.next(), sweptAt);
        this.history = new History(kept, files.manifest().kept().oldest());
        this.everyNanos = Math.min(MAX_EVERY_NANOS, kept / EVERY_PART);
        this.lookedAt = context.nanoClock().getAsLong();
        this.lookedNext = log.next();
        this.retiresFrom = lookedAt + kept;
    }

    /** Begins something when it is time to and nothing is under way. */
    void look(long nanos) {
        history.reach(nanos, log.visibleNext());
        erasure.reach(context.millisClock().getAsLong(), log.visibleNext());
        settle();
        if (!busy
                && retirement == null
                && departure == null
                && (nanos - lookedAt >= everyNanos || erasing || log.keys().isCrowded())) {
            begin(nanos, history.horizon(nanos));
            lookedAt = nanos;
            lookedNext = log.next();
        }
    }

    private void begin(long nanos, long horizon) {
        StoreOptions options = context.options();
        long now = context.millisClock().getAsLong();
        due = erasure.due(now);
        bound = Math.max(horizon, due);
        if (log.keys().isCrowded()) {
            LOG.warn(
                    "{}: keys have the same hash by the thousand; they are indexed anew under another secret",
                    files.folder());
            rebuildKeys(SecretHash.random());
            return;
        }
        List<Segment> segments = log.sealed().segments();
        List<Segment> gone = segments.stream()
                .takeWhile(segment -> segment.facts().retiredAt() < horizon)
                .toList();
        if (!gone.isEmpty()) {
            drop(gone);
            return;
        }
        long rows = segments.stream().mapToLong(Segment::rows).sum();
        if (garbage > options.segmentRows()
                && garbage > rows / 2
                && context.keyMemory().has(log.keys().sizeBytes())) {
            rebuildKeys(log.keys().secret());
        } else {
            boolean sweeps = now - sweptAt >= erasure.sweepMillis();
            boolean erases = schema.upsert() && due > 0 && (due > erased || erasing || sweeps);
            if (erases) {
                log.sealIfDead(due);
            }
            if (!erases
                    && !sweeps
                    && !options.compaction()
                    && options.retention().isNone()) {
                return;
            }
            long dueNow = due;
            PartitionKeys keys = log.keys();
            Retention.Size own = log.size();
            Retention.Size all = context.size().get();
            withSealed(held -> {
                List<Segment> list = held.segments();
                int expired = options.retention().isNone() || log.isRetiring() || nanos < retiresFrom
                        ? 0
                        : options.retention().expired(schema, list, own, all, now);
                if (expired > 0) {
                    return new Then.Show(() -> retire(expired));
                }
                if (erases) {
                    var ofDue = new Dispensable(context, log, keys, held, true, PartitionLog::due);
                    var ofAll = new Dispensable(context, log, keys, held, true, PartitionLog::bound);
                    Optional<Compaction> compaction = Compaction.erase(schema, list, ofDue, ofAll);
                    if (compaction.isPresent()) {
                        erasing = true;
                        return write(compaction.get(), ofAll);
                    }
                }
                var dispensable = new Dispensable(context, log, keys, held, false, PartitionLog::bound);
                Optional<Compaction> compaction =
                        options.compaction() ? Compaction.choose(schema, options, list, dispensable) : Optional.empty();
                if (compaction.isPresent()) {
                    return write(compaction.get(), dispensable);
                }
                boolean ends = list.stream().allMatch(segment -> segment.file() != null);
                return erases || sweeps
                        ? new Then.Write(() -> sweep(now, ends ? dueNow : erased))
                        : new Then.Show(() -> {});
            });
        }
    }

    private interface SealedWork {
        Then run(SealedList held) throws IOException;
    }

    /** Works on the background thread with the sealed segments as they are now. */
    private void withSealed(SealedWork work) {
        SealedList held = log.sealed().retain();
        start(context.background(), () -> {
            try {
                return work.run(held);
            } finally {
                // What the effect needs of them is in the writer's list, too: only this takes segments out of it.
                held.release();
            }
        });
    }

    private void start(Executor executor, Work work) {
        var done = new CompletableFuture<Void>();
        job = done;
        busy = true;
        run(executor, work, done);
    }

    private void run(Executor executor, Work work, CompletableFuture<Void> done) {
        executor.execute(() -> {
            boolean goesOn = false;
            try {
                switch (work.run()) {
                    case Then.Show(Runnable effect) -> end(effect);
                    case Then.Write(Work next) -> {
                        run(context.files(), next, done);
                        goesOn = true;
                    }
                }
            } catch (IOException | RuntimeException | Error failure) {
                LOG.warn("{}: upkeep failed and is tried again later: {}", files.folder(), failure.toString());
                end(() -> erasing = false); // not at once
            } finally {
                if (!goesOn) {
                    done.complete(null);
                }
            }
        });
    }

    private void end(Runnable effect) {
        log.later(() -> {
            busy = false;
            effect.run();
            settle();
        });
    }

    private void drop(List<Segment> gone) {
        long lastRetired = gone.stream()
                .mapToLong(segment -> segment.facts().retiredAt())
                .max()
                .orElseThrow();
        var kept = new Kept(lastRetired + 1, gone.getLast().facts().lastOffset() + 1);
        start(context.files(), () -> {
            files.replace(fileOf(gone), List.of(), kept);
            sweep(context.millisClock().getAsLong());
            return new Then.Show(() -> {
                put(gone, List.of(), kept, bound -> 0);
                garbage += gone.stream().mapToLong(Segment::rows).sum();
            });
        });
    }

    /** Deletes what lies beside the partition's files and holds values of rows that are not in them any more. */
    private Then sweep(long now, long nowErased) throws IOException {
        sweep(now);
        return new Then.Show(() -> {
            sweptAt = now;
            erased = nowErased;
            erasing = false;
        });
    }

    private void sweep(long now) throws IOException {
        files.deleteObsolete();
        context.beside().sweep(log.partition(), files.manifest(), erasure.setAsideBefore(now), log::holds);
    }

    /** What a manifest of everything up to {@code next} says of how long ago how much was in. */
    List<Erasure.Reached> notes(long next) {
        return erasure.notes(context.millisClock().getAsLong(), next);
    }

    /** Lets the first {@code count} segments that are not retired yet go with an offset that readers are about to reach. */
    private void retire(int count) {
        if (closed) {
            return;
        }
        // Beyond what may come in until it is durable; an idle partition has it with its next record.
        long at = log.next() + 2 * (log.next() - lookedNext);
        var planned = new Retirement(at, new AtomicBoolean());
        retirement = planned;
        List<Segment> segments = log.sealed().segments().stream()
                .filter(segment -> segment.facts().retiredAt() == Marks.NEVER)
                .limit(count)
                .toList();
        List<Manifest.SegmentFile> retired =
                fileOf(segments).stream().map(file -> file.retired(at)).toList();
        start(context.files(), () -> {
            if (planned.decided().compareAndSet(false, true)) {
                files.replace(fileOf(segments), retired, Kept.ALL);
                return new Then.Show(() -> {
                    var versions = new ArrayList<Segment>();
                    for (int i = 0; i < retired.size(); i++) {
                        versions.add(segments.get(i).with(schema, retired.get(i)));
                    }
                    put(segments, versions, Kept.ALL, bound -> 0);
                });
            }
            return new Then.Show(() -> {});
        });
    }

    /** Whether readers may see {@code next}; a retirement that nobody writes yet is called off for them. */
    boolean mayShow(long next) {
        settle();
        Retirement planned = retirement;
        if (planned == null || next <= planned.at()) {
            return true;
        }
        boolean calledOff = planned.decided().compareAndSet(false, true);
        if (calledOff) {
            retirement = null;
        }
        return calledOff;
    }

    /** Forgets what was under way when it is known whether the disk has it. */
    private void settle() {
        if (!busy && files.isSettled()) {
            retirement = null;
            forget();
        }
    }

    /** Ends what is to go, if it is not shown without it yet. */
    void forget() {
        if (departure != null) {
            context.departures().end(departure);
            departure = null;
        }
    }

    /** Readable positions see at least so much of the partition. Any thread. */
    long bound() {
        return bound;
    }

    /** What was superseded below this offset must leave the files. Any thread. */
    long due() {
        return due;
    }

    /** Writes the file of a compaction that leaves rows; of one that leaves none, what the sources stood for counts as let go. */
    private Then write(Compaction compaction, Dispensable dispensable) throws IOException {
        if (compaction.leavesNothing()) {
            long floor = compaction.sources().getLast().facts().lastOffset() + 1;
            return new Then.Write(() -> replace(compaction, dispensable, floor, Optional.empty()));
        }
        for (Manifest.SegmentFile file : compaction.files()) {
            // What is broken must not get a checksum that matches.
            Optional<String> fault = file.fault(files.folder().resolve(file.file()));
            if (fault.isPresent()) {
                context.suspect().file(log.partition(), files.folder(), file);
                throw new IOException(file.file() + " " + fault.get());
            }
        }
        Compaction.Written written =
                compaction.write(schema, files, context.topicId().get());
        return new Then.Write(() -> {
            boolean replaced = false;
            try {
                Then then = replace(compaction, dispensable, 0, Optional.of(written));
                replaced = true;
                return then;
            } finally {
                if (!replaced) {
                    written.mapped().batch().release();
                }
            }
        });
    }

    /** Has the manifest name what a compaction wrote, if its rows may still go. */
    private Then replace(
            Compaction compaction, Dispensable dispensable, long floor, Optional<Compaction.Written> written)
            throws IOException {
        List<Manifest.SegmentFile> names =
                written.stream().map(Compaction.Written::file).toList();
        Optional<Departures.Departure> begun = dispensable.begin(compaction);
        if (begun.isEmpty()) {
            files.discard(names);
            throw new IOException("records came since for which rows must stay");
        }
        Departures.Departure leaving = begun.get();
        departure = leaving;
        Kept kept = compaction.thins() ? dispensable.kept(leaving, floor) : Kept.ALL;
        files.replace(compaction.files(), names, kept);
        sweep(context.millisClock().getAsLong());
        return new Then.Show(() -> {
            List<Segment> others = written.stream()
                    .map(each -> compaction.merged(schema, context, each))
                    .toList();
            context.departures()
                    .show(
                            leaving,
                            () -> put(
                                    compaction.sources(),
                                    others,
                                    kept,
                                    bound -> leaving.isEmpty() ? 0 : compaction.visibleRows(schema, bound)));
            garbage += compaction.droppedRows();
        });
    }

    private void rebuildKeys(SecretHash secret) {
        SealedList renamed = renamed();
        int last = renamed.size() == 0 ? 0 : renamed.get(renamed.size() - 1).ordinal();
        start(context.background(), () -> {
            try {
                PartitionKeys keys = new PartitionKeys(schema, secret, log.shared()).addAll(renamed, 0);
                return new Then.Show(() -> {
                    SealedList now = renamed();
                    keys.addAll(now, last);
                    garbage = 0;
                    if (secret != context.keyHash()) {
                        context.sharedKeys().lookEverywhere();
                    }
                    log.exchange(now, keys, Kept.ALL);
                });
            } finally {
                renamed.release();
            }
        });
    }

    /** The sealed segments with their rows named by one number each. */
    private SealedList renamed() {
        return SealedList.owning(log.sealed().segments().stream()
                .map(segment -> segment.map() == null ? segment.retain() : segment.renamed(schema))
                .toList());
    }

    private void put(List<Segment> sources, List<Segment> others, Kept kept, LongUnaryOperator gone) {
        int first = sources.getFirst().ordinal();
        int last = sources.getLast().facts().lastOrdinal();
        log.exchange(log.sealed().replacing(first, last, others), log.keys(), kept, gone);
    }

    private static List<Manifest.SegmentFile> fileOf(List<Segment> segments) {
        return segments.stream()
                .map(segment -> Objects.requireNonNull(segment.file()))
                .toList();
    }

    /** Waits until nothing is under way. */
    void close() {
        Retirement planned = retirement;
        if (planned != null) {
            planned.decided().set(true);
        }
        closed = true;
        job.join();
    }
}
