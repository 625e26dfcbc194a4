package dev.millrace.security;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;

/**
 * Tokens that stand for a key for a while, so that a tool need not send it with every call: the key's id, an end, and the
 * HMAC-SHA256 of both. The server keeps none; whose it is, and whether the key is still good, is asked of the file of keys.
 */
final class Sessions {
    static final String PREFIX = "mb_";

    private static final byte[] USE = "millrace session".getBytes(US_ASCII);
    private static final int SAID_BYTES = 12 + Long.BYTES;

    private final Hmac hmac;
    private final Duration lifetime;

    /** @param secret of this server; copied */
    Sessions(byte[] secret, Duration lifetime) {
        this.hmac = new Hmac(secret);
        this.lifetime = lifetime;
    }

    /** A token for the key of that id. */
    String begin(String id, Instant now) {
        byte[] said = ByteBuffer.allocate(SAID_BYTES)
                .put(id.getBytes(US_ASCII))
                .putLong(now.plus(lifetime).getEpochSecond())
                .array();
        byte[] token = Arrays.copyOf(said, SAID_BYTES + Hmac.BYTES);
        System.arraycopy(hmac.of(USE, said), 0, token, SAID_BYTES, Hmac.BYTES);
        return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(token);
    }

    /** The id of the key that a token stands for; empty where it is none of this server's, or has ended. */
    Optional<String> id(String token, Instant now) {
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(token.substring(PREFIX.length()));
        } catch (IllegalArgumentException broken) {
            return Optional.empty();
        }
        byte[] said = Arrays.copyOf(bytes, SAID_BYTES);
        boolean ours = bytes.length == SAID_BYTES + Hmac.BYTES
                && MessageDigest.isEqual(hmac.of(USE, said), Arrays.copyOfRange(bytes, SAID_BYTES, bytes.length));
        ByteBuffer read = ByteBuffer.wrap(said);
        byte[] id = new byte[12];
        read.get(id);
        return ours && now.getEpochSecond() < read.getLong() ? Optional.of(new String(id, US_ASCII)) : Optional.empty();
    }
}
