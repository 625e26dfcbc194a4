package dev.millrace.flight;

import com.google.protobuf.Any;
import dev.millrace.domain.Product;
import dev.millrace.domain.Request;
import dev.millrace.layer.Lease;
import dev.millrace.security.Identity;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.flight.FlightDescriptor;

/** One Flight call as the layers around the port see it. Immutable. */
public sealed interface FlightRequest {
    /** What is asked, as layers and views see it. */
    Request asked();

    /** The same, asked by whoever was found to ask. */
    default FlightRequest by(Identity who) {
        if (asked().caller() == who.principal()) {
            return this;
        }
        Request by = asked().by(who);
        return switch (this) {
            case Catalogue(var _, var prefix) -> new Catalogue(by, prefix);
            case Info(var _, var wanted, var descriptor) -> new Info(by, wanted, descriptor);
            case Shape(var _, var wanted) -> new Shape(by, wanted);
            case Read(var _, var ticket) -> new Read(by, ticket);
            case SqlInfo(var _, var command, var descriptor) -> new SqlInfo(by, command, descriptor);
            case SqlRead(var _, var command) -> new SqlRead(by, command);
            case SqlPrepare(var _, var statement) -> new SqlPrepare(by, statement);
            case SqlBind(var _, var command, var rows) -> new SqlBind(by, command, rows);
            case Write(var _, var path, var rows, var prefer, var key, var memory) ->
                new Write(by, path, rows, prefer, key, memory);
        };
    }

    /** The product that it names, whether or not there is such a one; empty where it names none. */
    default String named() {
        return switch (this) {
            case Catalogue _, SqlInfo _, SqlRead _, SqlPrepare _, SqlBind _ -> "";
            case Info info -> info.wanted().product();
            case Shape shape -> shape.wanted().product();
            case Read read -> read.asked().product().map(Product::qualifiedName).orElse("");
            case Write write -> String.join(".", write.path());
        };
    }

    /** Whether its time is the requests'; that of statements is {@code sql.timeout}, from their turn on. */
    default boolean isBounded() {
        return !(this instanceof SqlInfo || this instanceof SqlRead || this instanceof SqlPrepare);
    }

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

    /** GetFlightInfo, or GetSchema, of a command of Flight SQL, in a descriptor which the answer repeats. */
    record SqlInfo(Request asked, Any command, FlightDescriptor descriptor) implements FlightRequest {}

    /** DoGet of a command of Flight SQL about the mesh, which is its own ticket. */
    record SqlRead(Request asked, Any command) implements FlightRequest {}

    /** DoAction that prepares a statement. */
    record SqlPrepare(Request asked, String statement) implements FlightRequest {}

    /** DoPut of the values of a prepared statement's parameters, in an Arrow IPC stream. */
    @SuppressWarnings("ArrayRecordComponent") // taken over; never compared
    record SqlBind(Request asked, Any command, byte[] rows) implements FlightRequest {}

    /** DoPut into a descriptor path; the rows are an Arrow IPC stream, the rest is as the headers have it; the memory is borrowed. */
    @SuppressWarnings("ArrayRecordComponent") // taken over; never compared
    record Write(Request asked, List<String> path, byte[] rows, String prefer, String idempotencyKey, Lease memory)
            implements FlightRequest {
        public Write {
            path = List.copyOf(path);
        }
    }
}
