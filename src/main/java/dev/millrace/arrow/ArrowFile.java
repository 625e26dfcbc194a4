package dev.millrace.arrow;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.apache.arrow.flatbuf.Footer;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.ForeignAllocation;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.DictionaryProvider.MapDictionaryProvider;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/**
 * One batch as an Arrow IPC file: written whole, mapped into memory without a copy. Any Arrow implementation reads these
 * files. Blocks on the disk: never to be called on an event loop.
 */
public final class ArrowFile {
    /** Most rows that one file has. */
    public static final int MAX_ROWS = 1 << 20;

    // Behind the magic, two bytes that are 0 and a continuation marker: the length of the schema's message.
    private static final int SCHEMA_AT = 12;
    private static final byte[] MAGIC = {'A', 'R', 'R', 'O', 'W', '1'};

    private ArrowFile() {}

    /** What a file holds: its size and the CRC-32C of its bytes. */
    public record Written(long sizeBytes, int crc32c) {}

    /**
     * Rows of a batch, which is borrowed.
     *
     * @param rows rows {@code [0, rows)} of the batch are meant
     * @param selected numbers of those to take, in their order; null for all
     */
    @SuppressWarnings("ArrayRecordComponent") // as many numbers as rows, looked at once
    public record Part(Batch batch, int rows, int @Nullable [] selected) {}

    /**
     * Writes the rows of some batches of one layout, in their order, as one batch with file metadata, and forces them to
     * the disk. Memory: a quarter of a megabyte from {@code allocator}, and up to 8 bytes a selected row of the heap.
     *
     * @throws IllegalArgumentException when there is no part or they differ in layout, are more than {@value #MAX_ROWS}
     *     rows, or a column has more elements or bytes of text than 32-bit offsets reach; no file is made then
     * @throws org.apache.arrow.memory.OutOfMemoryException when the allocator's limit is reached
     */
    public static Written merge(Path file, List<Part> parts, Map<String, String> metadata, BufferAllocator allocator)
            throws IOException {
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("a file needs a part");
        }
        Layout layout = parts.getFirst().batch().layout();
        for (Part part : parts) {
            if (part.batch().layout() != layout && !layout.isSame(part.batch().layout())) {
                throw new IllegalArgumentException("parts have different columns");
            }
        }
        var body = new FileBody(parts);
        if (body.rows() > MAX_ROWS) {
            throw new IllegalArgumentException(body.rows() + " rows for one file, at most are " + MAX_ROWS);
        }
        var schema = new Schema(layout.schema().getFields());
        var footer = new HashMap<>(metadata);
        footer.put(Statistics.METADATA, body.statistics().text());
        var crc = new CRC32C();
        try (FileChannel channel = FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE);
                VectorSchemaRoot empty = VectorSchemaRoot.create(Dictionary.vectors(schema), allocator);
                MapDictionaryProvider dictionaries = Dictionary.provider(layout.top(), allocator);
                var writer = new ArrowFileWriter(empty, dictionaries, checked(channel, crc), footer) {
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
            channel.force(true);
            return new Written(channel.size(), (int) crc.getValue());
        }
    }

    private static WritableByteChannel checked(FileChannel channel, CRC32C crc) {
        return new WritableByteChannel() {
            @Override
            public int write(ByteBuffer source) throws IOException {
                ByteBuffer written = source.duplicate();
                int count = channel.write(source);
                crc.update(written.limit(source.position()));
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
        };
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
        Layout.Stored stored = layout.stored(
                        bytes.asSlice(SCHEMA_AT, Integer.BYTES + bytes.get(Memory.INT, SCHEMA_AT)),
                        () -> Schema.convertSchema(footer.schema()))
                .orElseThrow(() -> new IOException(file + " has another schema: "
                        + Schema.convertSchema(footer.schema()) + ", expected " + layout.schema()));
        var block = footer.recordBatches(0);
        // The metadata starts with a continuation marker and its length, 4 bytes each.
        Message message = Message.getRootAsMessage(
                bytes.asSlice(block.offset() + 8, block.metaDataLength() - 8L).asByteBuffer());
        var header = (RecordBatch) message.header(new RecordBatch());
        if (header == null
                || header.buffersLength() != stored.layout().buffers()
                || header.nodesLength() != stored.layout().all().size()) {
            throw new IOException(
                    file + " has no record batch of " + stored.layout().buffers() + " buffers");
        }
        List<ArrowBuf> buffers = FileBuffers.of(
                layout, stored.layout(), header, block.offset() + block.metaDataLength(), whole, allocator);
        var metadata = new HashMap<>(stored.layout().schema().getCustomMetadata()); // of format 1
        for (int i = 0; i < footer.customMetadataLength(); i++) {
            metadata.put(
                    footer.customMetadata(i).key(), footer.customMetadata(i).value());
        }
        var statistics = Optional.ofNullable(metadata.remove(Statistics.METADATA))
                .map(text -> Statistics.read(text, stored.sources(), header.length()));
        return new Mapped(
                Batch.mapping(layout, buffers, bytes, statistics), Math.toIntExact(header.length()), metadata);
    }
}
