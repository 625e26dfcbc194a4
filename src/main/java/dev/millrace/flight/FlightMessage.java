package dev.millrace.flight;

import com.google.protobuf.CodedOutputStream;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Dictionary;
import io.grpc.Drainable;
import io.grpc.MethodDescriptor;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufInputStream;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.apache.arrow.flight.grpc.AddWritableBuffer;
import org.apache.arrow.flight.impl.Flight.FlightData;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.VectorUnloader;
import org.apache.arrow.vector.ipc.message.ArrowDictionaryBatch;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.ipc.message.IpcOption;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A FlightData message as it goes to the network: an Arrow message's header, what the server says of it, and the body in
 * place. Whoever has it closes it, or sends it, once; gRPC then gives the body back when it is written, or the client gone.
 *
 * <p>All parts are direct: one on the heap would make epoll copy each frame of the message. The header is filled up with
 * zeros until the body begins at a multiple of 64 bytes of the message, where clients that take it as it is find their values
 * aligned; Arrow's messages may be filled up so, and no other part of this one may.
 */
final class FlightMessage implements AutoCloseable {
    /** What gRPC's clients take at most unless they are told otherwise. */
    private static final int CLIENT_BYTES = 4 << 20;

    private static final int ALIGNMENT = 64;
    private static final int BUFFER_ALIGNMENT = 8;
    private static final int MOST_HEADER_OF_A_VALUE = 16 + 3 * 16;
    private static final int MOST_HEADER_BESIDE = 1024;
    private static final IpcOption FORMAT = IpcOption.DEFAULT;
    private static final ByteBuf ZEROS = Unpooled.unreleasableBuffer(
            Unpooled.directBuffer(BUFFER_ALIGNMENT).writeZero(BUFFER_ALIGNMENT).asReadOnly());

    private final ByteBuf bytes;

    private FlightMessage(ByteBuf owned) {
        this.bytes = owned;
    }

    /** How gRPC writes them; none is ever read. */
    static MethodDescriptor.Marshaller<FlightMessage> marshaller() {
        return new MethodDescriptor.Marshaller<>() {
            @Override
            public InputStream stream(FlightMessage owned) {
                return new Bytes(owned.bytes);
            }

            @Override
            public FlightMessage parse(InputStream stream) {
                throw new UnsupportedOperationException("a server reads none");
            }
        };
    }

    /** How many bytes a batch of some columns may have so that every client takes its message. */
    static int mostBodyBytes(List<ColumnLayout> columns) {
        int headers = MOST_HEADER_BESIDE
                + columns.stream().mapToInt(FlightMessage::values).sum() * MOST_HEADER_OF_A_VALUE;
        return Math.max(CLIENT_BYTES - headers, CLIENT_BYTES / 2);
    }

    private static int values(ColumnLayout column) {
        return 1 + column.children().stream().mapToInt(FlightMessage::values).sum();
    }

    /** A schema, which a stream begins with. */
    static FlightMessage schema(Schema schema) {
        return new FlightMessage(head(MessageSerializer.serializeMetadata(schema, FORMAT), new byte[0], 0));
    }

    /** The dictionaries of some columns, which come behind the schema. {@code allocator} pays. */
    static void dictionaries(List<ColumnLayout> columns, BufferAllocator allocator, Consumer<FlightMessage> to) {
        try (var dictionaries = Dictionary.provider(columns, allocator)) {
            for (long id : dictionaries.getDictionaryIds()) {
                FieldVector texts =
                        Objects.requireNonNull(dictionaries.lookup(id)).getVector();
                var root = new VectorSchemaRoot(List.of(texts.getField()), List.of(texts), texts.getValueCount());
                ArrowRecordBatch owned = new VectorUnloader(root).getRecordBatch();
                ByteBuffer header =
                        MessageSerializer.serializeMetadata(new ArrowDictionaryBatch(id, owned, false), FORMAT);
                to.accept(of(header, owned, new byte[0]));
            }
        }
    }

    /** Rows, with what the server says of them. */
    static FlightMessage rows(ArrowRecordBatch owned, byte[] said) {
        return of(MessageSerializer.serializeMetadata(owned, FORMAT), owned, said);
    }

