package dev.millrace.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Random appends, upserts, deletes, publishes, flushes, seals and restarts against {@link StoreModel}. */
class LocalStoreSimulation {
    private static final StoreOptions OPTIONS = new StoreOptions(16, 1 << 20, 16 << 20, Duration.ofSeconds(5));
    private static final int PARTITIONS = 3;

    @TempDir
    Path folder;

    static Stream<Arguments> seeds() {
        return IntStream.range(0, 12)
                .mapToObj(seed -> Arguments.of(
                        seed,
                        switch (seed % 3) {
                            case 0 -> StoreModel.APPEND;
                            case 1 -> StoreModel.KEYLESS;
                            default -> StoreModel.UPSERT;
                        }));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void store_underRandomWork_equalsTheModel(int seed, StoreSchema schema) throws IOException {
        var random = new Random(seed);
        try (var root = new RootAllocator();
                BufferAllocator product = root.newChildAllocator("product", 0, Long.MAX_VALUE);
                BufferAllocator mapped = root.newChildAllocator("mapped", 0, Long.MAX_VALUE)) {
            new Run(random, new StoreModel(schema, PARTITIONS), product, mapped).all();
            assertEquals(0, product.getAllocatedMemory());
        }
    }

    private final class Run {
        private final Random random;
        private final StoreModel model;
        private final BufferAllocator product;
        private final BufferAllocator mapped;
        private final ManualExecutor files = new ManualExecutor();
        private final List<Snapshot> held = new ArrayList<>();
        private final List<Position> positions = new ArrayList<>();
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
            LocalStore opened = LocalStore.open(
                    model.schema, OPTIONS, folder, product, mapped, files, new LocalDisk(), () -> nanos);
            opened.topic("topic-1", PARTITIONS);
            return opened;
        }

        void all() throws IOException {
            for (int step = 0; step < 1500; step++) {
                step();
            }
            held.forEach(model::check);
            close();
            held.forEach(model::check);
            held.forEach(Snapshot::close);
        }

        private void step() throws IOException {
            PartitionWriter writer = store.writer(random.nextInt(PARTITIONS));
            switch (random.nextInt(200)) {
                case 0 -> reopen();
                case 1, 2 -> store.flush();
                case 3, 4, 5, 6, 7, 8 -> files.runAll();
                case 9, 10, 11 -> hold();
                case 12, 13 -> asOf();
                case 14 -> nanos += 1_000_000_000L * random.nextInt(8);
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
                    1000 + random.nextInt(50),
                    id,
                    random.nextInt(12),
                    deleted ? 0 : offset * 7,
                    deleted,
                    broken);
            while (!writer.ready()) {
                files.runAll();
            }
            assertEquals(offset, Math.max(offset, writer.next()));
            StoreModel.give(writer, entry);
            model.partitions.get(p).add(entry);
        }

        private void halfRow(PartitionWriter writer) {
            if (writer.ready()) {
                writer.batch().column(0).putBytes(new byte[9], 0, 9);
                writer.batch().rollback();
            }
        }

        private void hold() {
            Snapshot snapshot = store.snapshot();
            assertEquals(store.position(), snapshot.position());
            positions.add(snapshot.position());
            model.check(snapshot);
            held.add(snapshot);
            if (held.size() > 6) {
                Snapshot old = held.remove(random.nextInt(held.size()));
                model.check(old);
                old.close();
            }
        }

        private void asOf() {
            if (positions.isEmpty()) {
                return;
            }
            Position position = positions.get(random.nextInt(positions.size()));
            try (Snapshot snapshot = store.snapshotAt(position)) {
                assertEquals(position, snapshot.position());
                model.check(snapshot);
            }
            Position unseen = Position.of("topic-1", next[0] + 1, 0, 0);
            assertThrows(ProblemException.class, () -> store.snapshotAt(unseen));
            assertThrows(ProblemException.class, () -> store.snapshotAt(Position.of("topic-2", 0)));
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
                model.check(snapshot);
            }
        }
    }
}
