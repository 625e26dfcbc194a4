package dev.millrace.store;

import dev.millrace.arrow.ArrowFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;

/** Every change that the store makes to files, so that a test can stop it between any two. Blocks; only file threads. */
interface Disk {
    /** What a file holds: its size and the CRC-32C of its bytes. */
    record Stored(long sizeBytes, int crc32c) {}

    /** Makes a folder with its parents, durable. */
    void createFolder(Path folder) throws IOException;

    /** Writes rows of some batches as an Arrow file and forces it. The name is durable after {@link #forceFolder}. */
    Stored writeRows(Path file, List<ArrowFile.Part> parts, Map<String, String> metadata, BufferAllocator allocator)
            throws IOException;

    /** Writes a whole file and forces it. The name is durable after {@link #forceFolder}. */
    Stored write(Path file, byte[] bytes) throws IOException;

    /** Gives a file another name in one step; a file of that name is replaced. */
    void rename(Path from, Path to) throws IOException;

    /** Makes the names in a folder durable. */
    void forceFolder(Path folder) throws IOException;

    /** Deletes a file if it is there. */
    void delete(Path file) throws IOException;

    /** The files of a folder in the order of their names; none when there is no such folder. */
    List<Path> list(Path folder) throws IOException;
}
