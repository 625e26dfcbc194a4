package dev.millrace.http;

import dev.millrace.contract.QualityRule;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductState;
import dev.millrace.quality.RuleResult;
import dev.millrace.query.Reading;
import dev.millrace.security.Principal;
import dev.millrace.store.Position;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.math.BigDecimal;
import java.util.Optional;
import java.util.function.Supplier;

/** The gauges of a product; read on the thread that scrapes, which may block. */
record ProductMeters(Product product, MeterRegistry meters) {
    /** Takes a product's gauges away again. */
    static void remove(Product product, MeterRegistry meters) {
        meters.getMeters().stream()
                .filter(meter -> product.domain().equals(meter.getId().getTag("domain"))
                        && product.name().equals(meter.getId().getTag("product")))
                .forEach(meters::remove);
    }

    void register() {
        gauge("millrace.product.rows", "Visible rows", () -> rows(product));
        gauge(
                "millrace.product.records",
                "Sum of the next offsets of all partitions: how far the product has read",
                () -> sum(product.position()));
        gauge(
                "millrace.product.lag.records",
                "How far the product is behind its topic's end, which is looked at every few seconds",
                product::lag);
        gauge(
                "millrace.product.lost.records",
                "Offsets passed over since the topic no longer had them, since the start",
                product::lost);
        gauge(
                "millrace.product.deletes.without.row",
                "Deletes whose key had no row, since the start: their keys may not be those that the rows have",
                product::deletesWithoutRow);
        for (ProductState.Phase phase : ProductState.Phase.values()) {
            gauge(
                    "millrace.product.state",
                    "1 for the state that the product's input is in, 0 for the others",
                    () -> product.state().phase() == phase ? 1 : 0,
                    "state",
                    phase.name());
        }
        gauge(
                "millrace.product.undurable.records",
                "Records that a restart would read again",
                () -> Math.max(0, sum(product.position()) - sum(product.durable())));
        gauge(
                "millrace.product.contract.unserved",
                "1 while the mesh folder holds a contract of the product that is not the one served",
                () -> product.contractChange().isPresent() ? 1 : 0);
        product.deadLetters()
                .ifPresent(letters -> gauge(
                        "millrace.product.dead.letters",
                        "Records that broke the contract, replayed ones too",
                        () -> rows(letters)));
        gauge("millrace.product.memory.bytes", "Off-heap memory not yet on disk", product::memoryBytes);
        gauge(
                "millrace.product.broken.files",
                "Files found broken since the start, whose records are read again",
                product::brokenFiles);
        gauge(
                "millrace.product.files.aside",
                "Files set aside, because no manifest named them or they were broken; to be looked at and deleted",
                product::setAside);
        gauge(
                "millrace.product.unwritable",
                "1 while the product's files cannot be written, on a full disk for example",
                () -> product.fileFault().isPresent() ? 1 : 0);
        product.quality().rules().forEach(this::register);
    }

    private void register(QualityRule rule) {
        Supplier<Optional<RuleResult>> latest = () -> product.quality()
                .latest()
                .flatMap(report -> report.results().stream()
                        .filter(result -> result.rule().key().equals(rule.key()))
                        .findFirst());
        gauge(
                "millrace.quality.value",
                "What a quality rule measured",
                () -> latest.get()
                        .flatMap(RuleResult::value)
                        .map(BigDecimal::doubleValue)
                        .orElse(Double.NaN),
                "rule",
                rule.key());
        gauge(
                "millrace.quality.passed",
                "1 where a quality rule holds, 0 where it is broken",
                () -> latest.get().map(ProductMeters::passed).orElse(Double.NaN),
                "rule",
                rule.key());
    }

    private static double passed(RuleResult result) {
        return switch (result.status()) {
            case PASSED -> 1;
            case FAILED -> 0;
            case NOT_EVALUATED -> Double.NaN;
        };
    }

    private void gauge(String name, String description, Supplier<Number> value, String... tag) {
        Gauge.builder(name, value)
                .description(description)
                .tags("domain", product.domain(), "product", product.name())
                .tags(tag)
                .register(meters);
    }

    private static double rows(Product product) {
        try (Reading reading = product.as(Principal.ANYBODY).open()) {
            return reading.rows();
        }
    }

    private static double sum(Position position) {
        double sum = 0;
        for (int partition = 0; partition < position.partitions(); partition++) {
            sum += position.next(partition);
        }
        return sum;
    }
}
