package dev.millrace.http;

import dev.millrace.contract.QualityRule;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductState;
import dev.millrace.quality.RuleResult;
import dev.millrace.store.Position;
import dev.millrace.store.Snapshot;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.math.BigDecimal;
import java.util.function.ToDoubleFunction;

/** The gauges of a product; read on the thread that scrapes, which may block. */
final class ProductMeters {
    private ProductMeters() {}

    static void register(Product product, MeterRegistry meters) {
        gauge(product, meters, "millrace.product.rows", "Visible rows", ProductMeters::rows);
        gauge(
                product,
                meters,
                "millrace.product.records",
                "Sum of the next offsets of all partitions: how far the product has read",
                ProductMeters::records);
        gauge(
                product,
                meters,
                "millrace.product.lag.records",
                "How far the product is behind its topic's end, which is looked at every few seconds",
                Product::lag);
        gauge(
                product,
                meters,
                "millrace.product.lost.records",
                "Offsets passed over since the topic no longer had them, since the start",
                Product::lost);
        for (ProductState.Phase phase : ProductState.Phase.values()) {
            Gauge.builder(
                            "millrace.product.state",
                            product,
                            each -> each.state().phase() == phase ? 1 : 0)
                    .description("1 for the state that the product's input is in, 0 for the others")
                    .tag("domain", product.domain())
                    .tag("product", product.name())
                    .tag("state", phase.name())
                    .strongReference(true)
                    .register(meters);
        }
        gauge(
                product,
                meters,
                "millrace.product.undurable.records",
                "Records that a restart would read again",
                ProductMeters::undurable);
        gauge(
                product,
                meters,
                "millrace.product.contract.unserved",
                "1 while the mesh folder holds a contract of the product that is not the one served",
                each -> each.contractChange().isPresent() ? 1 : 0);
        product.deadLetters()
                .ifPresent(letters -> gauge(
                        product,
                        meters,
                        "millrace.product.dead.letters",
                        "Records that broke the contract, replayed ones too",
                        each -> rows(letters)));
        gauge(
                product,
                meters,
                "millrace.product.memory.bytes",
                "Off-heap memory not yet on disk",
                each -> each.store().memoryBytes());
        gauge(
                product,
                meters,
                "millrace.product.broken.files",
                "Files found broken since the start, whose records are read again",
                each -> each.store().recoveryNotes().size());
        gauge(
                product,
                meters,
                "millrace.product.unwritable",
                "1 while the product's files cannot be written, on a full disk for example",
                each -> each.store().fileFault().isPresent() ? 1 : 0);
        for (QualityRule rule : product.quality().rules()) {
            gauge(
                    product,
                    rule,
                    meters,
                    "millrace.quality.value",
                    "What a quality rule measured",
                    result -> result.value().map(BigDecimal::doubleValue).orElse(Double.NaN));
            gauge(
                    product,
                    rule,
                    meters,
                    "millrace.quality.passed",
                    "1 where a quality rule holds, 0 where it is broken",
                    result -> switch (result.status()) {
                        case PASSED -> 1;
                        case FAILED -> 0;
                        case NOT_EVALUATED -> Double.NaN;
                    });
        }
    }

    private static void gauge(
            Product product,
            QualityRule rule,
            MeterRegistry meters,
            String name,
            String description,
            ToDoubleFunction<RuleResult> value) {
        Gauge.builder(
                        name,
                        product.quality(),
                        quality -> quality.latest()
                                .flatMap(report -> report.results().stream()
                                        .filter(result -> result.rule().key().equals(rule.key()))
                                        .findFirst())
                                .map(value::applyAsDouble)
                                .orElse(Double.NaN))
                .description(description)
                .tag("domain", product.domain())
                .tag("product", product.name())
                .tag("rule", rule.key())
                .strongReference(true)
                .register(meters);
    }

    private static void gauge(
            Product product, MeterRegistry meters, String name, String description, ToDoubleFunction<Product> value) {
        Gauge.builder(name, product, value)
                .description(description)
                .tag("domain", product.domain())
                .tag("product", product.name())
                .strongReference(true)
                .register(meters);
    }

    private static double rows(Product product) {
        try (Snapshot snapshot = product.snapshot()) {
            return snapshot.rows();
        }
    }

    private static double records(Product product) {
        return sum(product.position());
    }

    private static double undurable(Product product) {
        return Math.max(0, sum(product.position()) - sum(product.store().durable()));
    }

    private static double sum(Position position) {
        double sum = 0;
        for (int partition = 0; partition < position.partitions(); partition++) {
            sum += position.next(partition);
        }
        return sum;
    }
}
