package dev.millrace.contract;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a contract asks of its data as a whole: an entry of a {@code quality} list, or a service level that is measured
 * from event time. {@link QualityRules} reads them. Texts that the contract does not give are empty.
 *
 * @param key names it among the rules of its schema object, for example {@code carrier.nullValues}; unique
 * @param severity as written, for example {@code error}
 * @param thresholds what the measured value must satisfy, all of them
 * @param percent whether the value is a share of the rows, in percent; otherwise a number of rows, or milliseconds
 * @param stops whether the input port stops when it is broken
 * @param minimumRows with fewer rows it stops nothing
 */
public record QualityRule(
        String key,
        String description,
        String dimension,
        String severity,
        Check check,
        List<Threshold> thresholds,
        boolean percent,
        boolean stops,
        int minimumRows) {
    public QualityRule {
        thresholds = List.copyOf(thresholds);
    }

    /** Whether a measured value is as it must be. */
    public boolean satisfiedBy(BigDecimal value) {
        return thresholds.stream()
                .allMatch(each ->
                        each.operator().satisfied.by(value.compareTo(each.low()), value.compareTo(each.high())));
    }

    /** What is measured. Columns are paths of names with dots, such as {@code properties.mag}. */
    public sealed interface Check {
        /** Rows whose value is null, if {@code orNull}, or one of these values, which stand for none. */
        record Missing(String column, List<String> values, boolean orNull) implements Check {
            public Missing {
                values = List.copyOf(values);
            }
        }

        /**
         * Rows with a value that is not allowed; null is no value.
         *
         * @param values the values allowed, as text; empty for any
         * @param pattern must be found in a text; empty for any, an optional component since no pattern is neutral
         */
        record Invalid(String column, List<String> values, Optional<String> pattern) implements Check {
            public Invalid {
                values = List.copyOf(values);
            }
        }

        /** Rows beyond the first with the same values in all of these columns, none of them null. */
        record Duplicates(List<String> columns) implements Check {
            public Duplicates {
                columns = List.copyOf(columns);
            }
        }

        /** Rows. */
        record RowCount() implements Check {}

        /** A promise about the times in a column. */
        record ServiceLevel(Level level, String column, Duration promised) implements Check {}

        /** Nothing: what the stream does not tell, or what cannot be read. */
        record NotOnTheStream(String reason) implements Check {}
    }

    /** Service levels that show in the data. */
    public enum Level {
        /** From a row's event time to its record's timestamp; of 100 rows, 99 must be within the promise. */
        LATENCY,
        /** From the newest event time until now. */
        FRESHNESS,
        /** The longest time between two event times that follow each other. */
        FREQUENCY
    }

    /** A bound, or two: {@code high} is {@code low} where the operator has one. */
    public record Threshold(Operator operator, BigDecimal low, BigDecimal high) {
        /** As the contract writes it, for example {@code mustBeLessThan 5}. */
        @Override
        public String toString() {
            return operator.text() + " " + low.toPlainString()
                    + (low.equals(high) ? "" : " and " + high.toPlainString());
        }
    }

    private interface Comparison {
        /** Takes how the value compares to the lower and to the upper bound. */
        boolean by(int toLow, int toHigh);
    }

    /** How a value is compared. Between includes both bounds. */
    public enum Operator {
        MUST_BE("mustBe", (toLow, toHigh) -> toLow == 0),
        MUST_NOT_BE("mustNotBe", (toLow, toHigh) -> toLow != 0),
        MUST_BE_GREATER_THAN("mustBeGreaterThan", (toLow, toHigh) -> toLow > 0),
        MUST_BE_GREATER_OR_EQUAL_TO("mustBeGreaterOrEqualTo", (toLow, toHigh) -> toLow >= 0),
        MUST_BE_LESS_THAN("mustBeLessThan", (toLow, toHigh) -> toLow < 0),
        MUST_BE_LESS_OR_EQUAL_TO("mustBeLessOrEqualTo", (toLow, toHigh) -> toLow <= 0),
        MUST_BE_BETWEEN("mustBeBetween", (toLow, toHigh) -> toLow >= 0 && toHigh <= 0),
        MUST_NOT_BE_BETWEEN("mustNotBeBetween", (toLow, toHigh) -> toLow < 0 || toHigh > 0);

        private final String text;
        private final Comparison satisfied;

        Operator(String text, Comparison satisfied) {
            this.text = text;
            this.satisfied = satisfied;
        }

        /** The name in ODCS. */
        public String text() {
            return text;
        }
    }
}
