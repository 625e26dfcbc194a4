package dev.millrace.store;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * When superseded and deleted values must leave a partition's files. Notes now and then how far the partition had come:
 * what was superseded below a note's offset was so at the note's time. The notes are kept in the manifest, so that a
 * restart does not begin the time anew. Rows are due at half of the time, so that each file is written anew at most
 * twice in it, and the other half is left for the writing. Only the partition's ingest thread.
 */
final class Erasure {
    private static final int NOTES = 16;
    private static final int SET_ASIDE_PART = 4;

    /** At {@code millis} everything below {@code next} was in. */
    record Reached(long millis, long next) {}

    private final long withinMillis;
    private final Deque<Reached> notes = new ArrayDeque<>();

    /**
     * @param stored what {@link #notes} was when the manifest was written
     * @param next every offset below is in
     */
    Erasure(Duration within, List<Reached> stored, long next, long nowMillis) {
        this.withinMillis = within.toMillis();
        // The clock may have been set back since, and the partition rewound.
        stored.forEach(note -> notes.add(new Reached(Math.min(note.millis(), nowMillis), Math.min(note.next(), next))));
        if (stored.isEmpty() && next > 0) {
            notes.add(new Reached(nowMillis - withinMillis, next)); // written by a version that kept no notes
        }
    }

    /** Notes that everything below {@code next} is in. */
    void reach(long millis, long next) {
        Reached last = notes.peekLast();
        if (last != null && millis < last.millis()) {
            setBack(millis);
        } else if (last == null || (last.next() < next && millis - last.millis() >= withinMillis / NOTES)) {
            notes.add(new Reached(millis, next));
        }
    }

    /** The clock was set back; what is noted was not later than it is now. */
    private void setBack(long millis) {
        List<Reached> old = List.copyOf(notes);
        notes.clear();
        old.forEach(note -> notes.add(new Reached(Math.min(note.millis(), millis), note.next())));
    }

    /** What was superseded below this offset must leave the files now. */
    long due(long millis) {
        Reached newest = null;
        while (!notes.isEmpty() && millis - notes.getFirst().millis() >= withinMillis / 2) {
            newest = notes.removeFirst();
        }
        if (newest == null) {
            return 0;
        }
        notes.addFirst(newest);
        return newest.next();
    }

    /** What a manifest that reaches up to {@code next} keeps. */
    List<Reached> notes(long millis, long next) {
        var all = new ArrayList<>(notes);
        if (all.isEmpty() || all.getLast().next() < next) {
            all.add(new Reached(millis, next));
        }
        return all;
    }

    /** Files that were set aside before this time go, when their rows were read again. */
    long setAsideBefore(long millis) {
        return millis - withinMillis / SET_ASIDE_PART;
    }

    /** How often what lies beside the partition's files is looked through. */
    long sweepMillis() {
        return withinMillis / NOTES;
    }
}
