package dev.millrace.flight;

import dev.millrace.layer.Lease;
import dev.millrace.layer.Places;
import dev.millrace.problem.ProblemException;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Counts the bytes of a call's message of which not all has come yet: gRPC keeps them until it is whole, which it may never
 * be. Where they are not to be had the call is refused. On the event loop of the call's connection.
 */
final class InboundBytes extends ServerStreamTracer {
    private static final Context.Key<InboundBytes> KEY = Context.key("millrace-inbound-bytes");

    private final Places bytes;
    private @Nullable Lease lease;
    private long partial;
    private boolean over;
    private Consumer<ProblemException> refusal = why -> {};

    private InboundBytes(Places bytes) {
        this.bytes = bytes;
    }

    /** One for each call. */
    static Factory of(Places bytes) {
        return new Factory() {
            @Override
            public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
                return new InboundBytes(bytes);
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
        } catch (ProblemException refused) {
            over = true;
            refusal.accept(refused);
        }
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
