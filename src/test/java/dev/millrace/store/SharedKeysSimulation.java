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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Several threads write partitions that get the same new keys at nearly the same time, while partitions are added,
 * segments merged and snapshots read; each snapshot is held against {@link StoreModel}. Then it is opened again, and deletes
 * are left out. The seed is new each time, and told when something is wrong; {@code -Dmillrace.seed=} takes that one.
 */
class SharedKeysSimulation {
    private static final int PARTITIONS = 6;
    private static final int THREADS = 3;
    private static final int RECORDS = 400;

    @TempDir
    Path root;

    static LongStream seeds() {
        long first = Long.getLong("millrace.seed", System.nanoTime() % 1_000_000);
        return LongStream.range(first, first + Long.getLong("millrace.seeds", 4));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void snapshots_whileThreadsWriteTheSameKeys_equalTheModel(long seed) throws Exception {
        simulate(seed, false);
    }

    /** Rows that other partitions hide go while records come for which they would count; no position changes its answer. */
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void positions_whileThreadsWriteTheSameKeysAndRowsAreErased_haveOneAnswer(long seed) throws Exception {
        simulate(seed, true);
    }

    private void simulate(long seed, boolean erases) throws Exception {
        try (var allocator = new RootAllocator()) {
            new Run(seed, allocator, erases).all();
            assertEquals(0, allocator.getAllocatedMemory());
        } catch (AssertionError | RuntimeException | ExecutionException wrong) {
            throw new AssertionError("seed " + seed + ": " + wrong.getMessage(), wrong);
        }
    }

    @ParameterizedTest(name = "{0} in a run")
    @ValueSource(ints = {1, 70})
    void rows_whenTwoThreadsAddTheSameNewKeysAtOnce_areOneAKey(int run) throws Exception {
        int keys = 140 * 70;
        try (var allocator = new RootAllocator();
                ExecutorService files = Executors.newSingleThreadExecutor();
                ExecutorService threads = Executors.newFixedThreadPool(2);
                LocalStore store = LocalStore.open(
                        StoreModel.UPSERT,
                        TestOptions.of(1 << 30, Duration.ofHours(1)),
                        root,
                        new StoreResources(allocator, allocator, files))) {
            store.topic("t", 2);
            var given = new AtomicIntegerArray(2);
            var work = new ArrayList<Future<?>>();
            for (int t = 0; t < 2; t++) {
                int number = t;
                work.add(threads.submit(() -> {
                    PartitionWriter writer = store.writer(number);
                    for (int key = 0; key < keys; key += run) {
                        for (int i = key; i < key + run; i++) {
                            assertTrue(writer.ready(1));
                            StoreModel.give(writer, new StoreModel.Entry(i, i, "k", i, i, false, false));
                        }
                        given.set(number, key);
                        while (given.get(1 - number) < key) {
                            Thread.onSpinWait();
                        }
                        writer.publish();
                    }
                }));
            }
            for (Future<?> each : work) {
                each.get();
            }
            try (Snapshot snapshot = store.snapshot()) {
                assertEquals(keys, snapshot.rows());
            }
        }
    }

    private final class Run {
        private final long seed;
        private final RootAllocator allocator;
        private final StoreModel model;
        private final AtomicLong nanos = new AtomicLong();
        private final ThreadLocal<Integer> thread = ThreadLocal.withInitial(() -> -1);
        private final AtomicBoolean isWriting = new AtomicBoolean();
        private final Map<Position, List<List<StoreModel.Entry>>> answers = new ConcurrentHashMap<>();

        Run(long seed, RootAllocator allocator, boolean erases) {
            this.seed = seed;
            this.allocator = allocator;
            this.model = model(new Random(seed));
            model.erases = erases;
            model.late = erases;
        }

        private static StoreModel model(Random random) {
            var model = new StoreModel(StoreModel.UPSERT, PARTITIONS);
            for (int p = 0; p < PARTITIONS; p++) {
                long offset = random.nextInt(3) == 0 ? 10_000 : 0;
                for (int i = 0; i < RECORDS; i++) {
                    offset += random.nextInt(9) == 0 ? 3 : 1;
                    boolean deleted = random.nextInt(5) == 0;
                    // New keys at the same pace in all, old ones now and then.
                    int key = random.nextInt(4) == 0 ? random.nextInt(i / 4 + 1) : i / 4 + random.nextInt(2);
                    model.partitions
                            .get(p)
                            .add(new StoreModel.Entry(
                                    offset,
                                    random.nextInt(5) == 0 ? random.nextInt(i / 3 + 1) : i / 3 + random.nextInt(4),
                                    random.nextInt(3) == 0 ? "p" + p : "shared",
                                    key,
                                    deleted ? 0 : offset,
                                    deleted,
                                    random.nextInt(20) == 0));
                }
            }
            return model;
        }

        void all() throws Exception {
            try (ExecutorService files = Executors.newSingleThreadExecutor();
                    ExecutorService background = Executors.newSingleThreadExecutor();
                    ExecutorService threads = Executors.newFixedThreadPool(THREADS + 1)) {
                var resources =
                        new StoreResources(allocator, allocator, files, background, p -> p % THREADS == thread.get());
                long half = RECORDS / 2;
                try (LocalStore store = open(resources)) {
                    store.topic("t", 1);
                    store.behind(!model.erases);
                    work(store, threads, half);
                }
                try (LocalStore store = open(resources)) {
                    store.behind(!model.erases);
                    check(store, new Random(seed));
                    work(store, threads, RECORDS);
                    store.behind(false);
                    tidy(store);
                    check(store, new Random(seed));
                }
                try (LocalStore store = open(resources)) {
                    check(store, new Random(seed));
                }
            }
        }

        private LocalStore open(StoreResources resources) throws IOException {
            var options = new StoreOptions(
                    32,
                    1 << 20,
                    64 << 20,
                    model.erases ? Duration.ofMillis(20) : Duration.ofSeconds(5),
                    model.erases ? Duration.ofMillis(50) : Duration.ofSeconds(1),
                    true,
                    Retention.NONE,
                    model.erases ? Duration.ofMillis(100) : Duration.ofDays(36_500));
            var disk = new FailingDisk();
            if (model.erases) {
                disk.renaming = this::awaitSomeRecords;
            }
            return LocalStore.open(
                    model.schema,
                    options,
                    root.resolve("product"),
                    resources,
                    disk,
                    nanos::get,
                    () -> nanos.get() / 1_000_000,
                    SecretHash.random());
        }

        /** So that records come while a manifest is written. */
        private void awaitSomeRecords() {
            long until = nanos.get() + 12_000_000;
            while (isWriting.get() && nanos.get() < until) {
                Thread.onSpinWait();
            }
        }

        private void work(LocalStore store, ExecutorService threads, long until) throws Exception {
            isWriting.set(true);
            var work = new ArrayList<Future<?>>();
            for (int t = 0; t < THREADS; t++) {
                int number = t;
                work.add(threads.submit(() -> write(store, number, until)));
            }
            Future<?> reading = threads.submit(() -> {
                var random = new Random(seed);
                while (isWriting.get()) {
                    check(store, random);
                    seeAgain(store, random);
                }
            });
            try {
                for (Future<?> each : work) {
                    each.get();
                }
            } finally {
                isWriting.set(false);
            }
            reading.get();
        }

        /** A thread's partitions, which are added as they come, in runs of some records each. */
        private void write(LocalStore store, int number, long until) {
            thread.set(number);
            var random = new Random(seed + number);
            int[] given = new int[PARTITIONS];
            boolean more = true;
            while (more) {
                more = false;
                for (int p = number; p < PARTITIONS; p += THREADS) {
                    store.topic("t", p + 1);
                    PartitionWriter writer = store.writer(p);
                    List<StoreModel.Entry> entries = model.partitions.get(p);
                    int run = 1 + random.nextInt(8);
                    for (; given[p] < until && run > 0; given[p]++) {
                        StoreModel.Entry entry = entries.get(given[p]);
                        if (entry.offset() >= writer.next()) {
                            while (!writer.ready(1)) {
                                writer.tend();
                            }
                            StoreModel.give(writer, entry);
                            run--;
                        }
                    }
                    writer.publish();
                    nanos.addAndGet(3_000_000);
                    if (model.erases) {
                        LockSupport.parkNanos(1_000_000); // the files are to come along
                    }
                    more |= given[p] < until;
                }
            }
        }

        private void check(LocalStore store, Random random) {
            try (Snapshot snapshot = store.snapshot()) {
                see(snapshot);
                long[] from = LongStream.range(0, snapshot.partitions())
                        .map(p -> random.nextLong(snapshot.position().next((int) p) + 1))
                        .toArray();
                model.checkChanges(snapshot, Position.of("t", from), 1 + random.nextInt(50));
            }
        }

        private void see(Snapshot snapshot) {
            List<List<StoreModel.Entry>> answer = model.check(snapshot);
            List<List<StoreModel.Entry>> before = answers.putIfAbsent(snapshot.position(), answer);
            assertEquals(before == null ? answer : before, answer, () -> "at " + snapshot.position());
        }

        private void seeAgain(LocalStore store, Random random) {
            List<Position> seen = List.copyOf(answers.keySet());
            if (!seen.isEmpty()) {
                try (Snapshot snapshot = store.snapshotAt(seen.get(random.nextInt(seen.size())))) {
                    see(snapshot);
                } catch (ProblemException gone) {
                    assertInstanceOf(Problem.Gone.class, gone.problem());
                }
            }
        }

        /** Long after the last record, what nobody needs is left out. */
        private void tidy(LocalStore store) {
            long before = traces(store);
            for (int round = 0; round < 40; round++) {
                nanos.addAndGet(500_000_000);
                for (int p = 0; p < PARTITIONS; p++) {
                    thread.set(p % THREADS);
                    store.writer(p).tend();
                }
                store.flush().join();
                check(store, new Random(seed + round));
            }
            assertTrue(traces(store) < before, "nothing was left out");
        }

        private long traces(LocalStore store) {
            try (Snapshot snapshot = store.snapshot()) {
                return LongStream.range(0, PARTITIONS)
                        .flatMap(p -> snapshot.slices((int) p).stream().mapToLong(Slice::rows))
                        .sum();
            }
        }
    }
}
