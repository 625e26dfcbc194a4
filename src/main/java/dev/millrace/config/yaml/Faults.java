package dev.millrace.config.yaml;

import dev.millrace.problem.Fault;
import dev.millrace.problem.Fault.Severity;
import java.util.ArrayList;
import java.util.List;

/**
 * Gathers the faults of one reading, in the order in which they are found; keeps the first {@value #LIMIT} of each
 * severity. Used by one thread.
 */
public final class Faults {
    static final int LIMIT = 1000;

    private final List<Fault> faults = new ArrayList<>();
    private int errors;
    private int warnings;

    /** Adds a fault that stops the use of the file. */
    public void error(Place place, String path, String message) {
        if (++errors <= LIMIT) {
            add(place, path, Severity.ERROR, message);
        }
    }

    /** Adds a fault with which the file can still be used. */
    public void warning(Place place, String path, String message) {
        if (++warnings <= LIMIT) {
            add(place, path, Severity.WARNING, message);
        }
    }

    /** How many errors were found so far, kept or not. */
    public int errors() {
        return errors;
    }

    /** Everything kept so far. */
    public List<Fault> all() {
        return List.copyOf(faults);
    }

    /** The warnings kept so far. */
    public List<Fault> warnings() {
        return faults.stream()
                .filter(fault -> fault.severity() == Severity.WARNING)
                .toList();
    }

    private void add(Place place, String path, Severity severity, String message) {
        faults.add(new Fault(place.file(), place.line(), place.column(), path, severity, message));
    }
}
