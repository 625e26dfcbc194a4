package dev.millrace.config;

import dev.millrace.problem.Fault.Severity;
import java.util.Optional;

/** Knows the entries of a map among the settings, which this room does not: the properties of the Kafka clients. */
public interface PropertyCheck {
    /** What is to be said of an entry; empty where it is right. */
    Optional<Remark> check(String property, String text);

    /** An error stops the start. */
    record Remark(Severity severity, String message) {}
}
