package dev.millrace.flight;

import dev.millrace.layer.Places;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.vertx.core.Vertx;
import java.util.Optional;
import org.apache.arrow.flight.grpc.StatusUtils;

/**
 * Refuses a call that finds no place, before it is begun, and one whose bytes find none. The place comes back when the call
 * ends or its client goes.
 */
record CallGate(Places calls, Vertx vertx) implements ServerInterceptor {
    private static void refuse(ServerCall<?, ?> call, ProblemException why) {
        var fault = FlightFaults.of(call.getMethodDescriptor().getFullMethodName(), why);
        call.close(StatusUtils.toGrpcStatus(fault.status()), new Metadata());
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        String client = CallerInterceptor.caller();
        Optional<Problem> refusal = calls.tryTake(client, 1);
        if (refusal.isPresent()) {
            refuse(call, refusal.get().exception());
            return new ServerCall.Listener<>() {};
        }
        // Not at once: gRPC is in the midst of reading.
        InboundBytes.onRefusal(why -> vertx.getOrCreateContext().runOnContext(turn -> refuse(call, why)));
        ServerCall.Listener<Q> listener;
        try {
            listener = next.startCall(call, headers);
        } catch (RuntimeException | Error failure) {
            calls.giveBack(client);
            throw failure;
        }
        return new SimpleForwardingServerCallListener<>(listener) {
            @Override
            public void onCancel() {
                calls.giveBack(client);
                super.onCancel();
            }

            @Override
            public void onComplete() {
                calls.giveBack(client);
                super.onComplete();
            }
        };
    }
}
