package dev.millrace.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.Dictionary;
import dev.millrace.arrow.SecretHash;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
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

class LocalStoreTest {
    private static final StoreOptions SMALL = TestOptions.of(16, 1 << 20, 16 << 20, Duration.ofHours(1));

    @TempDir
    Path folder;

    private final BufferAllocator root = new RootAllocator();

    @AfterEach
    void allocator_afterEveryTest_hasNoLeak() {
        root.close();
    }

    @Test
    void open_twice_isRefused() throws IOException {
        try (LocalStore first = open(StoreModel.UPSERT)) {
            assertTrue(first.topicId().isEmpty());
            var refused = assertThrows(ProblemException.class, () -> open(StoreModel.UPSERT));
            assertInstanceOf(Problem.CannotStart.class, refused.problem());
        }
        open(StoreModel.UPSERT).close();
    }

    @Test
    void open_withAnotherContract_saysWhatDiffers() throws IOException {
        fill(StoreModel.UPSERT, 40);
        for (StoreSchema other : List.of(
                StoreModel.APPEND,
                new StoreSchema(StoreModel.CONTRACT, List.of("id"), true),
                new StoreSchema(
                        new Schema(StoreModel.CONTRACT.getFields().subList(0, 2)), List.of("id", "number"), true))) {
            var refused = assertThrows(ProblemException.class, () -> open(other));
            assertInstanceOf(Problem.CannotStart.class, refused.problem());
            assertTrue(
                    refused.problem().detail().contains(folder.toString()),
                    refused.problem().detail());
            assertTrue(
                    refused.problem().detail().contains("only stored: ["),
                    refused.problem().detail());
        }
        open(StoreModel.UPSERT).close();
    }

    @Test
    void open_withMoreEnumValuesOrOtherWords_readsOn_withOtherValues_isRefused() throws IOException {
        StoreSchema first = states("as it was", "a", "b");
        try (LocalStore store = open(first)) {
            store.topic("t", 1);
            for (int i = 0; i < 40; i++) {
                state(store, i % 2);
            }
        }
        for (StoreSchema other : List.of(
                states("as it was", "b", "a"), states("as it was", "a"), states("as it was", "a", "c"), states(""))) {
            var refused = assertThrows(ProblemException.class, () -> open(other));
            assertTrue(refused.problem().detail().contains("behind those it had"), refused.getMessage());
        }
        StoreSchema wider = states("in other words", "a", "b", "c");
        try (LocalStore store = open(wider)) {
            assertEquals(List.of("a", "b"), states(store, "a", "b", "c"));
            state(store, 2);
            assertEquals(List.of("a", "b", "c"), states(store, "a", "b", "c"));
        }
        assertThrows(ProblemException.class, () -> open(first));
        try (LocalStore store = open(wider)) {
            assertEquals(List.of("a", "b", "c"), states(store, "a", "b", "c"));
            assertEquals(41, store.position().next(0));
        }
    }

    /** An upsert product whose key is an enum; a text when there are no values. */
    private static StoreSchema states(String description, String... values) {
        var type = new FieldType(false, ArrowType.Utf8.INSTANCE, null, Map.of("description", description));
        var text = new Field("state", type, List.of());
        Field state = values.length == 0 ? text : Dictionary.field(text, 0, List.of(values));
        return new StoreSchema(new Schema(List.of(state)), List.of("state"), true);
    }

    private static void state(LocalStore store, int number) {
        PartitionWriter writer = store.writer(0);
        assertTrue(writer.ready(1));
        writer.batch().column(0).putFixed(number);
        writer.commit(writer.next(), 0, false);
        writer.publish();
    }

    /** Those of the states that a row has, each one visible row. */
    private static List<String> states(LocalStore store, String... wanted) {
        try (Snapshot snapshot = store.snapshot()) {
            List<String> found = Stream.of(wanted)
                    .filter(state -> snapshot.find(
                                    Key.parse(store.schema(), List.of(state)).orElseThrow())
                            .isPresent())
                    .toList();
            assertEquals(found.size(), snapshot.rows());
            return found;
        }
    }

