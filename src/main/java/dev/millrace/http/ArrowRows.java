package dev.millrace.http;

import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Dictionary;
import dev.millrace.problem.Problem;
import dev.millrace.query.RowSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.vector.VectorLoader;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.compression.CompressionUtil.CodecType;
import org.apache.arrow.vector.dictionary.DictionaryProvider.MapDictionaryProvider;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.ipc.message.IpcOption;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/** Writes the rows of a scan as an Arrow IPC stream: a record batch for each step of the scan that selects rows. */
final class ArrowRows implements RowWriter {
    private final RowSource scan;
    private final List<ColumnLayout> columns;
    private final BufferAllocator allocator;
    private final VectorSchemaRoot root;
    private final VectorLoader loader;
    private final MapDictionaryProvider dictionaries;
    private final ArrowStreamWriter writer;
    private final Sink target = new Sink();
    private long rowsLeft;

    /**
     * @param schema of {@code columns}, with its metadata
     * @param rows most rows to write
     * @param codec of the batches' buffers
     * @param allocator borrowed, pays for copies; of the same root as the snapshot's
     */
    ArrowRows(
            RowSource scan,
            List<ColumnLayout> columns,
            Schema schema,
            long rows,
            CodecType codec,
            BufferAllocator allocator) {
        this.scan = scan;
        this.columns = columns;
        this.rowsLeft = rows;
        this.allocator = allocator;
        this.root = VectorSchemaRoot.create(Dictionary.vectors(schema), allocator);
        this.loader = new VectorLoader(root);
        this.dictionaries = Dictionary.provider(columns, allocator);
        this.writer = new ArrowStreamWriter(root, dictionaries, target, IpcOption.DEFAULT, new ArrowCodecs(), codec);
    }

    @Override
    public boolean fill(ByteSink sink, int softBytes, BooleanSupplier stop) {
        target.bytes = sink;
        try {
            writer.start(); // the schema, the first time
            while (rowsLeft > 0) {
                if (sink.position() >= softBytes || stop.getAsBoolean()) {
                    return false;
                }
                if (!scan.next()) {
                    break;
                }
                int count = (int) Math.min(scan.count(), rowsLeft);
                if (count > 0) {
                    batch(scan.selection(), count);
                    rowsLeft -= count;
                }
            }
            writer.end();
            return true;
        } catch (OutOfMemoryException full) {
            throw new Problem.Unavailable("The answer", "the memory for Arrow answers is used up. Try again.")
                    .exception();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    private void batch(int[] selection, int count) throws IOException {
        int from = selection[0];
        try (ArrowRecordBatch batch = selection[count - 1] - from == count - 1
                ? scan.batch().slice(columns, from, from + count, allocator)
                : scan.batch().gather(columns, selection, count, allocator)) {
            loader.load(batch);
            writer.writeBatch();
        }
    }

    @Override
    public void close() {
        try (scan;
                root;
                dictionaries) {
            root.clear();
        }
    }

    /** Where the bytes of the fill at hand go. */
    private static final class Sink implements WritableByteChannel {
        private @Nullable ByteSink bytes;

        @Override
        public int write(ByteBuffer from) {
            int length = from.remaining();
            java.util.Objects.requireNonNull(bytes).put(from);
            return length;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {
            bytes = null;
        }
    }
}
