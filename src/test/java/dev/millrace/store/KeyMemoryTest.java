package dev.millrace.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.SecretHash;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyMemoryTest {
    private static final long LIMIT = 256 << 10;

    @TempDir
    Path folder;

    private final RootAllocator root = new RootAllocator();

    @AfterEach
    void allocator_afterEveryTest_hasNoLeak() {
        root.close();
    }

    @Test
    void take_belowAtAndAboveTheLimit_isGivenUpToIt() {
        var memory = new KeyMemory(100);
        assertTrue(memory.take(99));
        assertTrue(memory.take(1));
        assertFalse(memory.take(1));
        assertTrue(memory.take(-1));
        assertFalse(memory.take(2));
        assertTrue(memory.take(1));
        memory.count(50);
        assertFalse(memory.take(1));
        assertTrue(memory.take(0));
        assertEquals(150, memory.usedBytes());
        assertTrue(KeyMemory.unlimited().take(Long.MAX_VALUE));
    }

    @Test
    void ready_withoutRoomForKeys_isFalseAndAllThatCameIsShown() throws IOException {
        var memory = new KeyMemory(LIMIT);
        int given;
        try (LocalStore store = open("a", memory)) {
            given = fill(store, 0, 1_000_000);
            assertTrue(given > 1_000 && given < LIMIT / 8, "rows " + given);
            assertTrue(store.keyFault().orElseThrow().contains("no room for more keys"));
            assertFalse(store.writer(0).ready(1));
            assertTrue(memory.usedBytes() <= LIMIT, "used " + memory.usedBytes());
            assertTrue(store.indexBytes() <= memory.usedBytes());
            check(store, given);
        }
        assertEquals(0, memory.usedBytes());
        try (LocalStore store = open("a", memory)) {
            check(store, given);
            assertEquals(Optional.empty(), store.keyFault());
            assertTrue(memory.usedBytes() <= LIMIT);
            int more = fill(store, given, 1_000_000);
            assertTrue(store.keyFault().isPresent());
            check(store, more);
            given = more;
        }
        try (LocalStore store = open("a", new KeyMemory(2 * LIMIT))) {
            int more = fill(store, given, given + 1_000);
            assertEquals(given + 1_000, more);
            assertEquals(Optional.empty(), store.keyFault());
            check(store, more);
        }
    }

    @Test
    void ready_afterAnotherProductGaveItsRoomBack_isTrue() throws IOException {
        var memory = new KeyMemory(LIMIT);
        try (LocalStore store = open("a", memory)) {
            int given;
            try (LocalStore other = open("b", memory)) {
                fill(other, 0, 1_000_000);
                given = fill(store, 0, 1_000_000);
                assertTrue(store.keyFault().isPresent());
            }
            assertTrue(fill(store, given, given + 500) == given + 500);
            assertEquals(Optional.empty(), store.keyFault());
            check(store, given + 500);
        }
    }

    @Test
    void open_beyondTheLimit_servesAndTakesNoMore() throws IOException {
        int given;
        try (LocalStore store = open("a", KeyMemory.unlimited())) {
            given = fill(store, 0, 20_000);
        }
        try (LocalStore store = open("a", new KeyMemory(LIMIT))) {
            check(store, given);
            assertFalse(store.writer(0).ready(1));
            assertTrue(store.keyFault().isPresent());
            check(store, given);
        }
    }

    @Test
    void usedBytes_ofAStore_neverFallBehindWhatItsKeysTake() throws IOException {
        var memory = KeyMemory.unlimited();
        try (LocalStore store = open("a", memory)) {
            for (int i = 0; i < 30_000; i += 100) {
                fill(store, i, i + 100);
                assertTrue(store.indexBytes() - marks(store) <= memory.usedBytes(), "row " + i);
            }
            for (int i = 0; i < 3_000; i += 100) { // the same keys again
                PartitionWriter writer = store.writer(0);
                for (int k = i; k < i + 100; k++) {
                    assertTrue(writer.ready(1));
                    StoreModel.give(writer, new StoreModel.Entry(writer.next(), 0, "k" + k, 0, k, false, false));
                }
                writer.publish();
                assertTrue(store.indexBytes() - marks(store) <= memory.usedBytes(), "again, row " + i);
            }
        }
        assertEquals(0, memory.usedBytes());
    }

    /** What is counted in {@link LocalStore#indexBytes()} besides keys. */
    private static long marks(LocalStore store) {
        PartitionLog log = (PartitionLog) store.writer(0);
        return log.indexBytes() - log.keys().sizeBytes();
    }

    /** Growth of all tables and links is what was said before. */
    @Test
    void sizeBytes_ofMoreKeys_isWhatTheyTakeThen() {
        for (int run : new int[] {1, 7, 256, 4096}) {
            var index = new KeyIndex();
            var secret = SecretHash.random();
            long keys = 0;
            long least = 0;
            while (keys < 300_000) {
                long said = index.sizeBytes(run);
                for (int i = 0; i < run; i++) {
                    index.claim(secret.of(keys++), location -> false);
                    index.fill(keys);
                }
                least = Math.max(least, index.sizeBytes() - said);
            }
            // A table that has more than its share grows before the others do.
            assertTrue(least <= index.sizeBytes() / 16, "short by " + least + " of " + index.sizeBytes());
        }
    }

    private LocalStore open(String name, KeyMemory memory) throws IOException {
        LocalStore store = LocalStore.open(
                StoreModel.UPSERT,
                TestOptions.of(4096, 1 << 20, 64 << 20, Duration.ofHours(1)),
                folder.resolve(name),
                new StoreResources(root, root, Runnable::run).with(memory));
        store.topic("t", 1);
        return store;
    }

    /** Gives keys of their own from a number on until there is no room; the number of the first that was not given. */
    private static int fill(LocalStore store, int from, int to) {
        PartitionWriter writer = store.writer(0);
        int i = from;
        for (; i < to && writer.ready(1); i++) {
            StoreModel.give(writer, new StoreModel.Entry(writer.next(), 0, "k" + i, 0, i, false, false));
            if (i % 1_000 == 0) {
                writer.publish();
            }
        }
        writer.publish();
        return i;
    }

    private static void check(LocalStore store, int rows) {
        try (Snapshot snapshot = store.snapshot()) {
            assertEquals(rows, snapshot.rows());
        }
    }
}
