package dev.millrace.store;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Row;
import dev.millrace.arrow.SecretHash;
import dev.millrace.problem.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Views of all partitions, each cut at a bound: now, or an earlier position. */
final class BoundedSnapshot implements Snapshot {
    /** One partition's share; the view's reference belongs to the snapshot. */
    record Part(PartitionView view, long bound) {}

    /** How many rows other partitions' hide at a position and {@link Departures#version}; counting them asks of each. */
    record Hidden(Position position, long version, long rows) {
        static final Hidden NONE = new Hidden(Position.of("-"), 0, 0);
    }

    private final StoreSchema schema;
    private final Position position;
    private final List<Part> parts;
    private final long version;
    private final AtomicReference<Hidden> lastHidden;
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * Takes over one reference of each view.
     *
     * @param version which departures the views show
     * @param lastHidden what was counted last, of whichever position
     */
    BoundedSnapshot(
            StoreSchema schema,
            Position position,
            List<Part> ownedParts,
            long version,
            AtomicReference<Hidden> lastHidden) {
        this.schema = schema;
        this.position = position;
        this.parts = List.copyOf(ownedParts);
        this.version = version;
        this.lastHidden = lastHidden;
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
        return List.copyOf(cut(partition));
    }

    private List<SegmentSlice> cut(int partition) {
        Part part = parts.get(partition);
        SegmentSlice.Shared shared = part.view().shared().isEmpty() ? null : new Asked(partition);
        SealedList sealed = part.view().sealed();
        var slices = new ArrayList<SegmentSlice>(sealed.size() + 1);
        for (int i = 0; i < sealed.size(); i++) {
            add(slices, sealed.get(i), part.bound(), shared);
        }
        Segment tail = part.view().tail();
        if (tail != null) {
            add(slices, tail, part.bound(), shared);
        }
        return slices;
    }

    private void add(List<SegmentSlice> slices, Segment segment, long bound, SegmentSlice.@Nullable Shared shared) {
        if (segment.facts().firstOffset() < bound && segment.facts().retiredAt() >= bound) {
            slices.add(new SegmentSlice(schema, segment, bound, shared));
        }
    }

    /** Asks the other partitions. */
    private final class Asked implements SegmentSlice.Shared {
        private final int partition;

        Asked(int partition) {
            this.partition = partition;
        }

        @Override
        public SharedRows rows() {
            return parts.get(partition).view().shared();
        }

        @Override
        public boolean wins(Batch batch, int row) {
            Found own = found(partition, new Row(batch, row));
            return newest(position, partition, new KeyMatch.OfRow(schema, batch, row))
                    .filter(other -> other.compareTo(own) > 0)
                    .isEmpty();
        }
    }

    /** A row of a key, be it a delete. They are ordered by what counts. */
    private record Found(Row row, int partition, long timestamp) implements Comparable<Found> {
        @Override
        public int compareTo(Found other) {
            int byTime = Long.compare(timestamp, other.timestamp);
            return byTime != 0 ? byTime : Integer.compare(partition, other.partition);
        }
    }

    private Found found(int partition, Row row) {
        return new Found(
                row, partition, row.batch().column(schema.timestampColumn()).int64(row.row()));
    }

    private boolean isDeleted(Row row) {
        return row.batch().column(schema.deletedColumn()).bit(row.row());
    }

    /** The one that counts of the newest rows of a key at a position, but for a partition's; -1 for that of none. */
    private Optional<Found> newest(Position at, int but, KeyMatch key) {
        Found best = null;
        SecretHash secret = null;
        long hash = 0;
        for (int partition = 0; partition < parts.size(); partition++) {
            if (partition == but) {
                continue;
            }
            PartitionView view = parts.get(partition).view();
            PartitionKeys keys = view.keys();
            if (keys.secret() != secret) {
                secret = keys.secret();
                hash = key.hash(secret);
            }
            long bound = Math.min(at.next(partition), parts.get(partition).bound());
            Row row = keys.newest(view, bound, key, hash);
            Found found = row == null ? null : found(partition, row);
            best = found != null && (best == null || found.compareTo(best) > 0) ? found : best;
        }
        return Optional.ofNullable(best);
    }

    @Override
    public Optional<Row> find(KeyMatch key) {
        return newest(position, -1, key).map(Found::row).filter(row -> !isDeleted(row));
    }

    @Override
    public List<Integer> holders(Key key) {
        var holders = new ArrayList<Integer>();
        for (int partition = 0; partition < parts.size(); partition++) {
            PartitionView view = parts.get(partition).view();
            Row row = view.keys()
                    .newest(
                            view,
                            parts.get(partition).bound(),
                            key,
                            key.hash(view.keys().secret()));
            if (row != null && !isDeleted(row)) {
                holders.add(partition);
            }
        }
        return holders;
    }

