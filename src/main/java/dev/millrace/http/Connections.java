package dev.millrace.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Bounds what connections cost that ask for nothing: how many there are, and how long one may take to send a whole request.
 * The idle timeout alone does not help against a client that sends a byte a second. Shared by all event loops.
 */
final class Connections {
    private static final byte[] TIMEOUT =
            "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".getBytes(US_ASCII);

    private final int most;
    private final long requestMillis;
    private final AtomicInteger open = new AtomicInteger();

    /**
     * @param most how many connections may be open
     * @param requestMillis how long a request may take from its first byte to its last
     */
    Connections(int most, long requestMillis) {
        this.most = most;
        this.requestMillis = requestMillis;
    }

    /** How many are open. */
    int open() {
        return open.get();
    }

    /** Takes a new connection, or closes it at once where there are too many; its event loop. */
    void accept(HttpConnection connection) {
        boolean refused = open.incrementAndGet() > most;
        if (!(connection instanceof ConnectionBase base)) {
            throw new IllegalStateException("no channel");
        }
        // Of the channel, since a WebSocket takes the connection's own handler away.
        base.channel().closeFuture().addListener(closed -> open.decrementAndGet());
        if (refused) {
            connection.close();
        } else {
            base.channel().pipeline().addAfter("httpDecoder", "requestDeadline", new Deadline());
        }
    }

    /**
     * Closes a connection whose request has begun and does not end. Behind the decoder: bytes that made no whole request
     * show as a read without a last content. A request that came whole, as nearly all do, costs two calls here.
     */
    private final class Deadline extends ChannelInboundHandlerAdapter {
        private boolean whole;
        private boolean served;
        private boolean ended;
        private @Nullable Future<?> timer;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (ended) {
                ReferenceCountUtil.release(message);
                return;
            }
            if (message instanceof LastHttpContent) {
                whole = true;
                served = true;
                disarm();
            } else if (!(message instanceof HttpObject)) {
                context.pipeline().remove(this); // a WebSocket by now
            }
            context.fireChannelRead(message);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            if (!whole && !ended && timer == null && !context.isRemoved()) {
                timer = context.executor().schedule(() -> end(context), requestMillis, TimeUnit.MILLISECONDS);
            }
            whole = false;
            context.fireChannelReadComplete();
        }

        private void end(ChannelHandlerContext context) {
            ChannelHandlerContext encoder = context.pipeline().context("httpEncoder");
            ended = true;
            if (served || encoder == null) {
                context.close(); // an answer to an earlier request may be under way
            } else {
                encoder.writeAndFlush(Unpooled.wrappedBuffer(TIMEOUT))
                        .addListener(written -> ((DuplexChannel) context.channel()).shutdownOutput());
                // A close at once could take the answer away again, while the client is still sending.
                context.executor().schedule(() -> context.close(), Responder.LINGER_MILLIS, TimeUnit.MILLISECONDS);
            }
        }

        @Override
        public void handlerRemoved(ChannelHandlerContext context) {
            disarm();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            disarm();
            context.fireChannelInactive();
        }

        private void disarm() {
            if (timer != null) {
                timer.cancel(false);
                timer = null;
            }
        }
    }
}
