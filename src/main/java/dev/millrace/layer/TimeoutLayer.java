package dev.millrace.layer;

import dev.millrace.problem.Problem;
import io.github.resilience4j.timelimiter.TimeLimiter;
import io.github.resilience4j.timelimiter.TimeLimiterConfig;
import io.vertx.core.Completable;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fails a call with {@link Problem.TimedOut} when it has not ended within the limiter's timeout. A future that is
 * complete when the inner service returns it is passed on as it is: it costs no timer, and no event of the limiter, each of
 * which takes the time of day.
 *
 * <p>Threads: called on any; the result comes on the thread that completes the inner future or on the timer's, which
 * for {@link Timers#of} are the same event loop when the inner service keeps the caller's context.
 *
 * <p>Ownership: a Vert.x future cannot be cancelled, so the work goes on after its time is up. Whatever result it then
 * brings has lost its receiver and is handed to {@code onLate}, which owns it. Every result therefore goes exactly
 * once either to the caller or to {@code onLate}. A late failure is logged at DEBUG.
 *
 * <p>The limiter gives the name, the timeout and the events (metrics); its own blocking or thread-pool timers are not
 * used. The timeout is read once, when a service is wrapped; one shorter than 1 ms is refused.
 *
 * @param onLate owns a result that comes after the time is up; {@link #close} where the result is a resource, an empty
 *     function where it is a plain value
 * @param bounded which requests it is for; others have a time of their own
 */
public record TimeoutLayer<Q, R>(
        TimeLimiter limiter, Timers timers, Consumer<? super R> onLate, Predicate<? super Q> bounded)
        implements Layer<Q, R> {
    private static final Logger LOG = LoggerFactory.getLogger(TimeoutLayer.class);

    public TimeoutLayer {
        if (limiter.getTimeLimiterConfig().getTimeoutDuration().toMillis() < 1) {
            throw new IllegalArgumentException("The timeout of '" + limiter.getName() + "' is shorter than 1 ms.");
        }
    }

    /** A limiter configuration with this timeout, at least 1 ms. */
    public static TimeLimiterConfig config(Duration timeout) {
        return TimeLimiterConfig.custom()
                .timeoutDuration(timeout)
                .cancelRunningFuture(false)
                .build();
    }

    /** Closes {@code owned}; for use as {@code onLate}. A failure to close is logged, since nobody waits for it. */
    @SuppressWarnings("CatchingUnchecked") // close() declares Exception, and the thread is the event loop's
    public static void close(AutoCloseable owned) {
        try {
            owned.close();
        } catch (Exception e) {
            LOG.warn("A late result could not be closed", e);
        }
    }

    @Override
    public Service<Q, R> around(Service<Q, R> inner) {
        Service<Q, R> guarded = Guarded.of(inner);
        long limitMillis = limiter.getTimeLimiterConfig().getTimeoutDuration().toMillis();
        return request -> {
            Future<R> future = guarded.call(request);
            return future.isComplete() || !bounded.test(request) ? future : new Deadline(limitMillis).over(future);
        };
    }

    /** One call under way; the promise itself decides the race between result and timer. */
    private final class Deadline implements Completable<R>, Runnable {
        private final Promise<R> promise = Promise.promise();
        private final long limitMillis;
        private Timers.@Nullable Handle timer;

        Deadline(long limitMillis) {
            this.limitMillis = limitMillis;
        }

        /** Sets the timer before it listens, so that {@link #complete} sees the handle whichever thread runs it. */
        @SuppressWarnings("CatchingUnchecked") // whatever stops the timer, the result still needs an owner
        Future<R> over(Future<R> future) {
            try {
                timer = timers.schedule(limitMillis, this);
            } catch (RuntimeException e) {
                promise.fail(e);
            }
            future.onComplete(this);
            return promise.future();
        }

        @Override
        public void run() {
            if (promise.tryFail(new Problem.TimedOut(limiter.getName(), limitMillis).exception())) {
                limiter.onError(new TimeoutException());
            }
        }

        @Override
        public void complete(R result, @Nullable Throwable failure) {
            Timers.Handle set = timer;
            if (set != null) {
                set.cancel();
            }
            if (failure == null) {
                if (promise.tryComplete(result)) {
                    limiter.onSuccess();
                } else {
                    onLate.accept(result);
                }
            } else if (promise.tryFail(failure)) {
                limiter.onError(failure);
            } else {
                LOG.debug("'{}' failed after its time was up", limiter.getName(), failure);
            }
        }
    }
}
