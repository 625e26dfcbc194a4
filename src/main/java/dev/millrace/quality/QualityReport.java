package dev.millrace.quality;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.quality.RuleResult.Status;
import dev.millrace.store.Position;
import java.math.MathContext;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.datasketches.hll.HllUnion;
import org.apache.datasketches.kll.KllDoublesSketch;

/**
 * The quality of a product's records as they came, up to a position: a row that a later one superseded counts, a delete
 * does not. Immutable; any thread.
 */
public final class QualityReport {
    private static final MathContext SHOWN = new MathContext(6);
    private static final int[] PERCENTILES = {5, 25, 50, 75, 95, 99};

    private final Plan plan;
    private final Position position;
    private final State all;
    private final List<Part> partitions;
    private final List<RuleResult> results;

    QualityReport(Plan plan, Position position, State all, List<Part> partitions, long nowMillis) {
        this.plan = plan;
        this.position = position;
        this.all = all;
        this.partitions = List.copyOf(partitions);
        this.results = Evaluation.of(plan, all, nowMillis);
    }

    /** The same rows at another time. */
    QualityReport at(long nowMillis) {
        return new QualityReport(plan, position, all, partitions, nowMillis);
    }

    /** Some rows. */
    public record Part(long rows, List<RuleResult> results) {}

    /** The rows of a span of time. */
    public record Window(Instant start, long widthMillis, Part part) {}

    /**
     * A leaf column.
     *
     * @param distinct about how many values there are; the true number lies between {@code low} and {@code high} with
     *     99.7 % confidence
     * @param quantiles by name, {@code min} to {@code max}: numbers, or ISO 8601 texts of days and times; none for a
     *     column of neither
     */
    public record Statistics(
            String column, long nulls, long distinct, long low, long high, Map<String, Object> quantiles) {}

    /** How far the rows are looked at. */
    public Position position() {
        return position;
    }

    public long rows() {
        return all.all().rows();
    }

    /** How many deletes there were; they are no rows. */
    public long deletes() {
        return all.deletes();
    }

    /** One for each rule, in the contract's order. */
    public List<RuleResult> results() {
        return results;
    }

    public long count(Status status) {
        return results.stream().filter(result -> result.status() == status).count();
    }

    /** The first broken rule for which the input port stops, for people; empty for none. */
    public Optional<String> stopping() {
        return results.stream()
                .filter(result -> result.status() == Status.FAILED
                        && result.rule().stops()
                        && rows() >= result.rule().minimumRows())
                .map(result -> "the quality rule '" + result.rule().key() + "' is broken: "
                        + result.value()
                                .map(value -> value.round(SHOWN).toPlainString())
                                .orElse("") + " "
                        + result.unit() + ", " + result.threshold()
                        + ". What is in is served; mend the contract or the data, then start again")
                .findFirst();
    }

    /** The column that windows go by; empty where it is the record's timestamp. */
    public String eventTime() {
        return plan.eventTime();
    }

    /** Each partition. */
    public List<Part> partitions() {
        return partitions;
    }

    /** The newest hours, then the newest days, that have rows. */
    public List<Window> windows() {
        List<Window> shown = new ArrayList<>();
        for (Windows windows : all.windows().subList(0, Plan.shownWindows())) {
            windows.tallies()
                    .forEach((key, tally) -> shown.add(new Window(
                            Instant.ofEpochMilli(key * windows.widthMillis()),
                            windows.widthMillis(),
                            new Part(tally.rows(), Evaluation.of(plan, tally)))));
        }
        return shown;
    }

    /** The leaf columns, in the contract's order. */
    public List<Statistics> columns() {
        List<Statistics> columns = new ArrayList<>();
        // Sketches sort and rebuild themselves when they are asked.
        synchronized (all) {
            for (int i = 0; i < plan.columns().size(); i++) {
                ColumnLayout layout = plan.columns().get(i);
                HllUnion distinct = all.distinct(i);
                columns.add(new Statistics(
                        layout.path(),
                        all.nulls(i),
                        Math.round(distinct.getEstimate()),
                        (long) Math.floor(distinct.getLowerBound(3)),
                        (long) Math.ceil(distinct.getUpperBound(3)),
                        quantiles(layout, all.quantiles(i))));
            }
        }
        return columns;
    }

    private static Map<String, Object> quantiles(ColumnLayout layout, KllDoublesSketch sketch) {
        Map<String, Object> quantiles = new LinkedHashMap<>();
        if (!sketch.isEmpty()) {
            quantiles.put("min", Values.shown(layout, sketch.getMinItem()));
            for (int percentile : PERCENTILES) {
                quantiles.put("p" + percentile, Values.shown(layout, sketch.getQuantile(percentile / 100.0)));
            }
            quantiles.put("max", Values.shown(layout, sketch.getMaxItem()));
        }
        return quantiles;
    }
}
