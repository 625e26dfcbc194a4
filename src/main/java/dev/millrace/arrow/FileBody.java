package dev.millrace.arrow;

import com.google.flatbuffers.FlatBufferBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.ToLongFunction;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.WriteChannel;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.apache.arrow.vector.ipc.message.ArrowBuffer;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;
import org.apache.arrow.vector.ipc.message.FBSerializables;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.jspecify.annotations.Nullable;

/**
 * Some rows of some batches of one layout as one Arrow record batch, which is only ever whole in the file: sizes, nulls
 * and statistics are taken first, then each buffer is written from end to end through a small one. One thread.
 *
 * <p>Rows are held as runs: {@code [from, to)} pairs, one behind the other, that are never empty. The elements of a list
 * that belong to a run of rows are one run, too, from the first row's first to the last row's last, so one form does for
 * every level.
 */
final class FileBody {
    private static final int ALIGNMENT = 8;

    /** The same column of one part, and which of its values are taken. */
    private record Cut(Column column, int[] runs) {
        Cut elements() {
            int[] bounds = new int[runs.length];
            int size = 0;
            for (int i = 0; i < runs.length; i += 2) {
                bounds[size] = column.start(runs[i]);
                bounds[size + 1] = column.start(runs[i + 1]);
                size += bounds[size] < bounds[size + 1] ? 2 : 0;
            }
            return new Cut(column.child(0), Arrays.copyOf(bounds, size));
        }
    }

    private interface Count {
        long of(Column column, int from, int to);
    }

    private interface Content {
        void write(FileSink out, Column column, int from, int to) throws IOException;
    }

    private record Buffer(List<Cut> cuts, Content content, boolean isOffsets) {}

    private final List<ArrowFieldNode> nodes = new ArrayList<>();
    private final List<ArrowBuffer> places = new ArrayList<>();
    private final List<Buffer> buffers = new ArrayList<>();
    private final Statistics statistics;
    private final long rows;
    private long bodyBytes;

    /**
     * @throws IllegalArgumentException when a column has more values or bytes than 32-bit offsets reach; its message
     *     names the column
     */
    FileBody(List<ArrowFile.Part> parts) {
        List<int[]> runs =
                parts.stream().map(part -> runs(part.rows(), part.selected())).toList();
        Layout layout = parts.getFirst().batch().layout();
        this.statistics = Statistics.empty(layout);
        for (int c = 0; c < layout.top().size(); c++) {
            var cuts = new ArrayList<Cut>(parts.size());
            for (int p = 0; p < parts.size(); p++) {
                cuts.add(new Cut(parts.get(p).batch().column(c), runs.get(p)));
            }
            add(cuts, true);
        }
        this.rows = nodes.getFirst().getLength();
    }

    long rows() {
        return rows;
    }

    Statistics statistics() {
        return statistics;
    }

    private static int[] runs(int rows, int @Nullable [] selected) {
        if (selected == null) {
            return rows == 0 ? new int[0] : new int[] {0, rows};
        }
        int[] runs = new int[16];
        int size = 0;
        for (int row : selected) {
            Objects.checkIndex(row, rows);
            if (size == 0 || runs[size - 1] != row) {
                runs = size == runs.length ? Arrays.copyOf(runs, 2 * size) : runs;
                runs[size] = row;
                size += 2;
            }
            runs[size - 1] = row + 1;
        }
        return Arrays.copyOf(runs, size);
    }

