package dev.millrace.layer;

import java.util.List;

/** Composes layers, outermost first. */
public final class Layers {
    private Layers() {}

    /** One layer out of many: a request passes them in the order in which they stand here. None at all is allowed. */
    @SafeVarargs
    public static <Q, R> Layer<Q, R> of(Layer<Q, R>... outermostFirst) {
        List<Layer<Q, R>> innermostFirst = List.of(outermostFirst).reversed();
        return service -> {
            Service<Q, R> wrapped = Guarded.of(service);
            for (Layer<Q, R> layer : innermostFirst) {
                wrapped = layer.around(wrapped);
            }
            return wrapped;
        };
    }

    /**
     * The layers of an output port: the one place that states their order.
     *
     * <p>Who asks is known first, since limits are each caller's own. The rate limit comes next, so that a refusal costs
     * nothing but a counter, and who waits has passed it. Waiting is outside of the deadline and of the places of work: who
     * waits does no work. The bulkhead is innermost, inside the timeout: a caller gets its answer in time, yet the permit
     * is held until the work has truly ended. The other way round a timed-out call would give back its permit while its
     * work goes on, and the bulkhead would bound nothing just when it is needed.
     */
    public static <Q, R> Layer<Q, R> ofPort(
            Layer<Q, R> authentication,
            RateLimitLayer<Q, R> rateLimit,
            Layer<Q, R> waiting,
            TimeoutLayer<Q, R> timeout,
            BulkheadLayer<Q, R> bulkhead) {
        return of(authentication, rateLimit, waiting, timeout, bulkhead);
    }
}
