package dev.millrace.query;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.Folders;
import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Layout;
import dev.millrace.arrow.RandomBatches;
import dev.millrace.store.LocalStore;
import dev.millrace.store.PartitionWriter;
import dev.millrace.store.Position;
import dev.millrace.store.Retention;
import dev.millrace.store.Snapshot;
import dev.millrace.store.StoreResources;
import dev.millrace.store.StoreSchema;
import dev.millrace.store.TestOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** Pages of a product of any columns, with a key or without, while it is written, sealed and merged. */
class PagesProperties {
    private static final int PARTITIONS = 3;
    private static final int KEYS = 40;
    private static final int ROWS = 50;

    private final CursorCodec cursors = new CursorCodec("0123456789abcdef".getBytes(UTF_8));

    @Property(tries = 20)
    void pages_ofAnyProductWhileItIsWritten_areTheRowsOfTheFirstPosition(@ForAll long seed) throws IOException {
        var random = new Random(seed);
        var batches = new RandomBatches(seed);
        var fields = Stream.concat(
                        Stream.of(new Field("id", FieldType.notNullable(new ArrowType.Int(64, true)), List.of())),
                        batches.layout(6, 2).schema().getFields().stream())
                .toList();
        boolean upsert = random.nextBoolean();
        var schema =
                new StoreSchema(new Schema(fields), upsert || random.nextBoolean() ? List.of("id") : List.of(), upsert);
        var options = TestOptions.of(
                10 + random.nextInt(50),
                1 << 20,
                64 << 20,
                Duration.ofHours(1),
                Duration.ofMinutes(1),
                random.nextBoolean(),
                Retention.NONE);
        Path folder = Files.createTempDirectory("pages");
        try (var root = new RootAllocator();
                var store = LocalStore.open(schema, options, folder, new StoreResources(root, root, Runnable::run))) {
            store.topic("t", PARTITIONS);
            Batch rows = batches.batch(Layout.of(new Schema(fields)), ROWS, root);
            write(store, rows, random, 300);
            String sort = random.nextBoolean() ? "" : (random.nextBoolean() ? "-" : "") + "id";
            Position first = store.position();
            List<List<Object>> whole = page(store, root, sort, Map.of("as_of", first.toString()), Integer.MAX_VALUE)
                    .rows();
            assertEquals(whole.size(), count(store, first), "seed " + seed);
            var paged = new ArrayList<List<Object>>();
            Map<String, String> from = Map.of("as_of", first.toString());
            while (!from.isEmpty()) {
                write(store, rows, random, 30);
                Page page = page(store, root, sort, from, 1 + random.nextInt(60));
                paged.addAll(page.rows());
                from = page.next().map(next -> Map.of("cursor", next)).orElse(Map.of());
            }
            assertEquals(whole, paged, "seed " + seed);
            rows.release();
        } finally {
            Folders.delete(folder);
        }
    }

    private static void write(LocalStore store, Batch rows, Random random, int count) {
        for (int i = 0; i < count; i++) {
            int key = random.nextInt(KEYS);
            PartitionWriter writer = store.writer(key % PARTITIONS);
            while (!writer.ready(1)) {
                Thread.onSpinWait();
            }
            writer.batch().column(0).putInt64(key);
            int row = random.nextInt(ROWS);
            for (int column = 1; column < rows.layout().top().size(); column++) {
                writer.batch().column(column).copy(rows.column(column), row);
            }
            writer.commit(writer.next(), i, random.nextInt(8) == 0);
        }
        for (int partition = 0; partition < PARTITIONS; partition++) {
            store.writer(partition).publish();
        }
        if (random.nextInt(8) == 0) {
            store.flush().join();
        }
    }

    private static long count(LocalStore store, Position position) {
        try (Snapshot snapshot = store.snapshotAt(position)) {
            return snapshot.rows();
        }
    }

    private record Page(List<List<Object>> rows, Optional<String> next) {}

    private Page page(LocalStore store, BufferAllocator root, String sort, Map<String, String> from, int limit) {
        StoreSchema schema = store.schema();
        var parameters = new ArrayList<>(from.entrySet());
        if (!sort.isEmpty()) {
            parameters.add(Map.entry("sort", sort));
        }
        parameters.add(Map.entry("limit", Integer.toString(Math.min(limit, QueryParser.Limits.USUAL.maxLimit()))));
        RowsQuery query =
                new QueryParser("d.p", new Shape(schema), 0, QueryParser.Limits.USUAL, cursors).parse(parameters);
        Position position = query.start() instanceof Start.After(PageCursor cursor)
                ? cursor.position()
                : ((Start.At) query.start()).position();
        var found = new ArrayList<List<Object>>();
        try (Snapshot snapshot = store.snapshotAt(position);
                RowSource rows = sort.isEmpty()
                        ? new RowsScan(snapshot, query)
                        : new SortedRows(StoredView.reading(snapshot, schema), new Shape(schema), query, root)) {
            while (rows.next()) {
                for (int i = 0; i < rows.count(); i++) {
                    if (found.size() == limit) {
                        var next = new PageCursor(
                                position, rows.partition(i), rows.offset(i), rows.skip(i), query.fingerprint());
                        return new Page(found, Optional.of(cursors.encode("d.p", next)));
                    }
                    int row = rows.selection()[i];
                    Batch batch = rows.batch();
                    found.add(IntStream.range(0, schema.columns().size())
                            .mapToObj(column -> RandomBatches.value(batch.column(column), row))
                            .toList());
                }
            }
        }
        return new Page(found, Optional.empty());
    }
}
