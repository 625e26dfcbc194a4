package dev.millrace.flight;

import io.grpc.stub.ServerCallStreamObserver;
import org.apache.arrow.flight.grpc.StatusUtils;

/**
 * One client that is sent messages. gRPC wants to know at once whom to tell that there is room or the client gone; who sends
 * is often found later. The event loop of the client's connection.
 */
final class MessageSink {
    private final ServerCallStreamObserver<FlightMessage> observer;
    private Runnable onRoom = () -> {};
    private Runnable onGone = () -> {};

    /** Called while the call begins. */
    MessageSink(ServerCallStreamObserver<FlightMessage> observer) {
        this.observer = observer;
        observer.setOnReadyHandler(() -> onRoom.run());
        observer.setOnCancelHandler(() -> onGone.run());
    }

    /** Whom to tell from now on. */
    void tell(Runnable room, Runnable gone) {
        onRoom = room;
        onGone = gone;
    }

    /** Whether less is queued than the threshold. */
    boolean hasRoom() {
        return observer.isReady();
    }

    boolean isGone() {
        return observer.isCancelled();
    }

    void send(FlightMessage owned) {
        if (observer.isCancelled()) {
            owned.close();
        } else {
            observer.onNext(owned);
        }
    }

    void end() {
        observer.onCompleted();
    }

    void fail(Throwable failure) {
        observer.onError(StatusUtils.toGrpcException(failure));
    }
}
