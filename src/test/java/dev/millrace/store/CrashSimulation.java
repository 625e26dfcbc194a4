package dev.millrace.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Stops the disk at every single operation of a run, opens the folder again, and holds what is there against the model at
 * the durable position; then goes on from there to the end.
 */
class CrashSimulation {
    private static final StoreOptions OPTIONS = new StoreOptions(16, 1 << 20, 16 << 20, Duration.ofSeconds(5));
    private static final int PARTITIONS = 2;
    private static final int RECORDS = 30;

    @TempDir
    Path root;

    @ParameterizedTest(name = "names not forced: {0}")
    @EnumSource
    void crash_atAnyFileOperation_leavesAConsistentPrefix(StoppingDisk.Unforced names) throws IOException {
        StoreModel model = model(4711);
        boolean crashed = true;
        int operation = 0;
        for (; crashed; operation++) {
            crashed = crashAt(model, operation, names);
        }
        assertTrue(operation > 40, "only " + operation + " operations");
    }

    private static StoreModel model(long seed) {
        var random = new Random(seed);
        var model = new StoreModel(StoreModel.UPSERT, PARTITIONS);
        for (int p = 0; p < PARTITIONS; p++) {
            long offset = 0;
            for (int i = 0; i < RECORDS; i++) {
                offset += random.nextInt(9) == 0 ? 3 : 1;
                boolean deleted = random.nextInt(6) == 0;
                model.partitions
                        .get(p)
                        .add(new StoreModel.Entry(
                                offset,
                                offset,
                                "k",
                                random.nextInt(9),
                                deleted ? 0 : offset,
                                deleted,
                                random.nextInt(7) == 0));
            }
        }
        return model;
    }

    /** Whether the run was stopped, and did not end before. */
    private boolean crashAt(StoreModel model, int operation, StoppingDisk.Unforced names) throws IOException {
        Path folder = root.resolve("run-" + operation);
        var disk = new StoppingDisk(operation, names);
        Position acknowledged = Position.of("t", 0, 0);
        try (var allocator = new RootAllocator()) {
            try {
                LocalStore store = open(model, folder, allocator, disk);
                work(store, model, 10, disk);
                acknowledged = store.durable();
                store.close();
            } catch (IOException stopped) {
                assertTrue(disk.isStopped(), () -> "unexpected: " + stopped);
            }
            disk.crash();
            try (LocalStore store =
                    open(model, folder, allocator, new StoppingDisk(Integer.MAX_VALUE, StoppingDisk.Unforced.KEPT))) {
                assertEquals(List.of(), store.recoveryNotes(), "operation " + operation);
                Position durable = store.durable();
                assertTrue(durable.hasReached(acknowledged), durable + " lost what was durable: " + acknowledged);
                try (Snapshot snapshot = store.snapshot()) {
                    assertEquals(durable, snapshot.position());
                    model.check(snapshot);
                }
                work(store, model, RECORDS + 1, disk);
                try (Snapshot snapshot = store.snapshot()) {
                    model.check(snapshot);
                    assertEquals(
                            model.visible(0, Long.MAX_VALUE).size()
                                    + model.visible(1, Long.MAX_VALUE).size(),
                            snapshot.rows());
                }
            }
            assertEquals(0, allocator.getAllocatedMemory());
        }
        return disk.isStopped();
    }

    private static LocalStore open(StoreModel model, Path folder, BufferAllocator allocator, Disk disk)
            throws IOException {
        LocalStore store =
                LocalStore.open(model.schema, OPTIONS, folder, allocator, allocator, Runnable::run, disk, () -> 0);
        store.topic("t", PARTITIONS);
        return store;
    }

    /** Gives all records not yet in, partition by partition in turn, until the disk stops. */
    private static void work(LocalStore store, StoreModel model, int flushEvery, StoppingDisk disk) {
        boolean wasStopped = disk.isStopped();
        for (int i = 0; i < RECORDS; i++) {
            for (int p = 0; p < PARTITIONS; p++) {
                StoreModel.Entry entry = model.partitions.get(p).get(i);
                PartitionWriter writer = store.writer(p);
                if (entry.offset() < writer.next()) {
                    continue;
                }
                if (disk.isStopped() && !wasStopped) {
                    return;
                }
                while (!writer.ready()) {
                    Thread.onSpinWait();
                }
                StoreModel.give(writer, entry);
                writer.publish();
            }
            if (i % flushEvery == flushEvery - 1) {
                var flush = store.flush();
                assertTrue(flush.isDone());
            }
        }
    }
}
