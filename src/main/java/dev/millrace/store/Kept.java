package dev.millrace.store;

/**
 * How far back a partition can be read.
 *
 * @param oldest positions below this one cannot be read any more
 * @param floor rows below this offset were let go by retention
 */
record Kept(long oldest, long floor) {
    static final Kept ALL = new Kept(0, 0);

    Kept and(Kept other) {
        return new Kept(Math.max(oldest, other.oldest), Math.max(floor, other.floor));
    }
}
