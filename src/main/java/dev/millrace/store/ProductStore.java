package dev.millrace.store;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * One product's data: a writer per partition, snapshots for readers, files for the next start. Reads may come from any
 * thread; a {@link #writer} belongs to the one ingest thread of its partition; {@link #rewind}, {@link #clear}, {@link
 * #flush} and {@link #close} may be called by any while nothing else is done to the product.
 */
public interface ProductStore extends AutoCloseable {
    StoreSchema schema();

    /** The product as it is now; the caller closes it. */
    Snapshot snapshot();

    /**
     * The product as it was at a position that it has reached.
     *
     * @throws dev.millrace.problem.ProblemException with {@code Gone} when the position is of another topic or too old,
     *     with {@code InvalidParameter} when it is not reached yet
     */
    Snapshot snapshotAt(Position position);

    /** The position that readers see; its topic id is {@code "-"} until {@link #topic} was called. */
    Position position();

    /** The position that a restart would begin from. */
    Position durable();

    /** The id of the topic that the data came from; empty for a new store. */
    Optional<String> topicId();

    /** Sets the id of the topic of a new store, and makes sure of a number of partitions. Any ingest thread. */
    void topic(String id, int partitions);

    /**
     * Says whether records are still to be read that were in the topic before this; none are, unless it is said. Until
     * then deletes of a product with several partitions are kept, since an older row of their key may come. Any thread.
     */
    default void behind(boolean isBehind) {}

    /** The writer of a partition below the number that {@link #topic} gave. */
    PartitionWriter writer(int partition);

    /**
     * Drops every row from an offset on, durable when it returns; {@link PartitionWriter#next()} is at most that offset
     * then. The partition's writer handed out before is void: ask for it again. Positions up to the offset stay readable.
     * Blocks.
     *
     * @throws dev.millrace.problem.ProblemException with {@code Unavailable} when the disk fails; ask again then
     */
    default void rewind(int partition, long offset) {
        throw new UnsupportedOperationException();
    }

    /**
     * Forgets every row and the topic, for one that was recreated or to read it again; durable when it returns. All
     * writers handed out before are void, and {@link #topic} is to be called. Blocks.
     *
     * @throws dev.millrace.problem.ProblemException with {@code Unavailable} when the disk fails; ask again then
     */
    default void clear() {
        throw new UnsupportedOperationException();
    }

    /** A folder for what can be made anew from the rows, with the product's data; empty when that is not on a disk. */
    default Optional<java.nio.file.Path> derivedFolder() {
        return Optional.empty();
    }

    /** Off-heap bytes of the open batches and of sealed ones that are not yet mapped. */
    long memoryBytes();

    /** Bytes of the key index and of the marks of superseded rows, which no flush gives back; on top of the budget. */
    default long indexBytes() {
        return 0;
    }

    /** How many deletes met no row, since the start: their keys are not those that the rows have. */
    default long deletesWithoutRow() {
        return 0;
    }

    /**
     * What the last start found broken on disk and did about it, a line each for people. Records named there come from
     * Kafka again: {@link PartitionWriter#next()} says from where.
     */
    default java.util.List<String> recoveryNotes() {
        return java.util.List.of();
    }

    /** How many files lie aside: no manifest named them, or they were broken. A person looks at them and deletes them. */
    default int setAside() {
        return 0;
    }

    /**
     * Begins to compare the files that were there at the start with their checksums, in the background, one at a time. A
     * broken one gets a line in {@link #recoveryNotes} and is told by {@link #broken}.
     */
    default void scrub() {}

    /** A file found broken: its partition must be read again from {@code offset}. */
    record Broken(int partition, long offset) {}

    /** The next file that {@link #scrub} found broken, once each; empty when there is none. */
    default Optional<Broken> broken() {
        return Optional.empty();
    }

    /** Why no more rows are taken, where that is for their keys; empty when they are. Tried again by itself. */
    default Optional<String> keyFault() {
        return Optional.empty();
    }

    /** Why files cannot be written at the moment, a full disk for example; empty when they can. Tried again by itself. */
    default Optional<String> fileFault() {
        return Optional.empty();
    }

    /**
     * Holds back every position that becomes durable from now on, of rows that come later on this thread, until {@code condition} is met; when it fails, so does
     * whatever waits for it, and the positions stay back.
     */
    void durableAfter(CompletableFuture<Void> condition);

    /**
     * Makes everything written so far durable; ends when it is, on any thread, or fails with an {@code IOException}:
     * nothing is lost then, and a later flush tries again.
     */
    CompletableFuture<Void> flush();

    /** Flushes and gives everything back; blocks. Snapshots still held stay valid. */
    @Override
    void close();
}
