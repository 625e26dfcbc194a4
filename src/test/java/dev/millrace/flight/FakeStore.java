package dev.millrace.flight;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.ArrowFile;
import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ColumnWriter;
import dev.millrace.arrow.Row;
import dev.millrace.problem.Problem;
import dev.millrace.store.KeyMatch;
import dev.millrace.store.PartitionWriter;
import dev.millrace.store.Position;
import dev.millrace.store.ProductStore;
import dev.millrace.store.Slice;
import dev.millrace.store.Snapshot;
import dev.millrace.store.StoreSchema;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** A store of batches made by a test: one partition, rows numbered from 0 over all batches, its position their count. */
final class FakeStore implements ProductStore {
    static final StoreSchema SCHEMA = new StoreSchema(
            new Schema(List.of(
                    new Field("id", FieldType.notNullable(new ArrowType.Int(64, true)), List.of()),
                    new Field("origin", FieldType.nullable(ArrowType.Utf8.INSTANCE), List.of()),
                    new Field("late", FieldType.nullable(ArrowType.Bool.INSTANCE), List.of()),
                    new Field(
                            "tags",
                            FieldType.nullable(ArrowType.List.INSTANCE),
                            List.of(new Field("item", FieldType.nullable(ArrowType.Utf8.INSTANCE), List.of()))),
                    new Field(
                            "delay",
                            FieldType.nullable(new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE)),
                            List.of()))),
            List.of("id"),
            true);

    private record Part(Batch batch, int first, int rows, IntPredicate visible, boolean all) {}

    private final List<Part> parts = new ArrayList<>();
    private final AtomicInteger open = new AtomicInteger();
    private final CountDownLatch released = new CountDownLatch(1);
    private String topic = "topic";

    /** Adds a batch of rows of which the visible ones are those that {@code visible} takes, by number over all. */
    FakeStore add(BufferAllocator allocator, int rows, int textBytes, IntPredicate visible) {
        try (var writer = new BatchWriter(SCHEMA.layout(), allocator)) {
            writer.open(Math.max(8, rows));
            int first = size();
            for (int i = first; i < first + rows; i++) {
                put(writer, i, textBytes);
            }
            add(writer.seal(), rows, visible);
        }
        return this;
    }

    /** Adds the same as a mapped file. */
    FakeStore addMapped(BufferAllocator allocator, Path folder, int rows, IntPredicate visible) throws IOException {
        try (var writer = new BatchWriter(SCHEMA.layout(), allocator)) {
            writer.open(Math.max(8, rows));
            int first = size();
            for (int i = first; i < first + rows; i++) {
                put(writer, i, 10);
            }
            Path file = folder.resolve(first + ".arrow");
            ArrowFile.merge(file, List.of(new ArrowFile.Part(writer.batch(), rows, null)), Map.of(), allocator);
            add(ArrowFile.map(file, SCHEMA.layout(), allocator).batch(), rows, visible);
        }
        return this;
    }

    private void add(Batch owned, int rows, IntPredicate visible) {
        int first = size();
        boolean all = true;
        for (int i = first; i < first + rows; i++) {
            all &= visible.test(i);
        }
        parts.add(new Part(owned, first, rows, visible, all));
    }

    static void put(BatchWriter writer, int i, int textBytes) {
        writer.column(0).putInt64(i);
        if (i % 11 == 10) {
            writer.column(1).putNull();
        } else {
            byte[] text = text(i, textBytes).getBytes(UTF_8);
            writer.column(1).putBytes(text, 0, text.length);
        }
        writer.column(2).putBit(i % 3 == 0);
        ColumnWriter tags = writer.column(3);
        if (i % 7 == 6) {
            tags.putNull();
        } else {
            for (int t = 0; t < i % 4; t++) {
                byte[] tag = ("t" + t).getBytes(UTF_8);
                tags.child(0).putBytes(tag, 0, tag.length);
            }
            tags.endList();
        }
        writer.column(4).putFloat64(i / 2.0);
        writer.column(5).putInt64(i);
        writer.column(6).putInt64(0);
        writer.column(7).putBit(false);
        writer.endRow();
    }

    /** The text of a row, at least this long. */
    static String text(int i, int bytes) {
        String text = "origin-" + i;
        return text.length() >= bytes ? text : text + "x".repeat(bytes - text.length());
    }

    int size() {
        return parts.stream().mapToInt(Part::rows).sum();
    }

    /** How many snapshots are held. */
    int open() {
        return open.get();
    }

    /** Waits until a snapshot has been given back and none is held. */
    void awaitReleased() throws InterruptedException {
        if (!released.await(20, TimeUnit.SECONDS)) {
            throw new AssertionError(open + " snapshots are still held");
        }
    }

    /** Forgets its topic, as a product does that has not seen one. */
    FakeStore withoutTopic() {
        topic = "-";
        return this;
    }

    @Override
    public StoreSchema schema() {
        return SCHEMA;
    }

    @Override
    public Snapshot snapshot() {
        return new View(size());
    }

    @Override
    public Snapshot snapshotAt(Position at) {
        if (!at.topicId().equals(topic)) {
            throw new Problem.Gone(
                            "The position is of another topic.", position().toString())
                    .exception();
        }
        return new View((int) at.next(0));
    }

    @Override
    public Position position() {
        return Position.of(topic, size());
    }

    @Override
    public Optional<String> topicId() {
        return topic.equals("-") ? Optional.empty() : Optional.of(topic);
    }

    @Override
    public void close() {
        parts.forEach(part -> part.batch().release());
    }

    private final class View implements Snapshot {
        private final int end;
        private final List<Slice> slices;
        private final List<Batch> held;
        private final AtomicBoolean closed = new AtomicBoolean();

        View(int end) {
            open.incrementAndGet();
            this.end = end;
            this.held = parts.stream().map(part -> part.batch().retain()).toList();
            this.slices = parts.stream()
                    .filter(part -> part.first() < end)
                    .map(part -> (Slice) new PartSlice(part, Math.min(part.rows(), end - part.first())))
                    .toList();
        }

        @Override
        public Position position() {
            return Position.of(topic, end);
        }

        @Override
        public int partitions() {
            return 1;
        }

        @Override
        public List<Slice> slices(int partition) {
            return slices;
        }

        @Override
        public Trace trace(int partition, long offset) {
            return Trace.NONE;
        }

        @Override
        public Changes changes(Position from, int partition, int limit) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Optional<Row> find(KeyMatch key) {
            return Optional.empty();
        }

        @Override
        public long rows() {
            return slices.stream()
                    .mapToLong(slice -> slice.select(0, slice.rows(), new int[slice.rows()]))
                    .sum();
        }

        @Override
        public void close() {
            if (closed.getAndSet(true)) {
                throw new IllegalStateException("closed twice");
            }
            held.forEach(Batch::release);
            if (open.decrementAndGet() == 0) {
                released.countDown();
            }
        }
    }

    private record PartSlice(Part part, int rows) implements Slice {
        @Override
        public Batch batch() {
            return part.batch();
        }

        @Override
        public boolean allVisible() {
            return part.all();
        }

        @Override
        public int select(int from, int to, int[] selection) {
            int count = 0;
            for (int i = from; i < to; i++) {
                if (part.visible().test(part.first() + i)) {
                    selection[count++] = i;
                }
            }
            return count;
        }

        @Override
        public int firstRowAt(long offset) {
            return (int) Math.clamp(offset - part.first(), 0, rows);
        }

        @Override
        public long offset(int row) {
            return part.first() + (long) row;
        }
    }

    @Override
    public Position durable() {
        return position();
    }

    @Override
    public void topic(String id, int partitions) {
        throw new UnsupportedOperationException();
    }

    @Override
    public PartitionWriter writer(int partition) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long memoryBytes() {
        return 0;
    }

    @Override
    public void durableAfter(CompletableFuture<Void> condition) {}

    @Override
    public CompletableFuture<Void> flush() {
        return CompletableFuture.completedFuture(null);
    }
}