    @Test
    void open_withMoreOptionalColumns_readsOldRowsAsNull_andTheirOrderIsFree() throws IOException {
        fill(StoreModel.UPSERT, 40);
        var wider = new ArrayList<>(StoreModel.CONTRACT.getFields());
        wider.add(new Field("more", FieldType.nullable(ArrowType.Utf8.INSTANCE), List.of()));
        var more = new StoreSchema(new Schema(wider), List.of("id", "number"), true);
        try (LocalStore store = open(more)) {
            check(store, 40);
            PartitionWriter writer = store.writer(0);
            for (int offset = 41; offset < 50; offset++) { // 40 is a broken one
                assertTrue(writer.ready(1));
                StoreModel.put(writer.batch(), entry(offset, false));
                writer.batch().column(3).putBytes("more".getBytes(UTF_8), 0, 4);
                writer.commit(offset, offset, offset % 11 == 3);
            }
            writer.publish();
            checkMore(store);
        }
        try (LocalStore store = open(more)) {
            checkMore(store);
        }
        var lost = assertThrows(ProblemException.class, () -> open(StoreModel.UPSERT));
        assertTrue(lost.problem().detail().contains("optional columns may be added"), lost.getMessage());
        java.util.Collections.reverse(wider);
        try (LocalStore store = open(new StoreSchema(new Schema(wider), List.of("id", "number"), true));
                Snapshot snapshot = store.snapshot()) {
            assertEquals(50, store.position().next(0));
            for (Slice slice : snapshot.slices(0)) {
                for (int row = 0; row < slice.rows(); row++) {
                    assertEquals(
                            slice.offset(row) % 13,
                            slice.batch().column("number").int32(row));
                }
            }
        }
    }

    private static void checkMore(LocalStore store) {
        check(store, 50);
        try (Snapshot snapshot = store.snapshot()) {
            for (Slice slice : snapshot.slices(0)) {
                for (int row = 0; row < slice.rows(); row++) {
                    assertEquals(slice.offset(row) < 40, slice.batch().column(3).isNull(row));
                }
            }
        }
    }

    @Test
    void topic_withAnotherId_isRefused() throws IOException {
        fill(StoreModel.UPSERT, 40);
        try (LocalStore store = open(StoreModel.UPSERT)) {
            assertEquals("t", store.topicId().orElseThrow());
            var refused = assertThrows(ProblemException.class, () -> store.topic("other", 1));
            assertInstanceOf(Problem.Unavailable.class, refused.problem());
            assertTrue(refused.problem().detail().contains("recreated"));
            store.topic("t", 3);
            assertEquals(0, store.writer(2).next());
            assertEquals(Position.of("t", 40, 0, 0), store.position());
        }
    }

    @Test
    void snapshot_afterClose_isUnavailable() throws IOException {
        LocalStore store = open(StoreModel.UPSERT);
        store.topic("t", 1);
        store.close();
        assertInstanceOf(
                Problem.Unavailable.class,
                assertThrows(ProblemException.class, store::snapshot).problem());
    }

    @Test
    void commit_ofAnOffsetAlreadyIn_isRefused() throws IOException {
        try (LocalStore store = open(StoreModel.UPSERT)) {
            store.topic("t", 1);
            PartitionWriter writer = store.writer(0);
            assertTrue(writer.ready(1));
            StoreModel.give(writer, entry(7, false));
            assertTrue(writer.ready(1));
            StoreModel.put(writer.batch(), entry(7, false));
            assertThrows(IllegalArgumentException.class, () -> writer.commit(7, 0, false));
            writer.batch().rollback();
            assertEquals(8, writer.next());
        }
    }

