package dev.millrace.store;

/**
 * Where a row is within its partition, as one long of 44 bits: the segment's ordinal (24 bits, from 1 on) and the row in
 * it (20 bits). Locations grow in the order of offsets, and none is 0.
 */
final class Location {
    static final int ROW_BITS = 20;
    static final int BITS = 44;
    static final long NONE = 0;
    static final int MAX_ORDINAL = (1 << (BITS - ROW_BITS)) - 1;

    private Location() {}

    static long of(int ordinal, int row) {
        return (long) ordinal << ROW_BITS | row;
    }

    static int ordinal(long location) {
        return (int) (location >>> ROW_BITS);
    }

    static int row(long location) {
        return (int) (location & ((1 << ROW_BITS) - 1));
    }
}