    private static List<Segment> segments(PartitionView view) {
        var segments = new ArrayList<>(view.sealed().segments());
        Optional.ofNullable(view.tail()).ifPresent(segments::add);
        return segments;
    }

    @Override
    public Changes changes(Position from, int partition, int limit) {
        Part part = parts.get(partition);
        requireKept(from, partition);
        var changes = new ArrayList<Change>();
        long last = -1;
        for (Segment segment : segments(part.view())) {
            int end = segment.firstRowAt(part.bound());
            for (int row = segment.firstRowAt(from.next(partition)); row < end; row++) {
                long offset = segment.offset(row);
                if (changes.size() >= limit && offset != last) {
                    return new Changes(changes, offset);
                }
                last = offset;
                change(from, partition, segment, row).ifPresent(changes::add);
            }
        }
        return new Changes(changes, part.bound());
    }

    private void requireKept(Position from, int partition) {
        Kept kept = parts.get(partition).view().kept();
        if (from.next(partition) < kept.oldest() || !kept.hasOthers(from)) {
            long[] oldest =
                    Kept.oldest(parts.stream().map(each -> each.view().kept()).toList());
            throw new Problem.Gone(
                            "Changes of partition " + partition + " from '" + from + "' on are not kept.",
                            Position.of(position.topicId(), oldest).toString())
                    .exception();
        }
    }

    private Optional<Change> change(Position from, int partition, Segment segment, int row) {
        PartitionView view = parts.get(partition).view();
        var now = Optional.of(found(partition, new Row(segment.batch(), row)));
        Optional<Found> before = schema.upsert()
                ? Optional.ofNullable(view.keys().previous(view, segment, row)).map(older -> found(partition, older))
                : Optional.empty();
        if (view.shared().has(segment.offset(row))) {
            for (int other = 0; other < parts.size(); other++) {
                if (from.next(other) != 0) {
                    requireKept(from, other);
                }
            }
            Optional<Found> elsewhere = newest(from, partition, new KeyMatch.OfRow(schema, segment.batch(), row));
            now = greater(now, elsewhere);
            before = greater(before, elsewhere);
        }
        if (now.equals(before)) {
            return Optional.empty();
        }
        Optional<Row> shown = now.map(Found::row).filter(each -> !isDeleted(each));
        Optional<Row> shownBefore = before.map(Found::row).filter(each -> !isDeleted(each));
        if (shown.isEmpty() && shownBefore.isEmpty()) {
            return Optional.empty();
        }
        Effect effect = shown.isEmpty() ? Effect.DELETE : shownBefore.isPresent() ? Effect.UPDATE : Effect.INSERT;
        Row after = shown.orElseGet(() -> new Row(segment.batch(), row));
        return Optional.of(new Change(effect, segment.offset(row), after, shownBefore));
    }

    private static Optional<Found> greater(Optional<Found> left, Optional<Found> right) {
        return Stream.concat(left.stream(), right.stream()).max(Comparator.naturalOrder());
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
                return row < segment.rows() && segment.offset(row) == offset
                        ? Trace.ROW
                        : segment.gaps().map(gaps -> gaps.trace(offset)).orElse(Trace.NONE);
            }
        }
        return offset < view.kept().floor() ? Trace.GONE : Trace.NONE;
    }

    @Override
    public long rows() {
        long rows = 0;
        for (int partition = 0; partition < parts.size(); partition++) {
            PartitionView view = parts.get(partition).view();
            if (parts.get(partition).bound() == view.next()) {
                rows += view.visibleRows();
            } else {
                rows += cut(partition).stream()
                        .mapToLong(SegmentSlice::visibleRows)
                        .sum();
            }
        }
        return rows - hidden();
    }

    private long hidden() {
        Hidden known = Objects.requireNonNull(lastHidden.get());
        if (known.version() != version || !known.position().equals(position)) {
            long rows = 0;
            for (int partition = 0; partition < parts.size(); partition++) {
                if (!parts.get(partition).view().shared().isEmpty()) {
                    rows += cut(partition).stream()
                            .mapToLong(SegmentSlice::hiddenRows)
                            .sum();
                }
            }
            known = new Hidden(position, version, rows);
            lastHidden.set(known);
        }
        return known.rows();
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            throw new IllegalStateException("the snapshot is closed already");
        }
        parts.forEach(part -> part.view().release());
    }
}
