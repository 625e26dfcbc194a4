package dev.millrace.flight;

import dev.millrace.domain.Request;
import dev.millrace.layer.Lease;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.flight.FlightDescriptor;

/** One Flight call as the layers around the port see it. Immutable. */
public sealed interface FlightRequest {
    /** What is asked, as layers and views see it. */
    Request asked();

    /** Who asks: the key of a limit or a share per client. */
    default String client() {
        return asked().client();
    }

    /** The Flight method's name. */
    default String method() {
        return asked().operation();
    }

    /** ListFlights: all products whose qualified name starts with {@code prefix}. */
    record Catalogue(Request asked, String prefix) implements FlightRequest {}

    /**
     * What a descriptor names: a product, by any of its names, and the parameters of a query.
     *
     * @param parameters in the descriptor's order
     */
    record Wanted(String product, Map<String, String> parameters) {
        public Wanted {
            parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
        }
    }

    /** GetFlightInfo of a descriptor, which the answer repeats. */
    record Info(Request asked, Wanted wanted, FlightDescriptor descriptor) implements FlightRequest {}

    /** GetSchema of a descriptor. */
    record Shape(Request asked, Wanted wanted) implements FlightRequest {}

    /** DoGet of a ticket. */
    @SuppressWarnings("ArrayRecordComponent") // borrowed from the call; never compared
    record Read(Request asked, byte[] ticket) implements FlightRequest {}

    /** DoPut into a descriptor path; the rows are an Arrow IPC stream, the rest is as the headers have it; the memory is borrowed. */
    @SuppressWarnings("ArrayRecordComponent") // taken over; never compared
    record Write(Request asked, List<String> path, byte[] rows, String prefer, String idempotencyKey, Lease memory)
            implements FlightRequest {
        public Write {
            path = List.copyOf(path);
        }
    }
}
