package dev.millrace.flight;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.domain.Products;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.problem.Status;
import dev.millrace.store.Position;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.arrow.flight.FlightStatusCode;
import org.junit.jupiter.api.Test;

class TicketOfficeTest {
    private static final byte[] SECRET = "0123456789abcdef".getBytes(UTF_8);
    private static final Position AT = Position.of("topic", 5, 6);

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.ofEpochSecond(1_000_000));
    private final TicketOffice office = office(SECRET, true);
    private final Selection selection = new Selection(
            Products.of("d", "p", new FakeStore()), FakeStore.SCHEMA.columns().subList(0, 2), Optional.empty());

    private TicketOffice office(byte[] secret, boolean plain) {
        return new TicketOffice(new FlightOptions.Tickets(secret, Duration.ofHours(1), now::get, plain));
    }

    private byte[] ticket() {
        return office.sign(selection, AT, office.expiry());
    }

    @Test
    void read_signed_isWhatWasSigned() {
        ReadTicket read = office.read(ticket());
        assertEquals(new ReadTicket("d.p", AT.toString(), List.of("id", "origin"), null, 1_003_600L), read);
        assertEquals(read, office(SECRET, false).read(ticket()));
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
        byte[] foreign = office("fedcba9876543210".getBytes(UTF_8), true).sign(selection, AT, office.expiry());
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
    void read_plain_isReadWhereAllowed() {
        byte[] plain = "{\"product\":\"p\",\"limit\":3,\"select\":[\"id\"]}".getBytes(UTF_8);
        assertEquals(new ReadTicket("p", null, List.of("id"), 3L, null), office.read(plain));
        assertThrows(ProblemException.class, () -> office(SECRET, false).read(plain));
    }

    @Test
    void read_brokenPlain_isRefused() {
        assertRefused("'colour'", "{\"product\":\"p\",\"colour\":1}".getBytes(UTF_8));
        for (String broken : List.of(
                "{", "{}", "{\"product\":null}", "{\"product\":\"p\"}x", "{\"product\":\"p\",\"product\":\"q\"}")) {
            assertRefused("JSON", broken.getBytes(UTF_8));
        }
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
