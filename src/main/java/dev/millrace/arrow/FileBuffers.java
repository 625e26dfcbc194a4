package dev.millrace.arrow;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.ForeignAllocation;

/**
 * Finds a layout's buffers in a file whose columns may stand in another order and be fewer, by their names at every
 * level. A column that the file does not have is null in every row: its buffers are zeros, which all files of a layout
 * share.
 */
final class FileBuffers {
    /** What a batch may read past a buffer's end, since it looks at words of validity. */
    private static final int SLACK = Long.BYTES;

    /** A run of the file's bytes, or of zeros where {@code from} is negative. */
    private record Run(long from, long bytes) {}

    private final RecordBatch header;
    private final long body;
    private final long fileBytes;
    private final List<Run> runs = new ArrayList<>();

    private FileBuffers(RecordBatch header, long body, long fileBytes) {
        this.header = header;
        this.body = body;
        this.fileBytes = fileBytes;
    }

    /**
     * The layout's buffers in its order, one reference each for the caller.
     *
     * @param stored the file's own columns, which the layout {@link Layout#reads reads}
     * @param body where the record batch's bytes begin in {@code whole}
     * @param allocator accounts the zeros
     * @throws IndexOutOfBoundsException or IllegalArgumentException when the header does not fit the file
     */
    static List<ArrowBuf> of(
            Layout layout, Layout stored, RecordBatch header, long body, ArrowBuf whole, BufferAllocator allocator) {
        var found = new FileBuffers(header, body, whole.capacity());
        found.add(layout.top(), stored.top(), header.length());
        long zeroBytes = found.runs.stream()
                .filter(run -> run.from() < 0)
                .mapToLong(Run::bytes)
                .max()
                .orElse(-1);
        if (zeroBytes < 0) {
            return found.slices(whole, whole);
        }
        try (ArrowBuf zeros = zeros(layout.zeros(zeroBytes + SLACK), allocator)) {
            return found.slices(whole, zeros);
        }
    }

    private static ArrowBuf zeros(MemorySegment bytes, BufferAllocator allocator) {
        return allocator.wrapForeignAllocation(new ForeignAllocation(bytes.byteSize(), bytes.address()) {
            @Override
            protected void release0() {
                Reference.reachabilityFence(bytes); // until here
            }
        });
    }

    private List<ArrowBuf> slices(ArrowBuf whole, ArrowBuf zeros) {
        List<ArrowBuf> buffers = new ArrayList<>(runs.size());
        for (Run run : runs) {
            buffers.add(run.from() < 0 ? zeros.slice(0, run.bytes()) : whole.slice(run.from(), run.bytes()));
        }
        buffers.forEach(buffer -> buffer.getReferenceManager().retain());
        return buffers;
    }

    private void add(List<ColumnLayout> columns, List<ColumnLayout> stored, long rows) {
        if (rows < 0 || rows > fileBytes * Byte.SIZE) { // each row has at least a bit of the file
            throw new IllegalArgumentException(rows + " rows");
        }
        for (ColumnLayout column : columns) {
            stored.stream()
                    .filter(each -> each.name().equals(column.name()))
                    .findFirst()
                    .ifPresentOrElse(at -> add(column, at), () -> addNulls(column, rows));
        }
    }

    private void add(ColumnLayout column, ColumnLayout stored) {
        for (int i = 0; i < column.storage().buffers(); i++) {
            var buffer = header.buffers(stored.firstBuffer() + i);
            Objects.checkFromIndexSize(body + buffer.offset(), buffer.length(), fileBytes);
            runs.add(new Run(body + buffer.offset(), buffer.length()));
        }
        add(column.children(), stored.children(), header.nodes(stored.index()).length());
    }

    private void addNulls(ColumnLayout column, long rows) {
        long bits = (rows + 7) >>> 3;
        addZeros(bits);
        switch (column.storage()) {
            case BIT -> addZeros(bits);
            case FIXED, DICTIONARY -> addZeros(rows * column.width());
            case BYTES -> {
                addZeros((rows + 1) << 2);
                addZeros(0);
            }
            case LIST -> {
                addZeros((rows + 1) << 2);
                addNulls(column.children().getFirst(), 0);
            }
            case STRUCT -> column.children().forEach(child -> addNulls(child, rows));
            case VECTOR -> addNulls(column.children().getFirst(), rows * column.width());
        }
    }

    private void addZeros(long bytes) {
        runs.add(new Run(-1, bytes));
    }
}
