package dev.millrace.flight;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.millrace.problem.Problem;
import dev.millrace.security.Hmac;
import dev.millrace.store.Position;
import java.io.IOException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Arrays;

/**
 * Makes and reads tickets. Immutable; any thread.
 *
 * <p>A ticket is a byte 1, the HMAC-SHA256 of the rest (32 bytes), and JSON as {@link ReadTicket} says. It holds
 * all that a read needs, so the server keeps nothing between GetFlightInfo and DoGet.
 */
final class TicketOffice {
    private static final byte SIGNED = 1;
    private static final int MAX_BYTES = 64 * 1024;
    private static final String EXPECTED = "a ticket from GetFlightInfo of this server.";
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final FlightOptions.Tickets options;
    private final Hmac hmac;

    TicketOffice(FlightOptions.Tickets options) {
        this.options = options;
        this.hmac = new Hmac(options.secret());
    }

    /** When a ticket made now ends. */
    Instant expiry() {
        return options.clock().instant().plus(options.lifetime());
    }

    /** A signed ticket for a selection at a position; one that would be too long to read is a {@link Problem}. */
    byte[] sign(Selection selection, Position at, Instant expiry) {
        byte[] json = write(new ReadTicket(
                selection.product().qualifiedName(),
                selection.view().id(),
                at.toString(),
                selection.parameters(),
                expiry.getEpochSecond()));
        if (1 + Hmac.BYTES + json.length > MAX_BYTES) {
            throw new Problem.TooLarge("The ticket of this query", 1L + Hmac.BYTES + json.length, MAX_BYTES)
                    .exception();
        }
        byte[] signed = new byte[1 + Hmac.BYTES + json.length];
        signed[0] = SIGNED;
        System.arraycopy(json, 0, signed, 1 + Hmac.BYTES, json.length);
        System.arraycopy(mac(signed), 0, signed, 1, Hmac.BYTES);
        return signed;
    }

    /** What a ticket says; one that is not ours, expired or broken is a {@link Problem}. */
    ReadTicket read(byte[] ticket) {
        if (ticket.length > MAX_BYTES) {
            throw Selection.invalid("ticket", "it has " + ticket.length + " bytes.", EXPECTED);
        }
        if (ticket.length > 1 + Hmac.BYTES && ticket[0] == SIGNED) {
            return readSigned(ticket);
        }
        throw Selection.invalid("ticket", "it is none of this server's.", EXPECTED);
    }

    private ReadTicket readSigned(byte[] ticket) {
        if (!MessageDigest.isEqual(mac(ticket), Arrays.copyOfRange(ticket, 1, 1 + Hmac.BYTES))) {
            throw Selection.invalid(
                    "ticket", "its signature is not this server's: it was changed, or made elsewhere.", EXPECTED);
        }
        try {
            var read = JSON.readValue(ticket, 1 + Hmac.BYTES, ticket.length - 1 - Hmac.BYTES, ReadTicket.class);
            if (options.clock().instant().getEpochSecond() >= read.expires()) {
                throw Selection.invalid("ticket", "it has expired.", "a fresh one: call GetFlightInfo again.");
            }
            return read;
        } catch (IOException foreign) {
            throw Selection.invalid("ticket", "another version of this server made it.", EXPECTED);
        }
    }

    private byte[] mac(byte[] ticket) {
        return hmac.of(Arrays.copyOfRange(ticket, 1 + Hmac.BYTES, ticket.length));
    }

    private static byte[] write(ReadTicket ticket) {
        try {
            return JSON.writeValueAsBytes(ticket);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("a record of texts and numbers is always JSON", impossible);
        }
    }
}
