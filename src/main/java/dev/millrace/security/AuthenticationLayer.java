package dev.millrace.security;

import dev.millrace.layer.Layer;
import dev.millrace.layer.Service;
import io.vertx.core.Future;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Lets a request pass as that of whoever is found to ask, and fails it with {@link
 * dev.millrace.problem.Problem.Unauthenticated} where nobody is. Immutable; any thread.
 *
 * @param who finds out, in a future of the request's own context
 * @param by the request as somebody's
 */
public record AuthenticationLayer<Q, R>(Function<Q, Future<Identity>> who, BiFunction<Q, Identity, Q> by)
        implements Layer<Q, R> {
    @Override
    public Service<Q, R> around(Service<Q, R> inner) {
        return request -> {
            Future<Identity> found = who.apply(request);
            if (found.succeeded()) {
                return inner.call(by.apply(request, found.result()));
            }
            return found.compose(identity -> inner.call(by.apply(request, identity)));
        };
    }
}