    private void add(List<Cut> cuts, boolean withStatistics) {
        ColumnLayout at = cuts.getFirst().column().layout();
        long values = checked(at, "values", sum(cuts, (_, from, to) -> to - from));
        nodes.add(new ArrowFieldNode(values, sum(cuts, withStatistics ? statistics::add : Column::nullCount)));
        bits(cuts, values, Column::validityAddress);
        switch (at.storage()) {
            case BIT -> bits(cuts, values, Column::dataAddress);
            case FIXED, DICTIONARY -> {
                long width = at.width();
                buffer(
                        cuts,
                        values * width,
                        (out, column, from, to) -> out.bytes(column.rowsAddress() + from * width, (to - from) * width));
            }
            case BYTES -> {
                offsets(cuts, values);
                buffer(
                        cuts,
                        sum(cuts, FileBody::length),
                        (out, column, from, to) ->
                                out.bytes(column.dataAddress() + column.start(from), length(column, from, to)));
            }
            case LIST, VECTOR -> {
                if (at.storage() == Storage.LIST) {
                    offsets(cuts, values);
                }
                add(cuts.stream().map(Cut::elements).toList(), false);
            }
            case STRUCT -> {
                for (int i = 0; i < at.children().size(); i++) {
                    int child = i;
                    add(
                            cuts.stream()
                                    .map(cut -> new Cut(cut.column().child(child), cut.runs()))
                                    .toList(),
                            withStatistics);
                }
            }
        }
    }

    private static long length(Column column, int from, int to) {
        return (long) column.start(to) - column.start(from);
    }

    private static long sum(List<Cut> cuts, Count count) {
        long sum = 0;
        for (Cut cut : cuts) {
            for (int i = 0; i < cut.runs().length; i += 2) {
                sum += count.of(cut.column(), cut.runs()[i], cut.runs()[i + 1]);
            }
        }
        return sum;
    }

    private static long checked(ColumnLayout column, String unit, long count) {
        if (count > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("Column " + column.path() + " would have " + count + " " + unit
                    + " in one file, at most are " + Integer.MAX_VALUE + ".");
        }
        return count;
    }

    private void bits(List<Cut> cuts, long values, ToLongFunction<Column> address) {
        buffer(cuts, (values + 7) >>> 3, (out, column, from, to) -> out.bits(address.applyAsLong(column), from, to));
    }

    private void offsets(List<Cut> cuts, long values) {
        add(cuts, (values + 1) << 2, FileSink::offsets, true);
    }

    private void buffer(List<Cut> cuts, long bytes, Content content) {
        add(cuts, bytes, content, false);
    }

    private void add(List<Cut> cuts, long bytes, Content content, boolean isOffsets) {
        places.add(new ArrowBuffer(bodyBytes, checked(cuts.getFirst().column().layout(), "bytes", bytes)));
        buffers.add(new Buffer(cuts, content, isOffsets));
        bodyBytes += (bytes + ALIGNMENT - 1) & -ALIGNMENT;
    }

    /** Writes the message and its body to a file that stands at a multiple of 8; {@code allocator} pays for the buffer. */
    ArrowBlock write(WriteChannel out, BufferAllocator allocator) throws IOException {
        long start = out.getCurrentPosition();
        ByteBuffer message = message();
        int padding = -message.remaining() & ALIGNMENT - 1;
        out.writeIntLittleEndian(MessageSerializer.IPC_CONTINUATION_TOKEN);
        out.writeIntLittleEndian(message.remaining() + padding);
        out.write(message);
        out.writeZeros(padding);
        long body = out.getCurrentPosition();
        try (var sink = new FileSink(out, allocator)) {
            for (Buffer buffer : buffers) {
                if (buffer.isOffsets()) {
                    sink.beginOffsets();
                }
                for (Cut cut : buffer.cuts()) {
                    for (int i = 0; i < cut.runs().length; i += 2) {
                        buffer.content().write(sink, cut.column(), cut.runs()[i], cut.runs()[i + 1]);
                    }
                }
                sink.align();
            }
            sink.flush();
        }
        assert out.getCurrentPosition() - body == bodyBytes;
        return new ArrowBlock(start, (int) (body - start), bodyBytes);
    }

    private ByteBuffer message() {
        var builder = new FlatBufferBuilder();
        RecordBatch.startNodesVector(builder, nodes.size());
        int nodesAt = FBSerializables.writeAllStructsToVector(builder, nodes);
        RecordBatch.startBuffersVector(builder, places.size());
        int buffersAt = FBSerializables.writeAllStructsToVector(builder, places);
        int batch = RecordBatch.createRecordBatch(builder, rows, nodesAt, buffersAt, 0, 0);
        return MessageSerializer.serializeMessage(builder, MessageHeader.RecordBatch, batch, bodyBytes);
    }
}
