package dev.millrace.flight;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.net.InetSocketAddress;

/** Keeps the client's address in the gRPC context of a call, for layers that count by caller. */
final class CallerInterceptor implements ServerInterceptor {
    private static final Context.Key<String> CALLER = Context.keyWithDefault("millrace-caller", "");

    /** The address of the client whose call this thread is in, without the port; empty when it is not known. */
    static String caller() {
        return CALLER.get();
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        String caller = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR) instanceof InetSocketAddress remote
                ? remote.getHostString()
                : "";
        return Contexts.interceptCall(Context.current().withValue(CALLER, caller), call, headers, next);
    }
}
