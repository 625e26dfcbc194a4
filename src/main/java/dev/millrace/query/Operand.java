package dev.millrace.query;

import java.math.BigInteger;
import java.util.List;

/** What a column's values are compared with, in the column's own representation. Immutable by convention: arrays are
 * made by the parser and never written again. */
public sealed interface Operand {
    /** Values within {@code [min, max]}, or, when {@code outside}, all others; nothing lies within an empty range. */
    record LongRange(long min, long max, boolean outside) implements Operand {}

    /** One of these values, ascending. */
    @SuppressWarnings("ArrayRecordComponent") // inner loops read it; never compared as a whole
    record LongSet(long[] sorted) implements Operand {}

    /** Values within {@code [min, max]}, or, when {@code outside}, all others. */
    record DoubleRange(double min, double max, boolean outside) implements Operand {}

    /** One of these values. */
    @SuppressWarnings("ArrayRecordComponent") // inner loops read it; never compared as a whole
    record DoubleSet(double[] values) implements Operand {}

    /** Unscaled values within {@code [min, max]}, or, when {@code outside}, all others. */
    record DecimalRange(BigInteger min, BigInteger max, boolean outside) implements Operand {}

    /** One of these ranges, each of one value. */
    record DecimalSet(List<DecimalRange> values) implements Operand {
        public DecimalSet {
            values = List.copyOf(values);
        }
    }

    /** Text in UTF-8; several only for {@link Operator#IN}. */
    @SuppressWarnings("ArrayRecordComponent") // inner loops read it; never compared as a whole
    record Texts(byte[][] utf8) implements Operand {}

    /** Whether the value must be missing or must be there. */
    record Missing(boolean missing) implements Operand {}
}
