package dev.millrace.bench.ingest;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.time.Instant;
import java.time.LocalDateTime;

/** A record of the topic as an application would declare it. */
sealed interface Row {
    String id();

    record Order(String id, long customer, double amount, String currency, Instant placedAt, String state)
            implements Row {}

    record Flight(
            @JsonProperty("flight_id") String id,
            LocalDateTime date,
            int delay,
            int distance,
            String origin,
            String destination)
            implements Row {}

    /** A mapper as an application would make it. */
    static ObjectMapper mapper() {
        return new ObjectMapper().registerModule(new JavaTimeModule());
    }
}
