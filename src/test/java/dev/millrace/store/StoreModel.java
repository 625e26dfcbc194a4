package dev.millrace.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.BatchWriter;
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

    /** Holds a snapshot against the model at the snapshot's position, row by row and key by key. */
    void check(Snapshot snapshot) {
        Position position = snapshot.position();
        long rows = 0;
        for (int p = 0; p < partitions.size(); p++) {
            List<Entry> expected = visible(p, position.next(p));
            assertEquals(expected, p < snapshot.partitions() ? rows(snapshot, p) : List.of());
            rows += expected.size();
        }
        assertEquals(rows, snapshot.rows());
        checkKeys(snapshot);
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

    private void checkKeys(Snapshot snapshot) {
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
                    expected(snapshot.position(), text),
                    snapshot.find(key.orElseThrow()).map(this::entry),
                    text);
        }
    }

    private Optional<Entry> expected(Position position, String key) {
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
            if (newest != null && !newest.deleted() && (best == null || newest.timestamp() >= best.timestamp())) {
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
