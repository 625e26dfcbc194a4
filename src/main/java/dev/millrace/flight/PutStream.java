package dev.millrace.flight;

import com.google.protobuf.ByteString;
import dev.millrace.problem.Problem;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.apache.arrow.flight.grpc.StatusUtils;
import org.apache.arrow.flight.impl.Flight;

/**
 * Gathers what a client puts, as the Arrow IPC stream that its messages are, and writes it when the client has sent all.
 * The answer is one result, whose metadata is the receipt in JSON. On the event loop of the client's connection.
 */
final class PutStream implements StreamObserver<Flight.FlightData> {
    private static final int WORD = 8;

    private final FlightCalls calls;
    private final ServerCallStreamObserver<Flight.PutResult> answers;
    private final int maxBytes;
    private final ByteArrayOutputStream rows = new ByteArrayOutputStream();
    private List<String> path = List.of();
    private boolean ended;

    PutStream(FlightCalls calls, ServerCallStreamObserver<Flight.PutResult> answers, int maxBytes) {
        this.calls = calls;
        this.answers = answers;
        this.maxBytes = maxBytes;
        // With a handler, an answer to a client that is gone is dropped; without one it is an exception.
        answers.setOnCancelHandler(() -> ended = true);
    }

    @Override
    public void onNext(Flight.FlightData data) {
        if (data.hasFlightDescriptor()) {
            path = List.copyOf(data.getFlightDescriptor().getPathList());
        }
        ByteString header = data.getDataHeader();
        ByteString body = data.getDataBody();
        if (ended || header.isEmpty()) {
            return;
        }
        if ((long) rows.size() + header.size() + body.size() > maxBytes) {
            rows.reset();
            fail(Faults.of(
                    "DoPut",
                    new Problem.TooLarge("What is put", rows.size() + (long) body.size(), maxBytes).exception()));
            return;
        }
        // Arrow columnar format 1.5, "Encapsulated message format".
        int padded = (header.size() + WORD - 1) & -WORD;
        rows.writeBytes(ByteBuffer.allocate(WORD)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(-1)
                .putInt(padded)
                .array());
        rows.writeBytes(header.toByteArray());
        rows.writeBytes(new byte[padded - header.size()]);
        rows.writeBytes(body.toByteArray());
    }

    @Override
    public void onError(Throwable gone) {
        ended = true;
    }

    @Override
    public void onCompleted() {
        if (!ended) {
            calls.put(path, rows.toByteArray(), this::written, this::fail);
        }
    }

    private void written(String json) {
        if (!ended) {
            ended = true;
            answers.onNext(Flight.PutResult.newBuilder()
                    .setAppMetadata(ByteString.copyFromUtf8(json))
                    .build());
            answers.onCompleted();
        }
    }

    private void fail(Throwable failure) {
        if (!ended) {
            ended = true;
            answers.onError(StatusUtils.toGrpcException(failure));
        }
    }
}
