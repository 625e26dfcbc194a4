package dev.millrace.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.Row;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/** What a store must say, kept in plain lists: every record of every partition by offset. */
final class StoreModel {
    /** A record; one that leaves no row when {@code broken}. */
    record Entry(long offset, long timestamp, String id, int number, long value, boolean deleted, boolean broken) {}

    static final Schema CONTRACT = new Schema(List.of(
            new Field("id", FieldType.notNullable(ArrowType.Utf8.INSTANCE), List.of()),
            new Field("number", FieldType.notNullable(new ArrowType.Int(32, true)), List.of()),
            new Field("value", FieldType.nullable(new ArrowType.Int(64, true)), List.of())));

    static final StoreSchema UPSERT = new StoreSchema(CONTRACT, List.of("id", "number"), true);
    static final StoreSchema APPEND = new StoreSchema(CONTRACT, List.of("id", "number"), false);
    static final StoreSchema KEYLESS = new StoreSchema(CONTRACT, List.of(), false);

    final StoreSchema schema;
    final List<List<Entry>> partitions = new ArrayList<>();

    StoreModel(StoreSchema schema, int partitions) {
        this.schema = schema;
        for (int i = 0; i < partitions; i++) {
            this.partitions.add(new ArrayList<>());
        }
    }

    /** Gives one record to a writer, which is ready. */
    static void give(PartitionWriter writer, Entry entry) {
        if (entry.broken()) {
            writer.skip(entry.offset() + 1);
            return;
        }
        put(writer.batch(), entry);
        writer.commit(entry.offset(), entry.timestamp(), entry.deleted());
    }

    static void put(BatchWriter batch, Entry entry) {
        byte[] id = entry.id().getBytes(UTF_8);
        batch.column(0).putBytes(id, 0, id.length);
        batch.column(1).putInt32(entry.number());
        if (entry.deleted()) {
            batch.column(2).putNull();
        } else {
            batch.column(2).putInt64(entry.value());
        }
    }

    /** The visible rows of a partition, of whose rows those below the floors are gone. */
    private List<Entry> visible(int partition, Position position, long[] floors, Map<String, Entry> newest) {
        return partitions.get(partition).stream()
                .filter(entry -> entry.offset() < position.next(partition)
                        && entry.offset() >= floors[partition]
                        && !entry.broken()
                        && !entry.deleted())
                .filter(entry -> !schema.upsert() || newest.get(key(entry)) == entry)
                .toList();
    }

    private static String key(Entry entry) {
        return entry.id() + "/" + entry.number();
    }

    /** Of the newest records of each key of each partition the one that counts, be it a delete. */
    private Map<String, Entry> newest(Position position, long[] floors, Set<Entry> gone) {
        Map<String, Entry> best = new HashMap<>();
        for (int p = 0; p < partitions.size(); p++) {
            Map<String, Entry> own = new HashMap<>();
            for (Entry entry : partitions.get(p)) {
                if (entry.offset() < position.next(p) && !entry.broken()) {
                    own.put(key(entry), entry);
                }
            }
            long floor = floors[p];
            own.forEach((key, entry) -> {
                if (entry.offset() >= floor && !gone.contains(entry)) {
                    best.merge(key, entry, (lower, higher) -> greater(lower, higher));
                }
            });
        }
        return best;
    }

    /**
     * The same without what an answer does not go by and may have been erased: rows that another partition's hid, which
     * retention has let go or a late record took the place of; deletes, before a late record came.
     */
    private Map<String, Entry> newest(Position position, long[] floors, List<List<Entry>> answer) {
        Set<Entry> gone = Collections.newSetFromMap(new IdentityHashMap<>());
        while (true) {
            Map<String, Entry> newest = newest(position, floors, gone);
            boolean more = false;
            for (int p = 0; erases && (retains || late) && p < partitions.size(); p++) {
                for (Entry entry : partitions.get(p)) {
                    boolean counts = newest.get(key(entry)) == entry;
                    boolean isGone = entry.deleted()
                            ? late && answer.stream().flatMap(List::stream).anyMatch(row -> key(row).equals(key(entry)))
                            : !answer.get(p).contains(entry) && wasHidden(p, entry, position);
                    more |= counts && isGone && gone.add(entry);
                }
            }
            if (!more) {
                return newest;
            }
        }
    }

