package dev.millrace.arrow;

import com.google.flatbuffers.FlatBufferBuilder;
import java.io.IOException;
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
 * Some rows of some batches of one layout as one Arrow record batch, which is only ever whole in the file: sizes and
 * nulls are counted first, then each buffer is written from end to end through a small one. One thread.
 *
 * <p>Rows are held as runs: {@code [from, to)} pairs, one behind the other, that are never empty. The elements of a list
 * that belong to a run of rows are one run, too, from the first row's first to the last row's last, so one form does for
 * every level.
 */
final class FileBody {
    private static final long ALIGNMENT = 8;

    /** The same column of one part, and which of its values are taken. */
    private record Cut(Column column, int[] runs) {
        long values() {
            long sum = 0;
            for (int i = 0; i < runs.length; i += 2) {
                sum += runs[i + 1] - runs[i];
            }
            return sum;
        }

        long nulls() {
            long sum = 0;
            for (int i = 0; i < runs.length; i += 2) {
                sum += column.nullCount(runs[i], runs[i + 1]);
            }
            return sum;
        }

        /** Bytes or elements of the values. */
        long length() {
            long sum = 0;
            for (int i = 0; i < runs.length; i += 2) {
                sum += column.start(runs[i + 1]) - column.start(runs[i]);
            }
            return sum;
        }

        Cut elements() {
            int[] elements = new int[runs.length];
            int size = 0;
            for (int i = 0; i < runs.length; i += 2) {
                int from = column.start(runs[i]);
                int to = column.start(runs[i + 1]);
                if (from < to) {
                    elements[size++] = from;
                    elements[size++] = to;
                }
            }
            return new Cut(column.child(0), Arrays.copyOf(elements, size));
        }
    }

    private interface Content {
        void write(FileSink out) throws IOException;
    }

    private interface RunContent {
        void write(FileSink out, Column column, int from, int to) throws IOException;
    }

    private final List<ArrowFieldNode> nodes = new ArrayList<>();
    private final List<ArrowBuffer> layout = new ArrayList<>();
    private final List<Content> contents = new ArrayList<>();
    private final long rows;
    private long bodyBytes;

    /**
     * @throws IllegalArgumentException when a column has more values or bytes than 32-bit offsets reach; its message
     *     names the column
     */
    FileBody(List<ArrowFile.Part> parts) {
        List<int[]> runs =
                parts.stream().map(part -> runs(part.rows(), part.selected())).toList();
        this.rows = runs.stream()
                .mapToLong(each -> new Cut(parts.getFirst().batch().column(0), each).values())
                .sum();
        for (int c = 0; c < parts.getFirst().batch().layout().top().size(); c++) {
            var cuts = new ArrayList<Cut>(parts.size());
            for (int p = 0; p < parts.size(); p++) {
                cuts.add(new Cut(parts.get(p).batch().column(c), runs.get(p)));
            }
            add(cuts);
        }
    }

    long rows() {
        return rows;
    }

    private static int[] runs(int rows, int @Nullable [] selected) {
        if (selected == null) {
            return rows == 0 ? new int[0] : new int[] {0, rows};
        }
        int[] runs = new int[16];
        int size = 0;
        for (int row : selected) {
            Objects.checkIndex(row, rows);
            if (size > 0 && runs[size - 1] == row) {
                runs[size - 1]++;
            } else {
                runs = size == runs.length ? Arrays.copyOf(runs, 2 * size) : runs;
                runs[size++] = row;
                runs[size++] = row + 1;
            }
        }
        return Arrays.copyOf(runs, size);
    }

