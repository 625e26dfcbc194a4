package dev.millrace.quality;

import dev.millrace.contract.QualityRule;
import dev.millrace.contract.QualityRule.Check;
import dev.millrace.contract.QualityRule.Level;
import java.math.BigDecimal;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a rule came to over some rows.
 *
 * @param value what was measured: rows, percent or milliseconds; the estimate of a sketch where {@code low} and
 *     {@code high} differ; empty where nothing was. The optional components have no neutral value
 * @param low the least that the value can be, with 99.7 % confidence
 * @param high the most
 * @param detail why it was not evaluated; empty for none
 */
public record RuleResult(
        QualityRule rule,
        Status status,
        Optional<BigDecimal> value,
        Optional<BigDecimal> low,
        Optional<BigDecimal> high,
        String detail) {
    /** How it came out. */
    public enum Status {
        PASSED,
        FAILED,
        /** Not measured on the stream, no rows yet, or an estimate too near to the threshold. */
        NOT_EVALUATED
    }

    static RuleResult not(QualityRule rule, String reason) {
        return new RuleResult(rule, Status.NOT_EVALUATED, Optional.empty(), Optional.empty(), Optional.empty(), reason);
    }

    /** What the value counts. */
    public String unit() {
        return switch (rule.check()) {
            case Check.ServiceLevel level -> level.level() == Level.LATENCY ? "percent" : "milliseconds";
            default -> rule.percent() ? "percent" : "rows";
        };
    }

    /** What the value must be, for people. */
    public String threshold() {
        return switch (rule.check()) {
            case Check.ServiceLevel level
            when level.level() == Level.LATENCY -> "at most 1 percent later than " + level.promised();
            default -> rule.thresholds().stream().map(Object::toString).collect(Collectors.joining(" and "));
        };
    }
}