    private boolean wasHidden(int partition, Entry entry, Position position) {
        return IntStream.range(0, partitions.size())
                .filter(other -> other != partition)
                .anyMatch(other -> partitions.get(other).stream()
                        .anyMatch(each -> each.offset() < position.next(other)
                                && !each.broken()
                                && key(each).equals(key(entry))
                                && (other > partition ? greater(entry, each) : greater(each, entry)) == each));
    }

    /** The one that counts, of which the second is in the higher partition. */
    private static Entry greater(Entry lower, Entry higher) {
        return higher.timestamp() >= lower.timestamp() ? higher : lower;
    }

    /** Whether the store may have let go of its oldest rows. */
    boolean retains;

    /** Whether the store may have let go of all that a file stood for. */
    boolean erases;

    /** Whether records come with timestamps of before what may have been erased. */
    boolean late;

    /**
     * Holds a snapshot against the model at the snapshot's position, row by row and key by key.
     *
     * @return its visible rows by partition, to be held against later answers of the same position
     */
    List<List<Entry>> check(Snapshot snapshot) {
        Position position = snapshot.position();
        var answer = new ArrayList<List<Entry>>();
        long[] floors = new long[partitions.size()];
        for (int p = 0; retains && p < partitions.size(); p++) {
            List<Slice> slices = p < snapshot.partitions() ? snapshot.slices(p) : List.of();
            floors[p] = slices.isEmpty() ? Long.MAX_VALUE : slices.getFirst().offset(0);
        }
        for (int p = 0; p < partitions.size(); p++) {
            answer.add(p < snapshot.partitions() ? rows(snapshot, p) : List.of());
        }
        Map<String, Entry> newest = newest(position, floors, answer);
        for (int p = 0; p < partitions.size(); p++) {
            assertEquals(visible(p, position, floors, newest), answer.get(p), () -> "at " + position);
        }
        assertEquals(answer.stream().mapToLong(List::size).sum(), snapshot.rows(), () -> "at " + position);
        checkKeys(snapshot, newest);
        checkTraces(snapshot);
        return answer;
    }

    private void checkTraces(Snapshot snapshot) {
        for (int p = 0; p < partitions.size(); p++) {
            var rows = new TreeSet<Long>();
            partitions.get(p).stream().filter(entry -> !entry.broken()).forEach(entry -> rows.add(entry.offset()));
            for (long offset = 0; offset < snapshot.position().next(p); offset++) {
                Snapshot.Trace trace = snapshot.trace(p, offset);
                if (!(retains || erases) || trace != Snapshot.Trace.GONE) {
                    assertEquals(
                            rows.contains(offset) ? Snapshot.Trace.ROW : Snapshot.Trace.NONE,
                            trace,
                            "offset " + offset);
                }
            }
        }
    }

    /**
     * Holds the changes from an earlier position on against the model: who had the table there and takes them in has the
     * table of the snapshot. False when they are not kept.
     */
    boolean checkChanges(Snapshot snapshot, Position from, int limit) {
        long[] next = new long[partitions.size()];
        for (int p = 0; p < next.length; p++) {
            next[p] = from.next(p);
        }
        for (int p = 0; p < partitions.size(); p++) {
            while (next[p] < snapshot.position().next(p)) {
                Position at = Position.of(from.topicId(), next);
                Snapshot.Changes changes;
                try {
                    changes = snapshot.changes(at, p, limit);
                } catch (ProblemException gone) {
                    assertInstanceOf(Problem.Gone.class, gone.problem());
                    return false;
                }
                assertTrue(changes.next() > next[p]);
                if (!retains && !late) {
                    assertEquals(
                            changes(at, p, changes.next()),
                            changes.changes().stream().map(this::text).toList(),
                            () -> "from " + at);
                }
                next[p] = changes.next();
            }
        }
        return true;
    }

