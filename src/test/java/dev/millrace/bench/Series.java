package dev.millrace.bench;

import java.util.List;

/**
 * What the rounds of one case gave for one metric.
 *
 * @param name the case
 * @param metric what was measured
 * @param unit of the values
 * @param values one a round, at least one
 */
public record Series(String name, String metric, String unit, List<Double> values) {
    public Series {
        values = List.copyOf(values);
        if (values.isEmpty()) {
            throw new IllegalArgumentException(name + " has no value for " + metric);
        }
    }

    /** The middle value; the mean of the two in the middle of an even number. */
    public double median() {
        double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }

    double min() {
        return values.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
    }

    double max() {
        return values.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    }
}
