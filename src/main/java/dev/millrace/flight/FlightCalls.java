package dev.millrace.flight;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.millrace.domain.Product;
import dev.millrace.domain.Request;
import dev.millrace.domain.RequestHeaders;
import dev.millrace.layer.Lease;
import dev.millrace.layer.Owner;
import dev.millrace.layer.Service;
import dev.millrace.layer.WorkerPool;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.query.QueryEngine;
import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.internal.ContextInternal;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.ActionType;
import org.apache.arrow.flight.Criteria;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightProducer;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.PollInfo;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.flight.Result;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.flight.impl.Flight;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Takes Flight calls on Vert.x's event loops, asks the layered service, and answers on the same loop.
 *
 * <p>GetFlightInfo and GetSchema are asynchronous here and synchronous in Arrow's producer: {@link FlightBinding} binds
 * them to {@link #info} and {@link #schema} and never asks the producer's own.
 */
final class FlightCalls implements FlightProducer {
    private final Service<FlightRequest, FlightAnswer> service;
    private final ProductFlights flights;
    private final EventLoops loops;
    private final WorkerPool pages;
    private final WorkerPool statements;
    private final WorkerPool sql;
    private final QueryEngine engine;
    private final ServedMeters meters;
    private final Set<SnapshotStream> streams = ConcurrentHashMap.newKeySet();
    private final Set<PutStream> puts = ConcurrentHashMap.newKeySet();

    /** Borrows all of it. */
    FlightCalls(
            Service<FlightRequest, FlightAnswer> service,
            ProductFlights flights,
            EventLoops loops,
            WorkerPool pages,
            WorkerPool statements,
            WorkerPool sql,
            QueryEngine engine,
            ServedMeters meters,
            MeterRegistry registry) {
        this.service = service;
        this.flights = flights;
        this.loops = loops;
        this.pages = pages;
        this.statements = statements;
        this.sql = sql;
        this.engine = engine;
        this.meters = meters;
        Gauge.builder("millrace.flight.streams", streams, Set::size)
                .description("DoGet streams under way")
                .register(registry);
    }

    /** What a call is told that does not end in time. */
    static RuntimeException stops() {
        return new Problem.Unavailable("This server", "it stops. Ask again, or another one.").exception();
    }

    /** A DoPut that begins, on the calling event loop. */
    PutStream putStream(ServerCallStreamObserver<Flight.PutResult> answers, Lease owned, int maxBytes) {
        return new PutStream(this, answers, owned, maxBytes, loops.current());
    }

    void begun(PutStream put) {
        puts.add(put);
    }

    void ended(PutStream put) {
        puts.remove(put);
    }

    /** Ends the streams that are under way, in both directions, with {@code UNAVAILABLE}. */
    void cut() {
        streams.forEach(SnapshotStream::cut);
        puts.forEach(PutStream::cut);
    }

    /** Ends when the streams that are under way now have given their snapshots back. */
    Future<Void> ended() {
        return Future.join(streams.stream().map(SnapshotStream::released).toList())
                .mapEmpty();
    }

    /** DoGet, on the calling event loop. */
    void get(byte[] ticket, MessageSink sink) {
        ContextInternal context = loops.current();
        Optional<Any> command = SqlFlights.command(ticket);
        if (command.isPresent()) {
            Request asked = asked("DoGet", Optional.empty());
            ask(
                    context,
                    new FlightRequest.SqlRead(asked, command.get()),
                    answer -> {
                        if (answer instanceof FlightAnswer.Table found) {
                            send(found.table(), sink);
                        } else {
                            stream(context, asked.owner(), answer, sink);
                        }
                    },
                    sink::fail);
            return;
        }
        Request asked = asked("DoGet", flights.ofTicket(ticket));
        ask(
                context,
                new FlightRequest.Read(asked, ticket),
                answer -> stream(context, asked.owner(), answer, sink),
                sink::fail);
    }

    private void send(SqlTable table, MessageSink sink) {
        if (!sink.isGone()) {
            sink.send(FlightMessage.schema(table.schema()));
            sink.send(FlightMessage.rows(table.batch(engine.allocator()), new byte[0]));
            sink.end();
        }
    }

    private void stream(ContextInternal context, Owner owner, FlightAnswer answer, MessageSink sink) {
        SnapshotStream stream =
                open(context, owner, as(FlightAnswer.Rows.class, answer).read(), sink);
        streams.add(stream);
        stream.released().onComplete(done -> streams.remove(stream));
        try {
            stream.start();
        } catch (RuntimeException failure) {
            stream.fail(failure);
        }
    }

    private SnapshotStream open(ContextInternal context, Owner owner, Streamed owned, MessageSink sink) {
        try {
            return new SnapshotStream(
                    context,
                    switch (owned.takers()) {
                        case PAGES -> pages;
                        case STATEMENTS -> statements;
                        case SQL -> sql;
                    },
                    owner,
                    engine,
                    sink,
                    owned,
                    meters.of(owned.name()));
        } catch (RuntimeException failure) {
            owned.close();
            throw failure;
        }
    }

    @Override
    public void listFlights(CallContext call, Criteria criteria, StreamListener<FlightInfo> listener) {
        ask(
                loops.current(),
                new FlightRequest.Catalogue(
                        asked("ListFlights", Optional.empty()), new String(criteria.getExpression(), UTF_8)),
                answer -> {
                    FlightAnswer.Infos infos = as(FlightAnswer.Infos.class, answer);
                    if (!call.isCancelled()) {
                        infos.infos().forEach(listener::onNext);
                        listener.onCompleted();
                    }
                },
                listener::onError);
    }

    /** GetFlightInfo; exactly one of the consumers is called, on the calling event loop. */
    void info(FlightDescriptor descriptor, Consumer<FlightInfo> onInfo, Consumer<Throwable> onFailure) {
        Optional<Any> command = descriptor.isCommand() ? SqlFlights.command(descriptor.getCommand()) : Optional.empty();
        if (command.isPresent()) {
            ask(
                    loops.current(),
                    new FlightRequest.SqlInfo(asked("GetFlightInfo", Optional.empty()), command.get(), descriptor),
                    answer -> onInfo.accept(
                            as(FlightAnswer.Infos.class, answer).infos().getFirst()),
                    onFailure);
            return;
        }
        wanted(
                descriptor,
                wanted -> ask(
                        loops.current(),
                        new FlightRequest.Info(asked("GetFlightInfo", flights.named(wanted)), wanted, descriptor),
                        answer -> onInfo.accept(
                                as(FlightAnswer.Infos.class, answer).infos().getFirst()),
                        onFailure),
                onFailure);
    }

    /** GetSchema; exactly one of the consumers is called, on the calling event loop. */
    void schema(FlightDescriptor descriptor, Consumer<Schema> onSchema, Consumer<Throwable> onFailure) {
        if (descriptor.isCommand()
                && SqlFlights.command(descriptor.getCommand()).isPresent()) {
            info(descriptor, info -> onSchema.accept(info.getSchema()), onFailure);
            return;
        }
        wanted(
                descriptor,
                wanted -> ask(
                        loops.current(),
                        new FlightRequest.Shape(asked("GetSchema", flights.named(wanted)), wanted),
                        answer -> onSchema.accept(
                                as(FlightAnswer.Shape.class, answer).schema()),
                        onFailure),
                onFailure);
    }

    private static void wanted(
            FlightDescriptor descriptor, Consumer<FlightRequest.Wanted> next, Consumer<Throwable> onFailure) {
        FlightRequest.Wanted wanted;
        try {
            if (descriptor.isCommand() && !Selection.isCommand(descriptor.getCommand())) {
                throw FlightFaults.command();
            }
            wanted = descriptor.isCommand()
                    ? Selection.command(descriptor.getCommand())
                    : Selection.path(descriptor.getPath());
        } catch (ProblemException | FlightRuntimeException wrong) {
            onFailure.accept(FlightFaults.of("GetFlightInfo", wrong));
            return;
        }
        next.accept(wanted);
    }

    @SuppressWarnings("CatchingUnchecked") // the edge of the server: the client gets an answer, whatever fails
    private void ask(
            ContextInternal context,
            FlightRequest request,
            Consumer<FlightAnswer> onAnswer,
            Consumer<Throwable> onFailure) {
        context.dispatch(() -> {
            Future<FlightAnswer> asked;
            try {
                asked = service.call(request);
            } catch (RuntimeException failure) {
                asked = Future.failedFuture(failure);
            }
            asked.onComplete(done -> context.emit(ignored -> {
                if (done.failed()) {
                    onFailure.accept(FlightFaults.of(request.method(), done.cause()));
                    return;
                }
                try {
                    onAnswer.accept(done.result());
                } catch (RuntimeException failure) {
                    onFailure.accept(FlightFaults.of(request.method(), failure));
                }
            }));
        });
    }

    /** The call that this thread is in. */
    private static Request asked(String method, Optional<Product> product) {
        CallerInterceptor.Caller caller = CallerInterceptor.current();
        Context call = Context.current();
        return new Request(
                method,
                caller.key(),
                caller.principal(),
                product,
                name -> caller.header(name.toString()),
                gone -> call.addListener(ended -> gone.run(), Runnable::run));
    }

    /**
     * DoPut, whose rows have all come, in memory that is borrowed; exactly one of the consumers is called, on the calling event
     * loop.
     *
     * @param command of Flight SQL, in the place of a path
     */
    void put(
            List<String> path,
            Optional<Any> command,
            byte[] rows,
            Lease memory,
            Consumer<ByteString> onSaid,
            Consumer<Throwable> onFailure) {
        Request asked = asked("DoPut", Optional.empty());
        FlightRequest request;
        try {
            request = command.isPresent() && SqlFlights.binds(command.get())
                    ? new FlightRequest.SqlBind(asked, command.get(), rows)
                    : new FlightRequest.Write(
                            asked,
                            command.map(SqlFlights::into).orElse(path),
                            rows,
                            CallerInterceptor.header(RequestHeaders.PREFER),
                            CallerInterceptor.header(RequestHeaders.IDEMPOTENCY_KEY),
                            memory);
        } catch (ProblemException | FlightRuntimeException wrong) {
            onFailure.accept(FlightFaults.of("DoPut", wrong));
            return;
        }
        boolean ingests = command.isPresent() && request instanceof FlightRequest.Write;
        ask(
                loops.current(),
                request,
                answer -> onSaid.accept(ingests ? SqlFlights.ingested(said(answer)) : said(answer)),
                onFailure);
    }

    private static ByteString said(FlightAnswer answer) {
        return as(FlightAnswer.Said.class, answer).bytes();
    }

    private static <A extends FlightAnswer> A as(Class<A> kind, FlightAnswer answer) {
        if (kind.isInstance(answer)) {
            return kind.cast(answer);
        }
        answer.close();
        throw new IllegalStateException("a layer gave the answer of another request: " + answer);
    }

    @Override
    public void getStream(CallContext call, Ticket ticket, ServerStreamListener listener) {
        throw new IllegalStateException("bound to get()");
    }

    @Override
    public FlightInfo getFlightInfo(CallContext call, FlightDescriptor descriptor) {
        throw new IllegalStateException("bound to info()");
    }

    @Override
    public PollInfo pollFlightInfo(CallContext call, FlightDescriptor descriptor) {
        throw FlightFaults.unimplemented("PollFlightInfo");
    }

    @Override
    public Runnable acceptPut(CallContext call, FlightStream stream, StreamListener<PutResult> acknowledgements) {
        throw new IllegalStateException("bound to put()");
    }

    @Override
    public void doExchange(CallContext call, FlightStream reader, ServerStreamListener writer) {
        throw FlightFaults.unimplemented("DoExchange");
    }

    @Override
    public void doAction(CallContext call, Action action, StreamListener<Result> listener) {
        switch (action.getType()) {
            case SqlFlights.CREATE -> prepare(action.getBody(), listener);
            case SqlFlights.CLOSE -> listener.onCompleted(); // a statement's handle says all of it
            default -> listener.onError(FlightFaults.unimplemented("DoAction " + action.getType()));
        }
    }

    private void prepare(byte[] body, StreamListener<Result> listener) {
        String statement;
        try {
            statement = SqlFlights.prepared(body);
        } catch (ProblemException wrong) {
            listener.onError(FlightFaults.of("DoAction", wrong));
            return;
        }
        ask(
                loops.current(),
                new FlightRequest.SqlPrepare(asked("DoAction", Optional.empty()), statement),
                answer -> {
                    listener.onNext(new Result(said(answer).toByteArray()));
                    listener.onCompleted();
                },
                listener::onError);
    }

    @Override
    public void listActions(CallContext call, StreamListener<ActionType> listener) {
        listener.onNext(new ActionType(SqlFlights.CREATE, "Plans a statement; its handle is good on every server."));
        listener.onNext(new ActionType(SqlFlights.CLOSE, "Does nothing: nothing is kept."));
        listener.onCompleted();
    }
}
