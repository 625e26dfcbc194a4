package dev.millrace.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.SecretHash;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Searches every file of a product for the bytes of values that were deleted or superseded. */
class ErasureTest {
    private static final Duration ERASE = Duration.ofHours(24);
    private static final Duration TICK = Duration.ofMinutes(20);

    @TempDir
    Path folder;

    private final BufferAllocator root = new RootAllocator();
    private final StoreModel model = new StoreModel(StoreModel.UPSERT, 1);
    private long nanos = Duration.ofDays(20_000).toNanos();
    private LocalStore store;

    @BeforeEach
    void open() throws IOException {
        model.erases = true;
        var options = new StoreOptions(
                16, 1 << 20, 16 << 20, Duration.ofSeconds(30), Duration.ofMinutes(15), false, Retention.NONE, ERASE);
        store = LocalStore.open(
                StoreModel.UPSERT,
                options,
                folder,
                new StoreResources(root, root, Runnable::run),
                new LocalDisk(),
                () -> nanos,
                () -> nanos / 1_000_000,
                SecretHash.random());
        store.topic("t", 1);
    }

    @AfterEach
    void close() {
        store.close();
        root.close();
    }

    /** Few rows are dead, so that no compaction would be worth it. */
    @Test
    void erase_withinItsTime_leavesNoByteOfDeletedAndSupersededValues() throws IOException {
        for (int key = 0; key < 160; key++) {
            put("person-" + key, false);
        }
        put("person-3", false);
        put("person-17", false);
        put("person-40", true);
        put("person-15", true); // the last row of a segment
        store.flush().join();
        Position before = store.position();
        Path state = derived(manifest().segments().getFirst());
        assertFalse(found().isEmpty());
        pass(ERASE.minus(TICK));
        assertEquals(List.of(), found());
        assertFalse(Files.exists(state));
        check();
        store.snapshotAt(before).close();
        close(List.of("person-3", "person-40"));
    }

    private void close(List<String> keys) throws IOException {
        store.close();
        open();
        check();
        try (Snapshot snapshot = store.snapshot()) {
            for (String id : keys) {
                boolean deleted = id.equals("person-40");
                assertEquals(
                        !deleted,
                        snapshot.find(Key.parse(StoreModel.UPSERT, List.of(id, "1"))
                                        .orElseThrow())
                                .isPresent());
            }
        }
    }

    @Test
    void erase_acrossRestarts_doesNotBeginAnew() throws IOException {
        for (int key = 0; key < 40; key++) {
            put("person-" + key, false);
        }
        pass(Duration.ofHours(1));
        put("person-7", true);
        put("person-8", false);
        for (int restart = 0; restart < 7; restart++) {
            store.close();
            nanos += Duration.ofHours(3).toNanos(); // it stands still
            open();
            pass(Duration.ofMinutes(20));
        }
        assertEquals(List.of(), found());
        check();
    }

    @Test
    void erase_ofAllThereIs_leavesAnEmptyPartitionThatGoesOn() throws IOException {
        put("person-1", false);
        put("person-1", true);
        Position before = store.position();
        pass(ERASE.minus(TICK));
        assertEquals(List.of(), found());
        assertEquals(List.of(), manifest().segments());
        assertEquals(before, store.position());
        store.close();
        open();
        assertEquals(before, store.position());
        try (Snapshot snapshot = store.snapshot()) {
            assertEquals(0, snapshot.rows());
            assertEquals(Snapshot.Trace.GONE, snapshot.trace(0, 0));
        }
        put("person-1", false);
        check();
    }

    @Test
    void erase_whileRecordsCome_endsPositionsOfBeforeTheHistoryOnly() throws IOException {
        put("person-1", false);
        Position first = store.position();
        Position lately = first;
        for (long hour = 0; hour < 2 * ERASE.toHours(); hour++) {
            put("person-" + hour % 7, hour % 5 == 4);
            lately = store.position();
            pass(Duration.ofMinutes(50));
            put("person-9", false);
            pass(Duration.ofMinutes(10), Duration.ofMinutes(1));
            store.snapshotAt(lately).close();
            assertEquals(List.of(), found(ERASE));
        }
        Position old = first;
        var gone = assertThrows(ProblemException.class, () -> store.snapshotAt(old));
        assertInstanceOf(Problem.Gone.class, gone.problem());
        check();
    }

