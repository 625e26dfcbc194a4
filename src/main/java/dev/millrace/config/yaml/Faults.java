package dev.millrace.config.yaml;

import dev.millrace.problem.Fault;
import dev.millrace.problem.Fault.Severity;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Gathers the faults of one reading, in the order in which they are found, each once; keeps the first {@value #LIMIT} of
 * each severity. Used by one thread.
 */
public final class Faults {
    static final int LIMIT = 1000;

    private final Set<Fault> faults = new LinkedHashSet<>();
    private int errors;
    private int warnings;

    /** Adds a fault that stops the use of the file. */
    public void error(Place place, String path, String message) {
        if (errors < LIMIT && faults.add(fault(place, path, Severity.ERROR, message))) {
            errors++;
        }
    }

    /** Adds a fault with which the file can still be used. */
    public void warning(Place place, String path, String message) {
        if (warnings < LIMIT && faults.add(fault(place, path, Severity.WARNING, message))) {
            warnings++;
        }
    }

    /** How many errors are kept so far. */
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

    private static Fault fault(Place place, String path, Severity severity, String message) {
        return new Fault(place.file(), place.line(), place.column(), path, severity, message);
    }
}
