package dev.millrace.quality;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.Hash;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.apache.datasketches.hll.HllUnion;
import org.apache.datasketches.hll.TgtHllType;
import org.apache.datasketches.kll.KllDoublesSketch;
import org.apache.datasketches.theta.CompactThetaSketch;
import org.apache.datasketches.theta.ThetaSetOperation;
import org.apache.datasketches.theta.ThetaSketch;
import org.apache.datasketches.theta.ThetaUnion;

/**
 * What is known of some rows without them. States of parts merge into the state of the whole: counts and windows exactly,
 * sketches within their error bounds (distinct values 1.6 %, ranks of quantiles 1.7 %, sets of up to 65,536 values
 * exactly and 0.4 % beyond). One thread at a time.
 */
final class State {
    static final int LOG_DISTINCT = 12;
    static final int SET_ENTRIES = 1 << 16;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** One leaf column's. */
    private static final class ColumnState {
        private long nulls;
        private HllUnion distinct = new HllUnion(LOG_DISTINCT);
        private KllDoublesSketch quantiles = KllDoublesSketch.newHeapInstance();
    }

    private final Plan plan;
    private final ColumnState[] columns;
    private final ThetaUnion[] sets;
    private final List<Windows> windows;
    private final Tally all;
    private long deletes;

    State(Plan plan) {
        this.plan = plan;
        this.all = Tally.of(plan.counters().size());
        this.windows = plan.windows();
        this.columns = new ColumnState[plan.columns().size()];
        Arrays.setAll(columns, index -> new ColumnState());
        this.sets = new ThetaUnion[plan.sets().size()];
        Arrays.setAll(
                sets,
                index -> ThetaSetOperation.builder()
                        .setNominalEntries(SET_ENTRIES)
                        .buildUnion());
    }

    /** Adds the rows {@code [from, to)}; deletes have no values and are only counted. */
    void add(Batch batch, int from, int to) {
        int[] rows = new int[to - from];
        int count = 0;
        Column deleted = batch.column(plan.schema().deletedColumn());
        for (int row = from; row < to; row++) {
            rows[count] = row;
            count += deleted.bit(row) ? 0 : 1;
        }
        deletes += to - from - count;
        tally(batch, rows, count);
        for (int i = 0; i < columns.length; i++) {
            add(columns[i], i, batch, rows, count);
        }
        for (int i = 0; i < sets.length; i++) {
            add(sets[i], plan.sets().get(i).stream().map(batch::column).toList(), rows, count);
        }
    }

    private void tally(Batch batch, int[] rows, int count) {
        List<IntPredicate> counters =
                plan.counters().stream().map(counter -> counter.apply(batch)).toList();
        Column times = batch.column(plan.times().path());
        Values.Number time = plan.eventTime().isEmpty()
                ? Column::int64
                : Values.number(plan.times()).orElseThrow();
        for (int i = 0; i < count; i++) {
            int row = rows[i];
            long falls = 0;
            for (int counter = 0; counter < counters.size(); counter++) {
                falls |= counters.get(counter).test(row) ? 1L << counter : 0;
            }
            all.add(falls);
            if (!times.isNull(row)) {
                long millis = (long) time.of(times, row);
                all.at(millis);
                for (Windows each : windows) {
                    each.add(millis, falls);
                }
            }
        }
    }

    private void add(ColumnState state, int index, Batch batch, int[] rows, int count) {
        var layout = plan.columns().get(index);
        Column column = batch.column(layout.path());
        Optional<Values.Number> number = Values.number(layout);
        for (int i = 0; i < count; i++) {
            if (column.isNull(rows[i])) {
                state.nulls++;
            } else {
                state.distinct.update(column.hash(rows[i]));
                if (number.isPresent()) {
                    state.quantiles.update(number.get().of(column, rows[i]));
                }
            }
        }
    }

    private static void add(ThetaUnion set, List<Column> columns, int[] rows, int count) {
        next:
        for (int i = 0; i < count; i++) {
            long hash = 0;
            for (Column column : columns) {
                if (column.isNull(rows[i])) {
                    continue next;
                }
                hash = Hash.combine(hash, column.hash(rows[i]));
            }
            set.update(hash);
        }
    }

