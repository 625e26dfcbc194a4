package dev.millrace.flight;

import com.google.common.util.concurrent.MoreExecutors;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.domain.RequestWaits;
import dev.millrace.layer.PortLayers;
import dev.millrace.layer.WaitLayer;
import dev.millrace.layer.WorkerPool;
import dev.millrace.problem.Problem;
import dev.millrace.query.DuckDbEngine;
import dev.millrace.query.QueryEngine;
import dev.millrace.security.Identity;
import dev.millrace.security.PortTls;
import dev.millrace.sql.SqlEngine;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Logger;
import javax.net.ssl.SSLException;
import org.apache.arrow.flight.FlightGrpcUtils;
import org.apache.arrow.flight.auth.ServerAuthHandler;
import org.apache.arrow.flight.grpc.ServerBackpressureThresholdInterceptor;
import org.apache.arrow.memory.BufferAllocator;

/**
 * An Arrow Flight server over the products of a registry: ListFlights, GetFlightInfo, GetSchema, DoGet and DoPut.
 *
 * <p>Threads: connections live on Vert.x's own event loops, and every call runs on its connection's loop; gRPC has no
 * executor. Mapped segments are brought into memory by the workers named {@code pages}. The server is built from gRPC's
 * builder and Arrow's service rather than by Arrow's {@code FlightServer}, whose builder always has a thread pool of its
 * own, and whose producer must answer GetFlightInfo synchronously, which layers need not.
 */
public final class FlightPort {
    private static final int QUEUED_BYTES = 4 << 20;
    private static final int INBOUND_BYTES = 1 << 20;

    /** What is on its way to the socket of one connection: with Netty's 64 KiB a loop stops and begins at each frame. */
    private static final WriteBufferWaterMark WRITTEN = new WriteBufferWaterMark(512 << 10, 1 << 20);

