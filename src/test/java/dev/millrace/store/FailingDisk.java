package dev.millrace.store;

import dev.millrace.arrow.ArrowFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;

/** A disk whose manifest writes fail while it is told so, as on a full one, or break the thread that writes, or wait. */
final class FailingDisk implements Disk {
    private final LocalDisk disk = new LocalDisk();
    boolean failing;
    boolean broken;

    /** What a renaming waits for. */
    Runnable renaming = () -> {};

    @Override
    public void createFolder(Path folder) throws IOException {
        disk.createFolder(folder);
    }

    @Override
    public Stored writeRows(
            Path file, List<ArrowFile.Part> parts, Map<String, String> metadata, BufferAllocator allocator)
            throws IOException {
        return disk.writeRows(file, parts, metadata, allocator);
    }

    @Override
    public Stored write(Path file, byte[] bytes) throws IOException {
        if (broken) {
            throw new OutOfMemoryError("the thread that writes has none");
        }
        if (failing) {
            throw new IOException("No space left on device");
        }
        return disk.write(file, bytes);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        renaming.run();
        disk.rename(from, to);
    }

    @Override
    public void forceFolder(Path folder) throws IOException {
        disk.forceFolder(folder);
    }

    @Override
    public void delete(Path file) throws IOException {
        disk.delete(file);
    }

    @Override
    public List<Path> list(Path folder) throws IOException {
        return disk.list(folder);
    }
}
