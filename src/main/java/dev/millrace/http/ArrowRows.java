package dev.millrace.http;

import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Dictionary;
import dev.millrace.problem.Problem;
import dev.millrace.query.ArrowBatches;
import dev.millrace.query.RowSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.Optional;
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

/** Writes rows as an Arrow IPC stream. */
final class ArrowRows implements RowWriter {
    private static final int BATCH_BYTES = 256 << 10;

    private final ArrowBatches batches;
    private final VectorSchemaRoot root;
    private final VectorLoader loader;
    private final MapDictionaryProvider dictionaries;
    private final ArrowStreamWriter writer;
    private final Sink target = new Sink();

    /**
     * @param rows owned
     * @param schema of {@code columns}, with its metadata
     * @param codec of the batches' buffers
     * @param allocator borrowed, pays for copies; of the same root as the stores'
     */
    ArrowRows(
            RowSource rows,
            List<ColumnLayout> columns,
            Schema schema,
            long limit,
            CodecType codec,
            BufferAllocator allocator) {
        this.batches = new ArrowBatches(rows, columns, limit, BATCH_BYTES, allocator);
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
            while (sink.position() < softBytes && !stop.getAsBoolean()) {
                Optional<ArrowRecordBatch> next = batches.next(stop);
                if (next.isEmpty()) {
                    if (stop.getAsBoolean()) {
                        return false;
                    }
                    writer.end();
                    return true;
                }
                try (ArrowRecordBatch batch = next.get()) {
                    loader.load(batch);
                    writer.writeBatch();
                }
            }
            return false;
        } catch (OutOfMemoryException full) {
            throw new Problem.Unavailable("The answer", "the memory for Arrow answers is used up. Try again.")
                    .exception();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    @Override
    public void close() {
        try (batches;
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
