package dev.millrace.query;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.ColumnLayout;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.jspecify.annotations.Nullable;

/**
 * Cuts rows into record batches of bounded size: the one place where rows become Arrow, for every port. One thread at a
 * time, never an event loop, since mapped rows may have to be read from the disk; owns its rows.
 *
 * <p>Rows that stand one behind the other are sent in place, without a copy; others are gathered into one. Steps of the
 * source that are of one batch are put together, so that a filter that keeps one row in a hundred does not make a
 * hundred messages. Batches that are sent in place begin at a multiple of 8 rows, so that bits need no shifting.
 *
 * <p>A single row larger than the bound comes in a batch of its own size: there is no smaller way to send it.
 */
public final class ArrowBatches implements AutoCloseable {
    private static final int MOST_ROWS = 1 << 16;

    /** Values gathered in one batch at most: some milliseconds. */
    private static final int MOST_GATHERED_VALUES = 1 << 18;

    private final RowSource rows;
    private final List<ColumnLayout> columns;
    private final int mostBytes;
    private final BufferAllocator allocator;
    private final int mostGathered;
    private int[] picked = new int[RowsScan.BLOCK];
    private int count;
    private @Nullable Batch batch;
    private boolean stepped;
    private boolean ended;
    private long left;

    /**
     * @param rows owned
     * @param columns to cut, of those of the rows' batches
     * @param mostBytes of a batch's body
     * @param allocator borrowed, pays for copies; of the same root as the stores'
     */
    public ArrowBatches(
            RowSource rows, List<ColumnLayout> columns, long limit, int mostBytes, BufferAllocator allocator) {
        this.rows = rows;
        this.columns = List.copyOf(columns);
        this.left = limit;
        this.mostBytes = mostBytes;
        this.allocator = allocator;
        int values = columns.stream().mapToInt(ArrowBatches::values).sum();
        this.mostGathered = Math.max(8, MOST_GATHERED_VALUES / Math.max(1, values) & -8);
    }

    /** How many values a row has in a column, nested ones included, a list's as one. */
    private static int values(ColumnLayout column) {
        return 1 + column.children().stream().mapToInt(ArrowBatches::values).sum();
    }

    /**
     * The next batch, which the caller closes; empty at the end, or when {@code stop} says that nobody wants it.
     *
     * @throws org.apache.arrow.memory.OutOfMemoryException when the allocator's limit is reached
     */
    public Optional<ArrowRecordBatch> next(BooleanSupplier stop) {
        while (left > 0 && gather(stop)) {
            if (count > 0) {
                return Optional.of(cut());
            }
        }
        return Optional.empty();
    }

    /** Takes steps of one batch until there is enough of it; false when there is nothing more to cut. */
    private boolean gather(BooleanSupplier stop) {
        while (count < MOST_ROWS && (count == 0 || !full())) {
            if (stop.getAsBoolean()) {
                return false;
            }
            if (!stepped) {
                ended = ended || !rows.next();
                stepped = !ended;
            }
            if (ended) {
                return count > 0;
            }
            // A transient batch goes with the step after the next, though nothing may be selected of the one between.
            if (count > 0 && (rows.count() > 0 || rows.isTransient()) && rows.batch() != batch) {
                return true;
            }
            take();
        }
        return true;
    }

    private void take() {
        stepped = false;
        int more = rows.count();
        if (more == 0) {
            return;
        }
        batch = rows.batch();
        if (count + more > picked.length) {
            picked = java.util.Arrays.copyOf(picked, Math.max(count + more, Math.min(2 * picked.length, MOST_ROWS)));
        }
        System.arraycopy(rows.selection(), 0, picked, count, more);
        count += more;
    }

    private Batch current() {
        return Objects.requireNonNull(batch, "no rows taken");
    }

    private boolean full() {
        return isRun(count)
                ? current().sizeBytes(columns, picked[0], picked[0] + count) >= mostBytes
                : count >= mostGathered;
    }

    /** Whether the first so many rows stand one behind the other. */
    private boolean isRun(int rows) {
        return picked[rows - 1] - picked[0] == rows - 1;
    }

    private ArrowRecordBatch cut() {
        int most = (int) Math.min(Math.min(count, MOST_ROWS), left);
        int sent;
        ArrowRecordBatch made;
        if (isRun(most)) {
            int from = picked[0];
            sent = fit(from, from + most) - from;
            if (current().isMapped()) {
                current().load(columns, from, from + sent);
            }
            made = current().slice(columns, from, from + sent, allocator);
        } else {
            sent = fitting(Math.min(most, mostGathered));
            made = current().gather(columns, picked, sent, allocator);
        }
        left -= sent;
        count -= sent;
        System.arraycopy(picked, sent, picked, 0, count);
        return made;
    }

    /** How many of the first rows fit when they are gathered; at least one. */
    private int fitting(int most) {
        if (current().sizeBytes(columns, picked[0], picked[most - 1] + 1) <= mostBytes) {
            return most;
        }
        long bytes = 0;
        int fits = 0;
        while (fits < most && (fits == 0 || bytes < mostBytes)) {
            bytes += current().sizeBytes(columns, picked[fits], picked[fits] + 1);
            fits++;
        }
        return bytes > mostBytes && fits > 1 ? fits - 1 : fits;
    }

    /** The largest end, a multiple of 8 rows away or {@code to}, whose rows fit; at least one row. */
    private int fit(int from, int to) {
        if (current().sizeBytes(columns, from, to) <= mostBytes) {
            return to;
        }
        // Sizes grow with the end: the largest number of groups of 8 that fit is found by halving.
        int fits = 0;
        int tooMany = (to - from + 7) >>> 3;
        while (tooMany - fits > 1) {
            int groups = (fits + tooMany) >>> 1;
            if (current().sizeBytes(columns, from, from + (groups << 3)) <= mostBytes) {
                fits = groups;
            } else {
                tooMany = groups;
            }
        }
        if (fits > 0) {
            return from + (fits << 3);
        }
        int end = from + 1;
        while (end < to && current().sizeBytes(columns, from, end + 1) <= mostBytes) {
            end++;
        }
        return end;
    }

    @Override
    public void close() {
        rows.close();
    }
}
