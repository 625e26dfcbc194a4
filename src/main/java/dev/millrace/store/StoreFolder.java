package dev.millrace.store;

import dev.millrace.problem.Problem;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.arrow.memory.RootAllocator;

/**
 * A product's folder on the disk as its manifests say, without opening it as a store. Blocks; any thread. A server may run
 * meanwhile, except where a method says otherwise: manifests are replaced whole, and a file that a newer one no longer
 * names may vanish, so whoever misses a file looks at the manifest again.
 */
public final class StoreFolder {
    static final Pattern PARTITION = Pattern.compile("p(\\d{1,5})");
    private static final int DEPTH = 4;
    /** Publishes that see a merge through: to begin it, to show it, to drop what it replaced. */
    private static final int UPKEEP_STEPS = 6;

    /** What was found of one file; {@code fault} is empty when it is whole. */
    public record Checked(Path file, Optional<String> fault) {}

    /** What a product's manifests say. */
    public record Summary(
            int partitions, int segments, long rows, long sizeBytes, Position position, Position oldest) {}

    private final Disk disk = new LocalDisk();
    private final Path folder;

    private StoreFolder(Path folder) {
        this.folder = folder;
    }

    /** The folders of all products in a data folder, or in a part of it, in the order of their names. */
    public static List<StoreFolder> in(Path root) throws IOException {
        List<StoreFolder> found = new ArrayList<>();
        find(root, DEPTH, found);
        return found;
    }

    private static void find(Path folder, int depth, List<StoreFolder> found) throws IOException {
        var product = new StoreFolder(folder);
        if (!product.folders().isEmpty()) {
            found.add(product);
        } else if (depth > 0) {
            for (Path child : product.disk.list(folder)) {
                if (!child.getFileName().toString().equals(Aside.FOLDER)) {
                    find(child, depth - 1, found);
                }
            }
        }
    }

    public Path folder() {
        return folder;
    }

    /** What the rows in a product's folder look like; empty when there are none. A server may run on it. */
    public static Optional<StoreSchema> schema(Path folder) throws IOException {
        Map.Entry<Integer, Path> first = new StoreFolder(folder).partitions().firstEntry();
        return first == null
                ? Optional.empty()
                : Optional.of(manifest(first.getValue()).storeSchema());
    }

    /** The folders of partitions that are not empty. */
    private TreeMap<Integer, Path> folders() throws IOException {
        var found = new TreeMap<Integer, Path>();
        for (Path child : disk.list(folder)) {
            Matcher name = PARTITION.matcher(child.getFileName().toString());
            if (name.matches() && !disk.list(child).isEmpty()) {
                found.put(Integer.parseInt(name.group(1)), child);
            }
        }
        return found;
    }

    /** The partitions that have a manifest. */
    private TreeMap<Integer, Path> partitions() throws IOException {
        var found = folders();
        found.values().removeIf(partition -> !Files.exists(partition.resolve(Manifest.NAME)));
        return found;
    }

    private static Manifest manifest(Path partition) throws IOException {
        Path file = partition.resolve(Manifest.NAME);
        try {
            return Manifest.parse(Files.readAllBytes(file));
        } catch (NoSuchFileException replaced) {
            throw replaced;
        } catch (IOException broken) {
            throw new IOException(file + ": " + broken.getMessage(), broken);
        }
    }

    /** What the manifests say; no file of rows is read. */
    public Summary summary() throws IOException {
        var manifests = new TreeMap<Integer, Manifest>();
        for (var partition : partitions().entrySet()) {
            manifests.put(partition.getKey(), manifest(partition.getValue()));
        }
        List<Manifest.SegmentFile> segments = manifests.values().stream()
                .flatMap(manifest -> manifest.segments().stream())
                .toList();
        return new Summary(
                manifests.size(),
                segments.size(),
                segments.stream().mapToLong(Manifest.SegmentFile::rows).sum(),
                segments.stream().mapToLong(Manifest.SegmentFile::sizeBytes).sum(),
                next(manifests),
                position(manifests, Kept.oldest(each(manifests, Manifest::kept, Kept.ALL))));
    }

