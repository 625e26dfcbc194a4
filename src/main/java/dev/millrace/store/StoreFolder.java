package dev.millrace.store;

import dev.millrace.problem.Problem;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A product's folder on the disk as its manifests say, without opening it as a store. Blocks; any thread. A server may run
 * meanwhile, except where a method says otherwise: manifests are replaced whole, and a file that a newer one no longer
 * names may vanish, so whoever misses a file looks at the manifest again.
 */
public final class StoreFolder {
    static final Pattern PARTITION = Pattern.compile("p(\\d{1,5})");
    private static final int DEPTH = 4;
    private static final int ATTEMPTS = 100;

    /**
     * What was found of one file.
     *
     * @param fault what is wrong with it; empty when it is whole
     */
    public record Checked(Path file, long sizeBytes, Optional<String> fault) {}

    /** What a product's manifests say. */
    public record Summary(int partitions, int segments, long rows, long sizeBytes, Position position) {}

    /** Something that a manifest which has been replaced meanwhile may make wrong. */
    private interface Attempt<T> {
        T on(Manifest manifest) throws IOException;
    }

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
        if (!product.partitions().isEmpty()) {
            found.add(product);
        } else if (depth > 0) {
            for (Path child : product.disk.list(folder)) {
                find(child, depth - 1, found);
            }
        }
    }

    public Path folder() {
        return folder;
    }

    /** The partitions that have a manifest. */
    private TreeMap<Integer, Path> partitions() throws IOException {
        var found = new TreeMap<Integer, Path>();
        for (Path child : disk.list(folder)) {
            Matcher name = PARTITION.matcher(child.getFileName().toString());
            if (name.matches() && Files.exists(child.resolve(Manifest.NAME))) {
                found.put(Integer.parseInt(name.group(1)), child);
            }
        }
        return found;
    }

    private static Manifest manifest(Path partition) throws IOException {
        return Manifest.parse(Files.readAllBytes(partition.resolve(Manifest.NAME)));
    }

    private static <T> T attempt(Path partition, Attempt<T> attempt) throws IOException {
        for (int left = ATTEMPTS; ; left--) {
            Manifest manifest = manifest(partition);
            try {
                return attempt.on(manifest);
            } catch (NoSuchFileException missing) {
                if (left == 0 || manifest.equals(manifest(partition))) {
                    throw missing;
                }
            }
        }
    }

    /** What the manifests say; no file of rows is read. */
    public Summary summary() throws IOException {
        int segments = 0;
        long rows = 0;
        long sizeBytes = 0;
        var manifests = new TreeMap<Integer, Manifest>();
        for (var partition : partitions().entrySet()) {
            Manifest manifest = manifest(partition.getValue());
            manifests.put(partition.getKey(), manifest);
            segments += manifest.segments().size();
            for (Manifest.SegmentFile segment : manifest.segments()) {
                rows += segment.rows();
                sizeBytes += segment.sizeBytes();
            }
        }
        return new Summary(manifests.size(), segments, rows, sizeBytes, position(manifests));
    }

    private static Position position(TreeMap<Integer, Manifest> manifests) {
        long[] next = new long[manifests.isEmpty() ? 0 : manifests.lastKey() + 1];
        String topicId = "-";
        for (var entry : manifests.entrySet()) {
            next[entry.getKey()] = entry.getValue().next();
            topicId = entry.getValue().topicId();
        }
        return Position.of(topicId, next);
    }

    /** Reads every file that a manifest names, and each manifest, and holds them against size and checksum. */
    public List<Checked> verify() throws IOException {
        List<Checked> checked = new ArrayList<>();
        for (Path partition : partitions().values()) {
            Path file = partition.resolve(Manifest.NAME);
            try {
                checked.addAll(attempt(partition, manifest -> verify(partition, manifest)));
                checked.add(new Checked(file, Files.size(file), Optional.empty()));
            } catch (IOException broken) {
                checked.add(new Checked(file, 0, Optional.of(reason(broken))));
            }
        }
        return checked;
    }

    private static List<Checked> verify(Path partition, Manifest manifest) throws IOException {
        List<Checked> checked = new ArrayList<>();
        for (Manifest.SegmentFile segment : manifest.segments()) {
            Path file = partition.resolve(segment.file());
            Optional<String> fault;
            try {
                fault = segment.fault(file);
            } catch (NoSuchFileException missing) {
                if (!manifest.equals(manifest(partition))) {
                    throw missing;
                }
                fault = Optional.of("is missing");
            } catch (IOException unreadable) {
                fault = Optional.of(reason(unreadable));
            }
            checked.add(new Checked(file, segment.sizeBytes(), fault));
        }
        return checked;
    }

    private static String reason(IOException failure) {
        String text = failure.getMessage();
        return text == null ? failure.toString() : text;
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
            Path from = partition.getValue();
            Path to = target.resolve(from.getFileName());
            disk.createFolder(to);
            manifests.put(partition.getKey(), attempt(from, manifest -> copy(manifest, from, to)));
        }
        if (manifests.values().stream().map(Manifest::topicId).distinct().count() > 1) {
            throw new IOException(folder + " changed its topic while it was copied; copy it again");
        }
        return position(manifests);
    }

    private Manifest copy(Manifest manifest, Path from, Path to) throws IOException {
        Set<String> named = new HashSet<>();
        for (Manifest.SegmentFile segment : manifest.segments()) {
            named.add(segment.file());
            Path copy = to.resolve(segment.file());
            if (!Files.exists(copy)) { // from an attempt before
                copy(from.resolve(segment.file()), copy);
            }
        }
        for (Path file : disk.list(to)) {
            if (!named.contains(file.getFileName().toString())) {
                disk.delete(file);
            }
        }
        disk.write(to.resolve(Manifest.NAME), manifest.toBytes());
        disk.forceFolder(to);
        return manifest;
    }

    private static void copy(Path from, Path to) throws IOException {
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
     *
     * @throws dev.millrace.problem.ProblemException with {@code CannotStart} when a server has the folder
     */
    public void clear() throws IOException {
        try (FileChannel lock = lock(folder)) {
            for (Path partition : partitions().values()) {
                disk.delete(partition.resolve(Manifest.NAME)); // what it does not name does not exist
                disk.forceFolder(partition);
            }
            for (Path child : disk.list(folder)) {
                if (Files.isDirectory(child)) {
                    try (Stream<Path> files = Files.walk(child)) {
                        for (Path file : files.toList().reversed()) {
                            disk.delete(file);
                        }
                    }
                }
            }
        }
    }

    /** Takes a product's folder for this process until the channel is closed. */
    static FileChannel lock(Path folder) throws IOException {
        FileChannel channel =
                FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean locked = false;
        try {
            locked = channel.tryLock() != null;
        } catch (java.nio.channels.OverlappingFileLockException mine) {
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
