package dev.millrace.query;

import dev.millrace.arrow.Batch;
import dev.millrace.store.Slice;
import dev.millrace.store.Snapshot;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a snapshot that a query's filter wants, in the order of (partition, offset), a run at a time. One thread at
 * a time; the snapshot is borrowed and must stay open.
 *
 * <p>Each step looks at up to {@value #BLOCK} rows of one slice: visible rows are put into a selection, and the filter
 * narrows it, column by column. A step may select nothing, so that its length stays bounded on a loop or under a
 * cancellation check. Without a filter the first step looks at no more rows than the limit and one, and each further one
 * at twice as many, so that a small page costs little.
 */
public final class RowsScan implements RowSource {
    /** Most rows that one step looks at. */
    public static final int BLOCK = 4096;

    private final Snapshot snapshot;
    private final FilterLoop filter;
    private int[] selection;
    private List<Slice> slices;
    private int partition;
    private long fromOffset;
    private int skip;
    private int slice;
    private int row;
    private int count;
    private int pruned;
    private boolean begun;
    private @Nullable Slice current;

    /** A scan from a query's start on; a cursor's position must be the snapshot's. */
    public RowsScan(Snapshot snapshot, RowsQuery query) {
        this.snapshot = snapshot;
        this.filter = new FilterLoop(query.filter());
        this.selection = new int[query.filter().isAll() ? Math.min(BLOCK, query.limit() + 1) : BLOCK];
        if (query.start() instanceof Start.After(PageCursor cursor)) {
            partition = cursor.partition();
            fromOffset = cursor.offset();
            skip = cursor.skip();
        }
        slices = slices(partition);
        enterSlice();
    }

    @Override
    public boolean next() {
        while (slice >= slices.size() || row >= slices.get(slice).rows()) {
            if (slice < slices.size()) {
                slice++;
            } else if (partition + 1 < snapshot.partitions()) {
                partition++;
                slice = 0;
                fromOffset = 0;
                skip = 0;
                slices = slices(partition);
            } else {
                count = 0;
                return false;
            }
            enterSlice();
        }
        Slice at = slices.get(slice);
        current = at;
        if (begun && selection.length < BLOCK) {
            selection = new int[Math.min(BLOCK, 2 * selection.length)];
        }
        begun = true;
        int to = Math.min(row + selection.length, at.rows());
        int selected = filter.narrow(at.batch(), selection, at.select(row, to, selection));
        row = to;
        count = selected;
        return true;
    }

    @Override
    public Batch batch() {
        return at().batch();
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
        return partition;
    }

    @Override
    public long offset(int index) {
        return at().offset(selection[index]);
    }

    @Override
    public int skip(int index) {
        return selection[index] - at().firstRowAt(offset(index));
    }

    /** How many slices were passed over because of what is known of their files. */
    int pruned() {
        return pruned;
    }

    private Slice at() {
        return Objects.requireNonNull(current, "no step taken");
    }

    private List<Slice> slices(int partition) {
        return partition < snapshot.partitions() ? snapshot.slices(partition) : List.of();
    }

    private void enterSlice() {
        row = 0;
        if (slice >= slices.size()) {
            return;
        }
        Slice entered = slices.get(slice);
        if (fromOffset > 0 || skip > 0) {
            row = entered.firstRowAt(fromOffset);
            if (row < entered.rows() && entered.offset(row) == fromOffset) {
                row += skip;
            }
        }
        if (row < entered.rows() && !filter.mayMeet(entered.batch())) {
            row = entered.rows();
            pruned++;
        }
    }
}
