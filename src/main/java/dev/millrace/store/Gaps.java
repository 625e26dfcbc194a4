package dev.millrace.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;

/**
 * The offsets that never had a row, within a segment of which rows were left out. So it can still be told of any offset
 * whether there was a row (ADR 7). Kept in the file's metadata as text: the first offset looked after, then each run of
 * gaps as {@code first-last}; {@code *} when they are too many. Immutable.
 */
final class Gaps {
    static final String METADATA = "millrace.gaps";
    private static final int MAX_RUNS = 1 << 16;
    private static final String TOO_MANY = "*";

    private final long from;
    private final long[] runs;
    private final boolean known;

    private Gaps(long from, long[] runs, boolean known) {
        this.from = from;
        this.runs = runs;
        this.known = known;
    }

    /** Those of the rows of neighbouring segments, before any of them is left out. */
    static Gaps of(List<Segment> sources) {
        var runs = new ArrayList<Long>();
        boolean known = true;
        long next = sources.getFirst().coveredFrom();
        for (Segment source : sources) {
            Optional<Gaps> inner = source.gaps();
            add(runs, next, source.coveredFrom() - 1);
            next = source.coveredFrom();
            if (inner.isPresent()) {
                Arrays.stream(inner.get().runs).forEach(runs::add);
                known &= inner.get().known;
                next = source.facts().lastOffset() + 1;
            }
            for (int row = 0; inner.isEmpty() && row < source.rows() && runs.size() <= 2 * MAX_RUNS; row++) {
                add(runs, next, source.offset(row) - 1);
                next = source.offset(row) + 1;
            }
            known &= runs.size() <= 2 * MAX_RUNS;
        }
        return new Gaps(
                sources.getFirst().coveredFrom(),
                known ? runs.stream().mapToLong(Long::longValue).toArray() : new long[0],
                known);
    }

    private static void add(List<Long> runs, long first, long last) {
        if (first <= last) {
            runs.add(first);
            runs.add(last);
        }
    }

    /** The gaps that {@link #toString()} printed. */
    static Gaps parse(String text) {
        String[] parts = text.split(",", -1);
        long from = Long.parseLong(parts[0]);
        if (parts.length > 1 && parts[1].equals(TOO_MANY)) {
            return new Gaps(from, new long[0], false);
        }
        long[] runs = Arrays.stream(parts)
                .skip(1)
                .flatMap(run -> Arrays.stream(run.split("-", 2)))
                .mapToLong(Long::parseLong)
                .toArray();
        return new Gaps(from, runs, true);
    }

    /** The first offset that is looked after; the last is that of the segment's last row. */
    long from() {
        return from;
    }

    /** What is known of an offset without a row. */
    Snapshot.Trace trace(long offset) {
        if (!known) {
            return Snapshot.Trace.GONE;
        }
        int at = Arrays.binarySearch(runs, offset);
        // Between a first and a last, or one of them.
        boolean never = at >= 0 || (-at - 1) % 2 == 1;
        return never ? Snapshot.Trace.NONE : Snapshot.Trace.ROW;
    }

    @Override
    public String toString() {
        var text = new StringJoiner(",").add(Long.toString(from));
        if (!known) {
            return text.add(TOO_MANY).toString();
        }
        for (int i = 0; i < runs.length; i += 2) {
            text.add(runs[i] + "-" + runs[i + 1]);
        }
        return text.toString();
    }
}
