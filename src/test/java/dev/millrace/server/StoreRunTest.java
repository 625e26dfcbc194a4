package dev.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.store.LocalStore;
import dev.millrace.store.PartitionWriter;
import dev.millrace.store.Position;
import dev.millrace.store.Slice;
import dev.millrace.store.Snapshot;
import dev.millrace.store.StoreResources;
import dev.millrace.store.StoreSchema;
import dev.millrace.store.TestOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The store's commands over data folders whose "topic" is a function of partition and offset. */
class StoreRunTest {
    private static final int PARTITIONS = 3;
    private static final int BACKUPS = 6;
    private static final StoreSchema SCHEMA = new StoreSchema(
            new Schema(List.of(
                    new Field("id", FieldType.notNullable(ArrowType.Utf8.INSTANCE), List.of()),
                    new Field("value", FieldType.nullable(new ArrowType.Int(64, true)), List.of()))),
            List.of("id"),
            true);

    private final BufferAllocator root = new RootAllocator();
    private final ExecutorService files = Executors.newSingleThreadExecutor();
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    @TempDir
    private Path folder;

    @AfterEach
    void memory_isGivenBack() {
        files.close();
        root.close();
    }

    @Test
    void backup_whileRecordsCome_opensAtItsPositionWithTheTopicsRows() throws Exception {
        Path data = folder.resolve("data");
        Files.createDirectories(data);
        Files.writeString(data.resolve("instance"), "a secret");
        var enough = new AtomicBoolean();
        CompletableFuture<Void> ingest;
        try (LocalStore store = open(product(data));
                ExecutorService writer = Executors.newSingleThreadExecutor()) {
            store.topic("topic", PARTITIONS);
            write(store, 100);
            store.flush().join();
            ingest = CompletableFuture.runAsync(
                    () -> {
                        while (!enough.get()) {
                            write(store, 10);
                        }
                        store.flush().join();
                    },
                    writer);
            for (int i = 0; i < BACKUPS; i++) {
                assertEquals(ExitCode.FINE, run("store", "backup", data.toString(), backup(i)), said.toString(UTF_8));
            }
            enough.set(true);
            ingest.join();
        }
        long before = 0;
        for (int i = 0; i < BACKUPS; i++) {
            assertEquals(ExitCode.FINE, run("store", "verify", backup(i)), said.toString(UTF_8));
            Path restored = folder.resolve("restored-" + i);
            assertEquals(ExitCode.FINE, run("store", "restore", backup(i), restored.toString()), said.toString(UTF_8));
            assertEquals("a secret", Files.readString(restored.resolve("instance")));
            try (LocalStore copy = open(product(restored))) {
                assertEquals(List.of(), copy.recoveryNotes());
                check(copy);
                assertTrue(said.toString(UTF_8).contains("sales/orders at " + copy.position()), said.toString(UTF_8));
                long now = copy.position().next(0);
                assertTrue(now >= before, now + " after " + before);
                before = now;
                // The copy lives on by itself.
                copy.topic("topic", PARTITIONS);
                write(copy, 100);
                copy.flush().join();
                check(copy);
            }
        }
        assertTrue(before > 100, "nothing came while the backups were made");
        try (LocalStore store = open(product(data))) {
            assertEquals(List.of(), store.recoveryNotes());
            check(store);
        }
    }

