package dev.millrace.kafka;

import java.util.random.RandomGenerator;

/** How long to wait before trying again: doubled at each failure up to a bound, with jitter. One thread. */
public final class Backoff {
    private static final long FIRST_MILLIS = 100;
    private static final long MAX_MILLIS = 5_000;

    private final RandomGenerator random;
    private final long maxMillis;
    private long ceilingMillis = FIRST_MILLIS;

    public Backoff(RandomGenerator random) {
        this(random, MAX_MILLIS);
    }

    public Backoff(RandomGenerator random, long maxMillis) {
        this.random = random;
        this.maxMillis = maxMillis;
    }

    /** The wait before the next try: between half the ceiling and the ceiling. */
    public long nextMillis() {
        long ceiling = ceilingMillis;
        ceilingMillis = Math.min(maxMillis, ceilingMillis * 2);
        return ceiling / 2 + random.nextLong(ceiling / 2 + 1);
    }

    /** Called after a success. */
    public void reset() {
        ceilingMillis = FIRST_MILLIS;
    }
}
