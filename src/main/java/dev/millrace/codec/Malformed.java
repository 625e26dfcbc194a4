package dev.millrace.codec;

import java.io.Serial;

/**
 * A record's bytes are not what their format or schema says; caught by the decoder that began to read it. It has no
 * stack: bad records are data, not accidents.
 */
final class Malformed extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private final String rule;
    private final String reason;

    /** The format's own rule is broken: the bytes cannot be taken apart. */
    Malformed(String reason) {
        this("", reason);
    }

    /** They can be, and break a rule of this name. */
    Malformed(String rule, String reason) {
        super(reason, null, false, false);
        this.rule = rule;
        this.reason = reason;
    }

    /** The rule, or {@code format} where it is the format's own. */
    String rule(String format) {
        return rule.isEmpty() ? format : rule;
    }

    String reason() {
        return reason;
    }
}
