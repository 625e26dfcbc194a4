package dev.millrace.store;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import org.apache.arrow.memory.BufferAllocator;

/** What the partitions of one product share. */
interface StoreContext {
    StoreSchema schema();

    StoreOptions options();

    /** Pays for open batches; limited. */
    BufferAllocator productAllocator();

    /** Accounts mappings and marks; not limited. */
    BufferAllocator mappedAllocator();

    /** Runs file work one task at a time, in order. */
    Executor files();

    LongSupplier nanoClock();

    MemoryGate gate();

    RecentLetters letters();

    /** What must be met before anything more becomes durable. */
    CompletableFuture<Void> condition();

    String topicId();
}
