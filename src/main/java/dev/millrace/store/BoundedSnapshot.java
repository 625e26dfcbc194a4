package dev.millrace.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/** Views of all partitions, each cut at a bound: now, or an earlier position. */
final class BoundedSnapshot implements Snapshot {
    /** One partition's share; the view's reference belongs to the snapshot. */
    record Part(PartitionKeys keys, PartitionView view, long bound) {}

    private final StoreSchema schema;
    private final Position position;
    private final List<Part> parts;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Takes over one reference of each view. */
    BoundedSnapshot(StoreSchema schema, Position position, List<Part> ownedParts) {
        this.schema = schema;
        this.position = position;
        this.parts = List.copyOf(ownedParts);
    }

    @Override
    public Position position() {
        return position;
    }

    @Override
    public int partitions() {
        return parts.size();
    }

    @Override
    public List<Slice> slices(int partition) {
        return List.copyOf(cut(parts.get(partition)));
    }

    private List<SegmentSlice> cut(Part part) {
        SealedList sealed = part.view().sealed();
        var slices = new ArrayList<SegmentSlice>(sealed.size() + 1);
        for (int i = 0; i < sealed.size(); i++) {
            add(slices, sealed.get(i), part.bound());
        }
        Segment tail = part.view().tail();
        if (tail != null) {
            add(slices, tail, part.bound());
        }
        return slices;
    }

    private void add(List<SegmentSlice> slices, Segment segment, long bound) {
        if (segment.facts().firstOffset() < bound) {
            slices.add(new SegmentSlice(schema, segment, bound));
        }
    }

    /**
     * The newest visible row of a key. A key that is in several partitions (the topic's partitioning was changed) gives
     * the row with the greatest timestamp, of equal ones that of the highest partition.
     */
    @Override
    public Optional<Row> find(Key key) {
        Row best = null;
        long bestTimestamp = 0;
        for (Part part : parts) {
            long location = part.keys().find(part.view(), part.bound(), key);
            Segment segment = location == Location.NONE ? null : part.view().holding(location);
            if (segment == null) {
                continue;
            }
            int row = Location.row(location);
            if (segment.batch().column(schema.deletedColumn()).bit(row)) {
                continue;
            }
            long timestamp = segment.batch().column(schema.timestampColumn()).int64(row);
            if (best == null || timestamp >= bestTimestamp) {
                best = new Row(segment.batch(), row);
                bestTimestamp = timestamp;
            }
        }
        return Optional.ofNullable(best);
    }

    @Override
    public long rows() {
        long rows = 0;
        for (Part part : parts) {
            if (part.bound() == part.view().next()) {
                rows += part.view().visibleRows();
            } else {
                rows += cut(part).stream().mapToLong(SegmentSlice::visibleRows).sum();
            }
        }
        return rows;
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            throw new IllegalStateException("the snapshot is closed already");
        }
        parts.forEach(part -> part.view().release());
    }
}
