package dev.millrace.codec;

/**
 * What a single value is in the schema of a binary format, whichever format.
 *
 * @param unit of a time or moment, how many make a second; of a decimal, its scale; else 0
 */
record ScalarType(Shape shape, int unit) {
    /** The kinds of values. */
    enum Shape {
        BOOL,
        SIGNED,
        UNSIGNED,
        FLOATING,
        DECIMAL,
        TEXT,
        BYTES,
        /** 16 bytes. */
        UUID,
        /** Days since 1970-01-01. */
        DATE,
        /** Since midnight. */
        TIME,
        /** Since 1970-01-01T00:00Z. */
        INSTANT,
        /** Since 1970-01-01T00:00 wherever the clock hangs. */
        LOCAL
    }

    static final ScalarType TEXT = new ScalarType(Shape.TEXT, 0);

    static ScalarType of(Shape shape) {
        return new ScalarType(shape, 0);
    }
}
