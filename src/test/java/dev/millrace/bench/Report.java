package dev.millrace.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a benchmark found: every case, the ratios that have goals, and what could not be measured.
 *
 * @param bench its name
 * @param setting what was measured, in a line
 * @param missing peers that are not there, each with the reason
 */
public record Report(
        String bench, String setting, int cores, List<Series> results, List<Ratio> ratios, List<String> missing) {
    public Report {
        results = List.copyOf(results);
        ratios = List.copyOf(ratios);
        missing = List.copyOf(missing);
    }

    /** A report of this machine. */
    public static Report of(
            String bench, String setting, List<Series> results, List<Ratio> ratios, List<String> missing) {
        return new Report(bench, setting, Runtime.getRuntime().availableProcessors(), results, ratios, missing);
    }

    /** The median of a case's metric. */
    public static Optional<Double> median(List<Series> results, String name, String metric) {
        return results.stream()
                .filter(series -> series.name().equals(name) && series.metric().equals(metric))
                .findFirst()
                .map(Series::median);
    }

    /** The ratio of two cases' medians of one metric; empty when one of them was not measured. */
    public static Optional<Ratio> ratio(
            List<Series> results, String metric, String above, String below, double goal, Ratio.Better better) {
        return median(results, above, metric)
                .flatMap(upper -> median(results, below, metric)
                        .map(lower -> new Ratio(above + " / " + below + ", " + metric, upper / lower, goal, better)));
    }

    /** Prints it under the command's word, {@code bench} or {@code prove}. */
    void print(String word, PrintStream out) {
        out.printf(Locale.ROOT, "%s %s on %d cores: %s%n%n", word, bench, cores, setting);
        int width = results.stream()
                .mapToInt(series -> series.name().length())
                .max()
                .orElse(4);
        String row = "%-" + width + "s  %-24s %12s  %-9s %s%n";
        out.printf(Locale.ROOT, row, "case", "metric", "median", "unit", "min - max of the rounds");
        for (Series series : results) {
            out.printf(
                    Locale.ROOT,
                    row,
                    series.name(),
                    series.metric(),
                    figure(series.median()),
                    series.unit(),
                    figure(series.min()) + " - " + figure(series.max()) + " of "
                            + series.values().size());
        }
        if (!ratios.isEmpty()) {
            int wide = ratios.stream()
                    .mapToInt(ratio -> ratio.name().length())
                    .max()
                    .orElse(5);
            out.println();
            for (Ratio ratio : ratios) {
                out.printf(
                        Locale.ROOT,
                        "%-" + wide + "s  %8s  goal %s %-6s %s%n",
                        ratio.name(),
                        figure(ratio.value()),
                        ratio.better() == Ratio.Better.LOWER ? "<=" : ">=",
                        figure(ratio.goal()),
                        ratio.met() ? "met" : "MISSED");
            }
        }
        if (!missing.isEmpty()) {
            out.println();
            missing.forEach(peer -> out.println("missing: " + peer));
        }
    }

    private static String figure(double value) {
        return String.format(
                Locale.ROOT, Math.abs(value) >= 1000 ? "%,.0f" : Math.abs(value) >= 100 ? "%.1f" : "%.2f", value);
    }

    String toJson() throws JsonProcessingException {
        var mapper = new ObjectMapper();
        ObjectNode root = mapper.createObjectNode().put("bench", bench).put("cores", cores);
        ArrayNode rows = root.putArray("results");
        for (Series series : results) {
            rows.addObject()
                    .put("case", series.name())
                    .put("metric", series.metric())
                    .put("value", series.median())
                    .put("unit", series.unit());
        }
        ArrayNode claims = root.putArray("ratios");
        for (Ratio ratio : ratios) {
            claims.addObject()
                    .put("name", ratio.name())
                    .put("value", ratio.value())
                    .put("goal", ratio.goal())
                    .put("better", ratio.better().text());
        }
        return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    }
}
