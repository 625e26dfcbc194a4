package dev.millrace.contract;

import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;

/**
 * What a value of a property must satisfy beside its type; a null value satisfies all of it. The optional components
 * are optional on purpose: a bound has no neutral value, and a record's accessor is its component.
 *
 * @param minLength of a text, in code points; 0 for none
 * @param maxLength of a text, in code points; {@link Integer#MAX_VALUE} for none
 * @param pattern a regular expression that compiles and that must be found somewhere in a text (unanchored)
 * @param format as written, for example {@code email}; empty for none; {@link FieldType} has taken its part of it
 * @param minimum inclusive. Bounds of a date are days since 1970-01-01, of a timestamp its unit since
 *     1970-01-01T00:00 (UTC when zoned), of a time its unit since midnight
 * @param maximum inclusive
 * @param exclusiveMinimum values are greater
 * @param exclusiveMaximum values are less
 * @param multipleOf positive; values are whole multiples of it
 * @param minItems of an array or, the same as {@code maxItems}, of a vector; 0 for none
 * @param maxItems of an array; {@link Integer#MAX_VALUE} for none
 * @param uniqueItems whether the items of an array must differ
 * @param values the only values allowed (the enum), as text: numbers in their plain form, dates and times as whole
 *     numbers in the unit of their bounds, binary in base64; empty for any
 * @param fallback what a field that a record lacks is given, in the same form; a null that stands there stays null
 */
public record Rules(
        int minLength,
        int maxLength,
        Optional<String> pattern,
        String format,
        Optional<BigDecimal> minimum,
        Optional<BigDecimal> maximum,
        Optional<BigDecimal> exclusiveMinimum,
        Optional<BigDecimal> exclusiveMaximum,
        Optional<BigDecimal> multipleOf,
        int minItems,
        int maxItems,
        boolean uniqueItems,
        List<String> values,
        Optional<String> fallback) {
    /** Nothing but the type. */
    public static final Rules NONE = new Rules(
            0,
            Integer.MAX_VALUE,
            Optional.empty(),
            "",
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            0,
            Integer.MAX_VALUE,
            false,
            List.of(),
            Optional.empty());

    public Rules {
        values = List.copyOf(values);
    }
}