    @Test
    void commands_onWholeAndBrokenFolders_sayWhatTheyFind() throws Exception {
        Path data = folder.resolve("data");
        try (LocalStore store = open(product(data))) {
            store.topic("topic", PARTITIONS);
            write(store, 200);
            store.flush().join();
            assertEquals(ExitCode.FINE, run("store", "stat", data.toString()));
            assertTrue(
                    said.toString(UTF_8).contains("3 partitions, 12 segments, 600 rows stored"), said.toString(UTF_8));
            assertTrue(said.toString(UTF_8).contains("topic:200.200.200"), said.toString(UTF_8));
            assertEquals(ExitCode.ANSWER_IS_NO, run("store", "rebuild", data.toString(), "--yes"));
            assertTrue(said.toString(UTF_8).contains("in use"), said.toString(UTF_8));
        }
        assertEquals(ExitCode.FINE, run("store", "verify", data.toString()));
        assertTrue(said.toString(UTF_8).contains("15 files, 0 broken"), said.toString(UTF_8));

        Path copy = Path.of(backup(9));
        assertEquals(ExitCode.FINE, run("store", "backup", data.toString(), copy.toString()));
        assertEquals(ExitCode.FINE, run("store", "compact", copy.toString()));
        Matcher left = Pattern.compile("3 partitions, (\\d+) segments, (\\d+) rows stored")
                .matcher(said.toString(UTF_8));
        assertTrue(left.find(), said.toString(UTF_8));
        assertTrue(Integer.parseInt(left.group(1)) < 12 && Integer.parseInt(left.group(2)) < 400, left.group());
        assertEquals(ExitCode.FINE, run("store", "verify", copy.toString()), said.toString(UTF_8));
        try (LocalStore store = open(product(copy))) {
            check(store);
        }

        Path partition = product(data).resolve("p1");
        List<Path> segments;
        try (Stream<Path> all = Files.list(partition)) {
            segments = all.filter(file -> file.toString().endsWith(".arrow"))
                    .sorted()
                    .toList();
        }
        byte[] bytes = Files.readAllBytes(segments.getFirst());
        bytes[bytes.length / 2] ^= 1;
        Files.write(segments.getFirst(), bytes);
        Files.delete(segments.get(1));
        Files.write(segments.get(2), new byte[7]);
        Files.writeString(product(data).resolve("p2/manifest"), "{}");
        assertEquals(ExitCode.ANSWER_IS_NO, run("store", "verify", data.toString()));
        String found = said.toString(UTF_8);
        assertTrue(found.contains("BROKEN  " + segments.getFirst() + ": has other bytes"), found);
        assertTrue(found.contains("BROKEN  " + segments.get(1) + ": cannot be read"), found);
        assertTrue(found.contains("BROKEN  " + segments.get(2) + ": has 7 bytes"), found);
        assertTrue(found.contains("p2/manifest: the manifest's checksum"), found);
        assertTrue(found.contains("11 files, 4 broken"), found);
        assertEquals(ExitCode.ANSWER_IS_NO, run("store", "restore", data.toString(), backup(0)));
        assertFalse(Files.exists(Path.of(backup(0))));

        assertEquals(ExitCode.WRONG_USE, run("store", "rebuild", data.toString()));
        assertEquals(ExitCode.WRONG_USE, run("store", "backup", data.toString(), data.toString()));
        assertEquals(
                ExitCode.WRONG_USE,
                run("store", "backup", data.toString(), data.resolve("inside").toString()));
        assertEquals(
                ExitCode.WRONG_USE,
                run("store", "stat", folder.resolve("nothing").toString()));
        assertEquals(ExitCode.WRONG_USE, run("store", "mend", data.toString()));
        assertEquals(ExitCode.FINE, run("store", "rebuild", data.toString(), "--yes"));
        try (LocalStore store = open(product(data))) {
            assertEquals(List.of(), store.recoveryNotes());
            assertTrue(store.topicId().isEmpty());
            store.topic("another topic", 1);
            write(store, 10);
            check(store);
        }
    }

    private static Path product(Path data) {
        return data.resolve("domains/sales/orders");
    }

    private String backup(int number) {
        return folder.resolve("backup-" + number).toString();
    }

    private LocalStore open(Path product) throws IOException {
        return LocalStore.open(
                SCHEMA,
                TestOptions.of(64, 1 << 20, 16 << 20, Duration.ofMillis(20)),
                product,
                new StoreResources(root, root, files));
    }

    private ExitCode run(String... arguments) {
        said.reset();
        var stream = new PrintStream(said, true, UTF_8);
        return Main.run(List.of(arguments), stream, stream);
    }

    private static String key(int partition, long offset) {
        return partition + "-" + offset * 31 % 97;
    }

    private static boolean isDelete(long offset) {
        return offset % 7 == 3;
    }

    private static void write(LocalStore store, int records) {
        for (int partition = 0; partition < store.position().partitions(); partition++) {
            PartitionWriter writer = store.writer(partition);
            for (int i = 0; i < records; i++) {
                while (!writer.ready(1)) {
                    Thread.onSpinWait();
                }
                long offset = writer.next();
                byte[] id = key(partition, offset).getBytes(UTF_8);
                writer.batch().column(0).putBytes(id, 0, id.length);
                if (isDelete(offset)) {
                    writer.batch().column(1).putNull();
                } else {
                    writer.batch().column(1).putInt64(offset);
                }
                writer.commit(offset, offset, isDelete(offset));
            }
            writer.publish();
        }
    }

    private static void check(LocalStore store) {
        Map<String, Long> expected = new HashMap<>();
        Map<String, Long> found = new HashMap<>();
        Position position = store.position();
        for (int partition = 0; partition < position.partitions(); partition++) {
            for (long offset = 0; offset < position.next(partition); offset++) {
                if (isDelete(offset)) {
                    expected.remove(key(partition, offset));
                } else {
                    expected.put(key(partition, offset), offset);
                }
            }
        }
        try (Snapshot snapshot = store.snapshotAt(position)) {
            for (int partition = 0; partition < snapshot.partitions(); partition++) {
                for (Slice slice : snapshot.slices(partition)) {
                    int[] rows = new int[slice.rows()];
                    int count = slice.select(0, slice.rows(), rows);
                    for (int i = 0; i < count; i++) {
                        String id = new String(slice.batch().column(0).bytes(rows[i]), UTF_8);
                        assertEquals(null, found.put(id, slice.batch().column(1).int64(rows[i])), id);
                    }
                }
            }
        }
        assertEquals(expected, found);
    }
}
