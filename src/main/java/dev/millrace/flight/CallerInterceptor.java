package dev.millrace.flight;

import dev.millrace.problem.Problem;
import dev.millrace.security.Authentication;
import dev.millrace.security.Credentials;
import dev.millrace.security.Identity;
import dev.millrace.security.Principal;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.vertx.core.Future;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Locale;
import org.apache.arrow.flight.grpc.StatusUtils;
import org.jspecify.annotations.Nullable;

/**
 * Finds out who calls, refuses at once who is known to be nobody, and keeps it in the gRPC context of the call with the
 * client's address and the headers.
 */
record CallerInterceptor(Authentication authentication) implements ServerInterceptor {
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final Context.Key<Caller> CALLER = Context.keyWithDefault(
            "millrace-caller",
            new Caller("", null, Future.failedFuture(new Problem.Unauthenticated("This is no call.").exception())));

    /** Who calls; {@code headers} are missing outside of a call, {@code who} may not be known yet. */
    record Caller(String address, @Nullable Metadata headers, Future<Identity> who) {
        /** The key of limits and shares. */
        String key() {
            return who.succeeded() ? who.result().key() : address;
        }

        /** Who it is, as far as is known. */
        Principal principal() {
            return who.succeeded() ? who.result().principal() : Principal.ANYBODY;
        }

        /** All headers of that name as one; empty when there is none. */
        String header(String name) {
            Iterable<String> all = headers == null
                    ? null
                    : headers.getAll(Metadata.Key.of(name.toLowerCase(Locale.ROOT), Metadata.ASCII_STRING_MARSHALLER));
            return all == null ? "" : String.join(",", all);
        }
    }

    /** Whose shares the call takes that this thread is in; empty when it is not known. */
    static String caller() {
        return CALLER.get().key();
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

    /** A call whose answer has what to say from now on in place of a name and a password. */
    private static <Q, R> ServerCall<Q, R> telling(ServerCall<Q, R> call, String token) {
        return new SimpleForwardingServerCall<>(call) {
            @Override
            public void sendHeaders(Metadata headers) {
                headers.put(AUTHORIZATION, "Bearer " + token);
                super.sendHeaders(headers);
            }
        };
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        String caller = address(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR));
        var said = Credentials.of(
                caller, headers.getAll(AUTHORIZATION), call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION));
        Future<Identity> who = authentication.identify(said);
        if (who.failed()) {
            // Before anything that it sends is kept.
            var fault = FlightFaults.of(call.getMethodDescriptor().getFullMethodName(), who.cause());
            call.close(StatusUtils.toGrpcStatus(fault.status()), new Metadata());
            return new ServerCall.Listener<>() {};
        }
        ServerCall<Q, R> answered =
                authentication.session(said).map(token -> telling(call, token)).orElse(call);
        return Contexts.interceptCall(
                Context.current().withValue(CALLER, new Caller(caller, headers, who)), answered, headers, next);
    }
}
