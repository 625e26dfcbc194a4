package dev.millrace.query;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.problem.Problem;
import dev.millrace.security.Hmac;
import dev.millrace.store.Position;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;

/**
 * Cursors as URL-safe text that only this server can have made: the fields, then the first 16 bytes of an HMAC-SHA256 over
 * the product's name and them. Any thread.
 *
 * <p>Fields, big-endian: version (1 byte), fingerprint (8), partition (4), offset (8), rows to skip (4), number of
 * partitions (4), each partition's next offset (8), the topic id in UTF-8 (the rest).
 */
public final class CursorCodec {
    private static final byte VERSION = 2;
    private static final int SIGNATURE_BYTES = 16;
    private static final int MAX_TEXT = 16_384;
    private static final String EXPECTED =
            "the 'next' of the page before, with the same select and filters; or no cursor, for the first page";

    private final Hmac hmac;

    /** A codec that signs with {@code secret}, at least 16 bytes, which it copies. */
    public CursorCodec(byte[] secret) {
        if (secret.length < 16) {
            throw new IllegalArgumentException("a cursor secret has at least 16 bytes");
        }
        hmac = new Hmac(secret);
    }

    /** The text form of a cursor of a product. */
    public String encode(String product, PageCursor cursor) {
        Position position = cursor.position();
        byte[] topic = position.topicId().getBytes(UTF_8);
        ByteBuffer bytes =
                ByteBuffer.allocate(1 + 8 + 4 + 8 + 4 + 4 + 8 * position.partitions() + topic.length + SIGNATURE_BYTES);
        bytes.put(VERSION)
                .putLong(cursor.fingerprint())
                .putInt(cursor.partition())
                .putLong(cursor.offset())
                .putInt(cursor.skip());
        bytes.putInt(position.partitions());
        for (int partition = 0; partition < position.partitions(); partition++) {
            bytes.putLong(position.next(partition));
        }
        bytes.put(topic);
        int signed = bytes.position();
        bytes.put(signature(product, bytes.array(), signed), 0, SIGNATURE_BYTES);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
    }

    /**
     * The cursor that {@link #encode} wrote for this product and for a query with this fingerprint.
     *
     * @throws dev.millrace.problem.ProblemException with {@code InvalidParameter} for any other text
     */
    public PageCursor decode(String product, String text, long fingerprint) {
        byte[] bytes = text.length() > MAX_TEXT ? new byte[0] : fromBase64(text);
        int signed = bytes.length - SIGNATURE_BYTES;
        if (signed < 0
                || !MessageDigest.isEqual(
                        Arrays.copyOf(signature(product, bytes, signed), SIGNATURE_BYTES),
                        Arrays.copyOfRange(bytes, signed, bytes.length))) {
            throw problem("this is no cursor of this product on this server.");
        }
        try {
            ByteBuffer fields = ByteBuffer.wrap(bytes, 0, signed);
            if (fields.get() != VERSION) {
                throw problem("the cursor is of another version of the server.");
            }
            if (fields.getLong() != fingerprint) {
                throw problem("the cursor belongs to a query with another select or other filters.");
            }
            int partition = fields.getInt();
            long offset = fields.getLong();
            int skip = fields.getInt();
            long[] next = new long[fields.getInt()];
            for (int i = 0; i < next.length; i++) {
                next[i] = fields.getLong();
            }
            String topic = UTF_8.decode(fields).toString();
            return new PageCursor(Position.of(topic, next), partition, offset, skip, fingerprint);
        } catch (BufferUnderflowException | NegativeArraySizeException signedByAnother) {
            throw problem("the cursor is of another version of the server.");
        }
    }

    private static RuntimeException problem(String reason) {
        return new Problem.InvalidParameter("cursor", reason, EXPECTED).exception();
    }

    private static byte[] fromBase64(String text) {
        try {
            return Base64.getUrlDecoder().decode(text);
        } catch (IllegalArgumentException notBase64) {
            return new byte[0];
        }
    }

    private byte[] signature(String product, byte[] fields, int length) {
        return hmac.of(product.getBytes(UTF_8), new byte[1], Arrays.copyOf(fields, length));
    }
}
