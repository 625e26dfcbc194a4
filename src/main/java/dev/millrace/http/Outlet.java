package dev.millrace.http;

import dev.millrace.query.ChangeForm;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrameType;
import io.vertx.core.http.impl.ws.WebSocketFrameImpl;
import io.vertx.core.internal.buffer.BufferInternal;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where the bytes of one subscriber go. Its event loop. */
sealed interface Outlet {
    /** Beyond that many bytes waiting for the socket, a subscriber is slow. */
    int QUEUE_BYTES = 64 << 10;

    /** Encoded bytes that many subscribers are sent; whoever made it releases it once, writers keep what they need. */
    final class Chunk {
        private final ByteBuf bytes;
        private byte @Nullable [] onHeap;

        Chunk(ByteBuf owned) {
            this.bytes = owned;
        }

        private byte[] onHeap() {
            byte[] copy = onHeap;
            if (copy == null) {
                copy = ByteBufUtil.getBytes(bytes);
                onHeap = copy;
            }
            return copy;
        }

        void release() {
            bytes.release();
        }
    }

    void write(Chunk borrowed);

    /** Keeps the connection and finds out whether there is still one, by {@code text}. */
    void beat(String text);

    boolean full();

    /** Calls {@code drained} once, when there is room again. */
    void onDrain(Runnable drained);

    /** Calls {@code closed} when the peer has gone. */
    void onClose(Runnable closed);

    /** Ends the connection, with the reason; without one, the server stops. */
    void end(Optional<Reason> reason);

    /**
     * Why a subscriber is ended.
     *
     * @param event what a stream is told, in its form
     * @param code what a WebSocket is closed with
     */
    record Reason(String event, short code, String detail) {}

    /** A streamed response. */
    record Streamed(HttpServerRequest request) implements Outlet {
        private HttpServerResponse response() {
            return request.response();
        }

        @Override
        public void write(Chunk borrowed) {
            send(borrowed.bytes.retainedDuplicate());
        }

        @SuppressWarnings("CatchingUnchecked") // whatever write() throws, the buffer is still ours
        private void send(ByteBuf owned) {
            try {
                response().write(BufferInternal.buffer(owned)).onComplete(written -> owned.release());
            } catch (RuntimeException failure) {
                owned.release();
                throw failure;
            }
        }

        @Override
        public void beat(String text) {
            response().write(text);
        }

        @Override
        public boolean full() {
            return response().writeQueueFull();
        }

        @Override
        public void onDrain(Runnable drained) {
            response().drainHandler(room -> {
                response().drainHandler(null);
                drained.run();
            });
        }

        @Override
        public void onClose(Runnable closed) {
            if (response().closed()) {
                closed.run();
                return;
            }
            response().closeHandler(gone -> closed.run());
            response().exceptionHandler(failure -> closed.run());
        }

        @Override
        public void end(Optional<Reason> reason) {
            if (!response().closed() && !response().ended()) {
                reason.ifPresent(why -> response().write(why.event()));
                response().end().onComplete(ended -> request.connection().close());
            }
        }
    }

    /** A WebSocket; its messages have whole lines of {@link ChangeForm#LINES}. */
    record Socket(ServerWebSocket socket) implements Outlet {
        private static final short GOING_AWAY = 1001;
        private static final int MAX_REASON_BYTES = 120;

        @Override
        public void write(Chunk borrowed) {
            if (!socket.isClosed()) {
                socket.writeFrame(new WebSocketFrameImpl(WebSocketFrameType.TEXT, borrowed.onHeap(), true));
            }
        }

        @Override
        public void beat(String text) {
            if (!socket.isClosed()) {
                socket.writePing(Buffer.buffer());
                socket.writeTextMessage(text);
            }
        }

        @Override
        public boolean full() {
            return !socket.isClosed() && socket.writeQueueFull();
        }

        @Override
        public void onDrain(Runnable drained) {
            if (!socket.isClosed()) {
                socket.drainHandler(room -> {
                    socket.drainHandler(null);
                    drained.run();
                });
            }
        }

        @Override
        public void onClose(Runnable closed) {
            if (socket.isClosed()) { // the peer did not even wait for the first message
                closed.run();
                return;
            }
            socket.closeHandler(gone -> closed.run());
            socket.exceptionHandler(failure -> closed.run());
        }

        @Override
        public void end(Optional<Reason> reason) {
            if (!socket.isClosed()) {
                // A close frame has room for a few words only.
                reason.ifPresent(why -> socket.writeTextMessage(why.event()));
                short code = reason.map(Reason::code).orElse(GOING_AWAY);
                byte[] text =
                        reason.map(Reason::detail).orElse("The server stops.").getBytes(StandardCharsets.US_ASCII);
                socket.close(
                        code, new String(text, 0, Math.min(text.length, MAX_REASON_BYTES), StandardCharsets.US_ASCII));
            }
        }
    }
}
