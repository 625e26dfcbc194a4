package dev.millrace.layer;

import io.vertx.core.Future;

/** A service that never throws and never returns null: what its inner one throws becomes a failed future, as it is. */
record Guarded<Q, R>(Service<Q, R> inner) implements Service<Q, R> {
    static <Q, R> Service<Q, R> of(Service<Q, R> inner) {
        return inner instanceof Guarded ? inner : new Guarded<>(inner);
    }

    @Override
    @SuppressWarnings("CatchingUnchecked") // an Error too must not slip past a layer that holds a permit
    public Future<R> call(Q request) {
        try {
            Future<R> future = inner.call(request);
            return future != null ? future : Future.failedFuture(new NullPointerException(inner + " returned null"));
        } catch (Throwable thrown) {
            return Future.failedFuture(thrown);
        }
    }
}
