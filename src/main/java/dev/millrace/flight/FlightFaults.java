package dev.millrace.flight;

import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns failures into what Flight clients see: the edge of the server, where nothing passes unseen. Any thread. */
final class FlightFaults {
    private static final Logger LOG = LoggerFactory.getLogger(FlightFaults.class);
    private static final List<String> METHODS = List.of("ListFlights", "GetFlightInfo", "GetSchema", "DoGet", "DoPut");
    private static final int MAX_DESCRIPTION = 800;

    private FlightFaults() {}

    /** The Flight failure for any failure: a problem as its status says; anything else is logged with a reference. */
    static FlightRuntimeException of(String method, Throwable failure) {
        return switch (failure) {
            case ProblemException expected -> of(expected.problem());
            case FlightRuntimeException flight -> flight;
            case CancellationException gone ->
                CallStatus.CANCELLED
                        .withDescription("The client is gone.")
                        .withCause(gone)
                        .toRuntimeException();
            case CompletionException wrapper when wrapper.getCause() != null -> of(method, wrapper.getCause());
            default -> {
                String reference = UUID.randomUUID().toString();
                LOG.error("{} failed, reference {}", method, reference, failure);
                yield of(new Problem.Internal(reference));
            }
        };
    }

    /** The Flight failure for a method that there is none of here. */
    static FlightRuntimeException unimplemented(String method) {
        return of(new Problem.MethodNotAllowed(method, METHODS));
    }

    /** The Flight failure for a command descriptor that is nobody's. */
    static FlightRuntimeException command() {
        return CallStatus.INVALID_ARGUMENT
                .withDescription(
                        "The command cannot be read. Expected: a command of Flight SQL, a JSON object, or a path:"
                                + " [domain, product].")
                .toRuntimeException();
    }

    private static FlightRuntimeException of(Problem problem) {
        return new CallStatus(FlightStatusCode.valueOf(problem.status().flight()))
                .withDescription(cut(problem.detail()))
                .toRuntimeException();
    }

    /** A description travels in a trailer, percent-encoded, and clients refuse trailers of more than 8 or 16 KiB. */
    private static String cut(String detail) {
        if (detail.length() <= MAX_DESCRIPTION) {
            return detail;
        }
        int end = Character.isHighSurrogate(detail.charAt(MAX_DESCRIPTION - 1)) ? MAX_DESCRIPTION - 1 : MAX_DESCRIPTION;
        return detail.substring(0, end) + "…";
    }
}