    private void add(List<Cut> cuts) {
        ColumnLayout at = cuts.getFirst().column().layout();
        long values = checked(at, "values", cuts.stream().mapToLong(Cut::values).sum());
        nodes.add(new ArrowFieldNode(values, cuts.stream().mapToLong(Cut::nulls).sum()));
        bits(cuts, values, Column::validityAddress);
        switch (at.storage()) {
            case BIT -> bits(cuts, values, Column::dataAddress);
            case FIXED, DICTIONARY -> {
                long width = at.width();
                buffer(
                        values * width,
                        each(
                                cuts,
                                (out, column, from, to) ->
                                        out.bytes(column.rowsAddress() + from * width, (to - from) * width)));
            }
            case BYTES -> {
                offsets(cuts, values);
                buffer(
                        checked(
                                at,
                                "bytes",
                                cuts.stream().mapToLong(Cut::length).sum()),
                        each(cuts, (out, column, from, to) -> {
                            long start = column.start(from);
                            out.bytes(column.dataAddress() + start, column.start(to) - start);
                        }));
            }
            case LIST -> {
                offsets(cuts, values);
                add(cuts.stream().map(Cut::elements).toList());
            }
            case VECTOR -> add(cuts.stream().map(Cut::elements).toList());
            case STRUCT -> {
                for (int i = 0; i < at.children().size(); i++) {
                    int child = i;
                    add(cuts.stream()
                            .map(cut -> new Cut(cut.column().child(child), cut.runs()))
                            .toList());
                }
            }
        }
    }

    private static long checked(ColumnLayout column, String unit, long count) {
        if (count > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("Column " + column.path() + " would have " + count + " " + unit
                    + " in one file, at most are " + Integer.MAX_VALUE + ".");
        }
        return count;
    }

    private void bits(List<Cut> cuts, long values, ToLongFunction<Column> address) {
        Content bits = each(cuts, (out, column, from, to) -> out.bits(address.applyAsLong(column), from, to));
        buffer((values + 7) >>> 3, out -> {
            bits.write(out);
            out.endBits();
        });
    }

    private void offsets(List<Cut> cuts, long values) {
        buffer((values + 1) << 2, out -> {
            out.putInt(0);
            int end = 0;
            for (Cut cut : cuts) {
                Column column = cut.column();
                for (int i = 0; i < cut.runs().length; i += 2) {
                    int to = cut.runs()[i + 1];
                    int shift = end - column.start(cut.runs()[i]);
                    for (int row = cut.runs()[i]; row < to; row++) {
                        out.putInt(column.end(row) + shift);
                    }
                    end = column.start(to) + shift;
                }
            }
        });
    }

    private static Content each(List<Cut> cuts, RunContent content) {
        return out -> {
            for (Cut cut : cuts) {
                for (int i = 0; i < cut.runs().length; i += 2) {
                    content.write(out, cut.column(), cut.runs()[i], cut.runs()[i + 1]);
                }
            }
        };
    }

    private void buffer(long bytes, Content content) {
        layout.add(new ArrowBuffer(bodyBytes, bytes));
        contents.add(content);
        bodyBytes += (bytes + ALIGNMENT - 1) & -ALIGNMENT;
    }

    /** Writes the message and its body to a file that stands at a multiple of 8; {@code allocator} pays for the buffer. */
    ArrowBlock write(WriteChannel out, BufferAllocator allocator) throws IOException {
        long start = out.getCurrentPosition();
        var message = header();
        int padding = (int) (-message.remaining() & ALIGNMENT - 1);
        out.writeIntLittleEndian(MessageSerializer.IPC_CONTINUATION_TOKEN);
        out.writeIntLittleEndian(message.remaining() + padding);
        out.write(message);
        out.writeZeros(padding);
        long body = out.getCurrentPosition();
        try (var sink = new FileSink(out, allocator)) {
            for (Content content : contents) {
                content.write(sink);
                sink.align();
            }
            sink.flush();
        }
        if (out.getCurrentPosition() - body != bodyBytes) {
            throw new IllegalStateException("wrote " + (out.getCurrentPosition() - body) + " of " + bodyBytes);
        }
        return new ArrowBlock(start, (int) (body - start), bodyBytes);
    }

    private java.nio.ByteBuffer header() {
        var builder = new FlatBufferBuilder();
        RecordBatch.startNodesVector(builder, nodes.size());
        int nodesAt = FBSerializables.writeAllStructsToVector(builder, nodes);
        RecordBatch.startBuffersVector(builder, layout.size());
        int buffersAt = FBSerializables.writeAllStructsToVector(builder, layout);
        RecordBatch.startRecordBatch(builder);
        RecordBatch.addLength(builder, rows);
        RecordBatch.addNodes(builder, nodesAt);
        RecordBatch.addBuffers(builder, buffersAt);
        return MessageSerializer.serializeMessage(
                builder, MessageHeader.RecordBatch, RecordBatch.endRecordBatch(builder), bodyBytes);
    }
}
