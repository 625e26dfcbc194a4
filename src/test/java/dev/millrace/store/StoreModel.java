package dev.millrace.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.BatchWriter;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

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

    List<Entry> visible(int partition, long bound) {
        if (!schema.upsert()) {
            return partitions.get(partition).stream()
                    .filter(entry -> entry.offset() < bound && !entry.broken() && !entry.deleted())
                    .toList();
        }
        Map<String, Entry> newest = new LinkedHashMap<>();
        for (Entry entry : partitions.get(partition)) {
            if (entry.offset() < bound && !entry.broken()) {
                newest.put(entry.id() + "/" + entry.number(), entry);
            }
        }
        return newest.values().stream()
                .filter(entry -> !entry.deleted())
                .sorted(Comparator.comparingLong(Entry::offset))
                .toList();
    }

    /** Whether the store may have let go of its oldest rows. */
    boolean retains;

    /**
     * Holds a snapshot against the model at the snapshot's position, row by row and key by key.
     *
     * @return its visible rows by partition, to be held against later answers of the same position
     */
    List<List<Entry>> check(Snapshot snapshot) {
        Position position = snapshot.position();
        var answer = new ArrayList<List<Entry>>();
        long[] floors = new long[partitions.size()];
        for (int p = 0; p < partitions.size(); p++) {
            List<Entry> found = p < snapshot.partitions() ? rows(snapshot, p) : List.of();
            if (retains) {
                floors[p] = found.isEmpty() ? Long.MAX_VALUE : found.getFirst().offset();
            }
            long floor = floors[p];
            assertEquals(
                    visible(p, position.next(p)).stream()
                            .filter(entry -> entry.offset() >= floor)
                            .toList(),
                    found,
                    () -> "at " + position);
            answer.add(found);
        }
        assertEquals(answer.stream().mapToLong(List::size).sum(), snapshot.rows(), () -> "at " + position);
        checkKeys(snapshot, floors);
        checkTraces(snapshot);
        return answer;
    }

    private void checkTraces(Snapshot snapshot) {
        for (int p = 0; p < partitions.size(); p++) {
            var rows = new TreeSet<Long>();
            partitions.get(p).stream().filter(entry -> !entry.broken()).forEach(entry -> rows.add(entry.offset()));
            for (long offset = 0; offset < snapshot.position().next(p); offset++) {
                Snapshot.Trace trace = snapshot.trace(p, offset);
                if (!retains || trace != Snapshot.Trace.GONE) {
                    assertEquals(
                            rows.contains(offset) ? Snapshot.Trace.ROW : Snapshot.Trace.NONE,
                            trace,
                            "offset " + offset);
                }
            }
        }
    }

    /** Holds the changes from an earlier position on against the model; empty when they are not kept. */
    boolean checkChanges(Snapshot snapshot, Position from, int limit) {
        for (int p = 0; p < partitions.size(); p++) {
            var expected = new ArrayList<String>();
            Map<String, Entry> newest = new LinkedHashMap<>();
            for (Entry entry : partitions.get(p)) {
                if (entry.broken() || entry.offset() >= snapshot.position().next(p)) {
                    continue;
                }
                String key = entry.id() + "/" + entry.number();
                Entry before = schema.upsert() ? newest.put(key, entry) : null;
                boolean had = before != null && !before.deleted();
                if (entry.offset() >= from.next(p) && (had || !entry.deleted())) {
                    expected.add(
                            (entry.deleted() ? "DELETE " : had ? "UPDATE " : "INSERT ") + entry + (had ? before : ""));
                }
            }
            var found = new ArrayList<String>();
            long next = from.next(p);
            while (next < snapshot.position().next(p)) {
                Snapshot.Changes changes;
                try {
                    changes = snapshot.changes(p, next, limit);
                } catch (ProblemException gone) {
                    assertInstanceOf(Problem.Gone.class, gone.problem());
                    return false;
                }
                assertTrue(changes.next() > next);
                next = changes.next();
                for (Snapshot.Change change : changes.changes()) {
                    found.add(change.kind() + " " + entry(change.row())
                            + change.before()
                                    .map(this::entry)
                                    .map(Entry::toString)
                                    .orElse(""));
                }
            }
            if (!retains) {
                assertEquals(expected, found);
            }
        }
        return true;
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
            assertEquals(slice.allVisible(), numbers.size() == slice.rows());
            for (int row : numbers) {
                Entry entry = entry(new Snapshot.Row(slice.batch(), row));
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

    private void checkKeys(Snapshot snapshot, long[] floors) {
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
                    expected(snapshot.position(), text, floors),
                    snapshot.find(key.orElseThrow()).map(this::entry),
                    text);
        }
    }

    private Optional<Entry> expected(Position position, String key, long[] floors) {
        Entry best = null;
        for (int p = 0; p < partitions.size(); p++) {
            Entry newest = null;
            for (Entry entry : partitions.get(p)) {
                if (entry.offset() < position.next(p)
                        && !entry.broken()
                        && key.equals(entry.id() + "/" + entry.number())) {
                    newest = entry;
                }
            }
            if (newest != null
                    && newest.offset() >= floors[p]
                    && !newest.deleted()
                    && (best == null || newest.timestamp() >= best.timestamp())) {
                best = newest;
            }
        }
        return Optional.ofNullable(best);
    }

    private Entry entry(Snapshot.Row at) {
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
