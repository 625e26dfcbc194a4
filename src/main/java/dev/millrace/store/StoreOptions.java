package dev.millrace.store;

import java.time.Duration;

/**
 * How a product's store cuts, keeps and flushes. Immutable.
 *
 * @param segmentRows rows of a segment at most; 1 to 65,536
 * @param segmentBytes a segment ends when its open batch has allocated this many bytes
 * @param budgetBytes off-heap bytes for open batches and for sealed ones not yet on disk; the key index and the marks of
 *     superseded rows come on top, see {@link ProductStore#indexBytes()}
 * @param flushInterval how old rows may become before they are made durable, checked at each publish
 * @param history how long a position stays readable after a newer one was reached
 * @param compaction whether small segments are merged and dead rows left out
 * @param erase within what time superseded and deleted values leave all files; a position stays readable for half of it
 *     at most
 */
public record StoreOptions(
        int segmentRows,
        long segmentBytes,
        long budgetBytes,
        Duration flushInterval,
        Duration history,
        boolean compaction,
        Retention retention,
        Duration erase) {
    public static final int MAX_SEGMENT_ROWS = 1 << 16;

    /** How many full segments go into one that compaction makes; a location can number the rows of so many. */
    static final int MERGED_SEGMENTS = (1 << Location.ROW_BITS) / MAX_SEGMENT_ROWS;

    public StoreOptions {
        if (segmentRows < 1 || segmentRows > MAX_SEGMENT_ROWS) {
            throw new IllegalArgumentException("segmentRows " + segmentRows + ", expected 1 to " + MAX_SEGMENT_ROWS);
        }
        if (segmentBytes < 1
                || budgetBytes < 1
                || flushInterval.isNegative()
                || history.isNegative()
                || erase.isNegative()) {
            throw new IllegalArgumentException("sizes and times must be positive");
        }
    }
}
