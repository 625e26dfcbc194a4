package dev.millrace.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Values of keys that two partitions have, and that records of the one or the other end, are searched for in every file;
 * and what positions answer meanwhile must not change.
 */
class SharedErasureTest {
    private static final Duration ERASE = Duration.ofHours(24);
    private static final Duration TICK = Duration.ofMinutes(20);
    private static final long VALUE = 0x1122334455667788L;
    private static final String KEY = "hidden-one";

    @TempDir
    Path folder;

    private final RootAllocator root = new RootAllocator();
    private final ManualExecutor files = new ManualExecutor().direct();
    private final ManualExecutor background = new ManualExecutor().direct();
    private final Map<Position, Optional<Long>> answers = new HashMap<>();
    private long nanos = Duration.ofDays(20_000).toNanos();
    private LocalStore store;

    @BeforeEach
    void open() throws IOException {
        var options = new StoreOptions(
                16, 1 << 20, 16 << 20, Duration.ofSeconds(30), Duration.ofMinutes(15), false, Retention.NONE, ERASE);
        store = LocalStore.open(
                StoreModel.UPSERT,
                options,
                folder,
                new StoreResources(root, root, files, background, partition -> true),
                new LocalDisk(),
                () -> nanos,
                this::millis,
                SecretHash.random());
        store.topic("t", 2);
    }

    @AfterEach
    void close() {
        files.direct();
        background.direct();
        store.close();
        root.close();
    }

