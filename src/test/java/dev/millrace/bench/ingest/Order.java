package dev.millrace.bench.ingest;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.time.Instant;

/** An order as an application would declare it. */
record Order(String id, long customer, double amount, String currency, Instant placedAt, String state) {
    /** A mapper as an application would make it. */
    static ObjectMapper mapper() {
        return new ObjectMapper().registerModule(new JavaTimeModule());
    }
}