    @Test
    void erase_ofWhatWasSetAside_endsWhatTheTopicStillHad() throws IOException {
        for (int key = 0; key < 40; key++) {
            put("person-" + key, false);
        }
        store.flush().join();
        store.close();
        Path partition = folder.resolve("p0");
        Files.write(partition.resolve("40-47-99.arrow"), new byte[10]);
        Files.write(partition.resolve("900-907-98.arrow"), new byte[10]);
        open();
        assertEquals(2, store.setAside());
        for (int key = 0; key < 40; key++) {
            put("person-" + key, false);
        }
        pass(ERASE.dividedBy(8));
        assertEquals(2, store.setAside());
        pass(ERASE.dividedBy(4));
        assertEquals(1, store.setAside());
        assertEquals(
                List.of("900-907-98.arrow"),
                Aside.files(new LocalDisk(), folder).stream()
                        .map(file -> file.getFileName().toString())
                        .toList());
    }

    @Test
    void notes_byAClockThatIsSetBack_areDueInTime() {
        var erasure = new Erasure(Duration.ofMillis(1600), List.of(), 0, 5_000);
        erasure.reach(5_000, 10);
        erasure.reach(5_050, 11); // too soon for a note
        erasure.reach(5_100, 12);
        assertEquals(0, erasure.due(5_799));
        assertEquals(10, erasure.due(5_800));
        assertEquals(10, erasure.due(5_899));
        erasure.reach(1_000, 12);
        assertEquals(0, erasure.due(1_799));
        assertEquals(12, erasure.due(1_800));
        assertEquals(List.of(new Erasure.Reached(1_000, 12), new Erasure.Reached(1_900, 20)), erasure.notes(1_900, 20));
    }

    private void put(String id, boolean deleted) {
        PartitionWriter writer = store.writer(0);
        assertTrue(writer.ready(1));
        long offset = writer.next();
        var entry = new StoreModel.Entry(offset, millis(), id, 1, deleted ? 0 : value(offset), deleted, false);
        model.partitions.getFirst().add(entry);
        StoreModel.give(writer, entry);
        writer.publish();
    }

    private long millis() {
        return nanos / 1_000_000;
    }

    /** Eight bytes that are in no file by chance. */
    private static long value(long offset) {
        return (offset + 1) * 0x9E3779B97F4A7C15L;
    }

    private void pass(Duration time) {
        pass(time, TICK);
    }

    private void pass(Duration time, Duration tick) {
        long end = nanos + time.toNanos();
        while (nanos < end) {
            nanos += tick.toNanos();
            for (int i = 0; i < 8; i++) { // one piece of work each
                store.writer(0).tend();
            }
        }
    }

    private void check() {
        try (Snapshot snapshot = store.snapshot()) {
            model.check(snapshot);
        }
    }

    private Manifest manifest() throws IOException {
        return Manifest.parse(Files.readAllBytes(folder.resolve("p0").resolve(Manifest.NAME)));
    }

    private Path derived(Manifest.SegmentFile segment) throws IOException {
        Path kind = Files.createDirectories(folder.resolve("derived/quality"));
        String name = "p0-" + segment.firstOffset() + "-" + segment.lastOffset() + "-" + segment.rows();
        return Files.writeString(kind.resolve(name), "person-3 and others");
    }

    private List<String> found() throws IOException {
        return found(Duration.ZERO);
    }

    /** Every value that was superseded or deleted so long ago, and every key deleted then, that is still in a file. */
    private List<String> found(Duration ago) throws IOException {
        List<StoreModel.Entry> entries = model.partitions.getFirst();
        Map<String, StoreModel.Entry> newest = entries.stream()
                .collect(Collectors.toMap(StoreModel.Entry::id, entry -> entry, (older, newer) -> newer));
        var texts = new ArrayList<String>();
        for (int i = 0; i < entries.size(); i++) {
            StoreModel.Entry entry = entries.get(i);
            Optional<StoreModel.Entry> next = entries.subList(i + 1, entries.size()).stream()
                    .filter(later -> later.id().equals(entry.id()))
                    .findFirst();
            if (!entry.deleted() && next.filter(dead -> isAgo(dead, ago)).isPresent()) {
                texts.add(new String(
                        ByteBuffer.allocate(8)
                                .order(ByteOrder.LITTLE_ENDIAN)
                                .putLong(entry.value())
                                .array(),
                        ISO_8859_1));
            }
        }
        // A name that no other begins with.
        newest.values().stream()
                .filter(entry -> entry.deleted() && isAgo(entry, ago))
                .filter(entry ->
                        newest.keySet().stream().noneMatch(id -> !id.equals(entry.id()) && id.startsWith(entry.id())))
                .forEach(entry -> texts.add(entry.id()));
        var found = new ArrayList<String>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String bytes = new String(Files.readAllBytes(file), ISO_8859_1);
                texts.stream().filter(bytes::contains).forEach(text -> found.add(file + " has " + text));
            }
        }
        return found;
    }

    private boolean isAgo(StoreModel.Entry entry, Duration ago) {
        return millis() - entry.timestamp() >= ago.toMillis();
    }
}
