package dev.millrace.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.Column;
import dev.millrace.domain.Product;
import dev.millrace.quality.QualityReport;
import dev.millrace.quality.RuleResult;
import dev.millrace.quality.RuleResult.Status;
import dev.millrace.store.Position;
import dev.millrace.store.Slice;
import dev.millrace.store.Snapshot;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What is known of a product's quality, as JSON. Not for an event loop. */
final class QualityJson {
    private static final int ROWS = 1_024;

    private QualityJson() {}

    /** How many rules came out how; null before anybody looked. */
    static Optional<JsonObject> summary(Product product) {
        return product.quality().latest().map(QualityJson::counts);
    }

    private static JsonObject counts(QualityReport report) {
        return new JsonObject()
                .put("passed", report.count(Status.PASSED))
                .put("failed", report.count(Status.FAILED))
                .put("notEvaluated", report.count(Status.NOT_EVALUATED));
    }

    /** Everything; {@code position} is that of the product now. */
    static JsonObject of(Product product, QualityReport report, Position position) {
        var rules = new JsonArray();
        report.results().forEach(result -> rules.add(rule(result)));
        var partitions = new JsonArray();
        report.partitions().forEach(part -> partitions.add(part(part).put("partition", partitions.size())));
        var windows = new JsonArray();
        report.windows()
                .forEach(window -> windows.add(part(window.part())
                        .put("start", window.start().toString())
                        .put("width", Duration.ofMillis(window.widthMillis()).toString())));
        JsonObject json = head(report, position);
        product.deadLetters().ifPresent(letters -> json.put("rejected", rejected(letters)));
        return json.put("warnings", new JsonObject(new TreeMap<>(product.warnings())))
                .put("overall", counts(report))
                .put("rules", rules)
                .put("eventTime", report.eventTime().isEmpty() ? null : report.eventTime())
                .put("columns", columns(report))
                .put("partitions", partitions)
                .put("windows", windows);
    }

    /** The statistics of the columns alone. */
    static JsonObject statistics(QualityReport report, Position position) {
        return head(report, position).put("columns", columns(report));
    }

    private static JsonObject head(QualityReport report, Position position) {
        return new JsonObject()
                .put("position", report.position().toString())
                .put("complete", report.position().equals(position))
                .put("rows", report.rows())
                .put("deletes", report.deletes());
    }

    private static JsonObject rule(RuleResult result) {
        var rule = result.rule();
        JsonObject json = value(result)
                .put("unit", result.unit())
                .put("threshold", result.threshold())
                .put("severity", rule.severity())
                .put("dimension", rule.dimension())
                .put("description", rule.description())
                .put("onBroken", rule.stops() ? "stop" : "report")
                .put("detail", result.detail());
        if (!result.low().equals(result.high())) {
            json.put("low", number(result.low())).put("high", number(result.high()));
        }
        return json;
    }

    private static JsonObject value(RuleResult result) {
        return new JsonObject()
                .put("rule", result.rule().key())
                .put("status", result.status().name())
                .put("value", number(result.value()));
    }

    private static @org.jspecify.annotations.Nullable Number number(Optional<BigDecimal> value) {
        return value.map(BigDecimal::doubleValue).orElse(null);
    }

    private static JsonObject part(QualityReport.Part part) {
        var rules = new JsonArray();
        part.results().forEach(result -> rules.add(value(result)));
        return new JsonObject().put("rows", part.rows()).put("rules", rules);
    }

    private static JsonArray columns(QualityReport report) {
        var columns = new JsonArray();
        for (QualityReport.Statistics column : report.columns()) {
            columns.add(new JsonObject()
                    .put("column", column.column())
                    .put("nulls", column.nulls())
                    .put(
                            "distinct",
                            new JsonObject()
                                    .put("estimate", column.distinct())
                                    .put("low", column.low())
                                    .put("high", column.high()))
                    .put("quantiles", new JsonObject(column.quantiles())));
        }
        return columns;
    }

    /** How many records were refused, by the first rule that each broke; a look at every dead letter. */
    private static JsonObject rejected(Product letters) {
        Map<String, Object> byRule = new TreeMap<>();
        try (Snapshot snapshot = letters.snapshot()) {
            int[] rows = new int[ROWS];
            for (int partition = 0; partition < snapshot.partitions(); partition++) {
                for (Slice slice : snapshot.slices(partition)) {
                    Column rule = slice.batch().column("rule");
                    for (int from = 0; from < slice.rows(); from += ROWS) {
                        int count = slice.select(from, Math.min(slice.rows(), from + ROWS), rows);
                        for (int i = 0; i < count; i++) {
                            byRule.merge(
                                    new String(rule.bytes(rows[i]), UTF_8), 1, (all, one) -> (int) all + (int) one);
                        }
                    }
                }
            }
            return new JsonObject().put("count", snapshot.rows()).put("byRule", new JsonObject(byRule));
        }
    }
}
