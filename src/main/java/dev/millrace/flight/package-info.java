/**
 * Arrow Flight output ports: {@link dev.millrace.flight.FlightPort} and the requests and answers that layers see. The
 * only room that sees gRPC. Imports rows 1 to 8.
 */
@NullMarked
package dev.millrace.flight;

import org.jspecify.annotations.NullMarked;
