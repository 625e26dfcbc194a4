package dev.millrace.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.millrace.arrow.SipHash;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A key of two partitions that a delete in each ends, as the server writes them, is searched for in every file. */
class SharedErasureTest {
    @TempDir
    Path folder;

    private long nanos = Duration.ofDays(20_000).toNanos();

    @Test
    void erase_ofAKeyThatEveryPartitionDeletes_leavesNoByte() throws Exception {
        var options = new StoreOptions(
                16,
                1 << 20,
                16 << 20,
                Duration.ofSeconds(30),
                Duration.ofMinutes(15),
                false,
                Retention.NONE,
                Duration.ofHours(24));
        try (var root = new RootAllocator();
                LocalStore store = LocalStore.open(
                        StoreModel.UPSERT,
                        options,
                        folder,
                        new StoreResources(root, root, Runnable::run),
                        new LocalDisk(),
                        () -> nanos,
                        () -> nanos / 1_000_000,
                        SipHash.random())) {
            store.topic("t", 2);
            for (int i = 0; i < 20; i++) {
                put(store, 0, i == 3 ? "hidden-one" : "other-" + i, false);
                put(store, 1, "else-" + i, false);
            }
            nanos += 1_000_000_000L;
            put(store, 1, "hidden-one", true);
            put(store, 0, "hidden-one", true);
            store.flush().join();
            for (int tick = 0; tick < 72; tick++) {
                nanos += Duration.ofMinutes(20).toNanos();
                for (int i = 0; i < 16; i++) {
                    store.writer(i % 2).tend();
                }
            }
            try (var files = Files.walk(folder)) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    Assertions.assertFalse(
                            new String(Files.readAllBytes(file), ISO_8859_1).contains("hidden-one"), file.toString());
                }
            }
        }
    }

    private void put(LocalStore store, int partition, String id, boolean deleted) {
        PartitionWriter writer = store.writer(partition);
        Assertions.assertTrue(writer.ready());
        StoreModel.give(writer, new StoreModel.Entry(writer.next(), nanos / 1_000_000, id, 1, 7, deleted, false));
        writer.publish();
    }
}
