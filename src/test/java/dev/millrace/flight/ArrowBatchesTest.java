package dev.millrace.flight;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Layout;
import dev.millrace.query.ArrowBatches;
import dev.millrace.query.CursorCodec;
import dev.millrace.query.QueryParser;
import dev.millrace.query.Reading;
import dev.millrace.query.RowSource;
import dev.millrace.query.StoredView;
import dev.millrace.query.View;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorLoader;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Over the fake store, whose rows are hidden one by one. */
class ArrowBatchesTest {
    private static final int MOST_BYTES = 3 << 20;

    private static final List<ColumnLayout> ALL = FakeStore.SCHEMA.columns();
    private static final IntPredicate EVERY = i -> true;

    private final BufferAllocator root = new RootAllocator();
    private final FakeStore store = new FakeStore();
    private final View view = new StoredView("d.p", store);
    private int largest;
    private int messages;

    @AfterEach
    void allocator_afterEveryTest_hasNoLeak() {
        store.close();
        root.close();
    }

    @Test
    void cut_emptyStore_isDoneAtOnce() {
        assertEquals(List.of(), ids(Long.MAX_VALUE));
        store.add(root, 0, 0, EVERY);
        assertEquals(List.of(), ids(Long.MAX_VALUE));
        assertEquals(0, messages);
    }

    @Test
    void cut_denseRows_areAllThereInMessagesBelowTheLimit() {
        store.add(root, 150_001, 60, EVERY).add(root, 7, 0, EVERY);
        assertEquals(range(0, 150_008), ids(Long.MAX_VALUE));
        assertTrue(largest <= MOST_BYTES, () -> largest + " bytes");
        assertTrue(messages > 4);
    }

    @Test
    void cut_denseRows_copiesNoValues() {
        store.add(root, 40_000, 60, EVERY);
        try (BufferAllocator copies = root.newChildAllocator("copies", 0, Long.MAX_VALUE);
                Reading reading = view.open();
                ArrowBatches cutter = batches(reading, "", Long.MAX_VALUE, copies)) {
            for (var next = cutter.next(() -> false); next.isPresent(); next = cutter.next(() -> false)) {
                next.get().close();
            }
            long values = reading.estimatedBytes(ALL);
            assertTrue(copies.getPeakMemoryAllocation() < values / 10, () -> copies.getPeakMemoryAllocation() + "");
        }
    }

    @Test
    void cut_hiddenRows_areLeftOut() {
        IntPredicate visible = i -> i % 5 != 2 && (i < 20_000 || i > 50_000);
        store.add(root, 100_000, 300, visible).add(root, 10, 0, i -> false).add(root, 3, 0, EVERY);
        List<Long> expected = IntStream.range(0, 100_013)
                .filter(i -> i >= 100_010 || (i < 100_000 && visible.test(i)))
                .mapToObj(i -> (long) i)
                .toList();
        assertEquals(expected, ids(Long.MAX_VALUE));
        assertTrue(largest <= MOST_BYTES, () -> largest + " bytes");
    }

    /** A batch goes with the step after the next, and many a step selects nothing. */
    @Test
    void cut_transientRows_areCutWhileTheyAreThere() {
        var layout = Layout.of(new Schema(List.of(Field.nullable("n", new ArrowType.Int(64, true)))));
        int[][] selected = {{0, 1}, {}, {0}, {}, {}, {1}, {}, {0}, {1}};
        var numbers = new ArrayList<Long>();
        try (var source = new Transient(layout, selected, root);
                var batches = new ArrowBatches(source, layout.top(), Long.MAX_VALUE, MOST_BYTES, root);
                var read = VectorSchemaRoot.create(layout.schema(), root)) {
            for (var next = batches.next(() -> false); next.isPresent(); next = batches.next(() -> false)) {
                try (ArrowRecordBatch batch = next.get()) {
                    new VectorLoader(read).load(batch);
                    for (int row = 0; row < read.getRowCount(); row++) {
                        numbers.add(((BigIntVector) read.getVector(0)).get(row));
                    }
                }
            }
        }
        assertEquals(List.of(0L, 1L, 4L, 11L, 14L, 17L), numbers);
    }

    /** Batches of two numbers each, of which a step selects some. */
    private static final class Transient implements RowSource {
        private final int[][] selected;
        private final BatchWriter writer;
        private final Deque<Batch> held = new ArrayDeque<>();
        private int step = -1;

        Transient(Layout layout, int[][] selected, BufferAllocator allocator) {
            this.selected = selected;
            this.writer = new BatchWriter(layout, allocator);
        }

        @Override
        public boolean next() {
            if (++step >= selected.length) {
                return false;
            }
            writer.open(2);
            for (int row = 0; row < 2; row++) {
                writer.column(0).putFixed(2L * step + row);
                writer.endRow();
            }
            held.add(writer.seal());
            if (held.size() > 2) {
                held.remove().release();
            }
            return true;
        }

