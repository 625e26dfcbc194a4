package dev.millrace.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScrubTest {
    private static final StoreOptions OPTIONS = TestOptions.of(16, 1 << 20, 16 << 20, Duration.ofHours(1));

    @Test
    void scrub_ofAFileWithAFlippedBit_putsItAsideAndReadsItAgain(@TempDir Path folder) throws IOException {
        try (BufferAllocator root = new RootAllocator()) {
            try (LocalStore store = open(folder, root)) {
                store.topic("t", 1);
                give(store, 100);
            }
            try (LocalStore store = open(folder, root)) {
                store.scrub();
                assertEquals(Optional.empty(), store.broken());
                assertEquals(List.of(), store.recoveryNotes());
            }
            Path third = files(folder)
                    .filter(file -> file.getFileName().toString().startsWith("32-"))
                    .findFirst()
                    .orElseThrow();
            byte[] bytes = Files.readAllBytes(third);
            bytes[new String(bytes, ISO_8859_1).indexOf("needle-40")] ^= 4;
            Files.write(third, bytes);
            try (LocalStore store = open(folder, root)) {
                assertEquals(List.of(), store.recoveryNotes());
                store.scrub();
                assertEquals(Optional.of(new ProductStore.Broken(0, 32)), store.broken());
                assertEquals(Optional.empty(), store.broken());
                assertEquals(1, store.recoveryNotes().size());
                assertTrue(store.recoveryNotes().getFirst().contains("from 32 on"), store.recoveryNotes()::toString);
                assertEquals(1, store.setAside());
                assertEquals(
                        List.of(third.getFileName()),
                        Aside.files(new LocalDisk(), folder).stream()
                                .map(Path::getFileName)
                                .toList());
            }
            try (LocalStore store = open(folder, root)) { // nobody has read it again: then the start does
                assertEquals(32, store.writer(0).next());
                give(store, 100);
                try (Snapshot snapshot = store.snapshot()) {
                    assertEquals(100, snapshot.rows());
                }
            }
        }
    }

    private static LocalStore open(Path folder, BufferAllocator root) throws IOException {
        return LocalStore.open(StoreModel.KEYLESS, OPTIONS, folder, new StoreResources(root, root, Runnable::run));
    }

    private static void give(LocalStore store, int to) {
        PartitionWriter writer = store.writer(0);
        for (long offset = writer.next(); offset < to; offset++) {
            assertTrue(writer.ready(1));
            StoreModel.give(writer, new StoreModel.Entry(offset, offset, "needle-" + offset, 1, offset, false, false));
        }
        writer.publish();
    }

    private static Stream<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("p0"))) {
            return files.toList().stream();
        }
    }
}
