package dev.millrace.flight;

import dev.millrace.domain.Product;
import dev.millrace.domain.ProductRegistry;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.stream.Collectors;

/** Counts what was handed to the network, by product. Any thread. */
final class ServedMeters {
    /** The counters of one product. */
    record Served(Counter rows, Counter bytes) {}

    private final Map<String, Served> served;

    ServedMeters(ProductRegistry registry, MeterRegistry meters) {
        this.served = registry.withDeadLetters().stream()
                .collect(Collectors.toMap(Product::qualifiedName, product -> served(product, meters)));
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
        Served counters = served.get(product.qualifiedName());
        if (counters == null) {
            throw new IllegalArgumentException("no product of this registry: " + product.qualifiedName());
        }
        return counters;
    }
}
