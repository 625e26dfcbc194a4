package dev.millrace.flight;

import dev.millrace.layer.Places;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ServerChannel;

/**
 * Closes a connection at once that finds no place. It stands in the pipeline of the channel that listens, whose messages are
 * new connections, since gRPC has no place of its own to refuse one. The acceptor's event loop.
 */
final class ConnectionGate extends ChannelInboundHandlerAdapter {
    private final Places connections;

    private ConnectionGate(Places connections) {
        this.connections = connections;
    }

    /** Channels that listen as {@code made} makes them, behind a gate. */
    static ChannelFactory<ServerChannel> before(ChannelFactory<? extends ServerChannel> made, Places connections) {
        return () -> {
            ServerChannel channel = made.newChannel();
            channel.pipeline().addLast("gate", new ConnectionGate(connections));
            return channel;
        };
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof Channel connection) {
            String client = CallerInterceptor.address(connection.remoteAddress());
            if (connections.tryTake(client, 1).isPresent()) {
                connection.unsafe().closeForcibly();
                return;
            }
            connection.closeFuture().addListener(closed -> connections.giveBack(client));
        }
        context.fireChannelRead(message);
    }
}
