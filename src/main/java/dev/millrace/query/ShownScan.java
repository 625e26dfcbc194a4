package dev.millrace.query;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import java.util.Objects;
import java.util.stream.IntStream;
import org.apache.arrow.memory.OutOfMemoryException;
import org.jspecify.annotations.Nullable;

/**
 * Rows of a store on their way through a {@link ShownView}: copied into batches of its own, whose ends depend on nothing
 * but the rows shown. One thread at a time; memory is given back when it is closed.
 */
final class ShownScan implements RowSource {
    /** Rows between two looks at a batch's size. */
    private static final int RUN = 64;

    private static final long MOST_BYTES = 4 << 20;

    private final RowSource rows;
    private final ShownColumns.Copier copier;
    private final FilterLoop filter;
    private final int most;
    private final Start start;
    private final BatchWriter writer;
    private Place filling;
    private Place given;
    private int[] selection = {};
    private int count;
    private int taken;
    private int lastPartition = -1;
    private long lastOffset;
    private int lastSkip;
    private boolean ended;
    private @Nullable Batch batch;
    private @Nullable Batch before;

    /** Where the rows of a batch came from. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Place(int[] partitions, long[] offsets, int[] skips) {
        Place(int rows) {
            this(new int[rows], new long[rows], new int[rows]);
        }
    }

    /**
     * @param rows owned; all of them are shown
     * @param filter what is asked of masked values
     * @param query whose start has no rows to skip where {@code rows} begin: here only rows that are shown count
     */
    ShownScan(RowSource rows, ShownColumns columns, ShownColumns.Copier copier, Filter filter, RowsQuery query) {
        this.rows = rows;
        this.copier = copier;
        this.filter = new FilterLoop(filter);
        this.most = Math.min(RowsScan.BLOCK, Math.max(query.limit(), query.limit() + 1));
        this.start = query.start();
        this.writer = columns.writer();
        this.filling = new Place(most);
        this.given = filling;
    }

    @Override
    public boolean next() {
        count = 0;
        if (ended) {
            return false;
        }
        try {
            if (!writer.isOpen()) {
                writer.open(Math.max(8, Math.min(most, 512)));
            }
            if (taken == rows.count()) {
                taken = 0;
                ended = !rows.next();
            }
            boolean full = false;
            while (!ended && !full && taken < rows.count()) {
                full = take();
            }
            if (full || (ended && writer.rows() > 0)) {
                give();
            }
            return true;
        } catch (OutOfMemoryException full) {
            throw ShownView.full();
        }
    }

    private boolean take() {
        int at = writer.rows();
        int run = Math.min(Math.min(rows.count() - taken, most - at), RUN - at % RUN);
        copier.copy(rows.batch(), rows.selection(), taken, run, writer);
        for (int i = 0; i < run; i++) {
            int partition = rows.partition(taken + i);
            long offset = rows.offset(taken + i);
            lastSkip = offset == lastOffset && partition == lastPartition ? lastSkip + 1 : 0;
            lastOffset = offset;
            lastPartition = partition;
            filling.partitions()[at + i] = partition;
            filling.offsets()[at + i] = offset;
            filling.skips()[at + i] = lastSkip;
        }
        taken += run;
        return at + run == most || ((at + run) % RUN == 0 && writer.allocatedBytes() > MOST_BYTES);
    }

    private void give() {
        int made = writer.rows();
        Batch old = before;
        before = batch;
        batch = writer.seal();
        if (old != null) {
            old.release();
        }
        given = filling;
        filling = new Place(most);
        selection = IntStream.range(0, made).filter(this::isWanted).toArray();
        count = filter.narrow(batch(), selection, selection.length);
    }

    private boolean isWanted(int row) {
        return !(start instanceof Start.After(PageCursor cursor)
                && given.partitions()[row] == cursor.partition()
                && given.offsets()[row] == cursor.offset()
                && given.skips()[row] < cursor.skip());
    }

    @Override
    public boolean isTransient() {
        return true;
    }

    @Override
    public Batch batch() {
        return Objects.requireNonNull(batch, "no step taken");
    }

    @Override
    public int[] selection() {
        return selection;
    }

    @Override
    public int count() {
        return count;
    }

    @Override
    public int partition(int index) {
        return given.partitions()[selection[index]];
    }

    @Override
    public long offset(int index) {
        return given.offsets()[selection[index]];
    }

    @Override
    public int skip(int index) {
        return given.skips()[selection[index]];
    }

    /** Once or more. */
    @Override
    public void close() {
        writer.close();
        if (batch != null) {
            batch.release();
            batch = null;
        }
        if (before != null) {
            before.release();
            before = null;
        }
        ended = true;
        rows.close();
    }
}
