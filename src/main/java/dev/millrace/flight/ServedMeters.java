package dev.millrace.flight;

import dev.millrace.domain.ProductRegistry;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Counts what was handed to the network, by product. Any thread. */
final class ServedMeters {
    /** The counters of one product. */
    record Served(Counter rows, Counter bytes) {}

    private final MeterRegistry meters;
    private final Map<String, Served> served = new ConcurrentHashMap<>();

    ServedMeters(ProductRegistry registry, MeterRegistry meters) {
        this.meters = meters;
        registry.withDeadLetters().forEach(product -> of(product.qualifiedName()));
    }

    private static Served served(String product, MeterRegistry meters) {
        return new Served(
                Counter.builder("millrace.flight.rows")
                        .description("Rows streamed by DoGet")
                        .tag("product", product)
                        .register(meters),
                Counter.builder("millrace.flight.sent")
                        .description("Bytes of record batches streamed by DoGet")
                        .baseUnit("bytes")
                        .tag("product", product)
                        .register(meters));
    }

    /** @param product its qualified name, or what else rows are of */
    Served of(String product) {
        return served.computeIfAbsent(product, name -> served(name, meters));
    }
}
