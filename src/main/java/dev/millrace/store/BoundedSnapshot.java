package dev.millrace.store;

import dev.millrace.arrow.SipHash;
import dev.millrace.problem.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/** Views of all partitions, each cut at a bound: now, or an earlier position. */
final class BoundedSnapshot implements Snapshot {
    /** One partition's share; the view's reference belongs to the snapshot. */
    record Part(PartitionView view, long bound) {}

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
        if (segment.facts().firstOffset() < bound && segment.facts().retiredAt() >= bound) {
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
        SipHash secret = null;
        long hash = 0;
        for (Part part : parts) {
            PartitionKeys keys = part.view().keys();
            if (keys.secret() != secret) {
                secret = keys.secret();
                hash = key.hash(secret);
            }
            Row found = keys.find(part.view(), part.bound(), key, hash);
            if (found != null) {
                long timestamp = found.batch().column(schema.timestampColumn()).int64(found.row());
                if (best == null || timestamp >= bestTimestamp) {
                    best = found;
                    bestTimestamp = timestamp;
                }
            }
        }
        return Optional.ofNullable(best);
    }

    private static List<Segment> segments(PartitionView view) {
        var segments = new ArrayList<>(view.sealed().segments());
        Optional.ofNullable(view.tail()).ifPresent(segments::add);
        return segments;
    }

    @Override
    public Changes changes(int partition, long from, int limit) {
        Part part = parts.get(partition);
        if (from < part.view().kept().oldest()) {
            long[] oldest = parts.stream()
                    .mapToLong(each -> each.view().kept().oldest())
                    .toArray();
            throw new Problem.Gone(
                            "Changes from offset " + from + " of partition " + partition + " on are not kept.",
                            Position.of(position.topicId(), oldest).toString())
                    .exception();
        }
        var changes = new ArrayList<Change>();
        long last = -1;
        for (Segment segment : segments(part.view())) {
            int end = segment.firstRowAt(part.bound());
            for (int row = segment.firstRowAt(from); row < end; row++) {
                long offset = segment.offset(row);
                if (changes.size() >= limit && offset != last) {
                    return new Changes(changes, offset);
                }
                last = offset;
                change(part.view(), segment, row).ifPresent(changes::add);
            }
        }
        return new Changes(changes, part.bound());
    }

    private Optional<Change> change(PartitionView view, Segment segment, int row) {
        Optional<Row> before =
                schema.upsert() ? Optional.ofNullable(view.keys().previous(view, segment, row)) : Optional.empty();
        boolean deleted = segment.batch().column(schema.deletedColumn()).bit(row);
        if (deleted && before.isEmpty()) {
            return Optional.empty();
        }
        Kind kind = deleted ? Kind.DELETE : before.isPresent() ? Kind.UPDATE : Kind.INSERT;
        return Optional.of(new Change(kind, segment.offset(row), new Row(segment.batch(), row), before));
    }

    @Override
    public Trace trace(int partition, long offset) {
        if (partition >= parts.size() || offset >= parts.get(partition).bound()) {
            return Trace.NONE;
        }
        PartitionView view = parts.get(partition).view();
        List<Segment> segments = segments(view);
        for (Segment segment : segments) {
            if (offset >= segment.coveredFrom() && offset <= segment.facts().lastOffset()) {
                int row = segment.firstRowAt(offset);
                return segment.offset(row) == offset
                        ? Trace.ROW
                        : segment.gaps().map(gaps -> gaps.trace(offset)).orElse(Trace.NONE);
            }
        }
        return offset < view.kept().floor() ? Trace.GONE : Trace.NONE;
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
