package dev.millrace.store;

import dev.millrace.arrow.ArrowFile;
import dev.millrace.arrow.Batch;
import dev.millrace.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;

/**
 * Brings a partition's folder back to what its manifest says, at start. Files that the manifest does not name are deleted:
 * a crash left them. A file that the manifest names and that is not whole takes the partition back to before it: that
 * file and the later ones are put aside as {@code *.bad}, their records come from Kafka again, and a note says so.
 */
final class PartitionRecovery {
    static final String BAD = ".bad";

    /** A partition as it was found; the batches are the receiver's to release. */
    record Found(Manifest manifest, List<Batch> batches) {
        Found {
            batches = List.copyOf(batches);
        }
    }

    private final Disk disk;
    private final Path folder;
    private final StoreSchema schema;
    private final BufferAllocator mappedAllocator;
    private final List<String> notes;

    /** {@code notes} gets a line for each fault. */
    PartitionRecovery(Disk disk, Path folder, StoreSchema schema, BufferAllocator mappedAllocator, List<String> notes) {
        this.disk = disk;
        this.folder = folder;
        this.schema = schema;
        this.mappedAllocator = mappedAllocator;
        this.notes = notes;
    }

    /**
     * Reads the partition.
     *
     * @throws IOException when the disk fails in another way than a broken file
     * @throws dev.millrace.problem.ProblemException with {@code CannotStart} when the contract's columns changed
     */
    Found recover() throws IOException {
        Manifest manifest = manifest();
        deleteUnknown(manifest);
        var batches = new ArrayList<Batch>();
        try {
            for (Manifest.SegmentFile file : manifest.segments()) {
                batches.add(map(file));
            }
        } catch (IOException broken) {
            try {
                manifest = cut(manifest, batches.size(), broken);
            } catch (IOException failure) {
                batches.forEach(Batch::release);
                failure.addSuppressed(broken);
                throw failure;
            }
        }
        return new Found(manifest, batches);
    }

    private Manifest manifest() throws IOException {
        Path file = folder.resolve(Manifest.NAME);
        if (!Files.exists(file)) {
            return Manifest.empty(schema);
        }
        Manifest manifest;
        try {
            manifest = Manifest.parse(Files.readAllBytes(file));
        } catch (IOException broken) {
            for (Path any : disk.list(folder)) {
                putAside(any);
            }
            disk.forceFolder(folder);
            notes.add(folder + ": " + broken.getMessage() + "; all of it is put aside and read again from the topic");
            return Manifest.empty(schema);
        }
        manifest.difference(schema).ifPresent(difference -> {
            throw new Problem.CannotStart(
                            "The data in " + folder + " was written under another contract: " + difference
                                    + ". An enum may get more values behind those it had, and optional columns may be added; for any other change rename or delete the product's data folder to read it again from Kafka.")
                    .exception();
        });
        return manifest;
    }

    private void deleteUnknown(Manifest manifest) throws IOException {
        var known = new HashSet<String>();
        known.add(Manifest.NAME);
        manifest.segments().forEach(file -> known.add(file.file()));
        for (Path file : disk.list(folder)) {
            String name = file.getFileName().toString();
            if (!known.contains(name) && !name.endsWith(BAD)) {
                disk.delete(file);
            }
        }
    }

    private Batch map(Manifest.SegmentFile entry) throws IOException {
        Path file = folder.resolve(entry.file());
        if (!Files.exists(file)) {
            throw new IOException(file + " is missing");
        }
        long size = Files.size(file);
        if (size != entry.sizeBytes()) {
            throw new IOException(file + " has " + size + " bytes, written were " + entry.sizeBytes());
        }
        ArrowFile.Mapped mapped = ArrowFile.map(file, schema.layout(), mappedAllocator);
        if (mapped.rows() != entry.rows()) {
            mapped.batch().release();
            throw new IOException(file + " has " + mapped.rows() + " rows, written were " + entry.rows());
        }
        return mapped.batch();
    }

    /** The manifest without segment number {@code whole} and the later ones, made durable. */
    private Manifest cut(Manifest manifest, int whole, IOException reason) throws IOException {
        List<Manifest.SegmentFile> dropped =
                manifest.segments().subList(whole, manifest.segments().size());
        for (Manifest.SegmentFile file : dropped) {
            putAside(folder.resolve(file.file()));
        }
        Manifest.SegmentFile first = dropped.getFirst();
        notes.add(folder + ": " + reason.getMessage() + "; offsets " + first.firstOffset() + " to "
                + (manifest.next() - 1) + " in " + dropped.size()
                + " segments are put aside and read again from the topic");
        var changed = new Manifest(
                manifest.format(),
                manifest.topicId(),
                first.firstOffset(),
                manifest.schema(),
                manifest.generation(),
                manifest.segments().subList(0, whole));
        disk.forceFolder(folder);
        disk.write(folder.resolve(Manifest.NAME + ".tmp"), changed.toBytes());
        disk.rename(folder.resolve(Manifest.NAME + ".tmp"), folder.resolve(Manifest.NAME));
        disk.forceFolder(folder);
        return changed;
    }

    private void putAside(Path file) throws IOException {
        if (Files.exists(file) && !file.getFileName().toString().endsWith(BAD)) {
            disk.rename(file, file.resolveSibling(file.getFileName() + BAD));
        }
    }
}
