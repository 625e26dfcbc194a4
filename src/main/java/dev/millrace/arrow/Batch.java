package dev.millrace.arrow;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;

/**
 * The columns of a run of rows: buffers in memory or in a mapped file, reference-counted as one. How many of its rows
 * are visible is not its concern but its publisher's. Any thread may read it while it is retained.
 */
public final class Batch {
    private final Layout layout;
    private final List<ArrowBuf> buffers;
    private final Column[] columns;
    private final AtomicInteger references = new AtomicInteger(1);

    private Batch(Layout layout, List<ArrowBuf> buffers) {
        this.layout = layout;
        this.buffers = buffers;
        this.columns = layout.top().stream().map(this::column).toArray(Column[]::new);
    }

    /** A batch with one reference over {@code owned} buffers in the layout's order, one reference each taken over. */
    static Batch owning(Layout layout, List<ArrowBuf> owned) {
        return new Batch(layout, List.copyOf(owned));
    }

    private Column column(ColumnLayout column) {
        long[] addresses = new long[column.storage().buffers()];
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = buffers.get(column.firstBuffer() + i).memoryAddress();
        }
        Column[] children = column.children().stream().map(this::column).toArray(Column[]::new);
        return switch (column.storage()) {
            case BIT, FIXED -> new Column(column, addresses[0], 0, addresses[1], children);
            case BYTES -> new Column(column, addresses[0], addresses[1], addresses[2], children);
            case LIST -> new Column(column, addresses[0], addresses[1], 0, children);
            case STRUCT -> new Column(column, addresses[0], 0, 0, children);
        };
    }

    public Layout layout() {
        return layout;
    }

    /** A top-level column by its number in {@link Layout#top()}. */
    public Column column(int number) {
        return columns[number];
    }

    /** The column, nested or not, that a layout entry describes; lists cannot be entered. */
    public Column column(String path) {
        for (Column column : columns) {
            Column found = find(column, path);
            if (found != null) {
                return found;
            }
        }
        throw new IllegalArgumentException("no column " + path);
    }

    private static @org.jspecify.annotations.Nullable Column find(Column column, String path) {
        if (column.layout().path().equals(path)) {
            return column;
        }
        if (column.layout().storage() == Storage.STRUCT
                && path.startsWith(column.layout().path() + ".")) {
            for (int i = 0; i < column.layout().children().size(); i++) {
                Column found = find(column.child(i), path);
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    /** Takes one more reference. */
    public Batch retain() {
        if (!tryRetain()) {
            throw new IllegalStateException("the batch is released");
        }
        return this;
    }

    /** Takes one more reference unless the last one is gone. */
    public boolean tryRetain() {
        int count;
        do {
            count = references.get();
            if (count == 0) {
                return false;
            }
        } while (!references.compareAndSet(count, count + 1));
        return true;
    }

    /** Gives one reference back; the last gives the memory back. */
    public void release() {
        int left = references.decrementAndGet();
        if (left == 0) {
            buffers.forEach(ArrowBuf::close);
        } else if (left < 0) {
            throw new IllegalStateException("the batch is released already");
        }
    }

    /** Bytes of the buffers' capacity. */
    public long sizeBytes() {
        return buffers.stream().mapToLong(ArrowBuf::capacity).sum();
    }

    /**
     * Rows {@code [0, rows)} of some top-level columns as an Arrow record batch over the same buffers: nothing is
     * copied, each buffer gets one more reference, which closing the result gives back.
     */
    public ArrowRecordBatch head(List<ColumnLayout> selected, int rows) {
        var nodes = new ArrayList<ArrowFieldNode>();
        var slices = new ArrayList<ArrowBuf>();
        for (ColumnLayout column : selected) {
            addHead(columns[layout.top().indexOf(column)], rows, nodes, slices);
        }
        // The record batch retains what it is given; slices share the reference count of what they are cut from.
        return new ArrowRecordBatch(rows, nodes, slices);
    }

    private void addHead(Column column, int rows, List<ArrowFieldNode> nodes, List<ArrowBuf> slices) {
        ColumnLayout at = column.layout();
        nodes.add(new ArrowFieldNode(rows, column.nullCount(0, rows)));
        int first = at.firstBuffer();
        slices.add(buffers.get(first).slice(0, (rows + 7L) >>> 3));
        switch (at.storage()) {
            case BIT -> slices.add(buffers.get(first + 1).slice(0, (rows + 7L) >>> 3));
            case FIXED -> slices.add(buffers.get(first + 1).slice(0, (long) rows * at.width()));
            case BYTES -> {
                slices.add(buffers.get(first + 1).slice(0, (rows + 1L) << 2));
                slices.add(buffers.get(first + 2).slice(0, column.start(rows)));
            }
            case LIST -> {
                slices.add(buffers.get(first + 1).slice(0, (rows + 1L) << 2));
                addHead(column.child(0), column.start(rows), nodes, slices);
            }
            case STRUCT -> {
                for (int i = 0; i < at.children().size(); i++) {
                    addHead(column.child(i), rows, nodes, slices);
                }
            }
        }
    }

    /**
     * Copies of the rows {@code selection[0, count)} of some top-level columns, as an Arrow record batch that the caller
     * closes; {@code allocator} pays.
     *
     * @throws org.apache.arrow.memory.OutOfMemoryException when the allocator's limit is reached; nothing is kept then
     */
    public ArrowRecordBatch gather(List<ColumnLayout> selected, int[] selection, int count, BufferAllocator allocator) {
        Layout target = Layout.of(new org.apache.arrow.vector.types.pojo.Schema(
                selected.stream().map(ColumnLayout::field).toList()));
        try (var writer = new BatchWriter(target, allocator)) {
            writer.open(Math.max(8, count));
            for (int c = 0; c < selected.size(); c++) {
                Column source = columns[layout.top().indexOf(selected.get(c))];
                ColumnWriter into = writer.column(c);
                for (int i = 0; i < count; i++) {
                    into.copy(source, selection[i]);
                }
            }
            return writer.batch().head(target.top(), count);
        }
    }
}
