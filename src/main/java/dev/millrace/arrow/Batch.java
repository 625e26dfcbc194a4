package dev.millrace.arrow;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.jspecify.annotations.Nullable;

/**
 * The columns of a run of rows: buffers in memory or in a mapped file, reference-counted as one. How many of its rows
 * are visible is not its concern but its publisher's. Any thread may read it while it is retained.
 */
public final class Batch {
    private final Layout layout;
    private final List<ArrowBuf> buffers;
    private final @Nullable MemorySegment mapping;
    private final Optional<Statistics> statistics;
    private final Column[] columns;
    private final References references = new References();

    private Batch(
            Layout layout, List<ArrowBuf> buffers, @Nullable MemorySegment mapping, Optional<Statistics> statistics) {
        this.layout = layout;
        this.statistics = statistics;
        this.buffers = buffers;
        this.mapping = mapping;
        this.columns = layout.top().stream().map(this::column).toArray(Column[]::new);
    }

    /** A batch with one reference over {@code owned} buffers in the layout's order, one reference each taken over. */
    static Batch owning(Layout layout, List<ArrowBuf> owned) {
        return new Batch(layout, List.copyOf(owned), null, Optional.empty());
    }

    /**
     * A batch with one reference over the buffers of a record batch, which is closed.
     *
     * @throws IllegalArgumentException when it has not the layout's number of buffers
     */
    public static Batch of(Layout layout, ArrowRecordBatch owned) {
        try (owned) {
            if (owned.getBuffers().size() != layout.buffers()) {
                throw new IllegalArgumentException(owned.getBuffers().size() + " buffers for " + layout.buffers());
            }
            owned.getBuffers().forEach(buffer -> buffer.getReferenceManager().retain());
            return owning(layout, owned.getBuffers());
        }
    }

    /** The same for buffers that lie within a mapped file, which lives as long as any of them. */
    static Batch mapping(Layout layout, List<ArrowBuf> owned, MemorySegment file, Optional<Statistics> statistics) {
        return new Batch(layout, List.copyOf(owned), file, statistics);
    }

    private Column column(ColumnLayout column) {
        long[] addresses = new long[column.storage().buffers()];
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = buffers.get(column.firstBuffer() + i).memoryAddress();
        }
        Column[] children = column.children().stream().map(this::column).toArray(Column[]::new);
        return switch (column.storage()) {
            case BIT, FIXED, DICTIONARY -> new Column(column, addresses[0], 0, addresses[1], children);
            case BYTES -> new Column(column, addresses[0], addresses[1], addresses[2], children);
            case LIST -> new Column(column, addresses[0], addresses[1], 0, children);
            case STRUCT, VECTOR -> new Column(column, addresses[0], 0, 0, children);
        };
    }

    public Layout layout() {
        return layout;
    }

    /** Of all rows of the file that this is mapped from; empty for a batch in memory. */
    public Optional<Statistics> statistics() {
        return statistics;
    }

    /** A top-level column by its number in {@link Layout#top()}. */
    public Column column(int number) {
        return columns[number];
    }

    /** The column, nested or not, at a path; lists cannot be entered. */
    public Column column(String path) {
        return path(path).getLast();
    }

    /** The column at a path and the structs around it, outermost first. */
    public List<Column> path(String path) {
        var found = new ArrayList<Column>(2);
        Column[] level = columns;
        while (found.isEmpty() || !found.getLast().layout().path().equals(path)) {
            found.add(Arrays.stream(level)
                    .filter(column -> (path + ".").startsWith(column.layout().path() + "."))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("no column " + path)));
            Column entered = found.getLast();
            level = entered.layout().storage() == Storage.STRUCT ? entered.children() : new Column[0];
        }
        return found;
    }

    /** Takes one more reference. */
    public Batch retain() {
        references.retain();
        return this;
    }

    /** Takes one more reference unless the last one is gone. */
    public boolean tryRetain() {
        return references.tryRetain();
    }

    /** Gives one reference back; the last gives the memory back. */
    public void release() {
        if (references.release()) {
            buffers.forEach(ArrowBuf::close);
        }
    }

    /** Bytes of the buffers' capacity. */
    public long sizeBytes() {
        return buffers.stream().mapToLong(ArrowBuf::capacity).sum();
    }

    /** Whether the rows lie in a mapped file, so that reading them may wait for the disk. */
    public boolean isMapped() {
        return mapping != null;
    }

    /**
     * Brings rows {@code [from, to)} of some top-level columns from the disk into memory when they are mapped, so that
     * reading them soon after does not wait. Blocks on the disk: never to be called on an event loop.
     */
    public void load(List<ColumnLayout> selected, int from, int to) {
        MemorySegment file = mapping;
        if (file != null) {
            RowRange.load(this, selected, from, to, file);
        }
    }

    /** Bytes that rows {@code [from, to)} of some top-level columns take in an Arrow record batch, padding included. */
    public long sizeBytes(List<ColumnLayout> selected, int from, int to) {
        return RowRange.sizeBytes(this, selected, from, to);
    }

    /** Bytes of the capacity of the buffers of some top-level columns; reads no row. */
    public long capacityBytes(List<ColumnLayout> selected) {
        return RowRange.capacityBytes(this, selected);
    }

    /**
     * Rows {@code [0, rows)} of some top-level columns as an Arrow record batch over the same buffers: nothing is
     * copied, each buffer gets one more reference, which closing the result gives back.
     */
    public ArrowRecordBatch head(List<ColumnLayout> selected, int rows) {
        return RowRange.head(this, selected, rows);
    }

    /**
     * Rows {@code [from, to)} of some top-level columns as an Arrow record batch that the caller closes. Values stay
     * where they are; offsets are copied to begin at 0, and bits too where {@code from} is no multiple of 8 (which is
     * what nested list elements mostly have); {@code allocator} pays for those copies.
     *
     * @throws org.apache.arrow.memory.OutOfMemoryException when the allocator's limit is reached; nothing is kept then
     */
    public ArrowRecordBatch slice(List<ColumnLayout> selected, int from, int to, BufferAllocator allocator) {
        return RowRange.slice(this, selected, from, to, allocator);
    }

    ArrowBuf buffer(int number) {
        return buffers.get(number);
    }

    /** A column, or a struct narrowed to some fields, by what says where it is in the batch's layout. */
    public Column selected(ColumnLayout selected) {
        int top = layout.top().indexOf(selected);
        return top >= 0 ? columns[top] : column(selected.path()).narrowed(selected);
    }

    /**
     * Copies of the rows {@code selection[0, count)} of some top-level columns, as an Arrow record batch that the caller
     * closes; {@code allocator} pays.
     *
     * @throws org.apache.arrow.memory.OutOfMemoryException when the allocator's limit is reached; nothing is kept then
     */
    public ArrowRecordBatch gather(List<ColumnLayout> selected, int[] selection, int count, BufferAllocator allocator) {
        Layout target = Layout.select(selected);
        try (var writer = new BatchWriter(target, allocator)) {
            writer.open(Math.max(8, count));
            for (int c = 0; c < selected.size(); c++) {
                Column source = selected(selected.get(c));
                ColumnWriter into = writer.column(c);
                for (int i = 0; i < count; i++) {
                    into.copy(source, selection[i]);
                }
            }
            return writer.batch().head(target.top(), count);
        }
    }
}
