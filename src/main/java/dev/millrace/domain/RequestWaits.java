package dev.millrace.domain;

import dev.millrace.layer.WaitLayer;
import dev.millrace.store.Position;
import io.vertx.core.http.HttpHeaders;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * What requests of any port wait for: that their product has come as far as {@code Millrace-Min-Position} says, and, where
 * the answer is the one that the client has already, that the product moves on.
 *
 * @param timed whether a request reads a product, so that a position to be reached means something to it
 * @param watched what may change an answer that the client has already; empty for any other answer
 * @param most how long anybody waits
 */
public record RequestWaits<Q, R>(
        Function<Q, Request> asked, Predicate<Q> timed, Function<R, Optional<Watched>> watched, Duration most)
        implements WaitLayer.Waiting<Q, R> {
    /** Hashed once, since every request is asked for it. */
    private static final CharSequence MIN_POSITION = HttpHeaders.createOptimized(RequestHeaders.MIN_POSITION);

    private static final CompletableFuture<Void> NOTHING = CompletableFuture.completedFuture(null);
    private static final CompletableFuture<Boolean> FINAL = CompletableFuture.completedFuture(false);

    /** A product that may go on from a position. */
    public record Watched(Product product, Position position) {}

    @Override
    public CompletableFuture<Void> before(Q request) {
        Request of = asked.apply(request);
        String wanted = of.header(MIN_POSITION);
        if (wanted.isEmpty() || !timed.test(request) || of.product().isEmpty()) {
            return NOTHING;
        }
        return of.product().get().reach(RequestHeaders.minPosition(wanted), patience(of));
    }

    @Override
    public CompletableFuture<Boolean> after(Q request, R result) {
        Optional<Watched> may = watched.apply(result);
        if (may.isEmpty()) {
            return FINAL;
        }
        Duration patience = patience(asked.apply(request));
        return patience.isZero() ? FINAL : may.get().product().changed(may.get().position(), patience);
    }

    @Override
    public void onGone(Q request, Runnable gone) {
        asked.apply(request).onGone().accept(gone);
    }

    private Duration patience(Request request) {
        Duration patience = RequestHeaders.patience(request.header(RequestHeaders.PREFER));
        return patience.compareTo(most) < 0 ? patience : most;
    }
}