    /** Segments of 16 rows: a record that does not fit into what is left of one begins the next. */
    @Test
    void commit_ofSeveralRows_showsAllOrNoneOfARecord() throws IOException {
        try (LocalStore store = open(StoreModel.KEYLESS)) {
            store.topic("t", 1);
            PartitionWriter writer = store.writer(0);
            assertEquals(16, writer.maxRows());
            int[] rows = {3, 0, 1, 5, 9, 16, 1};
            for (int record = 0; record < rows.length; record++) {
                assertTrue(writer.ready(rows[record]));
                for (int row = 0; row < rows[record]; row++) {
                    StoreModel.put(writer.batch(), entry(record, false));
                }
                writer.commit(record, 0, false, rows[record]);
            }
            writer.publish();
            int sum = 0;
            for (int next = 0; next <= rows.length; next++) {
                try (Snapshot snapshot = store.snapshotAt(Position.of("t", next))) {
                    assertEquals(sum, snapshot.rows(), "before offset " + next);
                    assertEquals(
                            sum,
                            snapshot.slices(0).stream().mapToInt(Slice::rows).sum());
                }
                sum += next < rows.length ? rows[next] : 0;
            }
            try (Snapshot snapshot = store.snapshot()) {
                for (Slice slice : snapshot.slices(0)) {
                    for (int row = 0; row < slice.rows(); row++) {
                        int first = slice.firstRowAt(slice.offset(row));
                        assertEquals(slice.offset(row), slice.offset(first));
                        assertTrue(first == 0 || slice.offset(first - 1) < slice.offset(row));
                    }
                }
                assertEquals(
                        List.of(9, 9, 16, 1),
                        snapshot.slices(0).stream().map(Slice::rows).toList());
            }
        }
    }

    @Test
    void open_withABrokenSegment_goesBackToBeforeItAndSaysSo() throws IOException {
        for (String breakage : List.of("missing", "short", "torn")) {
            Path here = folder.resolve(breakage);
            fill(here, StoreModel.UPSERT, 100);
            // Segments of 16 rows: no rows at 10, 20, …; the third begins with offset 35.
            Path third = file(here, "35-");
            switch (breakage) {
                case "missing" -> Files.delete(third);
                case "short" -> Files.write(third, java.util.Arrays.copyOf(Files.readAllBytes(third), 100));
                default -> Files.write(third, new byte[(int) Files.size(third)]);
            }
            try (LocalStore store = open(here, StoreModel.UPSERT)) {
                assertEquals(1, store.recoveryNotes().size(), breakage);
                assertTrue(store.recoveryNotes().getFirst().contains("35 to 99"), store.recoveryNotes()::toString);
                assertEquals(Position.of("t", 35), store.durable());
                assertEquals(35, store.writer(0).next());
                give(store, 35, 100);
                check(store, 100);
            }
            assertEquals(
                    breakage.equals("missing") ? 3 : 4,
                    Aside.files(new LocalDisk(), here).size());
            try (LocalStore store = open(here, StoreModel.UPSERT)) {
                assertEquals(List.of(), store.recoveryNotes());
                check(store, 100);
            }
        }
    }

    @Test
    void open_withABrokenManifest_putsThePartitionAside() throws IOException {
        fill(StoreModel.UPSERT, 100);
        Path manifest = folder.resolve("p0").resolve("manifest");
        byte[] bytes = Files.readAllBytes(manifest);
        bytes[bytes.length / 2] ^= 1;
        Files.write(manifest, bytes);
        try (LocalStore store = open(StoreModel.UPSERT)) {
            assertEquals(1, store.recoveryNotes().size());
            assertTrue(store.topicId().isEmpty());
            store.topic("t", 1);
            assertEquals(0, store.writer(0).next());
            give(store, 0, 100);
            check(store, 100);
        }
    }

    @Test
    void open_withoutAManifest_setsTheFilesAsideAndSaysSo() throws IOException {
        fill(StoreModel.UPSERT, 100);
        Path partition = folder.resolve("p0");
        Map<Path, byte[]> before = contents(partition);
        Files.delete(partition.resolve("manifest"));
        try (LocalStore store = open(StoreModel.UPSERT)) {
            assertEquals(1, store.recoveryNotes().size());
            assertTrue(
                    store.recoveryNotes().getFirst().contains("manifest is missing"), store.recoveryNotes()::toString);
            assertEquals(before.size() - 1, store.setAside());
            assertEquals(0, store.durable().next(0));
            store.topic("t", 1);
            give(store, 0, 100);
            check(store, 100);
        }
        try (LocalStore store = open(StoreModel.UPSERT)) {
            assertEquals(List.of(), store.recoveryNotes());
            check(store, 100);
            assertEquals(before.size() - 1, store.setAside());
        }
        for (Path aside : Aside.files(new LocalDisk(), folder)) {
            assertArrayEquals(before.get(aside.getFileName()), Files.readAllBytes(aside));
        }
    }