    private static <T> List<T> each(SortedMap<Integer, Manifest> manifests, Function<Manifest, T> of, T none) {
        return IntStream.range(0, manifests.isEmpty() ? 0 : manifests.lastKey() + 1)
                .mapToObj(partition ->
                        Optional.ofNullable(manifests.get(partition)).map(of).orElse(none))
                .toList();
    }

    private static Position next(SortedMap<Integer, Manifest> manifests) {
        return position(
                manifests,
                each(manifests, Manifest::next, 0L).stream()
                        .mapToLong(Long::longValue)
                        .toArray());
    }

    private static Position position(SortedMap<Integer, Manifest> manifests, long[] next) {
        return Position.of(topics(manifests).findFirst().orElse(LocalStore.NO_TOPIC), next);
    }

    /** The topics that partitions have rows of; one, unless somebody mixed folders. */
    private static Stream<String> topics(SortedMap<Integer, Manifest> manifests) {
        return manifests.values().stream()
                .map(Manifest::topicId)
                .filter(topic -> !topic.isEmpty())
                .distinct();
    }

    /**
     * Reads every file that a manifest names, and each manifest, and holds them against size and checksum; and holds each
     * manifest's partition and product against the place where it is.
     */
    public List<Checked> verify() throws IOException {
        List<Checked> checked = new ArrayList<>();
        for (var each : folders().entrySet()) {
            Path partition = each.getValue();
            Path file = partition.resolve(Manifest.NAME);
            if (!Files.exists(file)) {
                checked.add(new Checked(file, Optional.of("is missing, but its partition's folder is not empty")));
                continue;
            }
            try {
                checked.addAll(verify(partition));
                checked.add(new Checked(file, manifest(partition).misplaced(FolderOwner.of(folder, each.getKey()))));
            } catch (IOException broken) {
                Throwable cause = broken.getCause();
                checked.add(
                        new Checked(file, Optional.of(String.valueOf(cause == null ? broken : cause.getMessage()))));
            }
        }
        return checked;
    }

    /**
     * Files of rows that no manifest names, and those that a start has set aside. A running server names some of the
     * former shortly after.
     */
    public List<Path> unnamed() throws IOException {
        List<Path> found = Aside.files(disk, folder);
        for (Path partition : partitions().values()) {
            var known = new HashSet<String>();
            known.add(Manifest.NAME);
            known.add(Manifest.NAME + PartitionFiles.UNFINISHED);
            try {
                manifest(partition).segments().forEach(segment -> known.add(segment.file()));
            } catch (IOException broken) {
                continue; // told by verify()
            }
            for (Path file : disk.list(partition)) {
                if (!known.contains(file.getFileName().toString())) {
                    found.add(file);
                }
            }
        }
        return found;
    }

    private static List<Checked> verify(Path partition) throws IOException {
        Manifest manifest = manifest(partition);
        List<Checked> checked = new ArrayList<>();
        for (Manifest.SegmentFile segment : manifest.segments()) {
            Path file = partition.resolve(segment.file());
            Optional<String> fault = segment.fault(file);
            if (fault.isPresent() && !manifest.equals(manifest(partition))) {
                return verify(partition);
            }
            checked.add(new Checked(file, fault));
        }
        return checked;
    }

    /**
     * Makes a copy of the product in a folder that does not exist: the files that the manifests name, as hard links or,
     * on another file system, as copies, and then the manifests. The copy is durable when this returns.
     *
     * @return the position that a store opened over the copy has
     */
    public Position copyTo(Path target) throws IOException {
        var manifests = new TreeMap<Integer, Manifest>();
        for (var partition : partitions().entrySet()) {
            Path to = target.resolve(partition.getValue().getFileName());
            disk.createFolder(to);
            manifests.put(
                    partition.getKey(), copy(partition.getValue(), to, FolderOwner.of(target, partition.getKey())));
        }
        if (topics(manifests).count() > 1) {
            throw new IOException(folder + " changed its topic while it was copied; copy it again");
        }
        return next(manifests);
    }

