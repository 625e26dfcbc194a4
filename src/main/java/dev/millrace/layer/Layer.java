package dev.millrace.layer;

/**
 * One policy around a service: what Tower calls a Layer. A layer is immutable configuration plus shared state with a
 * name (a bulkhead, a limiter), so that several services wrapped by one layer share that state.
 */
@FunctionalInterface
public interface Layer<Q, R> {
    /** A service that asks this layer first and {@code inner} after it. */
    Service<Q, R> around(Service<Q, R> inner);

    /** A layer with this one outside and {@code inner} inside: a request passes this one first. */
    default Layer<Q, R> then(Layer<Q, R> inner) {
        return service -> around(inner.around(service));
    }
}
