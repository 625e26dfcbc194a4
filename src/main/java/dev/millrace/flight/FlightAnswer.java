package dev.millrace.flight;

import com.google.protobuf.ByteString;
import dev.millrace.security.Audit;
import java.util.List;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.vector.types.pojo.Schema;

/** What the port answers a {@link FlightRequest}; whoever receives one closes it. */
public sealed interface FlightAnswer extends AutoCloseable {
    /** Gives back what the answer holds: a reading for {@link Rows}, else nothing. */
    @Override
    default void close() {}

    /** What it is, for the audit; of what only begins, neither rows nor bytes. */
    default Audit.Served served() {
        return this instanceof Rows rows ? new Audit.Served(rows.read().position(), -1, -1) : Audit.Served.NOTHING;
    }

    /** The products asked for, in the order of their names. */
    record Infos(List<FlightInfo> infos) implements FlightAnswer {
        public Infos {
            infos = List.copyOf(infos);
        }
    }

    /** A schema with its metadata. */
    record Shape(Schema schema) implements FlightAnswer {}

    /** A small table about the mesh. */
    record Table(SqlTable table) implements FlightAnswer {}

    /** What a client is told of what it put or had done: JSON, or a message of Flight SQL. */
    record Said(ByteString bytes) implements FlightAnswer {}

    /** Rows to stream. */
    record Rows(Streamed read) implements FlightAnswer {
        @Override
        public void close() {
            read.close();
        }
    }
}