    private Manifest copy(Path from, Path to, FolderOwner owner) throws IOException {
        Manifest manifest = manifest(from);
        var known = new HashSet<String>();
        for (Manifest.SegmentFile segment : manifest.segments()) {
            known.add(segment.file());
            try {
                copyFile(from.resolve(segment.file()), to.resolve(segment.file()));
            } catch (NoSuchFileException replaced) {
                if (manifest.equals(manifest(from))) {
                    throw replaced;
                }
                return copy(from, to, owner);
            }
        }
        for (Path file : disk.list(to)) {
            if (!known.contains(file.getFileName().toString())) {
                disk.delete(file); // of a manifest before
            }
        }
        disk.write(to.resolve(Manifest.NAME), manifest.of(owner).toBytes());
        disk.forceFolder(to);
        return manifest;
    }

    private static void copyFile(Path from, Path to) throws IOException {
        if (Files.exists(to)) {
            return;
        }
        try {
            Files.createLink(to, from);
        } catch (NoSuchFileException missing) {
            throw missing;
        } catch (FileSystemException | UnsupportedOperationException elsewhere) {
            Files.copy(from, to);
            try (FileChannel channel = FileChannel.open(to, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
        }
    }

    /**
     * Deletes what came from the product's topic, and what was made of it, so that the next start reads all of it again.
     * What was set aside stays.
     *
     * @throws dev.millrace.problem.ProblemException with {@code CannotStart} when a server has the folder
     */
    public void clear() throws IOException {
        try (FileChannel lock = lock(folder)) {
            for (Path partition : partitions().values()) {
                disk.delete(partition.resolve(Manifest.NAME)); // what it does not name does not exist
                disk.forceFolder(partition);
            }
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.filter(each -> each.getNameCount() > folder.getNameCount() + 1
                                && !each.startsWith(folder.resolve(Aside.FOLDER)))
                        .toList()
                        .reversed()) {
                    disk.delete(file);
                }
            }
        }
    }

    /**
     * Merges small segments and leaves out all rows that no position from now on sees; earlier positions are gone then.
     *
     * @throws dev.millrace.problem.ProblemException with {@code CannotStart} when a server has the folder
     */
    public void compact() throws IOException {
        if (partitions().isEmpty()) {
            return;
        }
        StoreSchema schema = manifest(partitions().firstEntry().getValue()).storeSchema();
        var options = new StoreOptions(
                StoreOptions.MAX_SEGMENT_ROWS,
                32L << 20,
                64L << 20,
                Duration.ZERO,
                Duration.ZERO,
                true,
                Retention.NONE,
                Duration.ZERO);
        try (var root = new RootAllocator();
                LocalStore store =
                        LocalStore.open(schema, options, folder, new StoreResources(root, root, Runnable::run))) {
            Summary before;
            do {
                before = summary();
                for (int partition : partitions().keySet()) {
                    for (int step = 0; step < UPKEEP_STEPS; step++) {
                        store.writer(partition).publish();
                    }
                }
            } while (!summary().equals(before));
        }
    }

    /** Takes a product's folder for this process until the channel is closed. */
    static FileChannel lock(Path folder) throws IOException {
        FileChannel channel =
                FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean locked = false;
        try {
            locked = channel.tryLock() != null;
        } catch (OverlappingFileLockException mine) {
            // It is open in this process.
        } finally {
            if (!locked) {
                channel.close();
            }
        }
        if (!locked) {
            throw new Problem.CannotStart("The folder " + folder + " is in use by another Millrace. Stop that one, or "
                            + "give this one another data folder.")
                    .exception();
        }
        return channel;
    }
}