    @Test
    void open_ofSwappedPartitions_isRefusedAndChangesNothing() throws IOException {
        try (LocalStore store = open(StoreModel.UPSERT)) {
            store.topic("t", 2);
            give(store, 0, 100);
        }
        try (LocalStore store = open(StoreModel.UPSERT)) {
            store.topic("t", 2);
            PartitionWriter writer = store.writer(1);
            assertTrue(writer.ready(1));
            StoreModel.give(writer, entry(7, false));
        }
        Files.move(folder.resolve("p0"), folder.resolve("p"));
        Files.move(folder.resolve("p1"), folder.resolve("p0"));
        Files.move(folder.resolve("p"), folder.resolve("p1"));
        Map<Path, byte[]> before = contents(folder.resolve("p0"));
        var refused = assertThrows(ProblemException.class, () -> open(StoreModel.UPSERT));
        assertInstanceOf(Problem.CannotStart.class, refused.problem());
        assertTrue(refused.problem().detail().contains("partition 1 in the place of partition 0"));
        assertEquals(before.keySet(), contents(folder.resolve("p0")).keySet());
        List<StoreFolder.Checked> checked = StoreFolder.in(folder).getFirst().verify();
        assertEquals(
                2, checked.stream().filter(file -> file.fault().isPresent()).count());
    }

    @Test
    void open_ofAnotherProductsFolder_isRefused() throws IOException {
        Path orders = folder.resolve("domains/sales/orders");
        fill(orders, StoreModel.UPSERT, 10);
        Path returns = folder.resolve("domains/sales/returns");
        Files.move(orders, returns);
        var refused = assertThrows(ProblemException.class, () -> open(returns, StoreModel.UPSERT));
        assertTrue(refused.problem().detail().contains("partition 0 of sales.orders in the place of"));
        Path elsewhere = folder.resolve("copy/domains/sales/orders");
        StoreFolder.in(returns).getFirst().copyTo(folder.resolve("backup"));
        StoreFolder.in(folder.resolve("backup")).getFirst().copyTo(elsewhere);
        open(elsewhere, StoreModel.UPSERT).close();
    }

    private static Map<Path, byte[]> contents(Path partition) throws IOException {
        var contents = new HashMap<Path, byte[]>();
        for (Path file : new LocalDisk().list(partition)) {
            contents.put(file.getFileName(), Files.readAllBytes(file));
        }
        return contents;
    }

    @Test
    void open_ofAManifestThatStillNamesDeadLetters_readsIt() throws IOException {
        fill(StoreModel.UPSERT, 100);
        Path manifest = folder.resolve("p0").resolve("manifest");
        String json = Files.readString(manifest).lines().findFirst().orElseThrow();
        byte[] older = (json.substring(0, json.length() - 1) + ",\"letters\":[{\"file\":\"x\"}],\"letterCount\":9}")
                .getBytes(UTF_8);
        String crc = HexFormat.of().toHexDigits(Manifest.crc32c(older));
        Files.writeString(manifest, new String(older, UTF_8) + "\ncrc32c:" + crc + "\n");
        try (LocalStore store = open(StoreModel.UPSERT)) {
            assertEquals(List.of(), store.recoveryNotes());
            check(store, 100);
        }
    }

    /** The folder was written by the version that wrote format 1: 50 records, segments of 16 rows. */
    @Test
    void open_ofFormat1_readsItAndWritesOn() throws IOException {
        Path partition = Files.createDirectories(folder.resolve("p0"));
        try (Stream<Path> files = Files.list(Path.of("src/test/resources/store/format-1/p0"))) {
            for (Path file : files.toList()) {
                Files.copy(file, partition.resolve(file.getFileName()));
            }
        }
        for (int records : List.of(50, 100, 150)) {
            try (LocalStore store = open(StoreModel.UPSERT)) {
                assertEquals(List.of(), store.recoveryNotes());
                give(store, (int) store.writer(0).next(), records);
                check(store, records);
            }
        }
    }

