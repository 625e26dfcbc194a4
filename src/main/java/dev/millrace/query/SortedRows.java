package dev.millrace.query;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.Column;
import dev.millrace.problem.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.jspecify.annotations.Nullable;

/**
 * The first rows of a scan in the order of a query's sort keys; of equal rows, in the order of partition and offset. All
 * rows are looked at, a step of the scan a step here, and no more of them kept than the limit and one, on which the next
 * page begins. Once there are so many, one loop over the first key passes over the rows that cannot be among them. At the end the kept ones are copied into one batch, in their order, for the last step.
 */
public final class SortedRows implements RowSource {
    /** A row seen; {@code columns} are those of its batch. */
    private record Seen(Batch batch, List<List<Column>> columns, int row, int partition, long offset, int skip) {}

    private final RowSource scan;
    private final RowOrder order;
    private final int most;
    private final PriorityQueue<Seen> kept;
    private final BatchWriter sorted;
    private final @Nullable Seen from;
    private List<List<Column>> columns = List.of();
    private @Nullable Batch bound;
    private @Nullable Seen narrowedBy;
    private Optional<FilterLoop> upTo = Optional.empty();
    private List<Seen> rows = List.of();
    private int[] selection = {};
    private boolean ended;

    /**
     * Sorted rows of a query with sort keys.
     *
     * @param shape of the reading's view
     * @param allocator borrowed, pays for the copies; of the same root as the store's
     */
    SortedRows(Reading reading, Shape shape, RowsQuery query, BufferAllocator allocator) {
        this.order = new RowOrder(query.sort());
        this.most = query.limit() + 1;
        Comparator<Seen> compare = this::compare;
        this.kept = new PriorityQueue<>(most, compare.reversed());
        this.sorted = new BatchWriter(shape.layout(), allocator);
        this.scan = reading.scan(query.ofAllRows());
        this.from = query.start() instanceof Start.After(PageCursor cursor) ? row(reading, query, cursor) : null;
    }

    private Seen row(Reading reading, RowsQuery query, PageCursor cursor) {
        try (RowSource at = reading.scan(query.ofAllRows().from(new Start.After(cursor)))) {
            boolean more = at.next();
            while (more && at.count() == 0) {
                more = at.next();
            }
            if (more && at.partition(0) == cursor.partition() && at.offset(0) == cursor.offset()) {
                return new Seen(
                        at.batch(),
                        order.columns(at.batch()),
                        at.selection()[0],
                        cursor.partition(),
                        cursor.offset(),
                        cursor.skip());
            }
        }
        throw new Problem.Gone(
                        "The row on which the page begins", reading.position().toString())
                .exception();
    }

    private int compare(Seen left, Seen right) {
        int byKeys = order.compare(left.columns(), left.row(), right.columns(), right.row());
        if (byKeys != 0) {
            return byKeys;
        }
        int byPartition = Integer.compare(left.partition(), right.partition());
        int byOffset = byPartition != 0 ? byPartition : Long.compare(left.offset(), right.offset());
        return byOffset != 0 ? byOffset : Integer.compare(left.skip(), right.skip());
    }

    @Override
    public boolean next() {
        if (ended) {
            rows = List.of();
            return false;
        }
        if (scan.next()) {
            int count = narrowed();
            for (int i = 0; i < count; i++) {
                offer(i);
            }
        } else {
            ended = true;
            copy();
        }
        return true;
    }

    /** How many rows of the step are left without those that come after the last one kept. */
    private int narrowed() {
        Seen last = kept.size() == most ? kept.peek() : null;
        if (last != narrowedBy) {
            narrowedBy = last;
            upTo = last == null ? Optional.empty() : order.upTo(last.columns(), last.row());
        }
        return upTo.isEmpty() ? scan.count() : upTo.get().narrow(scan.batch(), scan.selection(), scan.count());
    }

    private void offer(int index) {
        Batch batch = scan.batch();
        if (batch != bound) {
            bound = batch;
            columns = order.columns(batch);
        }
        int row = scan.selection()[index];
        Seen last = kept.size() == most ? kept.peek() : null;
        if (last != null && order.compare(last.columns(), last.row(), columns, row) < 0) {
            return;
        }
        var seen = new Seen(batch, columns, row, scan.partition(index), scan.offset(index), scan.skip(index));
        if (from != null && compare(seen, from) < 0) {
            return;
        }
        kept.add(seen);
        if (kept.size() > most) {
            kept.poll();
        }
    }

    private void copy() {
        var inOrder = new ArrayList<>(kept);
        inOrder.sort(this::compare);
        try {
            sorted.open(Math.max(8, inOrder.size()));
            for (Seen seen : inOrder) {
                sorted.copyRow(seen.batch(), seen.row());
            }
        } catch (OutOfMemoryException full) {
            throw new Problem.Unavailable("The answer", "the memory for sorted answers is used up. Ask for fewer rows.")
                    .exception();
        }
        rows = inOrder;
        selection = IntStream.range(0, rows.size()).toArray();
    }

    @Override
    public Batch batch() {
        return sorted.batch();
    }

    @Override
    public int[] selection() {
        return selection;
    }

    @Override
    public int count() {
        return rows.size();
    }

    @Override
    public int partition(int index) {
        return rows.get(index).partition();
    }

    @Override
    public long offset(int index) {
        return rows.get(index).offset();
    }

    @Override
    public int skip(int index) {
        return rows.get(index).skip();
    }

    @Override
    public void close() {
        sorted.close();
    }
}
