package dev.millrace.quality;

/**
 * Rows, those of them that fall under each counter, and the span of their event times. Two add up to that of both.
 *
 * @param cells rows, first and last event time (the first is later than the last for none), then the counts
 */
record Tally(long[] cells) {
    private static final int FIXED = 3;

    static Tally of(int counters) {
        long[] cells = new long[FIXED + counters];
        cells[1] = Long.MAX_VALUE;
        cells[2] = Long.MIN_VALUE;
        return new Tally(cells);
    }

    /** Adds a row that falls under the counters whose bits are set. */
    void add(long counters) {
        cells[0]++;
        for (long left = counters; left != 0; left &= left - 1) {
            cells[FIXED + Long.numberOfTrailingZeros(left)]++;
        }
    }

    /** Takes in an event time, epoch milliseconds. */
    void at(long millis) {
        cells[1] = Math.min(cells[1], millis);
        cells[2] = Math.max(cells[2], millis);
    }

    void merge(Tally other) {
        if (other.hasTimes()) {
            at(other.first());
            at(other.last());
        }
        cells[0] += other.cells[0];
        for (int i = FIXED; i < cells.length; i++) {
            cells[i] += other.cells[i];
        }
    }

    long rows() {
        return cells[0];
    }

    long count(int counter) {
        return cells[FIXED + counter];
    }

    boolean hasTimes() {
        return cells[1] <= cells[2];
    }

    long first() {
        return cells[1];
    }

    long last() {
        return cells[2];
    }
}
