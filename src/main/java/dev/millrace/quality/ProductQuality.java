package dev.millrace.quality;

import dev.millrace.arrow.Batch;
import dev.millrace.contract.QualityRule;
import dev.millrace.store.Position;
import dev.millrace.store.Slice;
import dev.millrace.store.Snapshot;
import dev.millrace.store.StoreSchema;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Follows a product's rows and knows their quality. Nothing here runs while a record comes in: whoever wants to know
 * brings a snapshot, and rows that were not looked at before are looked at then, each once. The state of a whole segment
 * is kept in a file, so that a restart looks at the last segment only.
 *
 * <p>Any thread but an event loop, one at a time: the methods take turns.
 */
public final class ProductQuality {
    private static final int CHUNK_ROWS = 2_048;

    private final Plan plan;
    private final StateFiles files;
    private final List<Follower> followers = new ArrayList<>();
    private Position position = Position.of("-");
    private volatile @Nullable QualityReport latest;

    /**
     * Quality by these rules.
     *
     * @param folder for states of segments; empty to keep none
     */
    public ProductQuality(StoreSchema schema, List<QualityRule> rules, Optional<Path> folder) {
        this.plan = new Plan(schema, rules);
        this.files = new StateFiles(plan, folder);
    }

    /** The rules that are measured, at most {@link Plan#MAX_COUNTERS}. */
    public List<QualityRule> rules() {
        return plan.measures().stream()
                .filter(measure -> measure.obstacle().isEmpty())
                .map(Plan.Measure::rule)
                .toList();
    }

    /** Whether a rule stops the input port when it is broken. */
    public boolean hasStoppingRules() {
        return plan.measures().stream().anyMatch(measure -> measure.rule().stops());
    }

    /**
     * The quality up to the position of a snapshot, or to an earlier one when there is more to look at than the time
     * allows; the next call goes on there.
     *
     * @param snapshots gives the product as it is now
     * @param nanos how long rows may be looked at
     * @param nowMillis the wall clock's time, for freshness
     */
    public synchronized QualityReport report(Supplier<Snapshot> snapshots, long nanos, long nowMillis) {
        try (Snapshot snapshot = snapshots.get()) {
            return report(snapshot, nanos, nowMillis);
        }
    }

    private QualityReport report(Snapshot snapshot, long nanos, long nowMillis) {
        QualityReport known = latest;
        if (known == null || !position.equals(snapshot.position())) {
            known = follow(snapshot, System.nanoTime() + nanos, nowMillis);
        } else {
            known = known.at(nowMillis);
        }
        latest = known;
        return known;
    }

    /** The newest report made; empty before the first. Any thread, at once. */
    public Optional<QualityReport> latest() {
        return Optional.ofNullable(latest);
    }

    private QualityReport follow(Snapshot snapshot, long deadline, long nowMillis) {
        long[] next = new long[snapshot.partitions()];
        boolean whole = true;
        for (int partition = 0; partition < next.length; partition++) {
            if (partition == followers.size()) {
                followers.add(new Follower(partition));
            }
            Follower follower = followers.get(partition);
            boolean reached = follower.follow(snapshot.slices(partition), deadline);
            next[partition] = reached ? snapshot.position().next(partition) : follower.next;
            whole &= reached;
        }
        if (whole) {
            files.deleteUnclaimed();
        }
        position = Position.of(snapshot.position().topicId(), next);
        List<State> partitions = followers.stream().map(Follower::state).toList();
        State all = new State(plan);
        partitions.forEach(all::merge);
        List<QualityReport.Part> parts = partitions.stream()
                .map(state -> new QualityReport.Part(state.all().rows(), Evaluation.of(plan, state.all())))
                .toList();
        return new QualityReport(plan, position, all, parts, nowMillis);
    }

    /** One partition: the merged state of its whole segments, and that of the one whose rows are being looked at. */
    private final class Follower {
        private final int partition;
        private State whole = new State(plan);
        private State open = new State(plan);
        private int segments;
        private long lastOffset = -1;
        private int openRows;
        private long next;

        Follower(int partition) {
            this.partition = partition;
        }

        State state() {
            return new State(plan).merge(whole).merge(open);
        }

        /** Looks at the rows that are new; false when the time was up before the last of them. */
        boolean follow(List<Slice> slices, long deadline) {
            if (!goesOn(slices)) {
                whole = new State(plan);
                open = new State(plan);
                segments = 0;
                openRows = 0;
                files.list();
            }
            while (segments < slices.size()) {
                Slice slice = slices.get(segments);
                boolean last = segments == slices.size() - 1;
                // Only the last segment can still grow.
                if (last || openRows > 0 || !restore(slice)) {
                    if (!look(slice, deadline)) {
                        return false;
                    }
                    if (last) {
                        return true;
                    }
                    files.write(name(slice), open);
                    fold(slice, open);
                }
                if (System.nanoTime() > deadline) {
                    return false;
                }
            }
            return true;
        }

        /** Whether these are the segments looked at so far, and perhaps more. */
        private boolean goesOn(List<Slice> slices) {
            boolean whole =
                    segments == 0 || (segments <= slices.size() && last(slices.get(segments - 1)) == lastOffset);
            // Segments may have been merged or dropped since.
            return whole
                    && (openRows == 0
                            || (segments < slices.size()
                                    && slices.get(segments).rows() >= openRows
                                    && slices.get(segments).offset(openRows - 1) + 1 == next));
        }

        private boolean restore(Slice slice) {
            Optional<State> kept = files.read(name(slice));
            kept.ifPresent(state -> fold(slice, state));
            return kept.isPresent();
        }

        private void fold(Slice slice, State state) {
            whole.merge(state);
            open = new State(plan);
            openRows = 0;
            segments++;
            lastOffset = last(slice);
            next = lastOffset + 1;
        }

        private boolean look(Slice slice, long deadline) {
            Batch batch = slice.batch();
            while (openRows < slice.rows()) {
                int to = Math.min(slice.rows(), openRows + CHUNK_ROWS);
                open.add(batch, openRows, to);
                openRows = to;
                next = slice.offset(to - 1) + 1;
                if (System.nanoTime() > deadline && openRows < slice.rows()) {
                    return false;
                }
            }
            return true;
        }

        private String name(Slice slice) {
            return "p" + partition + "-" + slice.offset(0) + "-" + last(slice) + "-" + slice.rows();
        }

        private static long last(Slice slice) {
            return slice.offset(slice.rows() - 1);
        }
    }
}