    @Test
    void erase_ofAKeyThatEveryPartitionDeletes_leavesNoByte() throws IOException {
        putOthers();
        put(0, KEY, VALUE, millis());
        delete(1, KEY, millis() + 1);
        delete(0, KEY, millis() + 1);
        pass(ERASE);
        assertEquals(List.of(), found(KEY));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void erase_ofAKeyThatOnlyTheOtherPartitionDeletes_leavesNoByte(int partition) throws IOException {
        put(partition, KEY, VALUE, millis());
        putOthers();
        long at = millis() + 1;
        delete(1 - partition, KEY, at);
        Position before = store.position();
        assertEquals(40, rows());
        pass(ERASE.minus(TICK));
        assertEquals(List.of(), found(KEY));
        assertEquals(before, store.position());
        assertEquals(40, rows());
        reopen();
        assertEquals(40, rows());
        assertEquals(Optional.empty(), value());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void erase_ofAValueThatTheOtherPartitionsNewerHides_keepsWhatCounts(int partition) throws IOException {
        put(partition, KEY, VALUE, millis());
        Position first = store.position();
        putOthers();
        put(1 - partition, KEY, VALUE + 1, millis() + 1);
        Position before = store.position();
        assertEquals(41, rows());
        pass(ERASE.minus(TICK));
        assertEquals(List.of(), found(bytes(VALUE)));
        assertNotEquals(List.of(), found(bytes(VALUE + 1)));
        for (int start = 0; start < 2; start++) {
            assertEquals(41, rows());
            assertEquals(Optional.of(VALUE + 1), value());
            store.snapshotAt(before).close();
            gone(first);
            // All of the one, nothing of the other: the row that went would count.
            gone(Position.of("t", before.next(0) * (1 - partition), before.next(1) * partition));
            try (Snapshot snapshot = store.snapshot()) {
                assertThrows(ProblemException.class, () -> snapshot.changes(first, partition, 10));
                assertEquals(List.of(), snapshot.changes(before, partition, 10).changes());
            }
            reopen();
        }
    }

    @Test
    void erase_ofARowThatOthersHideAndAnOlderOneBeforeIt_leavesNeither() throws IOException {
        put(0, KEY, VALUE, millis());
        putOthers();
        put(0, KEY, VALUE + 1, millis());
        putOthers();
        put(1, KEY, VALUE + 2, millis() + 1);
        pass(ERASE.minus(TICK));
        assertEquals(List.of(), found(bytes(VALUE)));
        assertEquals(List.of(), found(bytes(VALUE + 1)));
        reopen();
        assertEquals(Optional.of(VALUE + 2), value());
    }

    /** Documented: what is written later counts among what is left. */
    @Test
    void read_ofARecordOlderThanWhatWasErased_isOfTheRecord() throws IOException {
        put(0, KEY, VALUE, millis());
        long early = millis() - 1;
        putOthers();
        put(1, KEY, VALUE + 1, millis() + 1);
        pass(ERASE);
        put(1, KEY, VALUE + 2, early);
        assertEquals(Optional.of(VALUE + 2), value());
        reopen();
        assertEquals(Optional.of(VALUE + 2), value());
    }

    /** A row that another partition hides is being left out, and a record comes for which it would count again. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
    void answers_whenALateRecordComesWhileAHiddenRowGoes_doNotChange(int step) throws IOException {
        put(0, KEY, VALUE, millis());
        long early = millis() - 1;
        putOthers();
        put(1, KEY, VALUE + 1, millis() + 1);
        raceOfRecord(step, () -> put(1, KEY, VALUE + 2, early));
    }

    /** A delete is being left out that hides nothing, and a record comes which it would hide. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
    void answers_whenALateRecordComesWhileADeleteGoes_doNotChange(int step) throws IOException {
        delete(1, KEY, millis());
        long early = millis() - 1;
        putOthers();
        raceOfRecord(step, () -> put(0, KEY, VALUE, early));
    }

    /** Has the record come before one of the steps in which rows go, with a look at the answers after each. */
    private void raceOfRecord(int step, Runnable record) throws IOException {
        pass(Duration.ofHours(2));
        nanos += ERASE.toNanos() / 2;
        files.manual();
        background.manual();
        int now = 0;
        for (int round = 0; round < 4; round++) {
            nanos += 15_000_000_000L;
            List<Runnable> steps = List.of(
                    () -> store.writer(1).tend(), () -> store.writer(0).tend(), background::runAll, files::runAll);
            for (Runnable each : steps) {
                if (now++ == step) {
                    record.run();
                    see();
                }
                each.run();
                see();
            }
        }
        files.direct();
        background.direct();
        store.flush().join();
        pass(TICK);
        see();
        answers.keySet().forEach(this::readAgain);
        reopen();
        see();
        answers.keySet().forEach(this::readAgain);
    }

    private void see() {
        try (Snapshot snapshot = store.snapshot()) {
            Optional<Long> answer = value(snapshot);
            assertEquals(answer, answers.getOrDefault(snapshot.position(), answer), () -> "at " + snapshot.position());
            answers.put(snapshot.position(), answer);
            assertEquals(40 + (answer.isPresent() ? 1 : 0), snapshot.rows());
        }
    }

    private void readAgain(Position position) {
        try (Snapshot snapshot = store.snapshotAt(position)) {
            assertEquals(answers.get(position), value(snapshot), () -> "at " + position);
        } catch (ProblemException gone) {
            assertInstanceOf(Problem.Gone.class, gone.problem());
        }
    }

    @Test
    void rewind_ofAPartitionWhoseRowAnotherDeletes_keepsTheDelete() throws IOException {
        long at = millis();
        put(0, KEY, VALUE, at);
        putOthers();
        delete(1, KEY, at + 1);
        store.flush().join();
        store.rewind(0, 0);
        pass(ERASE);
        put(0, KEY, VALUE, at);
        assertEquals(Optional.empty(), value());
        store.behind(false);
        pass(ERASE);
        assertEquals(List.of(), found(KEY));
        reopen();
        assertEquals(Optional.empty(), value());
    }

    private void gone(Position position) {
        var gone = assertThrows(ProblemException.class, () -> store.snapshotAt(position));
        String oldest = assertInstanceOf(Problem.Gone.class, gone.problem()).oldest();
        Position first = Position.parse(oldest).orElseThrow();
        assertTrue(!position.hasReached(first), oldest);
        store.snapshotAt(first).close();
    }

    private long rows() {
        try (Snapshot snapshot = store.snapshot()) {
            return snapshot.rows();
        }
    }

    private Optional<Long> value() {
        try (Snapshot snapshot = store.snapshot()) {
            return value(snapshot);
        }
    }

    private static Optional<Long> value(Snapshot snapshot) {
        return snapshot.find(Key.parse(StoreModel.UPSERT, List.of(KEY, "1")).orElseThrow())
                .map(found -> found.batch().column(2).int64(found.row()));
    }

    private void reopen() throws IOException {
        store.close();
        open();
    }

    private long millis() {
        return nanos / 1_000_000;
    }

    private void putOthers() {
        for (int i = 0; i < 20; i++) {
            put(0, "other-" + i, 7, millis());
            put(1, "else-" + i, 7, millis());
        }
        nanos += 1_000_000_000L;
    }

    private void put(int partition, String id, long value, long timestamp) {
        put(partition, id, value, timestamp, false);
    }

    private void delete(int partition, String id, long timestamp) {
        put(partition, id, 0, timestamp, true);
    }

    private void put(int partition, String id, long value, long timestamp, boolean deleted) {
        PartitionWriter writer = store.writer(partition);
        assertTrue(writer.ready(1));
        StoreModel.give(writer, new StoreModel.Entry(writer.next(), timestamp, id, 1, value, deleted, false));
        writer.publish();
    }

    private void pass(Duration time) {
        store.flush().join();
        for (long end = nanos + time.toNanos(); nanos < end; ) {
            nanos += TICK.toNanos();
            for (int i = 0; i < 16; i++) { // one piece of work each
                store.writer(i % 2).tend();
            }
        }
    }

    /** As a file has it. */
    private static String bytes(long value) {
        byte[] bytes = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
        return new String(bytes, ISO_8859_1);
    }

    private List<Path> found(String text) throws IOException {
        var found = new ArrayList<Path>();
        try (var all = Files.walk(folder)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                if (new String(Files.readAllBytes(file), ISO_8859_1).contains(text)) {
                    found.add(file);
                }
            }
        }
        return found;
    }
}
