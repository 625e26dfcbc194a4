package dev.millrace.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.millrace.layer.Places;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AttributeKey;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.impl.ConnectionBase;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Bounds what connections cost that ask for nothing: how many there are, in all and of one client, and how long one may
 * take to send a whole request.
 * The idle timeout alone does not help against a client that sends a byte a second. Shared by all event loops.
 */
final class Connections {
    private static final byte[] TIMEOUT =
            "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".getBytes(US_ASCII);

    private static final AttributeKey<Proxies> PROXIES = AttributeKey.valueOf(Connections.class, "proxies");
    private static final AttributeKey<String> CLIENT = AttributeKey.valueOf(Connections.class, "client");

    private final Places places;
    private volatile Proxies proxies = new Proxies(List.of());
    private final long requestMillis;

    /**
     * @param places of open connections
     * @param requestMillis how long a request may take from its first byte to its last
     */
    Connections(Places places, long requestMillis) {
        this.places = places;
        this.requestMillis = requestMillis;
    }

    /** Believes these of their clients; before the first connection. */
    void believe(Proxies other) {
        proxies = other;
    }

    /** Who asks: the client of the connection, or whom a proxy of ours names. */
    static String client(HttpServerRequest request) {
        String client = client(request.connection());
        Proxies proxies = request.connection() instanceof ConnectionBase base
                ? base.channel().attr(PROXIES).get()
                : null;
        return proxies == null ? client : proxies.client(request, client);
    }

    /** How many are open. */
    long open() {
        return places.taken();
    }

    /** Takes a new connection, or closes it at once where there are too many; its event loop. */
    void accept(HttpConnection connection) {
        if (!(connection instanceof ConnectionBase base)) {
            throw new IllegalStateException("no channel");
        }
        String client = address(connection);
        if (places.tryTake(client, 1).isPresent()) {
            connection.close();
            return;
        }
        base.channel().attr(CLIENT).set(client);
        if (proxies.hold(client)) {
            base.channel().attr(PROXIES).set(proxies);
        }
        // Of the channel, since a WebSocket takes the connection's own handler away.
        base.channel().closeFuture().addListener(closed -> places.giveBack(client));
        base.channel().pipeline().addAfter("httpDecoder", "requestDeadline", new Deadline());
    }

    /** Who is at the other end: a key for shares, to be compared and nothing else. Found out once for a connection. */
    static String client(HttpConnection connection) {
        String known = connection instanceof ConnectionBase base
                ? base.channel().attr(CLIENT).get()
                : null;
        return known == null ? address(connection) : known;
    }

    private static String address(HttpConnection connection) {
        SocketAddress address = connection.remoteAddress();
        String host = address == null ? null : address.hostAddress();
        return host == null ? "" : host;
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
