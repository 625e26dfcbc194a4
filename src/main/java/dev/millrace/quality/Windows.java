package dev.millrace.quality;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Tallies by time, the newest windows that have rows; those before them are dropped. Since a window is dropped only for
 * newer ones, it makes no difference in which order rows and parts come together.
 */
final class Windows {
    private final long widthMillis;
    private final int limit;
    private final int counters;
    private final TreeMap<Long, Tally> tallies = new TreeMap<>();
    private long latestKey;
    private @Nullable Tally latest;

    Windows(long widthMillis, int limit, int counters) {
        this.widthMillis = widthMillis;
        this.limit = limit;
        this.counters = counters;
    }

    /** Adds a row; rows too old are dropped. */
    void add(long millis, long falls) {
        long key = Math.floorDiv(millis, widthMillis);
        Tally tally = latest;
        if (tally == null || key != latestKey) {
            tally = tally(key);
            if (tally == null) {
                return;
            }
            latest = tally;
            latestKey = key;
        }
        tally.add(falls);
        tally.at(millis);
    }

    private @Nullable Tally tally(long key) {
        Tally known = tallies.get(key);
        if (known != null) {
            return known;
        }
        if (tallies.size() == limit) {
            if (key < tallies.firstKey()) {
                return null;
            }
            tallies.pollFirstEntry();
            latest = null;
        }
        var added = new Tally(counters);
        tallies.put(key, added);
        return added;
    }

    void merge(Windows other) {
        other.tallies.forEach((key, tally) -> {
            Tally mine = tally(key);
            if (mine != null) {
                mine.merge(tally);
            }
        });
    }

    long widthMillis() {
        return widthMillis;
    }

    /** The tallies by the number of their window: its start is that times the width. */
    NavigableMap<Long, Tally> tallies() {
        return tallies;
    }

    /** The longest time between two event times that follow each other in different windows; 0 for none. */
    long longestGapMillis() {
        long longest = 0;
        Tally before = null;
        for (Tally tally : tallies.values()) {
            longest = before == null ? 0 : Math.max(longest, tally.first() - before.last());
            before = tally;
        }
        return longest;
    }

    void write(DataOutput to) throws IOException {
        to.writeInt(tallies.size());
        for (var entry : tallies.entrySet()) {
            to.writeLong(entry.getKey());
            entry.getValue().write(to);
        }
    }

    void read(DataInput from) throws IOException {
        for (int left = from.readInt(); left > 0; left--) {
            tallies.put(from.readLong(), Tally.read(from, counters));
        }
    }
}
