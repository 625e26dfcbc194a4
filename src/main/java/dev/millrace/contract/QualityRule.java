package dev.millrace.contract;

import dev.millrace.config.yaml.Place;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a contract asks of its data as a whole: an entry of a {@code quality} list, or a service level that is measured
 * from event time. {@link QualityRules} reads them.
 *
 * @param place where it begins in the file
 * @param key names it among the rules of its schema object, for example {@code carrier.nullValues}; unique
 * @param description empty for none
 * @param dimension empty for none
 * @param severity as written, for example {@code error}; empty for none
 * @param check what is measured
 * @param thresholds what the measured value must satisfy, all of them
 * @param percent whether the value is a share of the rows, in percent; otherwise a number of rows, or milliseconds
 * @param stops whether the input port stops when it is broken
 * @param minimumRows with fewer rows it stops nothing
 */
public record QualityRule(
        Place place,
        String key,
        String description,
        String dimension,
        String severity,
        Check check,
        List<Threshold> thresholds,
        boolean percent,
        boolean stops,
        long minimumRows) {
    public QualityRule {
        thresholds = List.copyOf(thresholds);
    }

    /** Whether a measured value is as it must be. */
    public boolean satisfiedBy(BigDecimal value) {
        return thresholds.stream().allMatch(threshold -> threshold.satisfiedBy(value));
    }

    /** What is measured. Columns are paths of names with dots, such as {@code properties.mag}. */
    public sealed interface Check {
        /** Rows without a value. */
        record NullValues(String column) implements Check {}

        /**
         * Rows whose value stands for none.
         *
         * @param orNull whether null is one of them
         */
        record MissingValues(String column, List<String> values, boolean orNull) implements Check {
            public MissingValues {
                values = List.copyOf(values);
            }
        }

        /**
         * Rows with a value that is not allowed; null is no value.
         *
         * @param values the values allowed, as text; empty for any
         * @param pattern must be found in a text; empty for any, an optional component since no pattern is neutral
         */
        record InvalidValues(String column, List<String> values, Optional<String> pattern) implements Check {
            public InvalidValues {
                values = List.copyOf(values);
            }
        }

        /** Rows beyond the first with the same values in all of these columns, none of them null. */
        record DuplicateValues(List<String> columns) implements Check {
            public DuplicateValues {
                columns = List.copyOf(columns);
            }
        }

        /** Rows. */
        record RowCount() implements Check {}

        /** From a row's event time to its record's timestamp: of 100 rows, 99 are within the promise. */
        record Latency(String column, Duration promised) implements Check {}

        /** From the newest event time until now. */
        record Freshness(String column, Duration promised) implements Check {}

        /** The longest time between two event times that follow each other. */
        record Frequency(String column, Duration promised) implements Check {}

        /** Nothing: what the stream does not tell, or what cannot be read. */
        record NotOnTheStream(String reason) implements Check {}
    }

    /**
     * A bound or two.
     *
     * @param high the same as {@code low} but for the operators with two bounds
     */
    public record Threshold(Operator operator, BigDecimal low, BigDecimal high) {
        boolean satisfiedBy(BigDecimal value) {
            int toLow = value.compareTo(low);
            int toHigh = value.compareTo(high);
            return switch (operator) {
                case MUST_BE -> toLow == 0;
                case MUST_NOT_BE -> toLow != 0;
                case MUST_BE_GREATER_THAN -> toLow > 0;
                case MUST_BE_GREATER_OR_EQUAL_TO -> toLow >= 0;
                case MUST_BE_LESS_THAN -> toLow < 0;
                case MUST_BE_LESS_OR_EQUAL_TO -> toLow <= 0;
                case MUST_BE_BETWEEN -> toLow >= 0 && toHigh <= 0;
                case MUST_NOT_BE_BETWEEN -> toLow < 0 || toHigh > 0;
            };
        }

        /** As the contract writes it, for example {@code mustBeLessThan 5}. */
        @Override
        public String toString() {
            return operator.text() + " " + low.toPlainString()
                    + (operator.hasTwoBounds() ? " and " + high.toPlainString() : "");
        }
    }

    /** How a value is compared. Between includes both bounds. */
    public enum Operator {
        MUST_BE,
        MUST_NOT_BE,
        MUST_BE_GREATER_THAN,
        MUST_BE_GREATER_OR_EQUAL_TO,
        MUST_BE_LESS_THAN,
        MUST_BE_LESS_OR_EQUAL_TO,
        MUST_BE_BETWEEN,
        MUST_NOT_BE_BETWEEN;

        /** The name in ODCS, for example {@code mustBeLessThan}. */
        public String text() {
            StringBuilder text = new StringBuilder();
            for (String word : name().split("_", -1)) {
                text.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
            }
            text.setCharAt(0, 'm');
            return text.toString();
        }

        boolean hasTwoBounds() {
            return this == MUST_BE_BETWEEN || this == MUST_NOT_BE_BETWEEN;
        }
    }
}
