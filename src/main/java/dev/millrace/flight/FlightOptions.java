package dev.millrace.flight;

import dev.millrace.security.Authentication;
import dev.millrace.security.PortTls;
import java.time.Duration;
import java.time.InstantSource;

/**
 * How a Flight port is set up.
 *
 * @param host the address to listen on
 * @param port the port to listen on; 0 picks a free one
 * @param memoryBytes limit of the off-heap bytes that answers may copy; what is sent in place counts for its product
 * @param maxPutBytes of what a client writes in one call
 * @param tls of its connections, where it is on
 * @param authentication finds out who calls; asked once for each call, on its event loop
 */
public record FlightOptions(
        String host,
        int port,
        long memoryBytes,
        Tickets tickets,
        int maxPutBytes,
        Authentication authentication,
        PortTls tls) {
    private static final int USUAL_PUT_BYTES = 8 << 20;

    /** The same, with 8 MiB a writing call, and for anybody. */
    public FlightOptions(String host, int port, long memoryBytes, Tickets tickets) {
        this(host, port, memoryBytes, tickets, USUAL_PUT_BYTES, Authentication.ANYBODY, PortTls.none());
    }

    /**
     * How tickets are made.
     *
     * @param secret signs tickets (HMAC-SHA256), at least 16 bytes; servers that share it take each other's tickets
     * @param lifetime how long a ticket is good for
     */
    @SuppressWarnings("ArrayRecordComponent") // copied on the way in; never compared
    public record Tickets(byte[] secret, Duration lifetime, InstantSource clock) {
        private static final int MIN_SECRET_BYTES = 16;

        public Tickets {
            if (secret.length < MIN_SECRET_BYTES) {
                throw new IllegalArgumentException(
                        "The secret has " + secret.length + " bytes, at least 16 are needed.");
            }
            secret = secret.clone();
        }

        /** Tickets that are good for an hour by the system's clock. */
        public static Tickets signedWith(byte[] secret) {
            return new Tickets(secret, Duration.ofHours(1), InstantSource.system());
        }
    }
}
