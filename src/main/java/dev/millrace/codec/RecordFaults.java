package dev.millrace.codec;

import org.apache.arrow.memory.OutOfMemoryException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The first fault of a record, gathered while its parsers unwind: each gives its part of the path. One thread. */
final class RecordFaults {
    /** What a parser returns instead of its next position. */
    static final int FAULT = -1;

    /** The rule that a record breaks whose reading failed in a way that was not foreseen. */
    static final String UNREADABLE = "unreadable";

    private static final Logger LOG = LoggerFactory.getLogger(RecordFaults.class);

    private String rule = "";
    private String reason = "";
    private String lastUnforeseen = "";
    private final StringBuilder path = new StringBuilder();

    /** Notes the fault at a place whose path the callers give. */
    int at(String rule, String reason) {
        this.rule = rule;
        this.reason = reason;
        path.setLength(0);
        return FAULT;
    }

    /** The same, for those who say false. */
    boolean refuse(String rule, String reason) {
        return at(rule, reason) >= 0;
    }

    /**
     * Whatever reading a record threw is that record's fault, and nobody else's. Only memory that ran out is passed on: it
     * may have been taken by others.
     */
    int unforeseen(Throwable failure) {
        if (failure instanceof OutOfMemoryException memory) {
            throw memory;
        }
        String where = failure.getStackTrace().length == 0 ? "" : " " + failure.getStackTrace()[0];
        String name = failure.getClass().getSimpleName();
        if (!lastUnforeseen.equals(name + where)) {
            lastUnforeseen = name + where;
            LOG.warn("A record is refused, since reading it failed in a way that was not foreseen", failure);
        }
        return at(UNREADABLE, "The record cannot be read: " + name + ".");
    }

    /** The number is beyond a column of so many bits. */
    boolean beyond(int bits) {
        return refuse("type", "The number is beyond the column's " + bits + " bits.");
    }

    /** The text is not JSON. */
    int json(String reason) {
        return at("json", reason);
    }

    /** The fault is in the field {@code name}. */
    int in(String name) {
        if (!path.isEmpty() && path.charAt(0) != '[') {
            path.insert(0, '.');
        }
        path.insert(0, name);
        return FAULT;
    }

    /** The fault is in a list's element. */
    int in(int element) {
        return in("[" + element + "]");
    }

    /** The same, for those who say false. */
    boolean refusedIn(String name) {
        return in(name) >= 0;
    }

    boolean refusedIn(int element) {
        return in(element) >= 0;
    }

    void clear() {
        at("", "");
    }

    boolean isEmpty() {
        return rule.isEmpty();
    }

    Violation violation() {
        return new Violation(rule, path.toString(), reason);
    }
}