    private static FlightMessage of(ByteBuffer header, ArrowRecordBatch owned, byte[] said) {
        List<ByteBuf> parts = new ArrayList<>(2 * owned.getBuffers().size() + 1);
        try {
            parts.add(head(header, said, Math.toIntExact(owned.computeBodyLength())));
        } catch (RuntimeException | Error failure) {
            owned.close();
            throw failure;
        }
        for (ArrowBuf buffer : owned.getBuffers()) {
            int size = Math.toIntExact(buffer.readableBytes());
            if (size > 0) {
                parts.add(Unpooled.wrappedBuffer(buffer.nioBuffer(buffer.readerIndex(), size)));
            }
            int over = size % BUFFER_ALIGNMENT;
            if (over > 0) {
                parts.add(ZEROS.slice(0, BUFFER_ALIGNMENT - over));
            }
        }
        return new FlightMessage(new Body(parts, owned));
    }

    /** All before the body. */
    private static ByteBuf head(ByteBuffer header, byte[] said, int bodyBytes) {
        int beside = CodedOutputStream.computeTagSize(FlightData.DATA_HEADER_FIELD_NUMBER)
                + (said.length == 0
                        ? 0
                        : CodedOutputStream.computeByteArraySize(FlightData.APP_METADATA_FIELD_NUMBER, said))
                + CodedOutputStream.computeTagSize(FlightData.DATA_BODY_FIELD_NUMBER)
                + CodedOutputStream.computeUInt32SizeNoTag(bodyBytes);
        int headerBytes = header.remaining();
        int size = beside + CodedOutputStream.computeUInt32SizeNoTag(headerBytes) + headerBytes;
        while (size % ALIGNMENT != 0) {
            headerBytes++;
            size = beside + CodedOutputStream.computeUInt32SizeNoTag(headerBytes) + headerBytes;
        }
        ByteBuf head = PooledByteBufAllocator.DEFAULT.directBuffer(size, size);
        try {
            CodedOutputStream out = CodedOutputStream.newInstance(head.nioBuffer(0, size));
            out.writeTag(FlightData.DATA_HEADER_FIELD_NUMBER, 2);
            out.writeUInt32NoTag(headerBytes);
            int zeros = headerBytes - header.remaining();
            out.writeLazy(header);
            out.write(new byte[zeros], 0, zeros);
            if (said.length > 0) {
                out.writeByteArray(FlightData.APP_METADATA_FIELD_NUMBER, said);
            }
            out.writeTag(FlightData.DATA_BODY_FIELD_NUMBER, 2);
            out.writeUInt32NoTag(bodyBytes);
            out.flush();
            out.checkNoSpaceLeft();
        } catch (IOException impossible) {
            head.release();
            throw new UncheckedIOException(impossible);
        }
        return head.writerIndex(size);
    }

    boolean isDirect() {
        return bytes.isDirect();
    }

    /** How many parts may be added before all are copied into one. */
    int mostParts() {
        return bytes instanceof CompositeByteBuf parts ? parts.maxNumComponents() : Integer.MAX_VALUE;
    }

    @Override
    public void close() {
        bytes.release();
    }

    /**
     * A head and a body, whose batch is given back with it. There is no limit to its parts: Netty adds the next message's
     * first bytes to the one whose last bytes it writes, and at a limit would copy all of it into one part.
     */
    private static final class Body extends CompositeByteBuf {
        private final ArrowRecordBatch batch;

        Body(List<ByteBuf> parts, ArrowRecordBatch owned) {
            super(UnpooledByteBufAllocator.DEFAULT, true, Integer.MAX_VALUE, parts);
            this.batch = owned;
        }

        @Override
        protected void deallocate() {
            super.deallocate();
            batch.close();
        }
    }

    private static final class Bytes extends ByteBufInputStream implements Drainable {
        private final ByteBuf bytes;

        Bytes(ByteBuf owned) {
            super(owned, owned.readableBytes(), false);
            this.bytes = owned;
        }

        @Override
        public int drainTo(OutputStream target) throws IOException {
            int size = bytes.readableBytes();
            AddWritableBuffer.add(bytes, target, true);
            return size;
        }

        @Override
        public void close() {
            bytes.release();
        }
    }
}
