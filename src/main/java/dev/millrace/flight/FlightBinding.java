package dev.millrace.flight;

import com.google.protobuf.ByteString;
import dev.millrace.layer.Places;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.Consumer;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.grpc.StatusUtils;
import org.apache.arrow.flight.impl.Flight;
import org.apache.arrow.flight.impl.FlightServiceGrpc;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Arrow's gRPC service with Handshake, GetFlightInfo, GetSchema and DoPut made asynchronous, and DoGet with messages of our
 * own. Arrow's producer must have its answers when it returns; a layer may have them later, and an event loop must not wait.
 */
final class FlightBinding {
    private FlightBinding() {}

    /** {@code arrow}'s methods, four of them bound to {@code calls}. */
    static ServerServiceDefinition of(
            ServerServiceDefinition arrow, FlightCalls calls, Places memory, int maxPutBytes) {
        var bound = ServerServiceDefinition.builder(arrow.getServiceDescriptor().getName());
        for (ServerMethodDefinition<?, ?> method : arrow.getMethods()) {
            MethodDescriptor<?, ?> descriptor = method.getMethodDescriptor();
            if (!is(descriptor, FlightServiceGrpc.getGetFlightInfoMethod())
                    && !is(descriptor, FlightServiceGrpc.getGetSchemaMethod())
                    && !is(descriptor, FlightServiceGrpc.getDoGetMethod())
                    && !is(descriptor, FlightServiceGrpc.getHandshakeMethod())
                    && !is(descriptor, FlightServiceGrpc.getDoPutMethod())) {
                bound.addMethod(method);
            }
        }
        return bound.addMethod(
                        FlightServiceGrpc.getHandshakeMethod(),
                        ServerCalls.asyncBidiStreamingCall(FlightBinding::greet))
                .addMethod(
                        FlightServiceGrpc.getGetFlightInfoMethod(),
                        ServerCalls.asyncUnaryCall(
                                (request, observer) -> answer(request, observer, calls::info, FlightBinding::proto)))
                .addMethod(
                        FlightServiceGrpc.getGetSchemaMethod(),
                        ServerCalls.asyncUnaryCall(
                                (request, observer) -> answer(request, observer, calls::schema, FlightBinding::proto)))
                .addMethod(
                        FlightServiceGrpc.getDoGetMethod().toBuilder(
                                        FlightServiceGrpc.getDoGetMethod().getRequestMarshaller(),
                                        FlightMessage.marshaller())
                                .build(),
                        ServerCalls.asyncServerStreamingCall((request, observer) -> calls.get(
                                request.getTicket().toByteArray(),
                                new MessageSink((ServerCallStreamObserver<FlightMessage>) observer))))
                .addMethod(
                        FlightServiceGrpc.getDoPutMethod(),
                        ServerCalls.asyncBidiStreamingCall(answers -> calls.putStream(
                                (ServerCallStreamObserver<Flight.PutResult>) answers,
                                memory.lease(CallerInterceptor.caller()),
                                maxPutBytes)))
                .build();
    }

    /** Says nothing: what a client gets for a name and a password is a header of the answer. */
    private static StreamObserver<Flight.HandshakeRequest> greet(StreamObserver<Flight.HandshakeResponse> answers) {
        ((ServerCallStreamObserver<Flight.HandshakeResponse>) answers).setOnCancelHandler(() -> {});
        CallerInterceptor.Caller caller = CallerInterceptor.current();
        return new StreamObserver<>() {
            @Override
            public void onNext(Flight.HandshakeRequest said) {}

            @Override
            public void onError(Throwable gone) {}

            @Override
            public void onCompleted() {
                caller.who()
                        .onSuccess(known -> {
                            answers.onNext(Flight.HandshakeResponse.getDefaultInstance());
                            answers.onCompleted();
                        })
                        .onFailure(unknown ->
                                answers.onError(StatusUtils.toGrpcException(FlightFaults.of("Handshake", unknown))));
            }
        };
    }

    private static boolean is(MethodDescriptor<?, ?> method, MethodDescriptor<?, ?> other) {
        return method.getFullMethodName().equals(other.getFullMethodName());
    }

    /** An asynchronous call that one of two consumers ends. */
    private interface Call<A> {
        void run(FlightDescriptor descriptor, Consumer<A> onAnswer, Consumer<Throwable> onFailure);
    }

    /** An answer's form on the wire. */
    private interface Form<A, W> {
        W of(A answer) throws IOException;
    }

    private static <A, W> void answer(
            Flight.FlightDescriptor request, StreamObserver<W> observer, Call<A> call, Form<A, W> form) {
        // With a handler, an answer to a client that is gone is dropped; without one it is an exception.
        ((ServerCallStreamObserver<W>) observer).setOnCancelHandler(() -> {});
        Consumer<Throwable> fail = failure -> observer.onError(StatusUtils.toGrpcException(failure));
        if (request.getSerializedSize() > InboundBytes.ASKING_BYTES) {
            // One that came in a single read was whole before its bytes were counted.
            fail.accept(FlightFaults.of("GetFlightInfo", InboundBytes.tooLarge(request.getSerializedSize())));
            return;
        }
        if (request.getType() != Flight.FlightDescriptor.DescriptorType.PATH
                && request.getType() != Flight.FlightDescriptor.DescriptorType.CMD) {
            fail.accept(CallStatus.INVALID_ARGUMENT
                    .withDescription("The descriptor has no type. Expected: a path.")
                    .toRuntimeException());
            return;
        }
        FlightDescriptor descriptor = request.getType() == Flight.FlightDescriptor.DescriptorType.PATH
                ? FlightDescriptor.path(request.getPathList())
                : FlightDescriptor.command(request.getCmd().toByteArray());
        call.run(
                descriptor,
                answer -> {
                    W wire;
                    try {
                        wire = form.of(answer);
                    } catch (IOException broken) {
                        throw new UncheckedIOException(broken);
                    }
                    observer.onNext(wire);
                    observer.onCompleted();
                },
                fail);
    }

    private static Flight.FlightInfo proto(FlightInfo info) throws IOException {
        return Flight.FlightInfo.parseFrom(info.serialize());
    }

    /** Arrow keeps its own form of this answer to itself. */
    private static Flight.SchemaResult proto(Schema schema) {
        return Flight.SchemaResult.newBuilder()
                .setSchema(ByteString.copyFrom(SqlFlights.bytes(schema)))
                .build();
    }
}
