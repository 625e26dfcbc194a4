package dev.millrace.layer;

import dev.millrace.problem.Problem;
import io.vertx.core.Future;
import java.util.Optional;
import java.util.function.Function;

/**
 * Bounds the calls under way, in all and of each client: one that finds no place fails at once with {@link
 * Problem.Overloaded} or {@link Problem.ShareTaken}; nothing queues.
 *
 * <p>A place is held from the call until the inner future completes, and given back exactly once: on success, on
 * failure, on a throw. It is given back before the handlers run that the caller sets on the future. What happens to a
 * result after its future completes, for example writing it to a socket, is not counted.
 *
 * <p>Threads: called on any, blocks none. A call whose future is complete when it comes back allocates nothing here.
 *
 * @param keyOf whose place a request takes; called once per request
 */
public record BulkheadLayer<Q, R>(Places places, Function<? super Q, String> keyOf) implements Layer<Q, R> {
    @Override
    public Service<Q, R> around(Service<Q, R> inner) {
        Service<Q, R> guarded = Guarded.of(inner);
        return request -> {
            String key = keyOf.apply(request);
            Optional<Problem> refusal = places.tryTake(key, 1);
            if (refusal.isPresent()) {
                return Future.failedFuture(refusal.get().exception());
            }
            Future<R> future = guarded.call(request);
            if (future.isComplete()) {
                places.giveBack(key);
                return future;
            }
            return future.onComplete(done -> places.giveBack(key));
        };
    }
}
