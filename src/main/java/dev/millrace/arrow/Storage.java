package dev.millrace.arrow;

/** How a column's values lie in memory: which buffers it has, after Arrow's columnar format. */
public enum Storage {
    /** Validity and one bit a value. */
    BIT(2),
    /** Validity and {@link ColumnLayout#width()} bytes a value. */
    FIXED(2),
    /** Validity and {@link ColumnLayout#width()} bytes a value, which number a text of the column's {@link Dictionary}. */
    DICTIONARY(2),
    /** Validity, 32-bit offsets and bytes. */
    BYTES(3),
    /** Validity only; a child column for each field. */
    STRUCT(1),
    /** Validity and 32-bit offsets into the one child column; a map's child is a struct of key and value. */
    LIST(2),
    /** Validity only; {@link ColumnLayout#width()} values of the one child column each. */
    VECTOR(1);

    private final int buffers;

    Storage(int buffers) {
        this.buffers = buffers;
    }

    int buffers() {
        return buffers;
    }
}
