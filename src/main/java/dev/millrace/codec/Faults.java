package dev.millrace.codec;

/** The first fault of a record, gathered while its parsers unwind: each gives its part of the path. One thread. */
final class Faults {
    /** What a parser returns instead of its next position. */
    static final int FAULT = -1;

    private String rule = "";
    private String reason = "";
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
