package dev.millrace.store;

import dev.millrace.arrow.ArrowFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;

/**
 * A disk that stops at a given operation, as a killed process or a power cut does: a file being written is torn, and
 * every later operation fails without effect. Nothing is really forced, which is slow. A power cut may also lose names that were never forced.
 */
final class StoppingDisk implements Disk {
    /** What of the names that were not forced when the power went. */
    enum Unforced {
        KEPT,
        LOST,
        /** A disk may keep a later change and lose an earlier one. */
        ONLY_RENAMES_KEPT
    }

    private interface Undo {
        void run() throws IOException;
    }

    private final LocalDisk disk = new LocalDisk();
    private final Deque<Undo> unforced = new ArrayDeque<>();
    private final Unforced names;
    private int left;
    private boolean stopped;

    StoppingDisk(int operations, Unforced names) {
        this.left = operations;
        this.names = names;
    }

    boolean isStopped() {
        return stopped;
    }

    /** The power is gone: what was never forced is lost, as told. */
    void crash() throws IOException {
        if (stopped && names != Unforced.KEPT) {
            while (!unforced.isEmpty()) {
                unforced.removeLast().run();
            }
        }
    }

    private void count() throws IOException {
        if (stopped || left-- == 0) {
            stopped = true;
            throw new IOException("the disk has stopped");
        }
    }

    private void tear(Path file, byte[] whole) throws IOException {
        Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    }

    @Override
    public void createFolder(Path folder) throws IOException {
        count();
        Files.createDirectories(folder);
    }

    @Override
    public Stored writeRows(
            Path file, List<ArrowFile.Part> parts, Map<String, String> metadata, BufferAllocator allocator)
            throws IOException {
        boolean before = stopped;
        try {
            count();
        } catch (IOException stop) {
            if (!before) {
                disk.writeRows(file, parts, metadata, allocator);
                tear(file, Files.readAllBytes(file));
            }
            throw stop;
        }
        unforced.add(() -> Files.deleteIfExists(file));
        return disk.writeRows(file, parts, metadata, allocator);
    }

    @Override
    public Stored write(Path file, byte[] bytes) throws IOException {
        boolean before = stopped;
        try {
            count();
        } catch (IOException stop) {
            if (!before) {
                tear(file, bytes);
            }
            throw stop;
        }
        unforced.add(() -> Files.deleteIfExists(file));
        Files.write(file, bytes);
        return new Stored(bytes.length, Manifest.crc32c(bytes));
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        count();
        if (names == Unforced.ONLY_RENAMES_KEPT) {
            disk.rename(from, to);
            return;
        }
        if (Files.exists(to)) {
            byte[] old = Files.readAllBytes(to);
            unforced.add(() -> Files.write(to, old));
        } else {
            unforced.add(() -> Files.deleteIfExists(to));
        }
        disk.rename(from, to);
    }

    @Override
    public void forceFolder(Path folder) throws IOException {
        count();
        unforced.clear();
    }

    @Override
    public void delete(Path file) throws IOException {
        count();
        if (Files.exists(file)) {
            byte[] old = Files.readAllBytes(file);
            unforced.add(() -> Files.write(file, old));
        }
        disk.delete(file);
    }

    @Override
    public List<Path> list(Path folder) throws IOException {
        return disk.list(folder);
    }
}
