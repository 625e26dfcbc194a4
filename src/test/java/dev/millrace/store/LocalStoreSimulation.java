package dev.millrace.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.SecretHash;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random appends, upserts, deletes, publishes, flushes, seals, rewinds and restarts against {@link StoreModel}, while
 * segments are merged and retired. An answer seen at a position must be the same as long as the position is readable.
 */
class LocalStoreSimulation {
    private static final Duration HISTORY = Duration.ofSeconds(20);
    private static final Duration ERASE = Duration.ofSeconds(45);
    private static final int PARTITIONS = 3;

    @TempDir
    Path folder;

    static Stream<Arguments> seeds() {
        long first = Long.getLong("millrace.seed", 0);
        return LongStream.range(first, first + Long.getLong("millrace.seeds", 12))
                .mapToObj(seed -> Arguments.of(
                        seed,
                        switch ((int) Math.floorMod(seed, 3)) {
                            case 0 -> StoreModel.APPEND;
                            case 1 -> StoreModel.KEYLESS;
                            default -> StoreModel.UPSERT;
                        }));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void store_underRandomWork_equalsTheModel(long seed, StoreSchema schema) throws IOException {
        var random = new Random(seed);
        try (var root = new RootAllocator();
                BufferAllocator product = root.newChildAllocator("product", 0, Long.MAX_VALUE);
                BufferAllocator mapped = root.newChildAllocator("mapped", 0, Long.MAX_VALUE)) {
            var model = new StoreModel(schema, PARTITIONS);
            model.retains = Math.floorMod(seed, 6) >= 3;
            model.erases = true;
            model.late = schema.upsert() && Math.floorMod(seed, 4) == 1;
            new Run(random, model, product, mapped).all();
            assertEquals(0, product.getAllocatedMemory());
        }
    }

    /** What a position answered, and when it was current last. */
    private record Seen(List<List<StoreModel.Entry>> answer, long nanos) {}

    private final class Run {
        private final Random random;
        private final StoreModel model;
        private final BufferAllocator product;
        private final BufferAllocator mapped;
        private final ManualExecutor files = new ManualExecutor();
        private final List<Snapshot> held = new ArrayList<>();
        private final Map<Position, Seen> positions = new LinkedHashMap<>();
        private final long[] next = new long[PARTITIONS];
        private long nanos;
        private LocalStore store;

        Run(Random random, StoreModel model, BufferAllocator product, BufferAllocator mapped) throws IOException {
            this.random = random;
            this.model = model;
            this.product = product;
            this.mapped = mapped;
            this.store = open();
        }

        private LocalStore open() throws IOException {
            files.manual();
            var retention = model.retains
                    ? new Retention(Optional.of(Duration.ofSeconds(900)), 150, Long.MAX_VALUE, "")
                    : Retention.NONE;
            var options =
                    new StoreOptions(16, 1 << 20, 16 << 20, Duration.ofSeconds(5), HISTORY, true, retention, ERASE);
            LocalStore opened = LocalStore.open(
                    model.schema,
                    options,
                    folder,
                    new StoreResources(product, mapped, files),
                    new LocalDisk(),
                    () -> nanos,
                    () -> nanos / 1_000_000,
                    SecretHash.random());
            opened.topic("topic-1", PARTITIONS);
            return opened;
        }

        void all() throws IOException {
            for (int step = 0; step < 1500; step++) {
                step();
            }
            held.forEach(this::check);
            close();
            held.forEach(this::check);
            held.forEach(Snapshot::close);
        }

        /** Holds a snapshot against the model, and against what its position answered before. */
        private void check(Snapshot snapshot) {
            List<List<StoreModel.Entry>> answer = model.check(snapshot);
            Seen before = positions.get(snapshot.position());
            assertEquals(before == null ? answer : before.answer(), answer, () -> "at " + snapshot.position());
        }

        private void step() throws IOException {
            PartitionWriter writer = store.writer(random.nextInt(PARTITIONS));
            switch (random.nextInt(200)) {
                case 0 -> reopen();
                case 1, 2 -> store.flush();
                case 3, 4, 5, 6, 7, 8 -> files.runAll();
                case 9, 10, 11 -> hold();
                case 12, 13 -> asOf();
                case 14 -> nanos += 1_000_000_000L * random.nextInt(40);
                case 22 -> {
                    if (random.nextInt(8) == 0) {
                        rewind(writer.partition());
                    }
                }
                case 23 -> {
                    if (random.nextInt(15) == 0) {
                        clear();
                    }
                }
                case 15, 16, 17 -> {
                    next[writer.partition()] += random.nextInt(1, 4);
                    writer.skip(next[writer.partition()]);
                }
                case 18, 19, 20 -> halfRow(writer);
                case 21 -> writer.exhausted();
                default -> {
                    if (random.nextInt(6) == 0) {
                        writer.publish();
                    } else {
                        write(writer);
                    }
                }
            }
        }

        private void write(PartitionWriter writer) {
            int p = writer.partition();
            long offset = next[p]++;
            boolean broken = random.nextInt(20) == 0;
            boolean deleted = random.nextInt(model.schema.upsert() ? 5 : 50) == 0;
            // Some keys are of every partition, most of one.
            String id = random.nextInt(8) == 0 ? "everywhere" : "p" + p;
            var entry = new StoreModel.Entry(
                    offset,
                    (nanos / 1_000_000) - random.nextInt(model.late && random.nextInt(4) == 0 ? 90_000 : 50),
                    id,
                    random.nextInt(12),
                    deleted ? 0 : offset * 7,
                    deleted,
                    broken);
            while (!writer.ready(1)) {
                files.runAll();
            }
            assertEquals(offset, Math.max(offset, writer.next()));
            StoreModel.give(writer, entry);
            model.partitions.get(p).add(entry);
        }

        private void halfRow(PartitionWriter writer) {
            if (writer.ready(1)) {
                writer.batch().column(0).putBytes(new byte[9], 0, 9);
                writer.batch().rollback();
            }
        }

        private void hold() {
            Snapshot snapshot = store.snapshot();
            assertEquals(store.position(), snapshot.position());
            check(snapshot);
            positions.merge(
                    snapshot.position(),
                    new Seen(model.check(snapshot), nanos),
                    (before, now) -> new Seen(before.answer(), now.nanos()));
            held.add(snapshot);
            if (held.size() > 6) {
                Snapshot old = held.remove(random.nextInt(held.size()));
                check(old);
                old.close();
            }
        }

        private void asOf() {
            if (positions.isEmpty()) {
                return;
            }
            Position position = List.copyOf(positions.keySet()).get(random.nextInt(positions.size()));
            try (Snapshot snapshot = store.snapshotAt(position)) {
                assertEquals(position, snapshot.position());
                check(snapshot);
            } catch (ProblemException gone) {
                assertInstanceOf(Problem.Gone.class, gone.problem());
                long age =
                        nanos - Objects.requireNonNull(positions.get(position)).nanos();
                assertTrue(age >= HISTORY.toNanos(), () -> position + " is gone after " + age);
                Position oldest =
                        Position.parse(((Problem.Gone) gone.problem()).oldest()).orElseThrow();
                assertFalse(position.hasReached(oldest));
                positions.remove(position);
            }
            try (Snapshot snapshot = store.snapshot()) {
                model.checkChanges(snapshot, position, random.nextInt(1, 9));
            }
            Position unseen = Position.of("topic-1", next[0] + 1, 0, 0);
            assertThrows(ProblemException.class, () -> store.snapshotAt(unseen));
            assertThrows(ProblemException.class, () -> store.snapshotAt(Position.of("topic-2", 0)));
        }

        /** Back to where a position is that can still be read; the positions behind it are not reached any more. */
        private void rewind(int p) throws IOException {
            asOf();
            if (positions.isEmpty()) {
                return;
            }
            Position to = List.copyOf(positions.keySet()).getLast();
            try {
                store.snapshotAt(to).close();
            } catch (ProblemException gone) {
                return;
            }
            if (to.next(p) == 0) {
                return; // before all that is kept
            }
            forgetHeld();
            files.direct();
            store.rewind(p, to.next(p));
            store.behind(false); // nothing is read again
            files.manual();
            assertEquals(to.next(p), store.writer(p).next());
            next[p] = to.next(p);
            model.partitions.get(p).removeIf(entry -> entry.offset() >= to.next(p));
            positions.keySet().removeIf(position -> position.next(p) > to.next(p));
            try (Snapshot snapshot = store.snapshot()) {
                model.check(snapshot);
            }
        }

        private void clear() {
            forgetHeld();
            files.direct();
            store.clear();
            files.manual();
            assertTrue(store.topicId().isEmpty());
            store.topic("topic-1", PARTITIONS);
            Arrays.fill(next, 0);
            model.partitions.forEach(List::clear);
            positions.clear();
            try (Snapshot snapshot = store.snapshot()) {
                assertEquals(Position.of("topic-1", 0, 0, 0), snapshot.position());
                model.check(snapshot);
            }
        }

        private void forgetHeld() {
            held.forEach(this::check);
            held.forEach(Snapshot::close);
            held.clear();
        }

        private void close() {
            files.direct();
            store.close();
        }

        private void reopen() throws IOException {
            close();
            Position end = Position.of("topic-1", next);
            store = open();
            assertEquals(end, store.durable());
            assertEquals(end, store.position());
            assertEquals(List.of(), store.recoveryNotes());
            assertTrue(store.fileFault().isEmpty());
            try (Snapshot snapshot = store.snapshot()) {
                check(snapshot);
            }
        }
    }
}
