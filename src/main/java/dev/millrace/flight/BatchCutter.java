package dev.millrace.flight;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.store.Slice;
import dev.millrace.store.Snapshot;
import dev.millrace.store.StoreSchema;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;

/**
 * Cuts a snapshot into record batches small enough for one message each. One thread at a time; borrows the snapshot.
 *
 * <p>A window of a slice begins at a multiple of 8 rows, so that bits need no shifting, and ends where the message would
 * exceed its size, or at a row count that bounds the time of one step. When all rows of the window are visible they are
 * sent in place, else the visible ones are gathered into a copy, which is never larger than the window.
 *
 * <p>A single row larger than a message is sent in a message of its own size: there is no smaller way to send it.
 */
final class BatchCutter {
    /** A client without Arrow's builder refuses messages over 4 MiB; this leaves room for the metadata of wide rows. */
    static final int MESSAGE_BYTES = 3 << 20;

    private static final int ROWS_MAX = 1 << 16;
    /** Values gathered in one step at most: a millisecond or two of an event loop. */
    private static final int GATHERED_VALUES_MAX = 1 << 16;

    private static final long STRETCH_BYTES = 16L << 20;

    /** Mapped rows that must be brought into memory before the cutter goes on; valid while the snapshot is. */
    final class Stretch {
        private final Slice slice;
        private final int from;

        private Stretch(Slice slice, int from) {
            this.slice = slice;
            this.from = from;
        }

        /** Brings the rows into memory; blocks on the disk, so not for an event loop. The result is for {@link #loaded}. */
        int load() {
            int to = fit(slice.batch(), from, slice.rows(), STRETCH_BYTES);
            slice.batch().load(columns, from, to);
            if (!slice.allVisible()) {
                slice.batch().load(List.of(deleted), from, to);
            }
            return to;
        }
    }

    private final List<ColumnLayout> columns;
    private final ColumnLayout deleted;
    private final BufferAllocator allocator;
    private final Iterator<Slice> slices;
    private final int gatheredRows;
    private final int[] selection;
    private Optional<Slice> current = Optional.empty();
    private int row;
    private int loadedTo;
    private long left;

    /**
     * @param schema of the snapshot's product
     * @param columns to cut
     * @param limit the most rows
     * @param allocator borrowed, pays for copies
     */
    BatchCutter(
            Snapshot snapshot, StoreSchema schema, List<ColumnLayout> columns, long limit, BufferAllocator allocator) {
        var all = new ArrayList<Slice>();
        for (int partition = 0; partition < snapshot.partitions(); partition++) {
            all.addAll(snapshot.slices(partition));
        }
        this.slices = all.iterator();
        this.columns = columns;
        // Whether a row is visible is read from here, besides from what the store keeps in memory.
        this.deleted = schema.layout().top().get(schema.deletedColumn());
        this.left = limit;
        this.allocator = allocator;
        int values = columns.stream().mapToInt(BatchCutter::values).sum();
        this.gatheredRows = Math.max(8, GATHERED_VALUES_MAX / values & -8);
        this.selection = new int[all.stream().allMatch(Slice::allVisible) ? 0 : gatheredRows];
        advance();
    }

    /** Whether all has been cut. */
    boolean isDone() {
        return left == 0 || current.isEmpty();
    }

    /** What must be loaded, and then told to {@link #loaded}, before the next {@link #next}; empty most of the time. */
    Optional<Stretch> cold() {
        return current.filter(slice -> slice.batch().isMapped() && row >= loadedTo)
                .map(slice -> new Stretch(slice, row));
    }

    /** Says that the last stretch is in memory, up to the row that its load told. */
    void loaded(int to) {
        loadedTo = to;
    }

    /**
     * The next record batch, which the caller closes; empty when no row of the window is visible.
     *
     * @throws org.apache.arrow.memory.OutOfMemoryException when the allocator's limit is reached
     */
    Optional<ArrowRecordBatch> next() {
        Slice slice = current.orElseThrow();
        Batch batch = slice.batch();
        int end = batch.isMapped() ? loadedTo : slice.rows();
        int from = row;
        int most = slice.allVisible() ? ROWS_MAX : gatheredRows;
        int to = fit(batch, from, Math.min(end, from + most), MESSAGE_BYTES);
        row = to;
        int count = slice.allVisible() ? to - from : slice.select(from, to, selection);
        int sent = (int) Math.min(count, left);
        Optional<ArrowRecordBatch> cut = Optional.empty();
        if (count == to - from) {
            cut = Optional.of(batch.slice(columns, from, from + sent, allocator));
        } else if (sent > 0) {
            cut = Optional.of(batch.gather(columns, selection, sent, allocator));
        }
        left -= sent;
        if (row == slice.rows()) {
            advance();
        }
        return cut;
    }

    /** How many values a row has in a column, nested ones included, a list's as one. */
    private static int values(ColumnLayout column) {
        return 1 + column.children().stream().mapToInt(BatchCutter::values).sum();
    }

    private void advance() {
        do {
            current = slices.hasNext() ? Optional.of(slices.next()) : Optional.empty();
        } while (current.isPresent() && current.get().rows() == 0);
        row = 0;
        loadedTo = 0;
    }

    /** The largest end, a multiple of 8 or {@code to}, whose rows fit; at least one row, aligned or not. */
    private int fit(Batch batch, int from, int to, long bytes) {
        if (batch.sizeBytes(columns, from, to) <= bytes) {
            return to;
        }
        // Sizes grow with the end: the largest number of groups of 8 that fit is found by halving.
        int fits = 0;
        int tooMany = (to - from + 7) >>> 3;
        while (tooMany - fits > 1) {
            int groups = (fits + tooMany) >>> 1;
            if (batch.sizeBytes(columns, from, from + (groups << 3)) <= bytes) {
                fits = groups;
            } else {
                tooMany = groups;
            }
        }
        if (fits > 0) {
            return from + (fits << 3);
        }
        int end = from + 1;
        while (end < to && batch.sizeBytes(columns, from, end + 1) <= bytes) {
            end++;
        }
        return end;
    }
}
