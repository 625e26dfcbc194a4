package dev.millrace.bench.proof;

import dev.millrace.ingest.publish.SourceRecord;
import dev.millrace.ingest.publish.TopicPublisher;
import dev.millrace.problem.ProblemException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Publishes bookings at a steady rate until it is told to end; when a broker goes away it goes on where it was. */
final class Load {
    private final String bootstrapServers;
    private final int accounts;
    private final long nanosPerRecord;
    private final long begun = System.nanoTime();
    private final CompletableFuture<Long> ended = new CompletableFuture<>();
    private volatile boolean ending;
    private volatile long made;

    private Load(String bootstrapServers, int accounts, int perSecond) {
        this.bootstrapServers = bootstrapServers;
        this.accounts = accounts;
        this.nanosPerRecord = TimeUnit.SECONDS.toNanos(1) / perSecond;
    }

    static Load start(String bootstrapServers, int accounts, int perSecond) {
        var load = new Load(bootstrapServers, accounts, perSecond);
        Thread.ofPlatform().daemon().name("load").start(load::run);
        return load;
    }

    /** Ends it, and returns how many bookings the topic has now. */
    long end() {
        ending = true;
        return ended.orTimeout(5, TimeUnit.MINUTES).join();
    }

    private void run() {
        while (!ended.isDone()) {
            try (var publisher = new TopicPublisher(bootstrapServers)) {
                publisher.publish(Ledger.TOPIC, new Bookings(), Long.MAX_VALUE, (done, total) -> {});
                ended.complete(made);
            } catch (ProblemException broken) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            } catch (RuntimeException failure) {
                ended.completeExceptionally(failure);
            }
        }
    }

    /** All from the beginning: those that were made before at once, the others when they are due. */
    private final class Bookings implements Iterator<SourceRecord> {
        private long next;

        @Override
        public boolean hasNext() {
            return next < made || !ending;
        }

        @Override
        public SourceRecord next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            if (next == made) {
                long early = begun + next * nanosPerRecord - System.nanoTime();
                if (early > 0) {
                    LockSupport.parkNanos(early);
                }
                made = next + 1;
            }
            return Ledger.booking(next++, accounts);
        }
    }
}