    @Test
    void open_withUnnamedFiles_deletesOnlyWhatTheManifestAccountsFor() throws IOException {
        fill(StoreModel.UPSERT, 100);
        Path partition = folder.resolve("p0");
        // A merge's outcome, a commit's beyond the durable offset, and what nobody knows.
        for (String name :
                List.of("0-99-77.arrow", "manifest.tmp", "90-100-78.arrow", "100-120-1.arrow", "notes.txt")) {
            Files.write(partition.resolve(name), new byte[10]);
        }
        try (LocalStore store = open(StoreModel.UPSERT)) {
            assertEquals(
                    List.of("100-120-1.arrow", "90-100-78.arrow", "notes.txt"),
                    Aside.files(new LocalDisk(), folder).stream()
                            .map(file -> file.getFileName().toString())
                            .sorted()
                            .toList());
            assertEquals(3, store.setAside());
            assertEquals(2, store.recoveryNotes().size(), store.recoveryNotes()::toString);
            assertFalse(store.recoveryNotes().toString().contains("90-100-78"), store.recoveryNotes()::toString);
            assertFalse(Files.exists(partition.resolve("0-99-77.arrow")));
            assertFalse(Files.exists(partition.resolve("manifest.tmp")));
            check(store, 100);
        }
    }

    @Test
    void open_manyTimesWithFewRows_keepsOneSegment() throws IOException {
        var options = TestOptions.of(1000, 1 << 20, 16 << 20, Duration.ofHours(1));
        for (int run = 0; run < 20; run++) {
            try (LocalStore store = LocalStore.open(
                    StoreModel.UPSERT, options, folder, new StoreResources(root, root, Runnable::run))) {
                store.topic("t", 1);
                give(store, run * 20, run * 20 + 20);
            }
        }
        try (Stream<Path> files = Files.list(folder.resolve("p0"))) {
            assertEquals(
                    1, files.filter(file -> file.toString().endsWith(".arrow")).count());
        }
        try (LocalStore store = open(StoreModel.UPSERT)) {
            check(store, 400);
        }
    }

    @Test
    void flush_onAFailingDisk_losesNothingAndRecoversByItself() throws Exception {
        long[] nanos = {0};
        var disk = new FailingDisk();
        try (LocalStore store = LocalStore.open(
                StoreModel.UPSERT,
                SMALL,
                folder,
                new StoreResources(root, root, Runnable::run),
                disk,
                () -> nanos[0],
                () -> nanos[0] / 1_000_000,
                SecretHash.random())) {
            store.topic("t", 1);
            give(store, 0, 50);
            store.flush().get();
            disk.failing = true;
            give(store, 50, 100);
            var failed =
                    assertThrows(ExecutionException.class, () -> store.flush().get());
            assertInstanceOf(IOException.class, failed.getCause());
            assertTrue(store.fileFault().isPresent());
            assertTrue(store.durable().next(0) < 100);
            check(store, 100);
            disk.failing = false;
            disk.broken = true;
            nanos[0] += 2_000_000_000L;
            store.writer(0).publish();
            assertTrue(store.fileFault().orElse("").contains("OutOfMemoryError"), store.fileFault()::toString);
            disk.broken = false;
            nanos[0] += 2_000_000_000L;
            store.writer(0).publish();
            assertEquals(Position.of("t", 100), store.durable());
            assertTrue(store.fileFault().isEmpty());
            store.writer(0).publish();
            check(store, 100);
        }
        try (LocalStore store = open(StoreModel.UPSERT)) {
            check(store, 100);
        }
    }

    @Test
    void files_thatAreWrittenForLong_areAFault() throws Exception {
        long[] nanos = {0};
        var files = new ManualExecutor();
        try (LocalStore store = LocalStore.open(
                StoreModel.UPSERT,
                SMALL,
                folder,
                new StoreResources(root, root, files),
                new LocalDisk(),
                () -> nanos[0],
                () -> nanos[0] / 1_000_000,
                SecretHash.random())) {
            store.topic("t", 1);
            give(store, 0, 40);
            nanos[0] += 119_000_000_000L;
            assertTrue(store.fileFault().isEmpty());
            nanos[0] += 1_000_000_000L;
            assertTrue(store.fileFault().orElse("").contains("120 s"), store.fileFault()::toString);
            files.runAll();
            assertTrue(store.fileFault().isEmpty());
            files.direct();
        }
    }