    /** Takes in what another state of the same plan knows of other rows. */
    State merge(State other) {
        all.merge(other.all);
        deletes += other.deletes;
        for (int i = 0; i < windows.size(); i++) {
            windows.get(i).merge(other.windows.get(i));
        }
        for (int i = 0; i < columns.length; i++) {
            columns[i].nulls += other.columns[i].nulls;
            columns[i].distinct.update(other.columns[i].distinct.getResult(TgtHllType.HLL_8));
            columns[i].quantiles.merge(other.columns[i].quantiles);
        }
        for (int i = 0; i < sets.length; i++) {
            sets[i].union(other.sets[i].getResult());
        }
        return this;
    }

    Tally all() {
        return all;
    }

    /** How many rows were deletes; they count nowhere else. */
    long deletes() {
        return deletes;
    }

    List<Windows> windows() {
        return windows;
    }

    long nulls(int column) {
        return columns[column].nulls;
    }

    HllUnion distinct(int column) {
        return columns[column].distinct;
    }

    KllDoublesSketch quantiles(int column) {
        return columns[column].quantiles;
    }

    /** The set's sketch; its estimate is exact up to {@link #SET_ENTRIES}. */
    CompactThetaSketch set(int number) {
        return sets[number].getResult();
    }

    /** What is kept of a state. */
    private record Kept(
            long fingerprint,
            Tally all,
            long deletes,
            List<Map<Long, Tally>> windows,
            List<Long> nulls,
            List<byte[]> distinct,
            List<byte[]> quantiles,
            List<byte[]> sets) {}

    /** All of it as a checksum and JSON. */
    byte[] toBytes() {
        try {
            byte[] json = JSON.writeValueAsBytes(new Kept(
                    plan.fingerprint(),
                    all,
                    deletes,
                    windows.stream().<Map<Long, Tally>>map(Windows::tallies).toList(),
                    Stream.of(columns).map(column -> column.nulls).toList(),
                    Stream.of(columns)
                            .map(column -> column.distinct.toCompactByteArray())
                            .toList(),
                    Stream.of(columns)
                            .map(column -> column.quantiles.toByteArray())
                            .toList(),
                    Stream.of(sets).map(set -> set.getResult().toByteArray()).toList()));
            return ByteBuffer.allocate(Long.BYTES + json.length)
                    .putLong(checksum(json))
                    .put(json)
                    .array();
        } catch (IOException never) {
            throw new UncheckedIOException(never);
        }
    }

    private static long checksum(byte[] json) {
        var crc = new CRC32C();
        crc.update(json);
        return crc.getValue();
    }

    /** The state in these bytes; empty when they are of another plan or not what was written. */
    static Optional<State> parse(Plan plan, byte[] bytes) {
        byte[] json = Arrays.copyOfRange(bytes, Math.min(bytes.length, Long.BYTES), bytes.length);
        if (json.length == 0 || ByteBuffer.wrap(bytes).getLong() != checksum(json)) {
            return Optional.empty();
        }
        try {
            Kept kept = JSON.readValue(json, Kept.class);
            return kept.fingerprint() == plan.fingerprint() ? Optional.of(of(plan, kept)) : Optional.empty();
        } catch (IOException otherFormat) {
            return Optional.empty();
        }
    }

    private static State of(Plan plan, Kept kept) {
        var state = new State(plan);
        state.all.merge(kept.all());
        state.deletes = kept.deletes();
        for (int i = 0; i < state.windows.size(); i++) {
            state.windows.get(i).tallies().putAll(kept.windows().get(i));
        }
        for (int i = 0; i < state.columns.length; i++) {
            state.columns[i].nulls = kept.nulls().get(i);
            state.columns[i].distinct = HllUnion.heapify(kept.distinct().get(i));
            state.columns[i].quantiles = KllDoublesSketch.heapify(
                    MemorySegment.ofArray(kept.quantiles().get(i)));
        }
        for (int i = 0; i < state.sets.length; i++) {
            state.sets[i].union(
                    ThetaSketch.heapify(MemorySegment.ofArray(kept.sets().get(i))));
        }
        return state;
    }
}
