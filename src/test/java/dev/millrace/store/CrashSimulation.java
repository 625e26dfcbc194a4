package dev.millrace.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.SecretHash;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Stops the disk at operations of a run, others each time, in which segments are written, merged, retired and rewound, opens the
 * folder again, and holds what is there against the model and against what readers were told before the stop; then goes
 * on from there to the end. The seed is new each time, and told when something is wrong; {@code -Dmillrace.seed=} takes
 * that one. A slice of {@code ./millrace prove crash}.
 */
class CrashSimulation {
    private static final Duration HISTORY = Duration.ofSeconds(6);
    private static final Duration ERASE = HISTORY.multipliedBy(2);
    private static final int PARTITIONS = 2;
    private static final int RECORDS = 32;
    private static final int REWIND_AT = 20;

    @TempDir
    Path root;

    static Stream<Arguments> runs() {
        long seed = Long.getLong("millrace.seed", System.nanoTime() % 1_000_000);
        return Stream.of(
                Arguments.of(StoppingDisk.Unforced.KEPT, false, seed),
                Arguments.of(StoppingDisk.Unforced.LOST, true, seed),
                Arguments.of(StoppingDisk.Unforced.ONLY_RENAMES_KEPT, true, seed));
    }

    @ParameterizedTest(name = "names not forced: {0}, retention {1}, seed {2}")
    @MethodSource("runs")
    void crash_atAnyFileOperation_leavesAConsistentPrefix(StoppingDisk.Unforced names, boolean retains, long seed)
            throws IOException {
        StoreModel model = model(seed);
        model.retains = retains;
        model.erases = true;
        var random = new Random(seed);
        boolean crashed = true;
        int operation = 0;
        for (; crashed; operation += 1 + random.nextInt(12)) {
            try {
                crashed = new Run(model, root.resolve("run-" + operation)).crashAt(operation, names);
            } catch (AssertionError | RuntimeException wrong) {
                throw new AssertionError(
                        "seed " + seed + ", operation " + operation + ": " + wrong.getMessage(), wrong);
            }
        }
        assertTrue(operation > 100, "only " + operation + " operations");
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
                                i - random.nextInt(2),
                                "k",
                                random.nextInt(9),
                                deleted ? 0 : offset,
                                deleted,
                                random.nextInt(7) == 0));
            }
        }
        return model;
    }

    /** What a position answered, and when it was current last. */
    private record Seen(List<List<StoreModel.Entry>> answer, long nanos) {}

    private static final class Run {
        private final StoreModel model;
        private final Path folder;
        private final Map<Position, Seen> seen = new LinkedHashMap<>();
        private int given;
        private boolean rewound;
        private long rewinding = Long.MAX_VALUE;

        Run(StoreModel model, Path folder) {
            this.model = model;
            this.folder = folder;
        }

        /** Whether the run was stopped, and did not end before. */
        boolean crashAt(int operation, StoppingDisk.Unforced names) throws IOException {
            var disk = new StoppingDisk(operation, names);
            Position acknowledged = Position.of("t", 0, 0);
            try (var allocator = new RootAllocator()) {
                try {
                    LocalStore store = open(allocator, disk);
                    work(store, 10, disk);
                    // A rewind that was stopped may have been done already.
                    acknowledged = Position.of(
                            "t",
                            Math.min(store.durable().next(0), rewinding),
                            store.durable().next(1));
                    store.close();
                } catch (IOException stopped) {
                    assertTrue(disk.isStopped(), () -> "unexpected: " + stopped);
                }
                disk.crash();
                try (LocalStore store =
                        open(allocator, new StoppingDisk(Integer.MAX_VALUE, StoppingDisk.Unforced.KEPT))) {
                    assertEquals(List.of(), store.recoveryNotes(), "operation " + operation);
                    Position durable = store.durable();
                    assertTrue(durable.hasReached(acknowledged), durable + " lost what was durable: " + acknowledged);
                    try (Snapshot snapshot = store.snapshot()) {
                        assertEquals(durable, snapshot.position());
                        model.check(snapshot);
                    }
                    checkSeen(store);
                    work(store, RECORDS + 1, disk);
                    try (Snapshot snapshot = store.snapshot()) {
                        model.check(snapshot);
                    }
                    checkSeen(store);
                }
                assertEquals(0, allocator.getAllocatedMemory(), "operation " + operation);
            }
            return disk.isStopped();
        }

        private LocalStore open(BufferAllocator allocator, Disk disk) throws IOException {
            Retention retention =
                    model.retains ? new Retention(Optional.empty(), 10, Long.MAX_VALUE, "") : Retention.NONE;
            var options =
                    new StoreOptions(8, 1 << 20, 16 << 20, Duration.ofSeconds(5), HISTORY, true, retention, ERASE);
            LocalStore store = LocalStore.open(
                    model.schema,
                    options,
                    folder,
                    new StoreResources(allocator, allocator, Runnable::run),
                    disk,
                    this::nanos,
                    () -> nanos() / 1_000_000,
                    SecretHash.random());
            store.topic("t", PARTITIONS);
            return store;
        }

        /** A second a record, but none while records are read again. */
        private long nanos() {
            return given * 1_000_000_000L;
        }

        /** Every position that was told must answer the same, or be gone when it is old. */
        private void checkSeen(LocalStore store) {
            seen.forEach((position, before) -> {
                if (!store.position().hasReached(position)) {
                    return;
                }
                try (Snapshot snapshot = store.snapshotAt(position)) {
                    assertEquals(before.answer(), model.check(snapshot), () -> "at " + position);
                } catch (ProblemException gone) {
                    assertInstanceOf(Problem.Gone.class, gone.problem());
                    assertTrue(nanos() - before.nanos() >= HISTORY.toNanos(), () -> position + " is gone");
                }
                try (Snapshot snapshot = store.snapshot()) {
                    model.checkChanges(snapshot, position, 3);
                }
            });
        }

        /** Gives all records not yet in, partition by partition in turn, until the disk stops. */
        private void work(LocalStore store, int flushEvery, StoppingDisk disk) {
            boolean wasStopped = disk.isStopped();
            for (int i = 0; i < RECORDS; i++) {
                given = Math.max(given, i);
                for (int p = 0; p < PARTITIONS; p++) {
                    for (StoreModel.Entry entry : model.partitions.get(p).subList(0, i + 1)) {
                        PartitionWriter writer = store.writer(p);
                        if (entry.offset() < writer.next()) {
                            continue;
                        }
                        if (disk.isStopped() && !wasStopped) {
                            return;
                        }
                        while (!writer.ready(1)) {
                            Thread.onSpinWait();
                        }
                        StoreModel.give(writer, entry);
                        writer.publish();
                    }
                }
                if (i % 4 == 3) {
                    see(store);
                }
                if (i % flushEvery == flushEvery - 1) {
                    assertTrue(store.flush().isDone());
                }
                if (i == REWIND_AT && !rewound) {
                    rewound = true;
                    rewinding = model.partitions.getFirst().get(i - 4).offset();
                    try {
                        store.rewind(0, rewinding);
                        rewinding = Long.MAX_VALUE;
                    } catch (ProblemException stopped) {
                        assertTrue(disk.isStopped(), () -> "unexpected: " + stopped);
                        return;
                    }
                }
            }
        }

        private void see(LocalStore store) {
            try (Snapshot snapshot = store.snapshot()) {
                List<List<StoreModel.Entry>> answer = model.check(snapshot);
                seen.merge(snapshot.position(), new Seen(answer, nanos()), (before, now) -> {
                    assertEquals(before.answer(), now.answer(), () -> "at " + snapshot.position());
                    return now;
                });
            }
        }
    }
}