    @Test
    void budget_tenTimesExceeded_takesEverythingAndStaysBelow() throws IOException {
        long budget = 4 << 20;
        var files = new ManualExecutor();
        long refused = 0;
        try (BufferAllocator product = root.newChildAllocator("product", 0, budget)) {
            var options = TestOptions.of(65_536, 32 << 20, budget, Duration.ofHours(1));
            int rows = 60_000;
            try (LocalStore store =
                    LocalStore.open(StoreModel.APPEND, options, folder, new StoreResources(product, root, files))) {
                store.topic("t", 2);
                byte[] text = "x".repeat(700).getBytes(java.nio.charset.StandardCharsets.UTF_8);
                for (int i = 0; i < rows; i++) {
                    PartitionWriter writer = store.writer(i & 1);
                    for (boolean done = false; !done; ) {
                        if (!writer.ready(1)) {
                            refused++;
                            files.runAll();
                            continue;
                        }
                        try {
                            writer.batch().column(0).putBytes(text, 0, text.length);
                            writer.batch().column(1).putInt32(i);
                            writer.batch().column(2).putInt64(i);
                            writer.commit(i >> 1, i, false);
                            done = true;
                        } catch (org.apache.arrow.memory.OutOfMemoryException full) {
                            writer.exhausted();
                        }
                    }
                    if (i % 100 == 99) {
                        store.writer(0).publish();
                        store.writer(1).publish();
                    }
                    assertTrue(store.memoryBytes() <= budget);
                }
                try (Snapshot snapshot = store.snapshot()) {
                    assertEquals(rows, snapshot.rows());
                }
                assertTrue(refused > 5, "refused " + refused);
                assertTrue(product.getPeakMemoryAllocation() <= budget);
                files.direct();
            }
            assertTrue(
                    Files.walk(folder).mapToLong(file -> file.toFile().length()).sum() > 10 * budget);
        }
    }

    @Test
    void columns_twoThousandInFourPartitions_takeNoMemoryBeforeTheyHaveRows() throws IOException {
        var columns = IntStream.range(0, 2_000)
                .mapToObj(i -> new Field("c" + i, FieldType.nullable(new ArrowType.Int(64, true)), List.of()))
                .toList();
        var wide = new StoreSchema(new Schema(columns), List.of(), false);
        long budget = 32 << 20;
        try (BufferAllocator product = root.newChildAllocator("product", 0, budget);
                LocalStore store = LocalStore.open(
                        wide,
                        TestOptions.of(budget, Duration.ofHours(1)),
                        folder,
                        new StoreResources(product, root, Runnable::run))) {
            store.topic("t", 4);
            for (int offset = 0; offset < 100; offset++) {
                for (int p = 0; p < 4; p++) {
                    PartitionWriter writer = store.writer(p);
                    assertTrue(writer.ready(1));
                    for (int c = 0; c < columns.size(); c++) {
                        writer.batch().column(c).putInt64(c);
                    }
                    writer.commit(offset, 0, false);
                    writer.publish();
                }
            }
            assertTrue(store.memoryBytes() <= budget / 2, () -> "bytes: " + store.memoryBytes());
            try (Snapshot snapshot = store.snapshot()) {
                assertEquals(1, snapshot.slices(0).size());
            }
        }
    }

