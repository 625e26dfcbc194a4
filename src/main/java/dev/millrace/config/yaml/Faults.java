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
        if (errors < LIMIT && faults.add(fault(rule, place, path, Severity.ERROR, message))) {
            errors++;
        }
    }

    /** Adds a fault with which the file can still be used. */
    public void warning(Rule rule, Place place, String path, String message) {
        if (warnings < LIMIT && faults.add(fault(rule, place, path, Severity.WARNING, message))) {
            warnings++;
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
        return faults.stream()
                .anyMatch(fault ->
                        fault.severity() == Severity.ERROR && fault.file().equals(file));
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
        return faults.stream()
                .sorted(Fault.BY_PLACE)
                .filter(fault -> fault.severity() == Severity.ERROR)
                .toList();
    }

    /** The warnings kept so far. */
    public List<Fault> warnings() {
        return faults.stream()
                .sorted(Fault.BY_PLACE)
                .filter(fault -> fault.severity() == Severity.WARNING)
                .toList();
    }

    /** The warnings kept so far of that file. */
    public List<Fault> warningsOf(String file) {
        return warnings().stream().filter(fault -> fault.file().equals(file)).toList();
    }

    private static Fault fault(Rule rule, Place place, String path, Severity severity, String message) {
        return new Fault(rule, place.file(), place.line(), place.column(), path, severity, message);
    }
}
