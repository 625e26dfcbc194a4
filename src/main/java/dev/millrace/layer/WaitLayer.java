package dev.millrace.layer;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Lets requests wait for something to happen: before they are served, and once more where what they got is nothing new.
 * It stands outside of the layers that bound work and its time, since who waits does no work, and has places of its own. A
 * request that waits for nothing passes without a cost.
 *
 * <pre>{@code
 * Layers.of(rateLimit, new WaitLayer<>(waiting, places, Request::client), timeout, bulkhead).around(rows);
 * }</pre>
 *
 * @param places of those who wait, with a share for each client
 * @param client the key of a request's share
 */
public record WaitLayer<Q, R>(Waiting<Q, R> waiting, Places places, Function<? super Q, String> client)
        implements Layer<Q, R> {
    /** What requests wait for. Called on the caller's thread; what is thrown is the request's failure. */
    public interface Waiting<Q, R> {
        /** Ends when a request can be served; done where it waits for nothing. Cancelled when its client is gone. */
        CompletableFuture<Void> before(Q request);

        /**
         * Says whether a request is to be served once more; done with false where its result is final. One that says true
         * has a result that needs no closing.
         */
        CompletableFuture<Boolean> after(Q request, R result);

        /** Has {@code gone} run when the client of a request is gone, at once if it is. */
        void onGone(Q request, Runnable gone);
    }

    @Override
    public Service<Q, R> around(Service<Q, R> inner) {
        Service<Q, R> guarded = Guarded.of(inner);
        return request -> {
            CompletableFuture<Void> before = waiting.before(request);
            return succeeded(before)
                    ? serve(guarded, request)
                    : happened(request, before).compose(done -> serve(guarded, request));
        };
    }

    private Future<R> serve(Service<Q, R> inner, Q request) {
        Future<R> served = inner.call(request);
        if (served.succeeded()) {
            return once(inner, request, served.result(), served);
        }
        return served.isComplete() ? served : served.compose(result -> once(inner, request, result, null));
    }

    private Future<R> once(Service<Q, R> inner, Q request, R result, @Nullable Future<R> served) {
        CompletableFuture<Boolean> after = waiting.after(request, result);
        if (succeeded(after) && !after.join()) {
            return served != null ? served : Future.succeededFuture(result);
        }
        return happened(request, after).compose(again -> again ? inner.call(request) : Future.succeededFuture(result));
    }

    private <T> Future<T> happened(Q request, CompletableFuture<T> happening) {
        CompletableFuture<T> placed = places.whileWaiting(client.apply(request), happening);
        if (!placed.isDone()) {
            waiting.onGone(request, () -> placed.cancel(false));
        }
        Context context = Vertx.currentContext();
        return context == null ? Future.fromCompletionStage(placed) : Future.fromCompletionStage(placed, context);
    }

    private static boolean succeeded(CompletableFuture<?> future) {
        return future.isDone() && !future.isCompletedExceptionally();
    }
}