    /** Segments of 16 rows, a second apart; what is let go depends on the limit alone. */
    @Test
    void retention_byAgeRowsAndBytes_letsTheOldestSegmentsGo() throws IOException {
        long file = 2_200;
        Map<Retention, Integer> first = Map.of(
                Retention.NONE,
                0,
                new Retention(Optional.of(Duration.ofSeconds(1000)), Long.MAX_VALUE, Long.MAX_VALUE, ""),
                0,
                new Retention(Optional.of(Duration.ofSeconds(40)), Long.MAX_VALUE, Long.MAX_VALUE, ""),
                48,
                new Retention(Optional.empty(), 100, Long.MAX_VALUE, ""),
                0,
                new Retention(Optional.empty(), 84, Long.MAX_VALUE, ""),
                16,
                new Retention(Optional.empty(), 85, Long.MAX_VALUE, ""),
                0,
                new Retention(Optional.empty(), 1, Long.MAX_VALUE, ""),
                96,
                new Retention(Optional.empty(), Long.MAX_VALUE, 3 * file, ""),
                48);
        for (Map.Entry<Retention, Integer> each : first.entrySet()) {
            var options =
                    TestOptions.of(16, 1 << 20, 16 << 20, Duration.ofHours(1), Duration.ZERO, false, each.getKey());
            long[] nanos = {0};
            Path here = folder.resolve("" + each.getKey().hashCode());
            try (LocalStore store = LocalStore.open(
                    StoreModel.KEYLESS,
                    options,
                    here,
                    new StoreResources(root, root, Runnable::run),
                    new LocalDisk(),
                    () -> nanos[0],
                    () -> nanos[0] / 1_000_000,
                    SecretHash.random())) {
                store.topic("t", 1);
                PartitionWriter writer = store.writer(0);
                for (int offset = 0; offset < 100; offset++) {
                    // The clock stands until all are in, so that nothing goes before.
                    assertTrue(writer.ready(1));
                    StoreModel.put(writer.batch(), entry(offset, false));
                    writer.commit(offset, offset * 1000L, false);
                }
                nanos[0] = 100_000_000_000L;
                for (int i = 0; i < 3; i++) {
                    writer.publish();
                }
                writer.skip(101);
                writer.publish();
                try (Snapshot snapshot = store.snapshot()) {
                    assertEquals(100 - each.getValue(), snapshot.rows(), each.getKey()::toString);
                    boolean gone = each.getValue() > 0;
                    assertEquals(gone, snapshot.slices(0).getFirst().offset(0) > 0);
                }
                if (each.getValue() > 0) {
                    writer.publish();
                    writer.publish();
                    var refused = assertThrows(ProblemException.class, () -> store.snapshotAt(Position.of("t", 50)));
                    assertInstanceOf(Problem.Gone.class, refused.problem());
                    try (Snapshot snapshot = store.snapshot()) {
                        assertEquals(Snapshot.Trace.GONE, snapshot.trace(0, 3));
                        assertEquals(Snapshot.Trace.ROW, snapshot.trace(0, 99));
                    }
                } else {
                    store.snapshotAt(Position.of("t", 50)).close();
                }
            }
        }
    }

    @Test
    void record_thatNeverFits_isToldByEmptyMemory() throws IOException {
        try (BufferAllocator product = root.newChildAllocator("product", 0, 1 << 20);
                LocalStore store = LocalStore.open(
                        StoreModel.APPEND,
                        TestOptions.of(1024, 32 << 20, 1 << 20, Duration.ofHours(1)),
                        folder,
                        new StoreResources(product, root, Runnable::run))) {
            store.topic("t", 1);
            give(store, 0, 9);
            PartitionWriter writer = store.writer(0);
            byte[] huge = new byte[3 << 20];
            for (int attempt = 0; attempt < 2; attempt++) {
                assertEquals(attempt == 0, store.memoryBytes() > 0);
                while (!writer.ready(1)) {
                    Thread.onSpinWait();
                }
                assertThrows(
                        org.apache.arrow.memory.OutOfMemoryException.class,
                        () -> writer.batch().column(0).putBytes(huge, 0, huge.length));
                writer.exhausted();
                writer.ready(1);
                writer.exhausted();
            }
            give(store, 9, 30);
            check(store, 30);
        }
    }

