package dev.millrace.flight;

import dev.millrace.domain.Product;
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
        registry.withDeadLetters().forEach(this::of);
    }

    private static Served served(Product product, MeterRegistry meters) {
        return new Served(
                Counter.builder("millrace.flight.rows")
                        .description("Rows streamed by DoGet")
                        .tag("product", product.qualifiedName())
                        .register(meters),
                Counter.builder("millrace.flight.sent")
                        .description("Bytes of record batches streamed by DoGet")
                        .baseUnit("bytes")
                        .tag("product", product.qualifiedName())
                        .register(meters));
    }

    Served of(Product product) {
        return served.computeIfAbsent(product.qualifiedName(), name -> served(product, meters));
    }
}
