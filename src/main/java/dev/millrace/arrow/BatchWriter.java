package dev.millrace.arrow;

import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Builds a batch row by row in off-heap memory while readers see the rows already published. One thread writes.
 *
 * <p>A row is written by giving each top-level column one value and then calling {@link #endRow()}; {@link #rollback()}
 * takes an unfinished row back without trace. The first write after {@link #seal()} (or the first at all) must be
 * preceded by {@link #open}. The column writers stay the same objects over every batch, so a decoder may keep them.
 *
 * <p>Rows become visible to other threads when the caller publishes {@link #batch()} together with {@link #rows()} by a
 * volatile write: values below that count never change.
 */
public final class BatchWriter implements AutoCloseable {
    private final Layout layout;
    private final ColumnWriter[] columns;
    private @Nullable Batch current;
    private int rows;
    private boolean open;

    /** A writer without buffers yet; {@code allocator} is borrowed and pays for every batch. */
    public BatchWriter(Layout layout, BufferAllocator allocator) {
        this.layout = layout;
        this.columns = layout.top().stream()
                .map(column -> new ColumnWriter(column, allocator))
                .toArray(ColumnWriter[]::new);
    }

    public Layout layout() {
        return layout;
    }

    /** The writer of a top-level column, by its number in {@link Layout#top()}. */
    public ColumnWriter column(int number) {
        return columns[number];
    }

    /** How many finished rows the open batch has. */
    public int rows() {
        return rows;
    }

    /** Whether there is a batch to write to. */
    public boolean isOpen() {
        return open;
    }

    /**
     * Allocates a batch with room for {@code capacityRows} before it grows.
     *
     * @throws org.apache.arrow.memory.OutOfMemoryException when the allocator's limit is reached; nothing is kept then
     */
    public void open(int capacityRows) {
        if (open) {
            throw new IllegalStateException("a batch is open already");
        }
        int opened = 0;
        try {
            for (; opened < columns.length; opened++) {
                columns[opened].open(capacityRows);
            }
        } catch (RuntimeException | Error failure) {
            for (int i = 0; i < opened; i++) {
                columns[i].release();
            }
            throw failure;
        }
        rows = 0;
        open = true;
    }

    /** Ends the row: every top-level column has had its value. */
    public void endRow() {
        endRows(1);
    }

    /** Ends so many rows, of which every top-level column has had its values. */
    public void endRows(int more) {
        rows += more;
        assert complete() : "a column lacks a value in row " + (rows - 1);
    }

    /** Takes back what was written since the last {@link #endRow()}. */
    public void rollback() {
        truncate(rows);
    }

    /** Takes back all rows from {@code keep} on; rows that readers may see already must not be taken back. */
    public void truncate(int keep) {
        for (ColumnWriter column : columns) {
            column.truncate(keep);
        }
        rows = keep;
    }

    /** Appends a copy of a row of a batch with the same layout. */
    public void copyRow(Batch source, int row) {
        for (int i = 0; i < columns.length; i++) {
            columns[i].copy(source.column(i), row);
        }
        endRow();
    }

    /** The open batch as it stands; borrowed: a caller that keeps it retains it. */
    public Batch batch() {
        if (!open) {
            throw new IllegalStateException("no batch is open");
        }
        boolean replaced = current == null;
        for (ColumnWriter column : columns) {
            replaced |= column.takeReplaced();
        }
        Batch batch = current;
        if (batch != null && !replaced) {
            return batch;
        }
        if (batch != null) {
            batch.release();
        }
        List<ArrowBuf> buffers = new ArrayList<>(layout.buffers());
        for (ColumnWriter column : columns) {
            column.collect(buffers);
        }
        for (ArrowBuf buffer : buffers) {
            buffer.getReferenceManager().retain();
        }
        Batch made = Batch.owning(layout, buffers);
        current = made;
        return made;
    }

    /** Hands the open batch over: the caller releases it. The writer has none until the next {@link #open}. */
    public Batch seal() {
        Batch sealed = batch();
        current = null;
        releaseColumns();
        return sealed;
    }

    /** Bytes allocated for the open batch. */
    public long allocatedBytes() {
        long sum = 0;
        for (ColumnWriter column : columns) {
            sum += column.allocatedBytes();
        }
        return sum;
    }

    /** Gives the open batch's memory back, as far as no reader holds it. */
    @Override
    public void close() {
        if (open) {
            Batch batch = current;
            if (batch != null) {
                batch.release();
            }
            current = null;
            releaseColumns();
        }
    }

    private void releaseColumns() {
        for (ColumnWriter column : columns) {
            column.release();
        }
        open = false;
        rows = 0;
    }

    private boolean complete() {
        for (ColumnWriter column : columns) {
            if (column.count() != rows) {
                return false;
            }
        }
        return true;
    }
}
