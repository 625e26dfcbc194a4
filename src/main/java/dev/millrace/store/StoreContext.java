package dev.millrace.store;

import dev.millrace.arrow.SecretHash;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.arrow.memory.BufferAllocator;

/**
 * What the partitions of one product share.
 *
 * @param productAllocator pays for open batches; limited
 * @param mappedAllocator accounts mappings and marks; not limited
 * @param files runs file work one task at a time, in order
 * @param background runs what takes long: merging files, building an index
 * @param millisClock the wall clock
 * @param size rows and bytes of all partitions
 * @param condition what must be met before anything more becomes durable
 * @param suspect told of a file that is not what was written
 * @param topicId the topic's id; asked for only once it is known
 * @param beside what lies beside the partitions' files
 * @param keyHash hashes the keys, until a partition's are found crowded
 * @param keyMemory pays for what is kept of keys
 * @param sharedKeys finds keys that several partitions have
 * @param departures rows that partitions are about to leave out because of what others have
 * @param deletesWithoutRow counts the deletes that met no row
 */
record StoreContext(
        StoreSchema schema,
        StoreOptions options,
        BufferAllocator productAllocator,
        BufferAllocator mappedAllocator,
        Executor files,
        Executor background,
        LongSupplier nanoClock,
        LongSupplier millisClock,
        Supplier<Retention.Size> size,
        MemoryGate gate,
        Supplier<CompletableFuture<Void>> condition,
        Suspect suspect,
        Supplier<String> topicId,
        Beside beside,
        SecretHash keyHash,
        KeyMemory keyMemory,
        SharedKeys sharedKeys,
        Departures departures,
        LongAdder deletesWithoutRow) {
    /** Takes a partition's file to be looked at, and set aside where it is broken; any thread. */
    interface Suspect {
        void file(int partition, Path folder, Manifest.SegmentFile file);
    }
}
