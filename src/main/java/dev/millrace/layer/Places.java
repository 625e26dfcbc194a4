package dev.millrace.layer;

import dev.millrace.problem.Problem;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * A number of places of one kind, and fair shares of them: connections, requests under way, streams, bytes. A place is
 * taken before what it stands for begins, and given back when that has ended.
 *
 * <p>The rule: who has none may take what is free, up to its share. Who has some may take more while it then has, to what
 * is then free, no more than the share has to the rest of all, rounded up. With a share of a quarter, three places must stay free for
 * each that one has: a client alone can have a quarter, two a fifth each, ten a thirteenth; and places stay free for one
 * who comes new. This is the dynamic threshold of Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory
 * packet switches" (1998).
 *
 * <p>Threads: any; none waits, and what passes allocates nothing. The total is exact. A share is judged by the places
 * that were free in the moment of the taking, so that takings at one moment may leave a client a few too many.
 */
public final class Places {
    /** Keys without places are kept, up to so many, since the same client will come again in a moment. */
    private static final int RESTING = 1024;

    private static final long FORGOTTEN = -1;

    private final String kind;
    private final long total;
    private final long share;
    private final Optional<Problem> full;
    private final Optional<Problem> shareTaken;
    private final AtomicLong taken = new AtomicLong();
    private final Map<String, AtomicLong> held = new ConcurrentHashMap<>();
    private final LongAdder refusedFull = new LongAdder();
    private final LongAdder refusedShare = new LongAdder();
    private volatile long forgetFrom = RESTING;

    /**
     * @param kind names it in problems and meters
     * @param total places for all keys, at least 1
     * @param share places for one key, 1 to {@code total}
     * @param retryAfterSeconds what one who is refused is told, at least 0; a guess, since nothing knows when a place
     *     becomes free
     */
    public Places(String kind, long total, long share, long retryAfterSeconds) {
        if (share < 1 || share > total || retryAfterSeconds < 0) {
            throw new IllegalArgumentException(
                    kind + " cannot have " + total + " places and a share of " + share + " of them.");
        }
        this.kind = kind;
        this.total = total;
        this.share = share;
        this.full = Optional.of(new Problem.Overloaded(kind, total, retryAfterSeconds));
        this.shareTaken = Optional.of(new Problem.ShareTaken(kind, share, total, retryAfterSeconds));
    }

    /** Places without shares, for one who has no rivals. */
    public static Places unshared(String kind, long total) {
        return new Places(kind, total, total, 1);
    }

    /**
     * Takes places for a key, all or none.
     *
     * @param count none where it is 0 or below
     * @return why there is none: {@link Problem.Overloaded} or {@link Problem.ShareTaken}; empty when they are taken
     */
    public Optional<Problem> tryTake(String key, long count) {
        if (count <= 0) {
            return Optional.empty();
        }
        long before;
        do {
            before = taken.get();
            if (count > total - before) {
                refusedFull.increment();
                return full;
            }
        } while (!taken.compareAndSet(before, before + count));
        if (!enter(key, count, total - before - count)) {
            taken.addAndGet(-count);
            refusedShare.increment();
            return shareTaken;
        }
        return Optional.empty();
    }

    private boolean enter(String key, long count, long free) {
        while (true) {
            AtomicLong own = held.get(key);
            if (own == null) {
                forgetResting();
                own = held.computeIfAbsent(key, named -> new AtomicLong());
            }
            long before = own.get();
            if (before == FORGOTTEN) {
                held.remove(key, own);
            } else if (!within(before, count, free)) {
                return false;
            } else if (own.compareAndSet(before, before + count)) {
                return true;
            }
        }
    }

    private boolean within(long before, long count, long free) {
        if (before == 0 || share == total) {
            return before + count <= share;
        }
        // Rounded up, so that a share of a few places is not one less as soon as anybody else has one.
        double others = (double) (before + count - 1) * (total - share);
        return before + count <= share && others < (double) share * free;
    }

    /** Drops keys without places when there are more keys than twice those that had some at the last time. */
    private void forgetResting() {
        if (held.size() < forgetFrom) {
            return;
        }
        held.forEach((key, own) -> {
            if (own.get() == 0 && own.compareAndSet(0, FORGOTTEN)) {
                held.remove(key, own);
            }
        });
        forgetFrom = Math.max(RESTING, 2L * held.size());
    }

    /** Takes one place; throws the problem where there is none. */
    public void take(String key) {
        Optional<Problem> refusal = tryTake(key, 1);
        if (refusal.isPresent()) {
            throw refusal.get().exception();
        }
    }

    /**
     * Holds one place while something is waited for: until {@code happening} ends, in whatever way, cancelled too. Where it
     * has ended already no place is needed.
     *
     * @return {@code happening}; or, where there is no place, a failure with the problem, and {@code happening} is cancelled
     */
    public <T> CompletableFuture<T> whileWaiting(String key, CompletableFuture<T> happening) {
        if (happening.isDone()) {
            return happening;
        }
        Optional<Problem> refusal = tryTake(key, 1);
        if (refusal.isPresent()) {
            happening.cancel(false);
            return CompletableFuture.failedFuture(refusal.get().exception());
        }
        happening.whenComplete((done, failure) -> giveBack(key));
        return happening;
    }

    /** What one request of a key takes bit by bit and gives back at once. */
    public Lease lease(String key) {
        return new Lease(this, key);
    }

    /** Gives one place back that {@code key} has taken. */
    public void giveBack(String key) {
        giveBack(key, 1);
    }

    /** Gives places back that {@code key} has taken. */
    public void giveBack(String key, long count) {
        if (count <= 0) {
            return; // a key that has none may be forgotten by now
        }
        AtomicLong own = held.get(key);
        if (own == null || own.addAndGet(-count) < 0) {
            throw new IllegalStateException(kind + ": more is given back than was taken");
        }
        taken.addAndGet(-count);
    }

    /** The kind's name. */
    public String kind() {
        return kind;
    }

    /** How many places there are. */
    public long total() {
        return total;
    }

    /** How many one key can have when no other has any. */
    public long share() {
        return share;
    }

    /** How many places are taken. */
    public long taken() {
        return taken.get();
    }

    /** How many places a key has. */
    public long taken(String key) {
        AtomicLong own = held.get(key);
        return own == null ? 0 : Math.max(0, own.get());
    }

    /** How many keys are known, with places or without. */
    int keys() {
        return held.size();
    }

    /** How many takings found no place at all. */
    long refusedFull() {
        return refusedFull.sum();
    }

    /** How many takings found their key's share taken. */
    long refusedShare() {
        return refusedShare.sum();
    }
}
