package dev.millrace.query;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.Column;
import dev.millrace.problem.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
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
    /** Rows with the columns that they are sorted by; where batches are transient, copies, whose batch may be another. */
    private static final class Held {
        private Batch batch;
        private List<List<Column>> columns;

        Held(Batch batch, RowOrder order) {
            this.batch = batch;
            this.columns = order.columns(batch);
        }

        void is(Batch now, RowOrder order) {
            if (now != batch) {
                batch = now;
                columns = order.columns(now);
            }
        }
    }

    /** A row seen. */
    private record Seen(Held in, int row, int partition, long offset, int skip) {
        List<List<Column>> columns() {
            return in.columns;
        }

        Batch batch() {
            return in.batch;
        }

        Seen copied(Held into, int copy) {
            return new Seen(into, copy, partition, offset, skip);
        }
    }

    private final RowSource scan;
    private final RowOrder order;
    private final int most;
    private final PriorityQueue<Seen> kept;
    private final BufferAllocator allocator;
    private final BatchWriter sorted;
    private final BatchWriter first;
    private final @Nullable Seen from;
    private BatchWriter copies;
    private @Nullable Held copied;
    private @Nullable Held bound;
    private Narrowing upTo = Narrowing.NONE;
    private volatile @Nullable Seen last;
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
        this.allocator = allocator;
        this.sorted = new BatchWriter(shape.layout(), allocator);
        this.first = new BatchWriter(shape.layout(), allocator);
        this.copies = new BatchWriter(shape.layout(), allocator);
        this.scan = reading.scanByMany(query.ofAllRows(), this::narrowing);
        this.from = query.start() instanceof Start.After(PageCursor cursor) ? row(reading, query, cursor) : null;
    }

    private Seen row(Reading reading, RowsQuery query, PageCursor cursor) {
        try (RowSource at = reading.scan(query.ofAllRows().from(new Start.After(cursor)))) {
            boolean more = at.next();
            while (more && at.count() == 0) {
                more = at.next();
            }
            if (more && at.partition(0) == cursor.partition() && at.offset(0) == cursor.offset()) {
                Batch batch = at.batch();
                int row = at.selection()[0];
                if (at.isTransient()) {
                    first.open(8);
                    first.copyRow(batch, row);
                    batch = first.batch();
                    row = 0;
                }
                return new Seen(new Held(batch, order), row, cursor.partition(), cursor.offset(), cursor.skip());
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
            try {
                int count = narrowed();
                for (int i = 0; i < count; i++) {
                    offer(i);
                }
            } catch (OutOfMemoryException full) {
                throw full();
            }
        } else {
            ended = true;
            copy();
        }
        return true;
    }

    /** How many rows of the step are left without those that come after the last one kept. */
    private int narrowed() {
        Seen now = kept.size() == most ? kept.peek() : null;
        if (now != last) {
            last = now;
            upTo = narrowing();
        }
        return scan.count() == 0 ? 0 : upTo.narrow(scan.batch(), scan.selection(), scan.count());
    }

    /** What drops rows that come after the last one kept; any thread where batches are not transient. */
    private Narrowing narrowing() {
        Seen now = last;
        return now == null ? Narrowing.NONE : order.upTo(now.columns(), now.row());
    }

    private void offer(int index) {
        Held held = bound;
        if (held == null || held.batch != scan.batch()) {
            held = new Held(scan.batch(), order);
            bound = held;
        }
        int row = scan.selection()[index];
        Seen worst = kept.size() == most ? kept.peek() : null;
        if (worst != null && order.compare(worst.columns(), worst.row(), held.columns, row) < 0) {
            return;
        }
        var seen = new Seen(held, row, scan.partition(index), scan.offset(index), scan.skip(index));
        if (from != null && compare(seen, from) < 0) {
            return;
        }
        if (scan.isTransient()) {
            if (worst != null && compare(seen, worst) > 0) {
                return;
            }
            seen = copied(seen);
        }
        kept.add(seen);
        if (kept.size() > most) {
            kept.poll();
        }
    }

    /** A row that stays when its batch goes. What is not among the first any more is left behind now and then. */
    private Seen copied(Seen seen) {
        if (!copies.isOpen()) {
            copies.open(64);
        } else if (copies.rows() > 2 * most + 64) {
            BatchWriter old = copies;
            try (old) {
                copies = new BatchWriter(old.layout(), allocator);
                copies.open(most);
                var live = new ArrayList<>(kept);
                for (Seen each : live) {
                    copies.copyRow(each.batch(), each.row());
                }
                var held = new Held(copies.batch(), order);
                copied = held;
                kept.clear();
                for (int i = 0; i < live.size(); i++) {
                    kept.add(live.get(i).copied(held, i));
                }
            }
        }
        copies.copyRow(seen.batch(), seen.row());
        Held held = copied;
        if (held == null) {
            held = new Held(copies.batch(), order);
            copied = held;
        } else {
            held.is(copies.batch(), order);
        }
        return seen.copied(held, copies.rows() - 1);
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
            throw full();
        }
        rows = inOrder;
        selection = IntStream.range(0, rows.size()).toArray();
    }

    private static RuntimeException full() {
        return new Problem.Unavailable("The answer", "the memory for sorted answers is used up. Ask for fewer rows.")
                .exception();
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
        scan.close();
        sorted.close();
        first.close();
        copies.close();
    }
}