    @Test
    void readers_whileOneWrites_seeExactlyTheirPosition() throws Exception {
        int records = 60_000;
        int keys = 97;
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            LocalStore store = LocalStore.open(
                    StoreModel.UPSERT,
                    TestOptions.of(256, 1 << 20, 64 << 20, Duration.ZERO),
                    folder,
                    new StoreResources(root, root, threads));
            store.topic("t", 1);
            var readers = new ArrayList<Future<Integer>>();
            for (int i = 0; i < 3; i++) {
                int reader = i;
                readers.add(threads.submit(() -> read(store, records, keys, reader)));
            }
            PartitionWriter writer = store.writer(0);
            for (int offset = 0; offset < records; offset++) {
                while (!writer.ready(1)) {
                    Thread.onSpinWait();
                }
                StoreModel.give(writer, cyclic(offset, keys));
                if (offset % 37 == 0 || offset == records - 1) {
                    writer.publish();
                }
            }
            int snapshots = 0;
            for (Future<Integer> reader : readers) {
                snapshots += reader.get();
            }
            assertTrue(snapshots >= 3);
            store.close();
        } finally {
            threads.shutdown();
        }
    }

    /** Takes snapshots until the end is reached; each must hold what its position says. */
    private static int read(LocalStore store, int records, int keys, int reader) {
        int snapshots = 0;
        long next = 0;
        while (next < records) {
            try (Snapshot snapshot = store.snapshot()) {
                long bound = snapshot.position().next(0);
                assertTrue(bound >= next);
                next = bound;
                long sum = 0;
                long count = 0;
                for (long key = 0; key < keys; key++) {
                    long newest = bound - 1 - Math.floorMod(bound - 1 - key, keys);
                    if (newest >= 0 && !cyclic(newest, keys).deleted()) {
                        sum += newest;
                        count++;
                    }
                }
                long seenSum = 0;
                long seenCount = 0;
                int[] selection = new int[256];
                for (Slice slice : snapshot.slices(0)) {
                    int selected = slice.select(0, slice.rows(), selection);
                    for (int i = 0; i < selected; i++) {
                        seenSum += slice.batch().column(2).int64(selection[i]);
                    }
                    seenCount += selected;
                }
                assertEquals(sum, seenSum, () -> "at " + bound);
                assertEquals(count, seenCount);
                assertEquals(count, snapshot.rows());
                long key = (snapshots * 31L + reader) % keys;
                long newest = bound - 1 - Math.floorMod(bound - 1 - key, keys);
                var found = snapshot.find(Key.parse(StoreModel.UPSERT, List.of("k" + key, Long.toString(key)))
                        .orElseThrow());
                assertEquals(newest >= 0 && !cyclic(newest, keys).deleted(), found.isPresent());
                found.ifPresent(
                        row -> assertEquals(newest, row.batch().column(2).int64(row.row())));
            }
            snapshots++;
        }
        return snapshots;
    }

    private static StoreModel.Entry cyclic(long offset, int keys) {
        long key = offset % keys;
        boolean deleted = (offset / keys + key) % 5 == 4;
        return new StoreModel.Entry(offset, offset, "k" + key, (int) key, offset, deleted, false);
    }

    private LocalStore open(StoreSchema schema) throws IOException {
        return open(folder, schema);
    }

    private LocalStore open(Path where, StoreSchema schema) throws IOException {
        return LocalStore.open(schema, SMALL, where, new StoreResources(root, root, Runnable::run));
    }

    private void fill(StoreSchema schema, int records) throws IOException {
        fill(folder, schema, records);
    }

    private void fill(Path where, StoreSchema schema, int records) throws IOException {
        try (LocalStore store = open(where, schema)) {
            store.topic("t", 1);
            give(store, 0, records);
        }
    }

    private static void give(LocalStore store, int from, int to) {
        PartitionWriter writer = store.writer(0);
        for (int offset = from; offset < to; offset++) {
            while (!writer.ready(1)) {
                Thread.onSpinWait();
            }
            StoreModel.give(writer, entry(offset, offset > 0 && offset % 10 == 0));
        }
        writer.publish();
    }

    private static StoreModel.Entry entry(long offset, boolean broken) {
        return new StoreModel.Entry(offset, offset, "id", (int) (offset % 13), offset, offset % 11 == 3, broken);
    }

    private static void check(LocalStore store, int records) {
        var model = new StoreModel(store.schema(), 1);
        for (int offset = 0; offset < records; offset++) {
            model.partitions.getFirst().add(entry(offset, offset > 0 && offset % 10 == 0));
        }
        assertEquals(records, store.position().next(0));
        try (Snapshot snapshot = store.snapshot()) {
            if (store.schema().upsert()) {
                model.check(snapshot);
            }
        }
    }

    private static Path file(Path where, String prefix) throws IOException {
        try (Stream<Path> files = Files.list(where.resolve("p0"))) {
            return files.filter(file -> file.getFileName().toString().startsWith(prefix))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no " + prefix));
        }
    }
}