    private static final int CALLS_PER_CONNECTION = 128;
    private static final Duration KEEP_ALIVE = Duration.ofMinutes(1);
    private static final Logger GRPC = Logger.getLogger("io.grpc.netty.NettyServerHandler");
    private static final Logger GRPC_MESSAGES = Logger.getLogger("io.grpc.netty.NettyServerStream");
    private static final long LOOK_MILLIS = 10;
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);
    private static final RequestWaits<FlightRequest, FlightAnswer> WAITS =
            new RequestWaits<>(FlightRequest::asked, request -> true, answer -> Optional.empty(), LONGEST_WAIT);

    private final Vertx vertx;
    private final Server server;
    private final FlightCalls calls;
    private final EventLoops loops;
    private final BufferAllocator allocator;
    private final AtomicBoolean closing = new AtomicBoolean();
    private final Promise<Void> closed = Promise.promise();

    private FlightPort(Vertx vertx, Server server, FlightCalls calls, EventLoops loops, BufferAllocator allocator) {
        this.vertx = vertx;
        this.server = server;
        this.calls = calls;
        this.loops = loops;
        this.allocator = allocator;
    }

    /**
     * What answers statements.
     *
     * @param waiters who wait for rows
     */
    public record Sql(SqlEngine engine, WorkerPool waiters) {}

    /**
     * A port that listens. Called on any thread.
     *
     * @param root the allocator that is the root of the products' own; borrowed
     * @param duckDb borrowed, groups rows
     * @param layers around every request; a stream's request ends when its snapshot is open, not when it is sent
     * @param places of its clients
     * @param pages borrowed, brings mapped rows into memory
     * @param statements borrowed, where DuckDB works
     * @param sql borrowed; empty where no statements are answered
     * @return fails with {@link Problem.CannotStart} when the address cannot be had
     */
    public static Future<FlightPort> start(
            Vertx vertx,
            FlightOptions options,
            ProductRegistry registry,
            BufferAllocator root,
            DuckDbEngine duckDb,
            PortLayers<FlightRequest, FlightAnswer> layers,
            FlightPlaces places,
            WorkerPool pages,
            WorkerPool statements,
            Optional<Sql> sql,
            MeterRegistry meters) {
        // gRPC warns with a stack trace when a client cancels what is queued for it, which is the client's good right.
        GRPC.setFilter(line -> !(line.getThrown() instanceof Http2Exception.StreamException));
        // So it does for each message that a client declares too large, which the client is told.
        GRPC_MESSAGES.setFilter(line -> !(line.getThrown() instanceof StatusRuntimeException));
        var internal = (VertxInternal) vertx;
        var loops = new EventLoops(internal);
        BufferAllocator allocator = root.newChildAllocator("flight", 0, options.memoryBytes());
        var flights = new ProductFlights(registry, new TicketOffice(options.tickets()), pages, sql.map(Sql::engine));
        var calls = new FlightCalls(
                layers.around()
                        .apply(new WaitLayer<>(WAITS, places.waiters(), FlightRequest::client))
                        .around(flights),
                flights,
                loops,
                pages,
                statements,
                sql.map(Sql::waiters).orElse(statements),
                new QueryEngine(duckDb, allocator),
                new ServedMeters(registry, meters),
                meters);
        Server server = server(internal, options, places, calls, allocator);
        // Binding waits for the acceptor's loop, so it is a worker's to do.
        return vertx.executeBlocking(server::start, false)
                .map(started -> new FlightPort(vertx, started, calls, loops, allocator))
                .recover(failure -> {
                    allocator.close();
                    return Future.failedFuture(cannotStart(options, failure));
                });
    }

    private static Server server(
            VertxInternal vertx,
            FlightOptions options,
            FlightPlaces places,
            FlightCalls calls,
            BufferAllocator allocator) {
        var arrow = FlightGrpcUtils.createFlightService(
                allocator, calls, ServerAuthHandler.NO_OP, MoreExecutors.newDirectExecutorService());
        var builder = NettyServerBuilder.forAddress(new InetSocketAddress(options.host(), options.port()));
        if (options.tls().isOn()) {
            builder.sslContext(sslContext(options.tls()));
        }
        return builder.channelFactory(
                        ConnectionGate.before(vertx.transport().serverChannelFactory(false), places.connections()))
                .bossEventLoopGroup(vertx.acceptorEventLoopGroup())
                .workerEventLoopGroup(vertx.eventLoopGroup())
                .withChildOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WRITTEN)
                .directExecutor()
                .maxInboundMessageSize(INBOUND_BYTES + options.maxPutBytes())
                .maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION)
                // A client that vanished without a word is found out, and its snapshot given back.
                .keepAliveTime(KEEP_ALIVE.toSeconds(), TimeUnit.SECONDS)
                .addStreamTracerFactory(InboundBytes.of(places.memory()))
                .addService(ServerInterceptors.intercept(
                        FlightBinding.of(arrow.bindService(), calls, places.memory(), options.maxPutBytes()),
                        new ServerBackpressureThresholdInterceptor(QUEUED_BYTES),
                        new CallGate(places.calls(), vertx),
                        new CallerInterceptor(options.authentication())))
                .build();
    }

    private static SslContext sslContext(PortTls tls) {
        SslContextBuilder context = GrpcSslContexts.configure(SslContextBuilder.forServer(tls.keys()), SslProvider.JDK)
                .protocols(PortTls.PROTOCOLS);
        tls.clients().ifPresent(authorities -> context.trustManager(authorities).clientAuth(ClientAuth.OPTIONAL));
        try {
            return context.build();
        } catch (SSLException unfit) {
            throw new Problem.CannotStart("The Flight port cannot speak TLS: " + unfit.getMessage()).exception();
        }
    }

    private static Throwable cannotStart(FlightOptions options, Throwable failure) {
        if (!(failure instanceof IOException)) {
            return failure;
        }
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        return new Problem.CannotStart("The Flight port cannot listen on " + options.host() + ":" + options.port()
                        + ": " + cause.getMessage() + ".")
                .exception();
    }

    /** Who was found to make the call that this thread is in; for the layer that asks. */
    public static Future<Identity> identity(FlightRequest request) {
        return CallerInterceptor.current().who();
    }

    /** The port that is listened on. */
    public int port() {
        return server.getPort();
    }

    /**
     * Takes no more calls, lets streams go on for {@code grace}, then ends them with {@code UNAVAILABLE}, and soon after that
     * the connections of clients that do not even take this. The future ends when all memory is given back. Any thread; again
     * changes nothing.
     */
    public Future<Void> close(Duration grace) {
        if (!closing.compareAndSet(false, true)) {
            return closed.future();
        }
        server.shutdown();
        vertx.executeBlocking(() -> terminate(grace), false)
                .compose(terminated -> calls.ended().timeout(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS))
                .otherwiseEmpty()
                .compose(ended -> loops.drained())
                .compose(drained -> released(LAST_WORDS.toMillis()))
                .map(released -> {
                    allocator.close();
                    return released;
                })
                .onComplete(closed);
        return closed.future();
    }

    /** Ends when the connections' loops have given the last message back, which may be after the server's end. */
    private Future<Void> released(long millis) {
        return allocator.getAllocatedMemory() == 0 || millis <= 0
                ? Future.succeededFuture()
                : vertx.timer(LOOK_MILLIS, TimeUnit.MILLISECONDS).compose(passed -> released(millis - LOOK_MILLIS));
    }

    private boolean terminate(Duration grace) throws InterruptedException {
        if (server.awaitTermination(grace.toMillis(), TimeUnit.MILLISECONDS)) {
            return true;
        }
        calls.cut();
        if (server.awaitTermination(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS)) {
            return true;
        }
        server.shutdownNow();
        return server.awaitTermination(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS);
    }
}
