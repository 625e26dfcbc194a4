package dev.millrace.domain;

import dev.millrace.problem.ProblemException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the new rows of every product now and then, on a thread of its own and for a tenth of its time at most. While
 * a product catches up the time belongs to its ingest, unless its contract has rules that stop it.
 */
public final class QualityWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(QualityWatch.class);
    private static final long EVERY_MILLIS = 1_000;
    private static final Duration FIRST = Duration.ofSeconds(1);
    private static final Duration SHARE = Duration.ofMillis(EVERY_MILLIS / 10);
    private static final long CLOSE_SECONDS = 10;

    private final ProductRegistry products;
    private final Clock clock;
    private final ScheduledExecutorService thread;

    private QualityWatch(ProductRegistry products, Clock clock) {
        this.products = products;
        this.clock = clock;
        this.thread = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().name("quality").daemon().factory());
    }

    /**
     * Starts looking. Before it returns it has looked at the products whose rules can stop them, so that a product that
     * was stopped takes in nothing after a restart that mended nothing. Blocks for a second a product at most.
     */
    public static QualityWatch start(ProductRegistry products, Clock clock) {
        var watch = new QualityWatch(products, clock);
        products.all().stream()
                .filter(product -> product.quality().hasStoppingRules())
                .forEach(product -> watch.look(product, FIRST));
        watch.thread.scheduleWithFixedDelay(watch::lookAtAll, EVERY_MILLIS, EVERY_MILLIS, TimeUnit.MILLISECONDS);
        return watch;
    }

    private void lookAtAll() {
        List<Product> all = products.all();
        for (Product product : all) {
            product.counted().save();
            boolean settled = switch (product.state().phase()) {
                case LIVE, RETRYING, GAP, RECREATED, STOPPED -> true;
                case STARTING, CATCHING_UP, PAUSED, UNWRITABLE -> false;
            };
            if (settled || product.quality().hasStoppingRules()) {
                look(product, SHARE.dividedBy(all.size()));
            }
        }
    }

    // A failure of one product or of one look must not end the looking.
    private void look(Product product, Duration time) {
        try {
            product.quality(time, clock);
        } catch (ProblemException closed) {
            LOG.debug("{}: {}", product.qualifiedName(), closed.problem().detail());
        } catch (RuntimeException | Error failure) {
            LOG.error("{}: quality is not evaluated", product.qualifiedName(), failure);
        }
    }

    /** Ends looking; blocks until it has. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("The quality thread did not end within {} s", CLOSE_SECONDS);
            } else {
                products.all().forEach(product -> product.counted().save());
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
