package dev.millrace.arrow;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.apache.arrow.flatbuf.Footer;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.ForeignAllocation;
import org.apache.arrow.vector.VectorLoader;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.DictionaryProvider.MapDictionaryProvider;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * One batch as an Arrow IPC file: written whole, mapped into memory without a copy. Any Arrow implementation reads these
 * files. Blocks on the disk: never to be called on an event loop.
 */
public final class ArrowFile {
    private static final byte[] MAGIC = {'A', 'R', 'R', 'O', 'W', '1'};

    private ArrowFile() {}

    /**
     * Writes rows {@code [0, rows)} of a batch with file metadata, and forces them to the disk. The batch is borrowed.
     *
     * @return the file's size in bytes
     */
    public static long write(Path file, Batch batch, int rows, Map<String, String> metadata, BufferAllocator allocator)
            throws IOException {
        var schema = new Schema(batch.layout().schema().getFields(), metadata);
        try (FileChannel channel = FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE);
                VectorSchemaRoot root = VectorSchemaRoot.create(Dictionary.vectors(schema), allocator);
                MapDictionaryProvider dictionaries =
                        Dictionary.provider(batch.layout().top(), allocator);
                ArrowFileWriter writer = new ArrowFileWriter(root, dictionaries, channel);
                ArrowRecordBatch rowsOfBatch = batch.head(batch.layout().top(), rows)) {
            new VectorLoader(root).load(rowsOfBatch);
            writer.start();
            writer.writeBatch();
            writer.end();
            channel.force(true);
            return channel.size();
        }
    }

    /** A file mapped into memory: its one batch, the caller's to release, and how many rows it has. */
    public record Mapped(Batch batch, int rows, Map<String, String> metadata) {
        public Mapped {
            metadata = Map.copyOf(metadata);
        }
    }

    /**
     * Maps a file written by {@link #write}, be it of a layout with fewer columns: those that it lacks are null in every
     * row. The mapping ends when the last reference to the batch is released.
     *
     * @param allocator accounts the mapped bytes; give one without a limit, since they are the page cache's, not ours
     * @throws IOException when the file cannot be read or is not what {@link #write} makes for a layout that this one
     *     {@link Layout#reads reads}
     */
    @SuppressWarnings("MustBeClosedChecker") // the arena lives as long as the mapping
    public static Mapped map(Path file, Layout layout, BufferAllocator allocator) throws IOException {
        MemorySegment bytes;
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        } catch (IOException | RuntimeException failure) {
            arena.close();
            throw failure;
        }
        ArrowBuf whole = allocator.wrapForeignAllocation(new ForeignAllocation(bytes.byteSize(), bytes.address()) {
            @Override
            protected void release0() {
                arena.close();
            }
        });
        try {
            return read(file, bytes, whole, layout, allocator);
        } catch (IndexOutOfBoundsException | IllegalArgumentException broken) {
            throw new IOException(file + " is not a whole Arrow file: " + broken.getMessage(), broken);
        } finally {
            whole.close();
        }
    }

    private static Mapped read(Path file, MemorySegment bytes, ArrowBuf whole, Layout layout, BufferAllocator allocator)
            throws IOException {
        long size = bytes.byteSize();
        int tail = Integer.BYTES + MAGIC.length;
        if (size < tail + MAGIC.length
                || bytes.asSlice(size - MAGIC.length).mismatch(MemorySegment.ofArray(MAGIC)) != -1) {
            throw new IOException(file + " is not a whole Arrow file: its last bytes are not ARROW1");
        }
        int footerBytes = bytes.get(Memory.INT, size - tail);
        Footer footer = Footer.getRootAsFooter(
                bytes.asSlice(size - tail - footerBytes, footerBytes).asByteBuffer());
        if (footer.recordBatchesLength() != 1) {
            throw new IOException(file + " has " + footer.recordBatchesLength() + " batches, expected 1");
        }
        Schema schema = Schema.convertSchema(footer.schema());
        if (!layout.reads(schema.getFields())) {
            throw new IOException(file + " has another schema: " + schema + ", expected " + layout.schema());
        }
        var block = footer.recordBatches(0);
        // The metadata starts with a continuation marker and its length, 4 bytes each.
        Message message = Message.getRootAsMessage(
                bytes.asSlice(block.offset() + 8, block.metaDataLength() - 8L).asByteBuffer());
        var header = (RecordBatch) message.header(new RecordBatch());
        Layout stored = Layout.of(schema);
        if (header == null
                || header.buffersLength() != stored.buffers()
                || header.nodesLength() != stored.all().size()) {
            throw new IOException(file + " has no record batch of " + stored.buffers() + " buffers");
        }
        List<ArrowBuf> buffers =
                FileBuffers.of(layout, stored, header, block.offset() + block.metaDataLength(), whole, allocator);
        return new Mapped(
                Batch.mapping(layout, buffers, bytes), Math.toIntExact(header.length()), schema.getCustomMetadata());
    }
}
