package dev.millrace.sql;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.vertx.core.json.JsonObject;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ReadChannel;
import org.apache.arrow.vector.ipc.WriteChannel;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.ipc.message.MessageSerializer;

/**
 * What server and worker say to each other over a socket: JSON objects, and record batches of columns that both know. One
 * thread reads, one writes.
 *
 * <p>A JSON object is its length and its bytes; a batch is {@value #BATCH} and an Arrow message; {@value #END} ends batches.
 */
final class Frames implements AutoCloseable {
    private static final int BATCH = -1;
    private static final int END = 0;
    private static final int MOST_BYTES = 64 << 20;

    private final SocketChannel channel;
    private final ByteBuffer head = ByteBuffer.allocate(Integer.BYTES);
    private final ByteBuffer tail = ByteBuffer.allocate(Integer.BYTES);

    /** @param channel owned */
    Frames(SocketChannel channel) {
        this.channel = channel;
    }

    void send(JsonObject json) throws IOException {
        byte[] bytes = json.encode().getBytes(UTF_8);
        ByteBuffer frame = ByteBuffer.allocate(Integer.BYTES + bytes.length)
                .putInt(bytes.length)
                .put(bytes)
                .flip();
        while (frame.hasRemaining()) {
            channel.write(frame);
        }
    }

    /** Sends a batch, which is borrowed. */
    void send(ArrowRecordBatch batch) throws IOException {
        number(BATCH);
        MessageSerializer.serialize(new WriteChannel(channel), batch);
    }

    void end() throws IOException {
        number(END);
    }

    private void number(int number) throws IOException {
        tail.clear().putInt(number).flip();
        while (tail.hasRemaining()) {
            channel.write(tail);
        }
    }

    JsonObject json() throws IOException {
        return json(number());
    }

    private JsonObject json(int length) throws IOException {
        if (length <= 0 || length > MOST_BYTES) {
            throw new IOException("a frame of " + length + " bytes where JSON should be");
        }
        ByteBuffer bytes = ByteBuffer.allocate(length);
        read(bytes);
        return new JsonObject(new String(bytes.array(), UTF_8));
    }

    /**
     * The next batch, which the caller closes; empty at the end.
     *
     * @throws UncheckedIOException with what the other side says instead
     */
    Optional<ArrowRecordBatch> batch(BufferAllocator allocator) throws IOException {
        int kind = number();
        return switch (kind) {
            case END -> Optional.empty();
            case BATCH -> Optional.of(MessageSerializer.deserializeRecordBatch(new ReadChannel(channel), allocator));
            default -> throw new Told(json(kind));
        };
    }

    /** What the other side says where batches were awaited. */
    static final class Told extends IOException {
        private static final long serialVersionUID = 1;
        private final transient JsonObject said;

        Told(JsonObject said) {
            super(said.encode());
            this.said = said;
        }

        JsonObject said() {
            return said;
        }
    }

    private int number() throws IOException {
        head.clear();
        read(head);
        return head.getInt(0);
    }

    private void read(ByteBuffer into) throws IOException {
        while (into.hasRemaining()) {
            if (channel.read(into) < 0) {
                throw new EOFException("the other side is gone");
            }
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
