package dev.millrace.quality;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.Hash;
import dev.millrace.store.StoreSchema;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.zip.CRC32C;
import org.apache.datasketches.common.SketchesArgumentException;
import org.apache.datasketches.hll.HllSketch;
import org.apache.datasketches.hll.HllUnion;
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
    private static final int MAX_STATE_BYTES = 64 << 20;

    /** One leaf column's. */
    private static final class ColumnState {
        private long nulls;
        private HllSketch distinct = new HllSketch(LOG_DISTINCT);
        private KllDoublesSketch quantiles = KllDoublesSketch.newHeapInstance();
    }

    private final Plan plan;
    private final ColumnState[] columns;
    private final ThetaUnion[] sets;
    private final List<Windows> windows;
    private Tally all;
    private long deletes;

    State(Plan plan) {
        this.plan = plan;
        this.all = new Tally(plan.counters().size());
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
        Optional<Plan.EventTime> eventTime = plan.eventTime();
        StoreSchema schema = plan.schema();
        Column times = eventTime
                .map(time -> batch.column(time.column()))
                .orElseGet(() -> batch.column(schema.timestampColumn()));
        Values.Time time = eventTime.map(Plan.EventTime::time).orElse(Column::int64);
        for (int i = 0; i < count; i++) {
            int row = rows[i];
            long falls = 0;
            for (int counter = 0; counter < counters.size(); counter++) {
                falls |= counters.get(counter).test(row) ? 1L << counter : 0;
            }
            all.add(falls);
            if (!times.isNull(row)) {
                long millis = time.of(times, row);
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
            var union = new HllUnion(LOG_DISTINCT);
            union.update(columns[i].distinct);
            union.update(other.columns[i].distinct);
            columns[i].distinct = union.getResult();
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

    HllSketch distinct(int column) {
        return columns[column].distinct;
    }

    KllDoublesSketch quantiles(int column) {
        return columns[column].quantiles;
    }

    /** The set's sketch; its estimate is exact up to {@link #SET_ENTRIES}. */
    CompactThetaSketch set(int number) {
        return sets[number].getResult();
    }

    /** All of it with the plan's fingerprint before it and a checksum behind. */
    byte[] toBytes() {
        var bytes = new ByteArrayOutputStream();
        try (var to = new DataOutputStream(bytes)) {
            to.writeLong(plan.fingerprint());
            all.write(to);
            to.writeLong(deletes);
            for (Windows each : windows) {
                each.write(to);
            }
            for (ColumnState column : columns) {
                to.writeLong(column.nulls);
                write(to, column.distinct.toCompactByteArray());
                write(to, column.quantiles.toByteArray());
            }
            for (ThetaUnion set : sets) {
                write(to, set.getResult().toByteArray());
            }
            var crc = new CRC32C();
            crc.update(bytes.toByteArray());
            to.writeInt((int) crc.getValue());
        } catch (IOException never) {
            throw new UncheckedIOException(never);
        }
        return bytes.toByteArray();
    }

    /** The state in these bytes; empty when they are of another plan or not what was written. */
    static Optional<State> parse(Plan plan, byte[] bytes) {
        var crc = new CRC32C();
        int length = bytes.length - Integer.BYTES;
        if (length < Long.BYTES || bytes.length > MAX_STATE_BYTES) {
            return Optional.empty();
        }
        crc.update(bytes, 0, length);
        try (var from = new DataInputStream(new ByteArrayInputStream(bytes))) {
            var end = new DataInputStream(new ByteArrayInputStream(bytes, length, Integer.BYTES));
            if (end.readInt() != (int) crc.getValue() || from.readLong() != plan.fingerprint()) {
                return Optional.empty();
            }
            return Optional.of(read(plan, from));
        } catch (IOException | SketchesArgumentException broken) {
            return Optional.empty();
        }
    }

    private static State read(Plan plan, DataInput from) throws IOException {
        var state = new State(plan);
        state.all = Tally.read(from, plan.counters().size());
        state.deletes = from.readLong();
        for (Windows each : state.windows) {
            each.read(from);
        }
        for (ColumnState column : state.columns) {
            column.nulls = from.readLong();
            column.distinct = HllSketch.heapify(bytes(from));
            column.quantiles = KllDoublesSketch.heapify(MemorySegment.ofArray(bytes(from)));
        }
        for (ThetaUnion set : state.sets) {
            set.union(ThetaSketch.heapify(MemorySegment.ofArray(bytes(from))));
        }
        return state;
    }

    private static void write(DataOutput to, byte[] bytes) throws IOException {
        to.writeInt(bytes.length);
        to.write(bytes);
    }

    private static byte[] bytes(DataInput from) throws IOException {
        byte[] bytes = new byte[from.readInt()];
        from.readFully(bytes);
        return bytes;
    }
}
