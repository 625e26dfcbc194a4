package dev.millrace.quality;

import dev.millrace.contract.QualityRule;
import dev.millrace.contract.QualityRule.Check;
import dev.millrace.contract.QualityRule.Level;
import dev.millrace.quality.RuleResult.Status;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.datasketches.theta.CompactThetaSketch;

/** Rules and what is known of some rows to results. Pure functions. */
final class Evaluation {
    private static final BigDecimal HUNDRED = BigDecimal.valueOf(100);
    private static final int CONFIDENCE = 3; // standard deviations
    private static final int LATE_SHARE = 100; // one row of so many may be later than promised

    private Evaluation() {}

    /** A result for each rule of the plan, in order; {@code nowMillis} is for freshness. */
    static List<RuleResult> of(Plan plan, State state, long nowMillis) {
        return plan.measures().stream()
                .map(measure -> measured(measure, state, nowMillis))
                .toList();
    }

    /** The results of those rules that are counted row by row, for a part such as a window. */
    static List<RuleResult> of(Plan plan, Tally tally) {
        return plan.measures().stream()
                .filter(measure -> measure.obstacle().isEmpty())
                .filter(measure -> isCounted(measure.rule().check()))
                .map(measure -> counted(measure, tally))
                .toList();
    }

    private static boolean isCounted(Check check) {
        return check instanceof Check.Missing
                || check instanceof Check.Invalid
                || (check instanceof Check.ServiceLevel level && level.level() == Level.LATENCY);
    }

    private static RuleResult measured(Plan.Measure measure, State state, long nowMillis) {
        QualityRule rule = measure.rule();
        Tally all = state.all();
        if (!measure.obstacle().isEmpty()) {
            return RuleResult.not(rule, measure.obstacle());
        }
        return switch (rule.check()) {
            case Check.Missing _, Check.Invalid _ -> counted(measure, all);
            case Check.Duplicates ignored -> duplicates(measure, state);
            case Check.RowCount ignored -> exact(rule, all.rows(), all);
            case Check.ServiceLevel ignored when !all.hasTimes() -> RuleResult.not(rule, "There is no event time yet.");
            case Check.ServiceLevel level ->
                switch (level.level()) {
                    case LATENCY -> counted(measure, all);
                    case FRESHNESS -> exact(rule, Math.max(0, nowMillis - all.last()), all);
                    case FREQUENCY ->
                        exact(rule, state.windows().get(measure.extra()).longestGapMillis(), all);
                };
            case Check.NotOnTheStream(String reason) -> RuleResult.not(rule, reason);
        };
    }

    private static RuleResult counted(Plan.Measure measure, Tally tally) {
        QualityRule rule = measure.rule();
        long count = tally.count(measure.counter());
        if (rule.check() instanceof Check.ServiceLevel) {
            if (!tally.hasTimes()) {
                return RuleResult.not(rule, "There is no event time yet.");
            }
            Optional<BigDecimal> late = Optional.of(share(count, tally.rows()));
            boolean kept = count * LATE_SHARE <= tally.rows();
            return new RuleResult(rule, kept ? Status.PASSED : Status.FAILED, late, late, late, "");
        }
        return exact(rule, count, tally);
    }

    private static RuleResult exact(QualityRule rule, long value, Tally tally) {
        return compared(rule, value, value, value, tally.rows());
    }

    private static RuleResult duplicates(Plan.Measure measure, State state) {
        CompactThetaSketch distinct = state.set(measure.extra());
        long values = state.all().rows() - state.all().count(measure.counter());
        return compared(
                measure.rule(),
                Math.max(0, values - Math.round(distinct.getEstimate())),
                Math.max(0, values - (long) Math.ceil(distinct.getUpperBound(CONFIDENCE))),
                Math.max(0, values - (long) Math.floor(distinct.getLowerBound(CONFIDENCE))),
                state.all().rows());
    }

    /** A count between {@code low} and {@code high}: what its estimate says holds only when both bounds say it, too. */
    private static RuleResult compared(QualityRule rule, long value, long low, long high, long rows) {
        if (rule.percent() && rows == 0) {
            return RuleResult.not(rule, "There are no rows yet.");
        }
        List<BigDecimal> figures = Stream.of(value, low, high)
                .map(count -> rule.percent() ? share(count, rows) : BigDecimal.valueOf(count))
                .toList();
        long satisfied = figures.stream().filter(rule::satisfiedBy).count();
        return new RuleResult(
                rule,
                satisfied == 0 ? Status.FAILED : satisfied == figures.size() ? Status.PASSED : Status.NOT_EVALUATED,
                Optional.of(figures.get(0)),
                Optional.of(figures.get(1)),
                Optional.of(figures.get(2)),
                satisfied == 0 || satisfied == figures.size()
                        ? ""
                        : "The estimate is too near to the threshold to tell.");
    }

    private static BigDecimal share(long count, long rows) {
        return BigDecimal.valueOf(count).multiply(HUNDRED).divide(BigDecimal.valueOf(rows), MathContext.DECIMAL64);
    }
}
