package dev.millrace.layer;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

/** Makes the places of a server, each with the same part of them as one client's share, and shows them as meters. */
public final class Shares {
    private static final long RETRY_AFTER_SECONDS = 1;

    private final int percent;
    private final MeterRegistry meters;

    /** @param percent of the places of a kind that one client can have when no other has any, 1 to 100 */
    public Shares(int percent, MeterRegistry meters) {
        this.percent = percent;
        this.meters = meters;
    }

    /** Places of a kind; {@code kind} is the meters' tag. */
    public Places places(String kind, long total) {
        return places(kind, total, Math.max(1, total * percent / 100));
    }

    /** Places of a kind with a share of its own. */
    public Places places(String kind, long total, long share) {
        var places = new Places(kind, total, share, RETRY_AFTER_SECONDS);
        Gauge.builder("millrace.places.taken", places, Places::taken)
                .description("Places that are taken: connections, requests, bytes")
                .tag("kind", kind)
                .register(meters);
        Gauge.builder("millrace.places.limit", places, Places::total)
                .description("Places that there are")
                .tag("kind", kind)
                .register(meters);
        FunctionCounter.builder("millrace.places.refused", places, Places::refusedShare)
                .description("Takings that found no place: in all, or of the client's share")
                .tags("kind", kind, "of", "share")
                .register(meters);
        FunctionCounter.builder("millrace.places.refused", places, Places::refusedFull)
                .tags("kind", kind, "of", "all")
                .register(meters);
        return places;
    }
}
