package dev.millrace.flight;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.domain.Product;
import dev.millrace.domain.Products;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.problem.Status;
import dev.millrace.query.CursorCodec;
import dev.millrace.query.QueryParser;
import dev.millrace.query.View;
import dev.millrace.security.Principal;
import dev.millrace.store.Position;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.arrow.flight.FlightStatusCode;
import org.junit.jupiter.api.Test;

class TicketOfficeTest {
    private static final byte[] SECRET = "0123456789abcdef".getBytes(UTF_8);
    private static final Position AT = Position.of("topic", 5, 6);

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.ofEpochSecond(1_000_000));
    private final TicketOffice office = office(SECRET);
    private final Product product = Products.of("d", "p", new FakeStore());
    private final View view = product.as(Principal.ANYBODY);
    private final Selection selection = new Selection(
            product,
            view,
            Map.of("select", "id,origin"),
            new QueryParser(view, QueryParser.Limits.USUAL, new CursorCodec(SECRET)).parse(List.of()));

    private TicketOffice office(byte[] secret) {
        return new TicketOffice(new FlightOptions.Tickets(secret, Duration.ofHours(1), now::get));
    }

    private byte[] ticket() {
        return office.sign(selection, AT, office.expiry());
    }

    @Test
    void read_signed_isWhatWasSigned() {
        ReadTicket read = office.read(ticket());
        assertEquals(new ReadTicket("d.p", view.id(), AT.toString(), Map.of("select", "id,origin"), 1_003_600L), read);
        assertEquals(read, office(SECRET).read(ticket()));
    }

    @Test
    void read_anyByteChanged_isRefused() {
        byte[] ticket = ticket();
        for (int i = 0; i < ticket.length; i++) {
            byte[] changed = ticket.clone();
            changed[i] ^= 1;
            assertRefused("ticket", changed);
        }
        for (int length = 0; length < ticket.length; length++) {
            assertRefused("ticket", java.util.Arrays.copyOf(ticket, length));
        }
    }

    @Test
    void read_signedElsewhere_isRefused() {
        byte[] foreign = office("fedcba9876543210".getBytes(UTF_8)).sign(selection, AT, office.expiry());
        assertRefused("signature", foreign);
    }

    @Test
    void read_atTheExpiry_isRefused() {
        byte[] ticket = ticket();
        now.set(Instant.ofEpochSecond(1_003_599));
        assertEquals("d.p", office.read(ticket).product());
        now.set(Instant.ofEpochSecond(1_003_600));
        assertRefused("expired", ticket);
    }

    @Test
    void read_unsignedOrTooLong_isRefused() {
        assertRefused("this server's", "{\"product\":\"d.p\"}".getBytes(UTF_8));
        assertRefused("65537", new byte[65_537]);
    }

    @Test
    void status_everyRow_hasAFlightCode() {
        for (Status status : Status.values()) {
            assertEquals(
                    status.flight(), FlightStatusCode.valueOf(status.flight()).name());
        }
    }

    @Test
    void secret_ofLessThan16Bytes_isRefused() {
        assertThrows(
                IllegalArgumentException.class, () -> FlightOptions.Tickets.signedWith("too short".getBytes(UTF_8)));
    }

    private void assertRefused(String says, byte[] ticket) {
        var refused = assertThrows(ProblemException.class, () -> office.read(ticket));
        assertTrue(refused.problem() instanceof Problem.InvalidParameter);
        assertTrue(refused.problem().detail().contains(says), refused.problem()::detail);
    }
}
