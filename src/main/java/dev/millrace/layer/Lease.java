package dev.millrace.layer;

import dev.millrace.problem.Problem;
import java.util.Optional;

/**
 * What one request holds of a kind of place of which it needs more as it goes on, for example bytes. All of it comes back
 * when the last of its holders closes it. Any thread.
 */
public final class Lease implements AutoCloseable {
    private final Places places;
    private final String key;
    private long held;
    private int holders = 1;

    Lease(Places places, String key) {
        this.places = places;
        this.key = key;
    }

    /** Who holds it: the client of the request. */
    public String key() {
        return key;
    }

    /**
     * Takes so many more, before what they stand for is there.
     *
     * @throws dev.millrace.problem.ProblemException with {@code TooLarge} when this request alone wants more than a
     *     client's share, else as {@link Places#tryTake} says
     */
    public synchronized void take(long count) {
        check();
        Optional<Problem> refusal = places.tryTake(key, count);
        if (refusal.isPresent()) {
            checkAlone(count);
            throw refusal.get().exception();
        }
        held += count;
    }

    /**
     * Takes nothing, and says whether this request could have so many more if it were alone.
     *
     * @throws dev.millrace.problem.ProblemException with {@code TooLarge} when it could not
     */
    public synchronized void checkAlone(long count) {
        if (held + count > places.share()) {
            throw new Problem.TooLarge("The request with all that is read from it", held + count, places.share())
                    .exception();
        }
    }

    /** Gives some back that are not needed any more. */
    public synchronized void giveBack(long count) {
        check();
        places.giveBack(key, count);
        held -= count;
    }

    /** One more holder, who closes it as well. */
    public synchronized Lease retain() {
        check();
        holders++;
        return this;
    }

    private void check() {
        if (holders == 0) {
            throw new IllegalStateException("a lease of " + places.kind() + " that has ended");
        }
    }

    /** Ends one hold; each holder calls it once. */
    @Override
    public synchronized void close() {
        check();
        if (--holders == 0) {
            places.giveBack(key, held);
            held = 0;
        }
    }
}
