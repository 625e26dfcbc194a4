package dev.millrace.flight;

import dev.millrace.layer.Places;

/**
 * What clients of a Flight port have shares of.
 *
 * @param calls that are open: streams, uploads, and questions whose answer is on its way
 * @param waiters calls that wait for a position
 * @param memory bytes of requests, of all ports together
 */
public record FlightPlaces(Places connections, Places calls, Places waiters, Places memory) {
    private static final int MANY = 1_000_000;

    /** Places enough for everybody. */
    public static FlightPlaces unshared() {
        return new FlightPlaces(
                Places.unshared("flight.connections", MANY),
                Places.unshared("flight.calls", MANY),
                Places.unshared("flight.waiters", MANY),
                Places.unshared("request.bytes", Integer.MAX_VALUE));
    }
}
