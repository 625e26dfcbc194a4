package dev.millrace.store;

import java.time.Duration;

/** Options of stores as tests want them: what they do not name is kept for ever, and nothing is merged. */
public final class TestOptions {
    private TestOptions() {}

    /** Segments of 65,536 rows or 32 MiB. */
    public static StoreOptions of(long budgetBytes, Duration flushInterval) {
        return of(StoreOptions.MAX_SEGMENT_ROWS, 32L << 20, budgetBytes, flushInterval);
    }

    /** All rows kept as they came, and positions readable for a quarter of an hour. */
    public static StoreOptions of(int segmentRows, long segmentBytes, long budgetBytes, Duration flushInterval) {
        return of(segmentRows, segmentBytes, budgetBytes, flushInterval, Duration.ofMinutes(15), false, Retention.NONE);
    }

    /** Without a time in which values must leave the files. */
    public static StoreOptions of(
            int segmentRows,
            long segmentBytes,
            long budgetBytes,
            Duration flushInterval,
            Duration history,
            boolean compaction,
            Retention retention) {
        return new StoreOptions(
                segmentRows,
                segmentBytes,
                budgetBytes,
                flushInterval,
                history,
                compaction,
                retention,
                Duration.ofDays(36_500));
    }
}
