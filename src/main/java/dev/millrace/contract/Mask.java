package dev.millrace.contract;

import java.math.BigDecimal;

/** What a grant shows of a column's values. Immutable. */
public sealed interface Mask {
    Mask SHOW = new Show();
    Mask HIDE = new Hide();

    /** The value. */
    record Show() implements Mask {}

    /** {@code ***} and the last characters of a text; of one that has no more than these, nothing. */
    record Keep(int last) implements Mask {}

    /** A date or time at the beginning of its year, month and so on. */
    record RoundTime(Unit unit) implements Mask {}

    /** A number at the multiple of another below it. */
    record RoundNumber(BigDecimal unit) implements Mask {}

    /** The same text for the same value and purpose, from which the value cannot be had. */
    record Pseudonym() implements Mask {}

    /** No value. */
    record Null() implements Mask {}

    /** No column. */
    record Hide() implements Mask {}

    /** What times are rounded to. */
    enum Unit {
        SECOND,
        MINUTE,
        HOUR,
        DAY,
        MONTH,
        QUARTER,
        YEAR
    }

    /** How much it takes away: of several the least counts. */
    default double strength() {
        return switch (this) {
            case Show _ -> 0;
            case Keep(int last) -> 1 + 1.0 / (1 + last);
            case RoundTime(Unit unit) -> 3 + unit.ordinal() / 10.0;
            case RoundNumber(BigDecimal unit) -> 3 + unit.doubleValue() / (1 + unit.doubleValue());
            case Pseudonym _ -> 5;
            case Null _ -> 6;
            case Hide _ -> 7;
        };
    }

    /** Whether a column of that type can have it. */
    default boolean fits(FieldType type) {
        return switch (this) {
            case Show _, Null _, Hide _ -> true;
            case Keep _, Pseudonym _ ->
                type instanceof FieldType.Text || type instanceof FieldType.OneOf || type instanceof FieldType.Uuid;
            case RoundTime(Unit unit) ->
                type instanceof FieldType.Timestamp || (type instanceof FieldType.Date && unit.compareTo(Unit.DAY) > 0);
            case RoundNumber(BigDecimal unit) ->
                type instanceof FieldType.Floating
                        || (type instanceof FieldType.Int(int bits, var _)
                                && unit.stripTrailingZeros().scale() <= 0
                                && unit.toBigInteger().bitLength() < Math.min(bits, 63));
        };
    }
}
