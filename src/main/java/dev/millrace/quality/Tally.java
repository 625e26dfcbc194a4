package dev.millrace.quality;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/** Rows counted by the counters that they fall under, and the span of their event times. Two add up to that of both. */
final class Tally {
    private final long[] counts;
    private long rows;
    private long first = Long.MAX_VALUE;
    private long last = Long.MIN_VALUE;

    Tally(int counters) {
        this.counts = new long[counters];
    }

    /** Adds a row that falls under the counters whose bits are set. */
    void add(long counters) {
        rows++;
        for (long left = counters; left != 0; left &= left - 1) {
            counts[Long.numberOfTrailingZeros(left)]++;
        }
    }

    /** Takes in an event time, epoch milliseconds. */
    void at(long millis) {
        first = Math.min(first, millis);
        last = Math.max(last, millis);
    }

    void merge(Tally other) {
        rows += other.rows;
        first = Math.min(first, other.first);
        last = Math.max(last, other.last);
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
    }

    long rows() {
        return rows;
    }

    long count(int counter) {
        return counts[counter];
    }

    boolean hasTimes() {
        return first <= last;
    }

    /** The earliest event time; meaningless without {@link #hasTimes()}. */
    long first() {
        return first;
    }

    /** The latest event time; meaningless without {@link #hasTimes()}. */
    long last() {
        return last;
    }

    void write(DataOutput to) throws IOException {
        to.writeLong(rows);
        to.writeLong(first);
        to.writeLong(last);
        for (long count : counts) {
            to.writeLong(count);
        }
    }

    static Tally read(DataInput from, int counters) throws IOException {
        var tally = new Tally(counters);
        tally.rows = from.readLong();
        tally.first = from.readLong();
        tally.last = from.readLong();
        for (int i = 0; i < counters; i++) {
            tally.counts[i] = from.readLong();
        }
        return tally;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Tally that
                && rows == that.rows
                && first == that.first
                && last == that.last
                && Arrays.equals(counts, that.counts);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(rows);
    }

    @Override
    public String toString() {
        return rows + " rows " + Arrays.toString(counts) + " from " + first + " to " + last;
    }
}
