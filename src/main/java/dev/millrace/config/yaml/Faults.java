package dev.millrace.config.yaml;

import dev.millrace.problem.Fault;
import dev.millrace.problem.Fault.Severity;
import dev.millrace.problem.Rule;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Gathers the faults of one reading, each once, and gives them in the order of their places; keeps the first
 * {@value #LIMIT} of each severity. Used by one thread.
 */
public final class Faults {
    static final int LIMIT = 1000;

    private final Set<Fault> faults = new LinkedHashSet<>();
    private int errors;
    private int warnings;

    /** Adds a fault that stops the use of the file. */
    public void error(Rule rule, Place place, String path, String message) {
        add(new Fault(rule, place.file(), place.line(), place.column(), path, Severity.ERROR, message));
    }

    /** Adds a fault with which the file can still be used. */
    public void warning(Rule rule, Place place, String path, String message) {
        add(new Fault(rule, place.file(), place.line(), place.column(), path, Severity.WARNING, message));
    }

    /** Adds a fault that was found elsewhere. */
    public void add(Fault fault) {
        boolean error = fault.severity() == Severity.ERROR;
        if ((error ? errors : warnings) < LIMIT && faults.add(fault)) {
            errors += error ? 1 : 0;
            warnings += error ? 0 : 1;
        }
    }

    /** How many errors are kept so far. */
    public int errors() {
        return errors;
    }

    /** Whether another warning would be kept. */
    boolean keepsWarnings() {
        return warnings < LIMIT;
    }

    /** Whether an error of that file is kept so far. */
    public boolean hasErrors(String file) {
        return ofErrors(file) > 0;
    }

    /** How many errors of that file are kept so far. */
    public long ofErrors(String file) {
        return ofErrors().stream().filter(fault -> fault.file().equals(file)).count();
    }

    /** Everything kept so far. */
    public List<Fault> all() {
        return faults.stream().sorted(Fault.BY_PLACE).toList();
    }

    /** The errors kept so far. */
    public List<Fault> ofErrors() {
        return all().stream()
                .filter(fault -> fault.severity() == Severity.ERROR)
                .toList();
    }

    /** The warnings kept so far. */
    public List<Fault> warnings() {
        return all().stream()
                .filter(fault -> fault.severity() == Severity.WARNING)
                .toList();
    }

    /** The warnings kept so far of that file. */
    public List<Fault> warningsOf(String file) {
        return warnings().stream().filter(fault -> fault.file().equals(file)).toList();
    }
}
