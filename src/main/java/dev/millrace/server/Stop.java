package dev.millrace.server;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The word to stop, between the shutdown hook, which says it and waits, and a run, which hears it and ends. */
final class Stop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Stop.class);

    private final CountDownLatch said = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile long mostMillis = Long.MAX_VALUE;
    private final Queue<Runnable> actions = new ConcurrentLinkedQueue<>();

    /** Waits for the word, at most {@code millis}; true when it was said, or the thread interrupted. */
    boolean await(long millis) {
        return await(said, millis);
    }

    /** Whether the word was said. */
    boolean isSaid() {
        return said.getCount() == 0;
    }

    /** Has something done when the word is said, on the thread that says it; at once when it was said already. */
    void whenSaid(Runnable action) {
        actions.add(action);
        if (isSaid()) {
            act();
        }
    }

    /** Says the word. */
    void say() {
        said.countDown();
        act();
    }

    private void act() {
        Runnable action;
        while ((action = actions.poll()) != null) {
            action.run();
        }
    }

    /** The run has ended. */
    void ended() {
        ended.countDown();
    }

    /** How long a run may take to end. */
    void within(Duration most) {
        mostMillis = most.toMillis();
    }

    /** Says the word, and waits until the run has ended, or for as long as it may take. */
    @Override
    public void close() {
        say();
        if (!await(ended, mostMillis)) {
            LOG.error(
                    "The stop takes longer than {} ms. The process ends as if it were killed; nothing is lost",
                    mostMillis);
        }
    }

    private static boolean await(CountDownLatch latch, long millis) {
        try {
            return latch.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return true;
        }
    }
}