        @Override
        public Batch batch() {
            return held.getLast();
        }

        @Override
        public int[] selection() {
            return step < selected.length ? selected[step] : new int[0];
        }

        @Override
        public boolean isTransient() {
            return true;
        }

        @Override
        public void close() {
            held.forEach(Batch::release);
            held.clear();
            writer.close();
        }
    }

    @Test
    void cut_limit_atBelowAndAboveTheRows() {
        store.add(root, 100, 0, i -> i % 2 == 0).add(root, 100, 0, EVERY);
        for (int limit : new int[] {0, 1, 49, 50, 51, 149, 150, 151}) {
            assertEquals(Math.min(limit, 150), ids(limit).size());
        }
    }

    @Test
    void cut_rowsLargerThanAMessage_goOneByOne() {
        store.add(root, 10, 4 << 20, EVERY).add(root, 9, 1 << 20, EVERY).add(root, 9, 2 << 20, i -> i % 2 == 0);
        List<Long> ids = ids(Long.MAX_VALUE);
        assertEquals(range(0, 19), ids.stream().filter(id -> id < 19).toList());
        assertEquals(23, ids.size());
    }

    @Test
    void cut_mappedRows_areRead(@TempDir Path folder) throws Exception {
        store.addMapped(root, folder, 1000, EVERY).addMapped(root, folder, 1000, i -> i % 2 == 0);
        assertEquals(1500, ids(Long.MAX_VALUE).size());
    }

    @Test
    void cut_filteredRows_ofOneBatchComeTogether() {
        store.add(root, 60_000, 20, EVERY).add(root, 60_000, 20, EVERY);
        assertEquals(
                LongStream.range(0, 120_000)
                        .filter(id -> id % 7 != 6 && id < 119_000)
                        .boxed()
                        .toList()
                        .size(),
                ids("id[lt]=119000&tags[null]=false", Long.MAX_VALUE).size());
        messages = 0;
        assertEquals(
                12,
                ids("id[in]=1,9,4097,4098,9000,20000,33000,44000,55000,60000,70000,119999", 20)
                        .size());
        assertEquals(2, messages);
    }

    @Test
    void cut_nobodyWantsIt_ends() {
        store.add(root, 60_000, 20, EVERY);
        try (Reading reading = view.open();
                ArrowBatches cutter = batches(reading, "", Long.MAX_VALUE, root)) {
            assertTrue(cutter.next(() -> true).isEmpty());
        }
    }

    private ArrowBatches batches(Reading reading, String filter, long limit, BufferAllocator copies) {
        var parameters = new ArrayList<Map.Entry<String, String>>();
        for (String parameter : filter.isEmpty() ? new String[0] : filter.split("&")) {
            int equals = parameter.indexOf('=');
            parameters.add(Map.entry(parameter.substring(0, equals), parameter.substring(equals + 1)));
        }
        var query = new QueryParser(view, QueryParser.Limits.USUAL, new CursorCodec(new byte[16])).parse(parameters);
        return new ArrowBatches(reading.scan(query), ALL, limit, MOST_BYTES, copies);
    }

    private List<Long> ids(long limit) {
        return ids("", limit);
    }

    private List<Long> ids(String filter, long limit) {
        var schema = new Schema(ALL.stream().map(ColumnLayout::field).toList());
        var ids = new ArrayList<Long>();
        try (Reading reading = view.open();
                ArrowBatches cutter = batches(reading, filter, limit, root);
                VectorSchemaRoot vectors = VectorSchemaRoot.create(schema, root)) {
            for (var next = cutter.next(() -> false); next.isPresent(); next = cutter.next(() -> false)) {
                try (ArrowRecordBatch batch = next.get()) {
                    largest = Math.max(largest, (int) batch.computeBodyLength());
                    messages++;
                    new VectorLoader(vectors).load(batch);
                    check(vectors, ids);
                }
            }
        }
        return ids;
    }

    private static void check(VectorSchemaRoot vectors, List<Long> ids) {
        var id = (BigIntVector) vectors.getVector("id");
        for (int i = 0; i < vectors.getRowCount(); i++) {
            long number = id.get(i);
            ids.add(number);
            Object origin = vectors.getVector("origin").getObject(i);
            assertEquals(number % 11 == 10, origin == null);
            assertTrue(origin == null || origin.toString().startsWith("origin-" + number));
            assertEquals(number % 3 == 0, vectors.getVector("late").getObject(i));
            Object tags = vectors.getVector("tags").getObject(i);
            assertEquals(number % 7 == 6, tags == null);
            assertEquals(number % 7 == 6 ? 0 : number % 4, tags == null ? 0 : ((List<?>) tags).size());
        }
    }

    private static List<Long> range(long from, long to) {
        return java.util.stream.LongStream.range(from, to).boxed().toList();
    }
}
