package dev.millrace.flight;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.millrace.layer.Lease;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.vertx.core.internal.ContextInternal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.flight.grpc.StatusUtils;
import org.apache.arrow.flight.impl.Flight;

/**
 * Gathers what a client puts, as the Arrow IPC stream that its messages are, and writes it when the client has sent all.
 * The answer is one result, whose metadata is the receipt in JSON, or what Flight SQL has for it. On the event loop of the client's connection.
 */
final class PutStream implements StreamObserver<Flight.FlightData> {
    private static final int WORD = 8;

    /** Of a path; one that is refused for more is not repeated to its client. */
    private static final int MOST_PARTS = 16;

    private final FlightCalls calls;
    private final ServerCallStreamObserver<Flight.PutResult> answers;
    private final Lease memory;
    private final int maxBytes;
    private final ContextInternal context;
    private ByteString rows = ByteString.EMPTY;
    private List<String> path = List.of();
    private Optional<Any> command = Optional.empty();
    private boolean ended;

    /** @param owned counts what is gathered, before it is */
    PutStream(
            FlightCalls calls,
            ServerCallStreamObserver<Flight.PutResult> answers,
            Lease owned,
            int maxBytes,
            ContextInternal context) {
        this.context = context;
        this.calls = calls;
        this.answers = answers;
        this.memory = owned;
        this.maxBytes = maxBytes;
        // With a handler, an answer to a client that is gone is dropped; without one it is an exception.
        answers.setOnCancelHandler(this::end);
        answers.setOnCloseHandler(this::end);
        calls.begun(this);
    }

    @Override
    public void onNext(Flight.FlightData data) {
        if (data.hasFlightDescriptor()) {
            int parts = data.getFlightDescriptor().getPathCount();
            if (parts > MOST_PARTS) {
                fail(FlightFaults.of(
                        "DoPut",
                        Selection.invalid(
                                "descriptor path",
                                "it has " + parts + " parts.",
                                "[domain, product] or [domain.product].")));
                return;
            }
            path = List.copyOf(data.getFlightDescriptor().getPathList());
            if (data.getFlightDescriptor().getType() == Flight.FlightDescriptor.DescriptorType.CMD) {
                command = SqlFlights.command(data.getFlightDescriptor().getCmd().toByteArray());
            }
        }
        ByteString header = data.getDataHeader();
        ByteString body = data.getDataBody();
        if (ended || header.isEmpty()) {
            return;
        }
        // Arrow columnar format 1.5, "Encapsulated message format".
        int padded = (header.size() + WORD - 1) & -WORD;
        long size = (long) rows.size() + WORD + padded + body.size();
        try {
            if (size > maxBytes) {
                throw new Problem.TooLarge("What is put", size, maxBytes).exception();
            }
            memory.take(size - rows.size());
        } catch (ProblemException refused) {
            fail(FlightFaults.of("DoPut", refused));
            return;
        }
        ByteBuffer prefix = ByteBuffer.allocate(WORD)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(-1)
                .putInt(padded)
                .flip();
        // Joined where they are; they are copied once, when all have come.
        rows = rows.concat(ByteString.copyFrom(prefix))
                .concat(header)
                .concat(ByteString.copyFrom(new byte[padded - header.size()]))
                .concat(body);
    }

    @Override
    public void onError(Throwable gone) {
        end();
    }

    @Override
    public void onCompleted() {
        if (ended) {
            return;
        }
        byte[] whole;
        try {
            int size = rows.size();
            memory.take(size);
            whole = rows.toByteArray();
            rows = ByteString.EMPTY;
            memory.giveBack(size);
        } catch (ProblemException refused) {
            fail(FlightFaults.of("DoPut", refused));
            return;
        }
        // The client may be gone before the answer is there.
        Lease held = memory.retain();
        calls.put(
                path,
                command,
                whole,
                held,
                said -> {
                    held.close();
                    written(said);
                },
                failure -> {
                    held.close();
                    fail(failure);
                });
    }

    /** Nothing more is sent to the client, nor taken from it. */
    private void end() {
        if (!ended) {
            ended = true;
            rows = ByteString.EMPTY;
            memory.close();
            calls.ended(this);
        }
    }

    private void written(ByteString said) {
        if (!ended) {
            end();
            answers.onNext(Flight.PutResult.newBuilder().setAppMetadata(said).build());
            answers.onCompleted();
        }
    }

    /** Fails the call unless it is over, since the server stops. Any thread. */
    void cut() {
        context.runOnContext(turn -> fail(FlightFaults.of("DoPut", FlightCalls.stops())));
    }

    private void fail(Throwable failure) {
        if (!ended) {
            end();
            answers.onError(StatusUtils.toGrpcException(failure));
        }
    }
}
