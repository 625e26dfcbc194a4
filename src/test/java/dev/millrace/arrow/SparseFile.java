package dev.millrace.arrow;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;

/** Writes what {@link ArrowFile} writes, but leaves a hole wherever there are zeros, and does not force it. */
public final class SparseFile {
    private static final int CHUNK = 1 << 16;
    private static final MemorySegment ZEROS = MemorySegment.ofArray(new byte[CHUNK]);

    private SparseFile() {}

    /** The file's size. */
    public static long write(Path file, Batch batch, int rows, BufferAllocator allocator) throws IOException {
        var body = new FileBody(List.of(new ArrowFile.Part(batch, rows, null)));
        var footer = Map.of(Statistics.METADATA, body.statistics().text());
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                VectorSchemaRoot empty = VectorSchemaRoot.create(batch.layout().schema(), allocator);
                var dictionaries = Dictionary.provider(batch.layout().top(), allocator);
                var writer = new ArrowFileWriter(empty, dictionaries, new Holes(channel), footer) {
                    @Override
                    protected ArrowBlock writeRecordBatch(ArrowRecordBatch none) throws IOException {
                        ArrowBlock block = body.write(out, allocator);
                        getRecordBlocks().add(block);
                        return block;
                    }
                }) {
            writer.start();
            writer.writeBatch();
            writer.end();
            return channel.size();
        }
    }

    /** Nanoseconds that the statistics of one value take, the best of some rounds over the top-level columns' rows. */
    public static double statisticsNanos(Batch batch, int column, int rows) {
        long best = Long.MAX_VALUE;
        for (int round = 0; round < 40; round++) {
            var statistics = Statistics.empty(batch.layout());
            long begin = System.nanoTime();
            statistics.add(batch.column(column), 0, rows);
            best = Math.min(best, System.nanoTime() - begin);
        }
        return best / (double) rows;
    }

    private record Holes(FileChannel channel) implements WritableByteChannel {
        @Override
        public int write(ByteBuffer source) throws IOException {
            int count = source.remaining();
            while (source.hasRemaining()) {
                ByteBuffer chunk = source.slice(source.position(), Math.min(CHUNK, source.remaining()));
                source.position(source.position() + chunk.remaining());
                if (chunk.remaining() == CHUNK && MemorySegment.ofBuffer(chunk).mismatch(ZEROS) == -1) {
                    channel.position(channel.position() + CHUNK);
                } else {
                    while (chunk.hasRemaining()) {
                        channel.write(chunk);
                    }
                }
            }
            return count;
        }

        @Override
        public boolean isOpen() {
            return channel.isOpen();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
