package dev.millrace.query;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Row;
import dev.millrace.store.Key;
import dev.millrace.store.Position;
import dev.millrace.store.ProductStore;
import dev.millrace.store.Slice;
import dev.millrace.store.Snapshot;
import dev.millrace.store.StoreSchema;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** The view that shows all of a stored product, at the price of the store's own snapshots. */
public final class StoredView implements View {
    private final String product;
    private final ProductStore store;
    private final Shape shape;

    /** @param store borrowed; open while readings are made */
    public StoredView(String product, ProductStore store) {
        this.product = product;
        this.store = store;
        this.shape = new Shape(store.schema());
    }

    @Override
    public String product() {
        return product;
    }

    @Override
    public Shape shape() {
        return shape;
    }

    @Override
    public long id() {
        return shape.id();
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public Position position() {
        return store.position();
    }

    @Override
    public Reading open() {
        return reading(store.snapshot(), store.schema());
    }

    @Override
    public Reading open(Position position) {
        return reading(store.snapshotAt(position), store.schema());
    }

    @Override
    public Optional<RowKey> key(List<String> components) {
        return Key.parse(store.schema(), components).map(RowKey::new);
    }

    @Override
    public String keyFault(List<String> components) {
        return Key.fault(store.schema(), components);
    }

    static Reading reading(Snapshot snapshot, StoreSchema schema) {
        return new StoredReading(snapshot, schema);
    }

    private record StoredReading(Snapshot snapshot, StoreSchema schema) implements Reading {
        @Override
        public Position position() {
            return snapshot.position();
        }

        @Override
        public long rows() {
            return snapshot.rows();
        }

        @Override
        public RowSource scan(RowsQuery query) {
            return new RowsScan(snapshot, query);
        }

        @Override
        public RowSource scanByMany(RowsQuery query, Supplier<Narrowing> narrowing) {
            return RoundScan.isWorth(snapshot)
                    ? new RoundScan(snapshot, query.filter(), narrowing)
                    : scan(query.whole());
        }

        @Override
        public Optional<Row> find(RowKey key) {
            return snapshot.find(key.key());
        }

        @Override
        public Snapshot.Changes changes(Position from, int partition, int limit) {
            return snapshot.changes(from, partition, limit);
        }

        @Override
        public OptionalLong newestMillis() {
            return IntStream.range(0, snapshot.partitions())
                    .mapToObj(partition -> snapshot.slices(partition).reversed())
                    .flatMap(slices ->
                            slices.stream().filter(slice -> slice.rows() > 0).limit(1))
                    .mapToLong(slice ->
                            slice.batch().column(schema.timestampColumn()).int64(slice.rows() - 1))
                    .max();
        }

        /** From the sizes of buffers alone: to read an offset of a mapped segment could wait for the disk. */
        @Override
        public long estimatedBytes(List<ColumnLayout> columns) {
            long bytes = 0;
            long rows = 0;
            for (int partition = 0; partition < snapshot.partitions(); partition++) {
                for (Slice slice : snapshot.slices(partition)) {
                    rows += slice.rows();
                    bytes += slice.batch().isMapped()
                            ? slice.batch().capacityBytes(columns)
                            : slice.batch().sizeBytes(columns, 0, slice.rows());
                }
            }
            return rows == 0 ? 0 : Math.round((double) bytes * rows() / rows);
        }

        @Override
        public void close() {
            snapshot.close();
        }
    }
}
