package dev.millrace.store;

import dev.millrace.store.Departures.Departure;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.stream.LongStream;

/**
 * Which rows of a partition may be left out though none of the partition's own supersedes them, since no position that
 * sees so much of each partition is answered in another way:
 *
 * <ul>
 *   <li>a delete that hides no row of another partition;
 *   <li>any other row that rows of one other partition hide at each of those positions.
 * </ul>
 *
 * <p>An older row of the key in the partition itself goes first: it would take the place of the one that went. Only the
 * background thread and the file threads.
 */
final class Dispensable {
    private final StoreContext context;
    private final PartitionLog log;
    private final PartitionKeys keys;
    private final SealedList sealed;
    private final boolean hidden;
    private final long[] bounds;

    /**
     * Those of the partition as {@code sealed} are its segments.
     *
     * @param hidden whether rows that others hide are asked for, which takes a look-up each
     * @param bound of a partition, what each of the positions sees of it at least
     */
    Dispensable(
            StoreContext context,
            PartitionLog log,
            PartitionKeys keys,
            SealedList sealed,
            boolean hidden,
            ToLongFunction<PartitionLog> bound) {
        this.context = context;
        this.log = log;
        this.keys = keys;
        this.sealed = sealed;
        this.hidden = hidden;
        this.bounds = context.sharedKeys().bounds(bound);
    }

    /** Only rows below this offset may go. */
    long bound() {
        return bounds[log.partition()];
    }

    /** Whether a segment has rows to ask of. */
    boolean mayBeIn(Segment segment) {
        Segment.Facts facts = segment.facts();
        return facts.firstDeleted() < bound()
                || (hidden && log.shared().any(facts.firstOffset(), Math.min(bound(), facts.lastOffset() + 1)));
    }

    boolean has(Segment segment, int row) {
        long offset = segment.offset(row);
        boolean deleted =
                segment.batch().column(context.schema().deletedColumn()).bit(row);
        boolean asks = hidden && log.shared().has(offset) && segment.facts().retiredAt() == Marks.NEVER;
        return offset < bound()
                && (deleted || asks)
                && !keys.isBelow(sealed, segment.ordinal(), segment, row)
                && (deleted
                        ? !context.sharedKeys().needsDelete(log, segment, row)
                        : context.sharedKeys().isHidden(log, segment, row, bounds));
    }

    /** Notes that a compaction is about to leave such rows out; empty when one of them has to stay by now. */
    Optional<Departure> begin(Compaction compaction) {
        var hashes = LongStream.builder();
        var newest = new long[] {Long.MIN_VALUE};
        compaction.eachLeftOut(bound(), (segment, row) -> {
            hashes.add(Key.hash(context.schema(), context.keyHash(), segment.batch(), row));
            long millis =
                    segment.batch().column(context.schema().timestampColumn()).int64(row);
            newest[0] = Math.max(newest[0], millis);
            return true;
        });
        var departure =
                new Departure(log.partition(), context.keyHash(), hashes.build().toArray(), newest[0]);
        context.departures().begin(departure);
        if (compaction.eachLeftOut(bound(), this::has)) {
            return Optional.of(departure);
        }
        context.departures().end(departure);
        return Optional.empty();
    }

    /** How far back the partition can be read without the rows of a departure and those that its own supersede. */
    Kept kept(Departure departure, long floor) {
        return new Kept(
                bound(),
                floor,
                departure.isEmpty() ? List.of() : Arrays.stream(bounds).boxed().toList());
    }
}
