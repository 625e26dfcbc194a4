package dev.millrace.quality;

import dev.millrace.contract.QualityRule;
import dev.millrace.contract.QualityRule.Check;
import dev.millrace.contract.QualityRule.Threshold;
import dev.millrace.quality.RuleResult.Status;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.datasketches.theta.CompactThetaSketch;

/** Rules and what is known of some rows to results. Pure functions. */
final class Evaluation {
    private static final BigDecimal HUNDRED = BigDecimal.valueOf(100);
    private static final MathContext PERCENT = MathContext.DECIMAL64;
    private static final int CONFIDENCE = 3; // standard deviations
    private static final int LATE_SHARE = 100; // one row of so many may be later than promised

    private Evaluation() {}

    /** A result for each rule of the plan, in order; {@code nowMillis} is for freshness. */
    static List<RuleResult> of(Plan plan, State state, long nowMillis) {
        List<RuleResult> results = new ArrayList<>();
        for (Plan.Measure measure : plan.measures()) {
            results.add(measured(measure, state, nowMillis));
        }
        return results;
    }

    /** The results of those rules that are counted row by row, for a part such as a window. */
    static List<RuleResult> of(Plan plan, Tally tally) {
        List<RuleResult> results = new ArrayList<>();
        for (Plan.Measure measure : plan.measures()) {
            if (measure.rule().check() instanceof Check.RowCount) {
                continue; // a promise about the whole
            }
            if (measure.counter() >= 0 && measure.set() < 0) {
                results.add(counted(measure, tally));
            }
        }
        return results;
    }

    private static RuleResult measured(Plan.Measure measure, State state, long nowMillis) {
        QualityRule rule = measure.rule();
        Tally all = state.all();
        return switch (rule.check()) {
            case Check.NullValues ignored -> counted(measure, all);
            case Check.MissingValues ignored -> counted(measure, all);
            case Check.InvalidValues ignored -> counted(measure, all);
            case Check.Latency ignored -> counted(measure, all);
            case Check.RowCount ignored -> exact(rule, all.rows(), all.rows());
            case Check.DuplicateValues ignored -> duplicates(measure, state);
            case Check.Freshness ignored ->
                all.hasTimes()
                        ? exact(rule, Math.max(0, nowMillis - all.last()), all.rows())
                        : RuleResult.not(rule, "There is no event time yet.");
            case Check.Frequency ignored ->
                all.hasTimes()
                        ? exact(
                                rule,
                                state.windows()
                                        .get(Plan.shownWindows() + measure.gaps())
                                        .longestGapMillis(),
                                all.rows())
                        : RuleResult.not(rule, "There is no event time yet.");
            case Check.NotOnTheStream(String reason) -> RuleResult.not(rule, reason);
        };
    }

    private static RuleResult counted(Plan.Measure measure, Tally tally) {
        QualityRule rule = measure.rule();
        long count = tally.count(measure.counter());
        if (rule.check() instanceof Check.Latency) {
            if (!tally.hasTimes()) {
                return RuleResult.not(rule, "There is no event time yet.");
            }
            Optional<BigDecimal> late = Optional.of(share(count, tally.rows()));
            boolean kept = count * LATE_SHARE <= tally.rows();
            return new RuleResult(rule, kept ? Status.PASSED : Status.FAILED, late, late, late, "");
        }
        return exact(rule, count, tally.rows());
    }

    private static RuleResult exact(QualityRule rule, long value, long rows) {
        return compared(rule, value, value, value, rows);
    }

    private static RuleResult duplicates(Plan.Measure measure, State state) {
        CompactThetaSketch distinct = state.set(measure.set());
        long rows = state.all().rows();
        long values = rows - state.all().count(measure.counter());
        return compared(
                measure.rule(),
                Math.max(0, values - Math.round(distinct.getEstimate())),
                Math.max(0, values - (long) Math.ceil(distinct.getUpperBound(CONFIDENCE))),
                Math.max(0, values - (long) Math.floor(distinct.getLowerBound(CONFIDENCE))),
                rows);
    }

    /** A count that lies between {@code low} and {@code high}; a rule is broken when none of those would satisfy it. */
    private static RuleResult compared(QualityRule rule, long value, long low, long high, long rows) {
        if (rule.percent() && rows == 0) {
            return RuleResult.not(rule, "There are no rows yet.");
        }
        Optional<BigDecimal> measured = Optional.of(inUnit(rule, value, rows));
        Optional<BigDecimal> least = Optional.of(inUnit(rule, low, rows));
        Optional<BigDecimal> most = Optional.of(inUnit(rule, high, rows));
        boolean satisfied = rule.satisfiedBy(measured.get());
        boolean undecided = !satisfied && couldSatisfy(rule, low, high, rows);
        return new RuleResult(
                rule,
                satisfied ? Status.PASSED : undecided ? Status.NOT_EVALUATED : Status.FAILED,
                measured,
                least,
                most,
                undecided ? "The estimate is too near to the threshold to tell." : "");
    }

    private static boolean couldSatisfy(QualityRule rule, long low, long high, long rows) {
        List<Long> candidates = new ArrayList<>(List.of(low, high));
        for (Threshold threshold : rule.thresholds()) {
            for (BigDecimal bound : List.of(threshold.low(), threshold.high())) {
                BigDecimal count = rule.percent()
                        ? bound.multiply(BigDecimal.valueOf(rows)).divide(HUNDRED, PERCENT)
                        : bound;
                long near = count.setScale(0, RoundingMode.HALF_UP)
                        .max(BigDecimal.valueOf(-1))
                        .min(BigDecimal.valueOf(Long.MAX_VALUE - 1))
                        .longValue();
                candidates.addAll(List.of(near - 1, near, near + 1));
            }
        }
        return candidates.stream()
                .filter(count -> count >= low && count <= high)
                .anyMatch(count -> rule.satisfiedBy(inUnit(rule, count, rows)));
    }

    private static BigDecimal inUnit(QualityRule rule, long count, long rows) {
        return rule.percent() ? share(count, rows) : BigDecimal.valueOf(count);
    }

    private static BigDecimal share(long count, long rows) {
        return BigDecimal.valueOf(count).multiply(HUNDRED).divide(BigDecimal.valueOf(rows), PERCENT);
    }
}