    private String text(Snapshot.Change change) {
        Entry row = entry(change.row());
        return change.effect() + " at " + change.offset() + " "
                + (change.effect() == Snapshot.Effect.DELETE ? key(row) : row)
                + change.before().map(this::entry).map(Entry::toString).orElse("");
    }

    /** What the records of a partition change, one after the other, while the others stand still. */
    private List<String> changes(Position from, int partition, long until) {
        long[] others = new long[partitions.size()];
        for (int p = 0; p < others.length; p++) {
            others[p] = p == partition ? 0 : from.next(p);
        }
        Map<String, Entry> elsewhere =
                schema.upsert() ? newest(Position.of("t", others), new long[others.length], Set.of()) : Map.of();
        Map<String, Entry> own = new HashMap<>();
        var expected = new ArrayList<String>();
        for (Entry entry : partitions.get(partition)) {
            if (entry.broken() || entry.offset() >= until) {
                continue;
            }
            String key = key(entry);
            Entry before = schema.upsert() ? greater(own.put(key, entry), elsewhere.get(key), partition) : null;
            Entry now = greater(entry, elsewhere.get(key), partition);
            boolean had = before != null && !before.deleted();
            boolean has = now != null && !now.deleted();
            if (entry.offset() >= from.next(partition) && now != before && (had || has)) {
                expected.add((!has ? "DELETE" : had ? "UPDATE" : "INSERT") + " at " + entry.offset() + " "
                        + (has ? now : key) + (had ? before : ""));
            }
        }
        return expected;
    }

    private @Nullable Entry greater(@Nullable Entry own, @Nullable Entry other, int partition) {
        if (own == null || other == null) {
            return own == null ? other : own;
        }
        return partitions.subList(0, partition).stream()
                        .anyMatch(lower -> lower.stream().anyMatch(each -> each == other))
                ? greater(other, own)
                : greater(own, other);
    }

    private List<Entry> rows(Snapshot snapshot, int partition) {
        var rows = new ArrayList<Entry>();
        for (Slice slice : snapshot.slices(partition)) {
            int[] selection = new int[slice.rows()];
            int half = slice.select(0, slice.rows() / 2, selection);
            var numbers = new ArrayList<Integer>();
            for (int i = 0; i < half; i++) {
                numbers.add(selection[i]);
            }
            int rest = slice.select(slice.rows() / 2, slice.rows(), selection);
            for (int i = 0; i < rest; i++) {
                numbers.add(selection[i]);
            }
            assertTrue(!slice.allVisible() || numbers.size() == slice.rows());
            for (int row : numbers) {
                Entry entry = entry(new Row(slice.batch(), row));
                rows.add(entry);
                assertEquals(entry.offset(), slice.offset(row));
                assertEquals(row, slice.firstRowAt(entry.offset()));
                assertTrue(slice.firstRowAt(entry.offset() + 1) > row);
            }
            assertEquals(slice.rows(), slice.firstRowAt(Long.MAX_VALUE));
            assertEquals(0, slice.firstRowAt(0));
        }
        return rows;
    }

    private void checkKeys(Snapshot snapshot, Map<String, Entry> newest) {
        var keys = new TreeSet<String>();
        keys.add("never/1");
        partitions.forEach(entries -> entries.forEach(entry -> keys.add(entry.id() + "/" + entry.number())));
        for (String text : keys) {
            List<String> components = List.of(text.split("/"));
            Optional<Key> key = Key.parse(schema, components);
            if (schema.key().isEmpty()) {
                assertTrue(key.isEmpty());
                continue;
            }
            assertEquals(
                    Optional.ofNullable(newest.get(text)).filter(entry -> !entry.deleted()),
                    snapshot.find(key.orElseThrow()).map(this::entry),
                    text);
        }
    }

    private Entry entry(Row at) {
        var batch = at.batch();
        int row = at.row();
        return new Entry(
                batch.column(schema.offsetColumn()).int64(row),
                batch.column(schema.timestampColumn()).int64(row),
                new String(batch.column(0).bytes(row), UTF_8),
                batch.column(1).int32(row),
                batch.column(2).int64(row),
                batch.column(schema.deletedColumn()).bit(row),
                false);
    }
}
