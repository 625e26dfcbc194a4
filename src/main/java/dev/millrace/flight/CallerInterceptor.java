package dev.millrace.flight;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Keeps the client's address and the headers that calls may have in the gRPC context of a call. */
final class CallerInterceptor implements ServerInterceptor {
    private static final Context.Key<Caller> CALLER = Context.keyWithDefault("millrace-caller", new Caller("", null));

    /** Who calls; {@code headers} are missing outside of a call. */
    record Caller(String address, @Nullable Metadata headers) {
        /** All headers of that name as one; empty when there is none. */
        String header(String name) {
            Iterable<String> all = headers == null
                    ? null
                    : headers.getAll(Metadata.Key.of(name.toLowerCase(Locale.ROOT), Metadata.ASCII_STRING_MARSHALLER));
            return all == null ? "" : String.join(",", all);
        }
    }

    /** The address of the client whose call this thread is in, without the port; empty when it is not known. */
    static String caller() {
        return CALLER.get().address();
    }

    /** Who calls in the call that this thread is in. */
    static Caller current() {
        return CALLER.get();
    }

    /** A header of the call that this thread is in; empty when there is none. */
    static String header(String name) {
        return CALLER.get().header(name);
    }

    /** Who is at the other end: a key for shares, the same as over HTTP. */
    static String address(@Nullable SocketAddress remote) {
        return remote instanceof InetSocketAddress internet && internet.getAddress() != null
                ? internet.getAddress().getHostAddress()
                : "";
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        String caller = address(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR));
        return Contexts.interceptCall(
                Context.current().withValue(CALLER, new Caller(caller, headers)), call, headers, next);
    }
}
