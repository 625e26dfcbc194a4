package dev.millrace.store;

import dev.millrace.arrow.ArrowFile;
import dev.millrace.arrow.Batch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One partition's files. Called by one file thread at a time, in the order in which the plans were made.
 *
 * <p>A commit writes the segments that have no file yet under names that were never used before, forces
 * them and their folder, and then switches the manifest by a rename. What the manifest does not name does not exist: a
 * crash before the rename leaves files beyond its last offset, a crash after it at most those that it says are obsolete.
 * No file is written before there is a manifest, so that files without one tell that it was lost.
 */
final class PartitionFiles {
    private static final Logger LOG = LoggerFactory.getLogger(PartitionFiles.class);
    private static final long CONDITION_SECONDS = 5;
    /** At the end of the name of a manifest that is being written. */
    static final String UNFINISHED = ".tmp";

    /**
     * The whole state of a partition up to {@code next}, as far as earlier plans did not bring it.
     *
     * @param sealed segments sealed since the last plan; a reference each is handed over
     * @param tail the published part of the open segment; its reference is handed over
     * @param reached when the partition had come how far
     * @param condition what must be met before the plan may become durable
     */
    record Plan(
            String topicId,
            List<Segment> sealed,
            @Nullable Segment tail,
            long next,
            List<Erasure.Reached> reached,
            CompletableFuture<Void> condition) {}

    /** A segment's ordinal and its mapped file, the receiver's to release. */
    record Mapping(int ordinal, Segment.Origin origin, Batch batch) {}

    /**
     * A plan is durable.
     *
     * @param mappings of sealed segments, to take the place of their memory
     * @param mapFailure why not all of them could be mapped; the next commit tries again
     */
    record Committed(List<Mapping> mappings, Optional<IOException> mapFailure) {}

    /** The condition of a plan is not met. */
    static final class Unmet extends IOException {
        private static final long serialVersionUID = 1;

        Unmet(Exception cause) {
            super("the dead letters before this position are not acknowledged", cause);
        }
    }

    private final Disk disk;
    private final Path folder;
    private final StoreSchema schema;
    private final BufferAllocator mappedAllocator;
    private final SharedRows shared;
    private final Deque<Segment> unmapped = new ArrayDeque<>();
    private final Set<String> obsolete = new LinkedHashSet<>();
    private Manifest manifest;
    private volatile boolean settled = true;
    // Never goes back, not even after a failure: the manifest on disk may name files of a commit that failed late.
    private final AtomicLong generation;

    /** {@code shared} are the partition's rows whose keys another one has, too. */
    PartitionFiles(
            Disk disk,
            Path folder,
            StoreSchema schema,
            BufferAllocator mappedAllocator,
            Manifest manifest,
            SharedRows shared) {
        this.disk = disk;
        this.folder = folder;
        this.schema = schema;
        this.mappedAllocator = mappedAllocator;
        this.manifest = manifest;
        this.shared = shared;
        this.generation = new AtomicLong(manifest.generation());
    }

    /**
     * Makes a plan durable, together with what failed plans left.
     *
     * @throws IOException when the disk fails; the next commit tries again
     */
    Committed commit(Plan plan) throws IOException {
        try {
            unmapped.addAll(plan.sealed());
            if (!unmapped.isEmpty() || plan.next() > manifest.next()) {
                write(plan);
            }
            return map();
        } finally {
            if (plan.tail() != null) {
                plan.tail().release();
            }
        }
    }

