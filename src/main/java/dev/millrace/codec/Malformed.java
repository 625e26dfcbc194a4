package dev.millrace.codec;

import java.io.Serial;

/**
 * A record's bytes are not what their format or schema says; caught by the decoder that began to read it. It has no
 * stack: bad records are data, not accidents.
 */
final class Malformed extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private final String reason;

    Malformed(String reason) {
        super(reason, null, false, false);
        this.reason = reason;
    }

    String reason() {
        return reason;
    }
}
