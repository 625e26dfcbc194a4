package dev.millrace.store;

import java.util.concurrent.Executor;
import java.util.function.IntPredicate;
import org.apache.arrow.memory.BufferAllocator;

/**
 * What a store has of the machine; all of it is borrowed and outlives the store.
 *
 * @param memory pays for open batches; closed by its owner after the store and all snapshots
 * @param mapped accounts mapped files and marks of superseded rows; of the same root, unlimited
 * @param files runs the file work, one task at a time
 * @param background runs what takes long and nobody waits for: merging files, building an index
 * @param isHere whether the calling thread is the one that writes a partition
 * @param keys pays for what is kept of keys
 */
public record StoreResources(
        BufferAllocator memory,
        BufferAllocator mapped,
        Executor files,
        Executor background,
        IntPredicate isHere,
        KeyMemory keys) {
    /** As many keys as come. */
    public StoreResources(
            BufferAllocator memory, BufferAllocator mapped, Executor files, Executor background, IntPredicate isHere) {
        this(memory, mapped, files, background, isHere, KeyMemory.unlimited());
    }

    /** The same with another account of keys. */
    public StoreResources with(KeyMemory other) {
        return new StoreResources(memory, mapped, files, background, isHere, other);
    }

    /** One thread writes all partitions. */
    public StoreResources(BufferAllocator memory, BufferAllocator mapped, Executor files) {
        this(memory, mapped, files, files, partition -> true);
    }
}
