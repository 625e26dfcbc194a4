package dev.millrace.layer;

import dev.millrace.problem.Problem;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.vertx.core.Completable;
import io.vertx.core.Future;
import java.time.Duration;

/**
 * Bounds the calls under way: one more than the bulkhead's limit fails at once with {@link Problem.Overloaded}; nothing
 * queues.
 *
 * <p>A permit is held from the call until the inner future completes, and given back exactly once: on success, on
 * failure, on a throw. It is given back before the handlers run that the caller sets on the future. What happens to a
 * result after its future completes, for example writing it to a socket, is not counted.
 *
 * <p>Threads: called on any, blocks none. Neither a passed nor a refused call allocates in this layer: one listener and
 * one failed future serve all calls. The limit is read once, when a service is wrapped.
 */
public final class BulkheadLayer<Q, R> implements Layer<Q, R> {
    private final Bulkhead bulkhead;
    private final long retryAfterSeconds;

    /**
     * @param retryAfterSeconds what a refused caller is told, at least 0; a guess of the operator, since nothing knows
     *     when a place becomes free
     * @throws IllegalArgumentException when the bulkhead would wait for a permit, because that blocks an event loop
     */
    public BulkheadLayer(Bulkhead bulkhead, long retryAfterSeconds) {
        if (!bulkhead.getBulkheadConfig().getMaxWaitDuration().isZero()) {
            throw new IllegalArgumentException("The bulkhead '" + bulkhead.getName() + "' has a wait above zero.");
        }
        if (retryAfterSeconds < 0) {
            throw new IllegalArgumentException("A negative time to retry after: " + retryAfterSeconds + ".");
        }
        this.bulkhead = bulkhead;
        this.retryAfterSeconds = retryAfterSeconds;
    }

    /** A bulkhead configuration with this limit, at least 0, that never waits. */
    public static BulkheadConfig config(int maxCallsUnderWay) {
        return BulkheadConfig.custom()
                .maxConcurrentCalls(maxCallsUnderWay)
                .maxWaitDuration(Duration.ZERO)
                .fairCallHandlingStrategyEnabled(false)
                .writableStackTraceEnabled(false)
                .build();
    }

    @Override
    public Service<Q, R> around(Service<Q, R> inner) {
        Service<Q, R> guarded = Guarded.of(inner);
        Completable<R> release = (result, failure) -> bulkhead.onComplete();
        Future<R> refused = Future.failedFuture(new Problem.Overloaded(
                        bulkhead.getName(), bulkhead.getBulkheadConfig().getMaxConcurrentCalls(), retryAfterSeconds)
                .exception());
        return request -> {
            if (!bulkhead.tryAcquirePermission()) {
                return refused;
            }
            Future<R> future = guarded.call(request);
            if (future.isComplete()) {
                bulkhead.onComplete();
                return future;
            }
            return future.onComplete(release);
        };
    }
}
