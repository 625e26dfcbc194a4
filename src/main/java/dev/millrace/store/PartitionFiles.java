package dev.millrace.store;

import dev.millrace.arrow.ArrowFile;
import dev.millrace.arrow.Batch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One partition's files. Called by one file thread at a time, in the order in which the plans were made.
 *
 * <p>A commit writes the segments that have no file yet under names that were never used before, forces
 * them and their folder, and then switches the manifest by a rename. What the manifest does not name does not exist: a
 * crash before the rename leaves files that the next start deletes, a crash after it leaves at most the replaced ones.
 */
final class PartitionFiles {
    private static final Logger LOG = LoggerFactory.getLogger(PartitionFiles.class);
    private static final long CONDITION_SECONDS = 5;

    /**
     * The whole state of a partition up to {@code next}, as far as earlier plans did not bring it.
     *
     * @param sealed segments sealed since the last plan; a reference each is handed over
     * @param tail the published part of the open segment; its reference is handed over
     * @param condition what must be met before the plan may become durable
     */
    record Plan(
            String topicId,
            List<Segment> sealed,
            @Nullable Segment tail,
            long next,
            CompletableFuture<Void> condition) {}

    /** A segment's ordinal and its mapped file, the receiver's to release. */
    record Mapping(int ordinal, Batch batch) {}

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
    private final Deque<Segment> unmapped = new ArrayDeque<>();
    private Manifest manifest;
    // Never goes back, not even after a failure: the manifest on disk may name files of a commit that failed late.
    private long generation;

    PartitionFiles(Disk disk, Path folder, StoreSchema schema, BufferAllocator mappedAllocator, Manifest manifest) {
        this.disk = disk;
        this.folder = folder;
        this.schema = schema;
        this.mappedAllocator = mappedAllocator;
        this.manifest = manifest;
        this.generation = manifest.generation();
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
            if (manifest.topicId().isEmpty()) {
                disk.createFolder(folder);
            }
            for (Segment segment : unmapped) {
                work.add(segment, plan.topicId());
            }
            if (plan.tail() != null) {
                work.add(plan.tail(), plan.topicId());
            }
            disk.forceFolder(folder);
            disk.write(
                    folder.resolve(Manifest.NAME + ".tmp"), work.manifest(plan).toBytes());
        } catch (IOException | RuntimeException failure) {
            work.undo(failure);
            throw failure;
        }
        disk.rename(folder.resolve(Manifest.NAME + ".tmp"), folder.resolve(Manifest.NAME));
        disk.forceFolder(folder);
        manifest = work.manifest(plan);
        for (String obsolete : work.obsolete) {
            try {
                disk.delete(folder.resolve(obsolete));
            } catch (IOException failure) {
                LOG.warn("{} stays until the next start: {}", folder.resolve(obsolete), failure.toString());
            }
        }
    }

    private Committed map() {
        var mappings = new ArrayList<Mapping>();
        try {
            while (!unmapped.isEmpty()) {
                Segment segment = unmapped.getFirst();
                Path file = folder.resolve(fileOf(segment));
                mappings.add(new Mapping(
                        segment.ordinal(),
                        ArrowFile.map(file, schema.layout(), mappedAllocator).batch()));
                unmapped.removeFirst().release();
            }
        } catch (IOException failure) {
            return new Committed(mappings, Optional.of(failure));
        }
        return new Committed(mappings, Optional.empty());
    }

    private String fileOf(Segment segment) {
        return manifest.segments().reversed().stream()
                .filter(entry -> entry.firstOffset() == segment.facts().firstOffset())
                .findFirst()
                .orElseThrow()
                .file();
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
        private final List<String> obsolete = new ArrayList<>();

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
            String name = facts.firstOffset() + "-" + facts.lastOffset() + "-" + ++generation + ".arrow";
            written.add(name);
            Disk.Stored stored = disk.writeBatch(
                    folder.resolve(name),
                    segment.batch(),
                    facts.rows(),
                    Map.of("millrace.topic", topicId, "millrace.first", Long.toString(facts.firstOffset())),
                    mappedAllocator);
            var entry = new Manifest.SegmentFile(
                    name,
                    facts.rows(),
                    facts.firstOffset(),
                    facts.lastOffset(),
                    facts.deletedRows(),
                    facts.firstDeleted(),
                    stored.sizeBytes(),
                    stored.crc32c());
            if (replaces) {
                obsolete.add(segments.set(at, entry).file());
            } else {
                segments.add(entry);
            }
        }

        Manifest manifest(Plan plan) {
            return new Manifest(
                    Manifest.FORMAT, plan.topicId(), plan.next(), Manifest.describe(schema), generation, segments);
        }

        /** Deletes what was written, as far as the disk lets us: a full disk must not fill with attempts. */
        void undo(Exception cause) {
            for (String name : written) {
                try {
                    disk.delete(folder.resolve(name));
                } catch (IOException failure) {
                    cause.addSuppressed(failure);
                }
            }
        }
    }
}