    /** Waits a short time: what failed or is not met then is tried again with the next commit. */
    private static void await(CompletableFuture<Void> condition) throws IOException {
        try {
            condition.get(CONDITION_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException failure) {
            throw new Unmet(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", interrupted);
        }
    }

    private void write(Plan plan) throws IOException {
        await(plan.condition());
        var work = new Work(manifest);
        try {
            if (!Files.exists(folder.resolve(Manifest.NAME))) {
                disk.createFolder(folder);
                switchTo(manifest, List.of(), List.of());
            }
            for (Segment segment : unmapped) {
                work.add(segment, plan.topicId());
            }
            if (plan.tail() != null) {
                work.add(plan.tail(), plan.topicId());
            }
        } catch (IOException | RuntimeException failure) {
            undo(work.written, failure);
            throw failure;
        }
        switchTo(work.manifest(plan), work.written, work.gone);
    }

    /**
     * Makes another manifest the partition's.
     *
     * @param written names of files that only it names; deleted when it cannot be written
     * @param gone names of files that it names no more
     */
    private void switchTo(Manifest other, List<String> written, List<String> gone) throws IOException {
        var due = new LinkedHashSet<>(obsolete);
        due.addAll(gone);
        Manifest next = other.deleting(due, shared.isEmpty());
        try {
            disk.forceFolder(folder);
            disk.write(folder.resolve(Manifest.NAME + UNFINISHED), next.toBytes());
        } catch (IOException | RuntimeException failure) {
            undo(written, failure);
            throw failure;
        }
        settled = false;
        disk.rename(folder.resolve(Manifest.NAME + UNFINISHED), folder.resolve(Manifest.NAME));
        disk.forceFolder(folder);
        manifest = next;
        settled = true;
        obsolete.addAll(gone);
        deleteObsolete();
    }

    /** Deletes what no manifest names any more; what fails is tried again with the next one, or by the next start. */
    void deleteObsolete() {
        for (String name : List.copyOf(obsolete)) {
            try {
                disk.delete(folder.resolve(name));
                obsolete.remove(name);
            } catch (IOException failure) {
                LOG.warn("{} cannot be deleted yet: {}", folder.resolve(name), failure.toString());
            }
        }
    }

    /** Deletes what was written, as far as the disk lets us: a full disk must not fill with attempts. */
    private void undo(List<String> written, Exception cause) {
        for (String name : written) {
            try {
                disk.delete(folder.resolve(name));
            } catch (IOException failure) {
                cause.addSuppressed(failure);
            }
        }
    }

    /**
     * Puts other files in the place of neighbouring ones, all of which are durable.
     *
     * @param others files that were written for this, or the same ones with other facts
     * @param kept how far back the partition can be read without the files
     */
    void replace(List<Manifest.SegmentFile> files, List<Manifest.SegmentFile> others, Kept kept) throws IOException {
        int at = manifest.segments().indexOf(files.getFirst());
        if (at < 0 || !manifest.segments().subList(at, at + files.size()).equals(files)) {
            throw new IllegalStateException(folder + ": other segments than " + files);
        }
        var segments = new ArrayList<>(manifest.segments());
        segments.subList(at, at + files.size()).clear();
        segments.addAll(at, others);
        List<String> gone = new ArrayList<>(names(files));
        gone.removeAll(names(others));
        List<String> written = new ArrayList<>(names(others));
        written.removeAll(names(files));
        switchTo(manifest.with(manifest.next(), manifest.kept().and(kept), generation.get(), segments), written, gone);
    }

    /** Deletes files that were written and that no manifest names. */
    void discard(List<Manifest.SegmentFile> written) throws IOException {
        for (String name : names(written)) {
            disk.delete(folder.resolve(name));
        }
    }

    private static List<String> names(List<Manifest.SegmentFile> files) {
        return files.stream().map(Manifest.SegmentFile::file).toList();
    }

    /** Drops every row from {@code offset} on; what fails half-way has dropped none. */
    void rewind(long offset) throws IOException {
        var kept = new ArrayList<Manifest.SegmentFile>();
        var written = new ArrayList<String>();
        Kept floor = Kept.ALL;
        for (Manifest.SegmentFile file : manifest.segments()) {
            if (file.lastOffset() < offset) {
                kept.add(file);
            } else if (file.firstOffset() < offset) {
                kept.add(head(file, offset));
                written.add(kept.getLast().file());
            } else if (floor == Kept.ALL) {
                floor = floor(file, offset);
            }
        }
        List<String> gone = new ArrayList<>(names(manifest.segments()));
        gone.removeAll(names(kept));
        if (!manifest.topicId().isEmpty()) {
            switchTo(
                    manifest.with(
                            Math.min(offset, manifest.next()), manifest.kept().and(floor), generation.get(), kept),
                    written,
                    gone);
        }
    }

    /** What is to be known of rows below an offset that a file without any such stood for: they were let go. */
    private Kept floor(Manifest.SegmentFile file, long offset) throws IOException {
        if (!Files.exists(folder.resolve(file.file()))) {
            return new Kept(0, offset); // it was broken and is set aside; what it stood for nobody knows
        }
        ArrowFile.Mapped mapped = map(file);
        mapped.batch().release();
        boolean covers = Segment.Origin.of(file, mapped)
                .gaps()
                .filter(gaps -> gaps.from() < offset)
                .isPresent();
        return covers ? new Kept(0, offset) : Kept.ALL;
    }

    /** Writes the rows of a file below an offset as a file of their own. */
    private Manifest.SegmentFile head(Manifest.SegmentFile file, long offset) throws IOException {
        ArrowFile.Mapped mapped = map(file);
        Batch batch = mapped.batch();
        var whole = new Segment(
                schema,
                file.facts(1, 1),
                batch,
                new Marks(mappedAllocator, file.rows()),
                Segment.Origin.of(file, mapped),
                null);
        try {
            int rows = whole.firstRowAt(offset);
            int deleted = 0;
            for (int row = 0; row < rows; row++) {
                deleted += batch.column(schema.deletedColumn()).bit(row) ? 1 : 0;
            }
            var facts = new Segment.Facts(
                    1,
                    1,
                    rows,
                    file.firstOffset(),
                    whole.gaps().isPresent() ? offset - 1 : whole.offset(rows - 1),
                    deleted,
                    deleted == 0 ? Marks.NEVER : file.firstDeleted(),
                    file.retiredAt());
            // Gaps beyond the last offset are of no harm.
            return write(facts, List.of(new ArrowFile.Part(batch, rows, null)), manifest.topicId(), whole.gaps());
        } finally {
            whole.release();
        }
    }

    /** Forgets everything, the topic too. */
    void clear() throws IOException {
        if (!manifest.topicId().isEmpty()) {
            FolderOwner owner = Objects.requireNonNull(manifest.owner());
            switchTo(Manifest.empty(schema, owner, generation.get()), List.of(), names(manifest.segments()));
        }
    }

    Path folder() {
        return folder;
    }

    Manifest manifest() {
        return manifest;
    }

    /** Whether it is known what the disk has: no renaming is under way, and none failed after the last that did not. Any thread. */
    boolean isSettled() {
        return settled;
    }

    /** Writes a segment's file, which no manifest names yet. Any thread. */
    Manifest.SegmentFile write(Segment.Facts facts, List<ArrowFile.Part> parts, String topicId, Optional<Gaps> gaps)
            throws IOException {
        String name = facts.firstOffset() + "-" + facts.lastOffset() + "-" + generation.incrementAndGet() + ".arrow";
        var metadata =
                new HashMap<>(Map.of("millrace.topic", topicId, "millrace.first", Long.toString(facts.firstOffset())));
        gaps.ifPresent(known -> metadata.put(Gaps.METADATA, known.toString()));
        try {
            Disk.Stored stored = disk.writeRows(folder.resolve(name), parts, metadata, mappedAllocator);
            return Manifest.SegmentFile.of(name, facts, stored);
        } catch (IOException | RuntimeException failure) {
            undo(List.of(name), failure);
            throw failure;
        }
    }

    /** Maps a file; the caller releases its batch. Any thread. */
    ArrowFile.Mapped map(Manifest.SegmentFile file) throws IOException {
        return ArrowFile.map(folder.resolve(file.file()), schema.layout(), mappedAllocator);
    }

    private Committed map() {
        var mappings = new ArrayList<Mapping>();
        try {
            while (!unmapped.isEmpty()) {
                Segment segment = unmapped.getFirst();
                Manifest.SegmentFile file = fileOf(segment);
                ArrowFile.Mapped mapped = map(file);
                mappings.add(new Mapping(segment.ordinal(), Segment.Origin.of(file, mapped), mapped.batch()));
                unmapped.removeFirst().release();
            }
        } catch (IOException failure) {
            return new Committed(mappings, Optional.of(failure));
        }
        return new Committed(mappings, Optional.empty());
    }

    private Manifest.SegmentFile fileOf(Segment segment) {
        return manifest.segments().reversed().stream()
                .filter(entry -> entry.firstOffset() == segment.facts().firstOffset())
                .findFirst()
                .orElseThrow();
    }

    String topicId() {
        return manifest.topicId();
    }

    /** The durable next offset. */
    long next() {
        return manifest.next();
    }

    /** Gives back what was never written. */
    void close() {
        unmapped.forEach(Segment::release);
        unmapped.clear();
    }

    /** The files of one commit, before the manifest names them. */
    private final class Work {
        private final List<Manifest.SegmentFile> segments;
        private final List<String> written = new ArrayList<>();
        private final List<String> gone = new ArrayList<>();

        Work(Manifest before) {
            this.segments = new ArrayList<>(before.segments());
        }

        void add(Segment segment, String topicId) throws IOException {
            Segment.Facts facts = segment.facts();
            int at = segments.size();
            while (at > 0 && segments.get(at - 1).firstOffset() >= facts.firstOffset()) {
                at--;
            }
            boolean replaces = at < segments.size();
            if (replaces && segments.get(at).rows() == facts.rows()) {
                return;
            }
            Manifest.SegmentFile entry = write(
                    facts, List.of(new ArrowFile.Part(segment.batch(), facts.rows(), null)), topicId, Optional.empty());
            written.add(entry.file());
            if (replaces) {
                gone.add(segments.set(at, entry).file());
            } else {
                segments.add(entry);
            }
        }

        Manifest manifest(Plan plan) {
            return manifest.with(plan.next(), manifest.kept(), generation.get(), segments)
                    .of(plan.topicId(), schema, plan.reached());
        }
    }
}
