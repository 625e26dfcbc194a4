package dev.millrace.documents;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.Column;
import dev.millrace.domain.Product;
import dev.millrace.quality.QualityReport;
import dev.millrace.quality.RuleResult;
import dev.millrace.quality.RuleResult.Status;
import dev.millrace.query.QueryParser;
import dev.millrace.query.Reading;
import dev.millrace.query.RowSource;
import dev.millrace.query.View;
import dev.millrace.security.Principal;
import io.vertx.core.json.JsonObject;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What is known of a product's quality, as JSON. Not for an event loop. */
public final class QualityJson {
    private QualityJson() {}

    /** How many rules came out how; null before anybody looked. */
    public static Optional<JsonObject> summary(Product product) {
        return product.quality().latest().map(QualityJson::counts);
    }

    private static JsonObject counts(QualityReport report) {
        return new JsonObject()
                .put("passed", report.count(Status.PASSED))
                .put("failed", report.count(Status.FAILED))
                .put("notEvaluated", report.count(Status.NOT_EVALUATED));
    }

    /** Everything. */
    public static JsonObject of(Product product, QualityReport report) {
        JsonObject json = head(product, report);
        product.deadLetters().ifPresent(letters -> json.put("rejected", rejected(letters)));
        return json.put("warnings", new JsonObject(new TreeMap<>(product.warnings())))
                .put("overall", counts(report))
                .put("rules", each(report.results(), QualityJson::rule))
                .put("eventTime", report.eventTime().isEmpty() ? null : report.eventTime())
                .put("columns", each(report.columns(), QualityJson::column))
                .put(
                        "partitions",
                        IntStream.range(0, report.partitions().size())
                                .mapToObj(index ->
                                        part(report.partitions().get(index)).put("partition", index))
                                .toList())
                .put("windows", each(report.windows(), QualityJson::window));
    }

    private static <T> List<JsonObject> each(List<T> values, Function<T, JsonObject> form) {
        return values.stream().map(form).toList();
    }

    /** The statistics of the columns alone. */
    public static JsonObject statistics(Product product, QualityReport report) {
        return head(product, report).put("columns", each(report.columns(), QualityJson::column));
    }

    private static JsonObject head(Product product, QualityReport report) {
        return new JsonObject()
                .put("position", report.position().toString())
                .put("complete", report.position().equals(product.position()))
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

    private static @Nullable Number number(Optional<BigDecimal> value) {
        return value.map(BigDecimal::doubleValue).orElse(null);
    }

    private static JsonObject part(QualityReport.Part part) {
        return new JsonObject().put("rows", part.rows()).put("rules", each(part.results(), QualityJson::value));
    }

    private static JsonObject window(QualityReport.Window window) {
        return part(window.part())
                .put("start", window.start().toString())
                .put("width", Duration.ofMillis(window.widthMillis()).toString());
    }

    private static JsonObject column(QualityReport.Statistics column) {
        return new JsonObject()
                .put("column", column.column())
                .put("nulls", column.nulls())
                .put(
                        "distinct",
                        new JsonObject()
                                .put("estimate", column.distinct())
                                .put("low", column.low())
                                .put("high", column.high()))
                .put("quantiles", new JsonObject(column.quantiles()));
    }

    /** How many records were refused, by the first rule that each broke; a look at every dead letter. */
    private static JsonObject rejected(Product letters) {
        Map<String, Object> byRule = new TreeMap<>();
        View view = letters.as(Principal.ANYBODY);
        try (Reading reading = view.open()) {
            RowSource scan = reading.scan(QueryParser.where(view.shape(), Map.of()));
            while (scan.next()) {
                Column rule = scan.batch().column("rule");
                for (int i = 0; i < scan.count(); i++) {
                    String text = new String(rule.bytes(scan.selection()[i]), UTF_8);
                    byRule.merge(text, 1, (all, one) -> (int) all + (int) one);
                }
            }
            return new JsonObject().put("count", reading.rows()).put("byRule", new JsonObject(byRule));
        }
    }
}
