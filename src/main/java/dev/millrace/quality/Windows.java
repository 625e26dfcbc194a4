package dev.millrace.quality;

import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Tallies by time, the newest windows that have rows; those before them are dropped. Since a window is dropped only for
 * newer ones, it makes no difference in which order rows and parts come together.
 *
 * @param tallies by the number of their window: its start is that times the width
 */
record Windows(long widthMillis, int limit, int counters, TreeMap<Long, Tally> tallies) {
    Windows(long widthMillis, int limit, int counters) {
        this(widthMillis, limit, counters, new TreeMap<>());
    }

    /** Adds a row; rows too old are dropped. */
    void add(long millis, long falls) {
        Tally tally = tally(Math.floorDiv(millis, widthMillis));
        if (tally != null) {
            tally.add(falls);
            tally.at(millis);
        }
    }

    private @Nullable Tally tally(long key) {
        Tally known = tallies.get(key);
        if (known != null || (tallies.size() == limit && key < tallies.firstKey())) {
            return known;
        }
        if (tallies.size() == limit) {
            tallies.pollFirstEntry();
        }
        var added = Tally.of(counters);
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
}
