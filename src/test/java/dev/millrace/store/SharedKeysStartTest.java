package dev.millrace.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a start has to find out of keys that several partitions have. */
class SharedKeysStartTest {
    @TempDir
    Path folder;

    private final RootAllocator root = new RootAllocator();
    private final ManualExecutor background = new ManualExecutor();

    @AfterEach
    void allocator_afterEveryTest_hasNoLeak() {
        root.close();
    }

    @Test
    void open_ofKeysThatNoPartitionsShare_looksForNoneAndFindsLaterOnes() throws IOException {
        try (LocalStore store = open(Runnable::run)) {
            store.topic("t", 3);
            for (int i = 0; i < 300; i++) {
                put(store, i % 3, "k" + i, i);
            }
            publish(store);
        }
        assertTrue(manifest(0).contains("\"unshared\":true"));
        try (LocalStore store = open(background)) {
            long alone = store.indexBytes();
            put(store, 1, "k0", 1_000); // new in partition 1, older in 0
            put(store, 2, "k1", 1_000);
            publish(store);
            assertEquals(300, visible(store));
            background.runAll(); // by now what is known of all keys is complete
            assertTrue(store.indexBytes() > alone);
            put(store, 0, "k2", 1_000);
            put(store, 0, "new", 1_000);
            publish(store);
            assertEquals(301, visible(store));
            background.direct();
        }
        assertTrue(manifest(0).contains("\"unshared\":false"));
    }

    @Test
    void open_ofKeysThatPartitionsShare_showsTheNewest() throws IOException {
        try (LocalStore store = open(Runnable::run)) {
            store.topic("t", 2);
            for (int i = 0; i < 100; i++) {
                put(store, 0, "k" + i, i);
            }
            publish(store);
            store.flush().join();
            put(store, 1, "k7", 1_000);
            publish(store);
        }
        for (int start = 0; start < 3; start++) {
            try (LocalStore store = open(Runnable::run)) {
                assertEquals(100, visible(store));
            }
        }
    }

    @Test
    void open_ofManifestsThatDoNotSay_looks() throws IOException {
        open_ofKeysThatPartitionsShare_showsTheNewest();
        for (int partition = 0; partition < 2; partition++) {
            String json = manifest(partition).lines().findFirst().orElseThrow();
            byte[] old = json.replaceFirst("\"unshared\":(true|false),", "").getBytes(UTF_8);
            Files.writeString(
                    folder.resolve("p" + partition).resolve(Manifest.NAME),
                    new String(old, UTF_8) + "\ncrc32c:%08x\n".formatted(Manifest.crc32c(old)));
        }
        try (LocalStore store = open(Runnable::run)) {
            assertEquals(100, visible(store));
        }
    }

    private LocalStore open(Executor later) throws IOException {
        return LocalStore.open(
                StoreModel.UPSERT,
                TestOptions.of(64, 1 << 20, 16 << 20, Duration.ofHours(1)),
                folder,
                new StoreResources(root, root, Runnable::run, later, partition -> true));
    }

    private String manifest(int partition) throws IOException {
        return Files.readString(folder.resolve("p" + partition).resolve(Manifest.NAME));
    }

    private static void put(LocalStore store, int partition, String id, long millis) {
        PartitionWriter writer = store.writer(partition);
        assertTrue(writer.ready(1));
        StoreModel.give(writer, new StoreModel.Entry(writer.next(), millis, id, 1, 7, false, false));
    }

    private static void publish(LocalStore store) {
        for (int partition = 0; partition < store.position().partitions(); partition++) {
            store.writer(partition).publish();
        }
    }

    private static long visible(LocalStore store) {
        try (Snapshot snapshot = store.snapshot()) {
            return snapshot.rows();
        }
    }
}
