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
     * <p>The rate limit is outermost, so that a refusal costs nothing but a counter. The bulkhead is innermost, inside
     * the timeout: a caller gets its answer in time, yet the permit is held until the work has truly ended. The other
     * way round a timed-out call would give back its permit while its work goes on, and the bulkhead would bound
     * nothing just when it is needed.
     */
    public static <Q, R> Layer<Q, R> ofPort(
            RateLimitLayer<Q, R> rateLimit, TimeoutLayer<Q, R> timeout, BulkheadLayer<Q, R> bulkhead) {
        return of(rateLimit, timeout, bulkhead);
    }
}
