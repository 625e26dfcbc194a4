package dev.millrace.layer;

import io.vertx.core.Future;

/**
 * An asynchronous function from a request to a result: what Tower calls a Service.
 *
 * <pre>{@code
 * Service<Lookup, Page> rows = lookup -> store.read(lookup.key());
 * Service<Lookup, Page> guarded = Layers.of(rateLimit, timeout, bulkhead).around(rows);
 * }</pre>
 *
 * @param <Q> the request
 * @param <R> the result; where it holds a resource, who receives the succeeded future closes it
 */
@FunctionalInterface
public interface Service<Q, R> {
    /**
     * The future result of one request. Called on the caller's thread, usually an event loop, so it must not block. An
     * expected failure is a {@link dev.millrace.problem.ProblemException} in the future; an exception thrown instead is
     * turned into a failed future by the first layer around.
     */
    Future<R> call(Q request);
}
