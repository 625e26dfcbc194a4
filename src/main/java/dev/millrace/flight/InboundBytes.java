package dev.millrace.flight;

import dev.millrace.layer.Lease;
import dev.millrace.layer.Places;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.function.Consumer;
import org.apache.arrow.flight.impl.FlightServiceGrpc;
import org.jspecify.annotations.Nullable;

/**
 * Counts the bytes of a call's message of which not all has come yet: gRPC keeps them until it is whole, which it may never
 * be. Where they are not to be had the call is refused, and so is one whose message grows beyond what it can mean: only
 * DoPut brings rows, all others ask something, and what asks is taken apart on the event loop, which others wait for. On the
 * event loop of the call's connection.
 */
final class InboundBytes extends ServerStreamTracer {
    private static final Context.Key<InboundBytes> KEY = Context.key("millrace-inbound-bytes");

    /** Most bytes of a message that asks something: a descriptor, a ticket, criteria. */
    static final int ASKING_BYTES = 64 * 1024;

    private final Places bytes;
    private final long maxMessageBytes;
    private @Nullable Lease lease;
    private long partial;
    private boolean over;
    private Consumer<ProblemException> refusal = why -> {};

    private InboundBytes(Places bytes, long maxMessageBytes) {
        this.bytes = bytes;
        this.maxMessageBytes = maxMessageBytes;
    }

    /** One for each call. */
    static Factory of(Places bytes) {
        return new Factory() {
            @Override
            public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
                boolean puts = method.equals(FlightServiceGrpc.getDoPutMethod().getFullMethodName());
                return new InboundBytes(bytes, puts ? Long.MAX_VALUE : ASKING_BYTES);
            }
        };
    }

    /** Has {@code refusal} told, once at most, that the call this thread is in has sent more than there is room for. */
    static void onRefusal(Consumer<ProblemException> refusal) {
        InboundBytes counted = KEY.get();
        if (counted != null) {
            counted.refusal = refusal;
        }
    }

    @Override
    public Context filterContext(Context context) {
        return context.withValue(KEY, this);
    }

    @Override
    public void serverCallStarted(ServerCallInfo<?, ?> call) {
        lease = bytes.lease(CallerInterceptor.address(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR)));
    }

    @Override
    public void inboundWireSize(long size) {
        if (lease == null || over) {
            return;
        }
        try {
            lease.take(size);
            partial += size;
            if (partial > maxMessageBytes) {
                throw tooLarge(partial);
            }
        } catch (ProblemException refused) {
            over = true;
            refusal.accept(refused);
        }
    }

    /** What a call is told whose message asks something and has so many bytes. */
    static ProblemException tooLarge(long sizeBytes) {
        return new Problem.TooLarge("The bytes of a call's message", sizeBytes, ASKING_BYTES).exception();
    }

    /** The message is whole; whoever gets it counts what is kept of it. */
    @Override
    public void inboundMessageRead(int number, long wireSize, long size) {
        if (lease != null) {
            lease.giveBack(partial);
            partial = 0;
        }
    }

    @Override
    public void streamClosed(Status status) {
        if (lease != null) {
            lease.close();
            lease = null;
        }
    }
}
