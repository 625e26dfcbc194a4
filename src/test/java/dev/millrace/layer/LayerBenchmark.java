package dev.millrace.layer;

import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import io.github.resilience4j.timelimiter.TimeLimiterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the layers cost around a future that is complete, and around one that completes later. The timer is a stand-in
 * that costs nothing, so that the layers alone are seen; {@code metrics} tells whether Micrometer listens.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class LayerBenchmark {
    private static final Duration HOUR = Duration.ofHours(1);

    @Param({"false", "true"})
    public boolean metrics;

    private final Future<String> done = Future.succeededFuture("r");
    private final Service<Future<String>, String> bare = request -> request;
    private final RateLimiterRegistry rateLimiters = RateLimiterRegistry.ofDefaults();
    private final TimeLimiterRegistry timeLimiters = TimeLimiterRegistry.ofDefaults();

    private final RateLimitLayer<Future<String>, String> rateLimit = rateLimit("open", Integer.MAX_VALUE);
    private final TimeoutLayer<Future<String>, String> timeout = new TimeoutLayer<>(
            timeLimiters.timeLimiter("all", TimeoutLayer.config(HOUR)),
            (millis, task) -> () -> {},
            late -> {},
            request -> true);
    private final BulkheadLayer<Future<String>, String> bulkhead = bulkhead("open", 1_000);

    private final Service<Future<String>, String> rateLimitOnly = rateLimit.around(bare);
    private final Service<Future<String>, String> timeoutOnly = timeout.around(bare);
    private final Service<Future<String>, String> bulkheadOnly = bulkhead.around(bare);
    private final Service<Future<String>, String> stack = Layers.ofPort(
                    Layers.of(), rateLimit, Layers.of(), timeout, bulkhead)
            .around(bare);
    private final Service<Future<String>, String> overRate = Layers.ofPort(
                    Layers.of(), rateLimit("shut", 1), Layers.of(), timeout, bulkhead)
            .around(bare);
    private final Service<Future<String>, String> overloaded =
            Layers.ofPort(Layers.of(), rateLimit, Layers.of(), timeout, shut()).around(bare);

    private RateLimitLayer<Future<String>, String> rateLimit(String name, int limit) {
        return new RateLimitLayer<>(rateLimiters.rateLimiter(name, RateLimitLayer.config(limit, HOUR)));
    }

    private BulkheadLayer<Future<String>, String> bulkhead(String name, int limit) {
        return new BulkheadLayer<>(new Places(name, limit, limit / 4, 1), request -> "client");
    }

    private static BulkheadLayer<Future<String>, String> shut() {
        Places places = Places.unshared("shut", 1);
        places.take("another");
        return new BulkheadLayer<>(places, request -> "client");
    }

    @Setup
    public void listen() {
        if (metrics) {
            LayerMetrics.bind(new SimpleMeterRegistry(), rateLimiters, timeLimiters);
        }
    }

    @Benchmark
    public Future<String> none() {
        return bare.call(done);
    }

    @Benchmark
    public Future<String> rateLimit() {
        return rateLimitOnly.call(done);
    }

    @Benchmark
    public Future<String> timeout() {
        return timeoutOnly.call(done);
    }

    @Benchmark
    public Future<String> bulkhead() {
        return bulkheadOnly.call(done);
    }

    @Benchmark
    public Future<String> stackOfThree() {
        return stack.call(done);
    }

    @Benchmark
    public Future<String> stackOfThreeCompletedLater() {
        Promise<String> promise = Promise.promise();
        Future<String> future = stack.call(promise.future());
        promise.complete("r");
        return future;
    }

    @Benchmark
    public Future<String> refusedByRate() {
        return overRate.call(done);
    }

    @Benchmark
    public Future<String> refusedByBulkhead() {
        return overloaded.call(done);
    }
}
