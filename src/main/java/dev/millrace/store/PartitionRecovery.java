package dev.millrace.store;

import dev.millrace.arrow.ArrowFile;
import dev.millrace.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.arrow.memory.BufferAllocator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a partition's folder back to what its manifest says, at start. A file that the manifest names and that is not
 * whole takes the partition back to before it: that file and the later ones are set {@link Aside}, their records come from
 * Kafka again, and a note says so.
 *
 * <p>A file that the manifest does not name is deleted where the manifest itself accounts for it: it says that the file is
 * obsolete, or it reaches beyond the file's last offset, so that a crash left the outcome of a merge. Any other is set
 * aside. If it is newer than the manifest, a crash came between its writing and its naming; no position after its rows was
 * durable, but they may be gone from Kafka when they are read again. All others are told by a note.
 *
 * @param notes gets a line for each fault
 */
record PartitionRecovery(
        Disk disk,
        Path folder,
        FolderOwner owner,
        Aside aside,
        StoreSchema schema,
        BufferAllocator mappedAllocator,
        List<String> notes) {
    private static final Logger LOG = LoggerFactory.getLogger(PartitionRecovery.class);
    private static final Pattern SEGMENT = Pattern.compile("\\d+-(\\d+)-(\\d+)\\.arrow");

    /** A partition as it was found; the files' batches are the receiver's to release. */
    record Found(Manifest manifest, List<ArrowFile.Mapped> files) {
        Found {
            files = List.copyOf(files);
        }
    }

    /**
     * Reads the partition.
     *
     * @throws IOException when the disk fails in another way than a broken file
     * @throws dev.millrace.problem.ProblemException with {@code CannotStart} when the contract's columns changed, or the
     *     files are another partition's
     */
    Found recover() throws IOException {
        Manifest manifest = manifest();
        clearUnnamed(manifest);
        var files = new ArrayList<ArrowFile.Mapped>();
        try {
            for (Manifest.SegmentFile file : manifest.segments()) {
                files.add(map(file));
            }
        } catch (IOException broken) {
            try {
                manifest = cut(manifest, files.size(), broken);
            } catch (IOException failure) {
                files.forEach(file -> file.batch().release());
                failure.addSuppressed(broken);
                throw failure;
            }
        }
        return new Found(manifest.of(owner), files);
    }

    private Manifest manifest() throws IOException {
        Path file = folder.resolve(Manifest.NAME);
        if (!Files.exists(file)) {
            return withoutManifest("the manifest is missing");
        }
        Manifest manifest;
        try {
            manifest = Manifest.parse(Files.readAllBytes(file));
        } catch (IOException broken) {
            return withoutManifest(String.valueOf(broken.getMessage()));
        }
        manifest.misplaced(owner).ifPresent(wrong -> {
            throw new Problem.CannotStart("The folder " + folder + " " + wrong
                            + ". Put the folders back to where they were; nothing was changed.")
                    .exception();
        });
        manifest.difference(schema).ifPresent(difference -> {
            throw new Problem.CannotStart(
                            "The data in " + folder + " was written under another contract: " + difference
                                    + ". An enum may get more values behind those it had, and optional columns may be added; for any other change rename or delete the product's data folder to read it again from Kafka.")
                    .exception();
        });
        return manifest;
    }

    private Manifest withoutManifest(String reason) throws IOException {
        int files = 0;
        for (Path any : disk.list(folder)) {
            if (!any.getFileName().toString().equals(Manifest.NAME + PartitionFiles.UNFINISHED)) {
                aside.put(any);
                files++;
            }
        }
        if (files > 0) {
            notes.add(folder + ": " + reason + "; its " + files
                    + " files are set aside, and all of it is read again from the topic");
        }
        return Manifest.empty(schema, owner);
    }

    private void clearUnnamed(Manifest manifest) throws IOException {
        var known = new HashSet<String>();
        known.add(Manifest.NAME);
        manifest.segments().forEach(file -> known.add(file.file()));
        for (Path file : disk.list(folder)) {
            String name = file.getFileName().toString();
            if (!known.contains(name)) {
                if (name.equals(Manifest.NAME + PartitionFiles.UNFINISHED) || accountsFor(manifest, name)) {
                    disk.delete(file);
                } else {
                    setAside(manifest, file);
                }
            }
        }
    }

    private static boolean accountsFor(Manifest manifest, String name) {
        Matcher segment = SEGMENT.matcher(name);
        return manifest.obsolete().contains(name)
                || (segment.matches() && Long.parseLong(segment.group(1)) < manifest.next());
    }

    private void setAside(Manifest manifest, Path file) throws IOException {
        Matcher segment = SEGMENT.matcher(file.getFileName().toString());
        boolean unfinished = segment.matches() && Long.parseLong(segment.group(2)) > manifest.generation();
        aside.put(file);
        if (unfinished) {
            LOG.info("{} was being written when the process ended; it is set aside", file);
        } else {
            notes.add(file + " is not named by the manifest and is set aside");
        }
    }

    private ArrowFile.Mapped map(Manifest.SegmentFile entry) throws IOException {
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
        return mapped;
    }

    /** The manifest without segment number {@code whole} and the later ones, made durable. */
    private Manifest cut(Manifest manifest, int whole, IOException reason) throws IOException {
        List<Manifest.SegmentFile> dropped =
                manifest.segments().subList(whole, manifest.segments().size());
        for (Manifest.SegmentFile file : dropped) {
            if (Files.exists(folder.resolve(file.file()))) {
                aside.put(folder.resolve(file.file()));
            }
        }
        Manifest.SegmentFile first = dropped.getFirst();
        notes.add(folder + ": " + reason.getMessage() + "; offsets " + first.firstOffset() + " to "
                + (manifest.next() - 1) + " in " + dropped.size()
                + " segments are set aside and read again from the topic");
        // Compaction may have left out the first rows of the file.
        long next = whole == 0
                ? first.firstOffset()
                : manifest.segments().get(whole - 1).lastOffset() + 1;
        Manifest changed = manifest.with(
                next,
                manifest.kept(),
                manifest.generation(),
                manifest.segments().subList(0, whole));
        disk.forceFolder(folder);
        disk.write(folder.resolve(Manifest.NAME + PartitionFiles.UNFINISHED), changed.toBytes());
        disk.rename(folder.resolve(Manifest.NAME + PartitionFiles.UNFINISHED), folder.resolve(Manifest.NAME));
        disk.forceFolder(folder);
        return changed;
    }
}
