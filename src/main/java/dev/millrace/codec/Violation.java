package dev.millrace.codec;

import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;

/**
 * Why a record was rejected.
 *
 * @param rule the broken rule, for example {@code json}, {@code required}, {@code type}, {@code maximum}, {@code size}
 * @param path the field, names joined by dots, list elements as {@code [i]}; empty for the whole record
 * @param reason what is wrong and what would be right; never holds the value
 */
public record Violation(String rule, String path, String reason) {
    /** The same, seen from outside: {@code outer} is the path of what holds it. */
    public Violation within(String outer) {
        return new Violation(rule, path.isEmpty() || path.startsWith("[") ? outer + path : outer + "." + path, reason);
    }

    /** The failure of a record that was refused for it. */
    public ProblemException exception() {
        return new Problem.BrokenRecord(rule, path, reason).exception();
    }
}
