package dev.millrace.problem;

import java.util.Comparator;

/**
 * One thing wrong in an input file, with its place.
 *
 * @param rule what kind of fault it is
 * @param file the file as the user named it
 * @param line 1-based; 0 where the whole file is meant
 * @param column 1-based; 0 where the whole file is meant
 * @param path where in the document, for example {@code schema[0].properties[2].logicalType}; may be empty
 * @param severity whether the fault stops the use of the file
 * @param message what is wrong and what would be right
 */
public record Fault(Rule rule, String file, int line, int column, String path, Severity severity, String message) {
    /** By file, line and column. */
    public static final Comparator<Fault> BY_PLACE =
            Comparator.comparing(Fault::file).thenComparingInt(Fault::line).thenComparingInt(Fault::column);

    /** How much a fault matters. */
    public enum Severity {
        ERROR,
        WARNING
    }

    /** The same with another severity. */
    public Fault as(Severity other) {
        return new Fault(rule, file, line, column, path, other, message);
    }

    @Override
    public String toString() {
        return file
                + (line > 0 ? ":" + line + ":" + column : "")
                + ": "
                + (severity == Severity.WARNING ? "warning: " : "")
                + (path.isEmpty() ? "" : path + ": ")
                + message;
    }
}
