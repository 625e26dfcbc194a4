package dev.millrace.query;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.ProblemException;
import dev.millrace.problem.Status;
import dev.millrace.store.Position;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class CursorCodecTest {
    private final CursorCodec codec = new CursorCodec("0123456789abcdef".getBytes(UTF_8));
    private final PageCursor cursor = new PageCursor(Position.of("topic-1", 1L << 60, 0, 17), 2, 15, 3, -42);

    @Test
    void decode_whatWasEncoded_isEqualAndUrlSafe() {
        String text = codec.encode("d.p", cursor);
        assertTrue(text.matches("[A-Za-z0-9_-]+"), text);
        assertEquals(cursor, codec.decode("d.p", text, -42));
    }

    @Test
    void decode_anyBitFlipped_isRefused() {
        byte[] bytes = Base64.getUrlDecoder().decode(codec.encode("d.p", cursor));
        for (int bit = 0; bit < bytes.length * 8; bit++) {
            byte[] changed = bytes.clone();
            changed[bit >> 3] ^= (byte) (1 << (bit & 7));
            refused("d.p", Base64.getUrlEncoder().withoutPadding().encodeToString(changed), -42);
        }
    }

    @Test
    void decode_cutAtAnyPlace_isRefused() {
        String text = codec.encode("d.p", cursor);
        for (int length = 0; length < text.length(); length++) {
            refused("d.p", text.substring(0, length), -42);
        }
    }

    @Test
    void decode_ofAnotherProductServerOrQuery_isRefused() {
        String text = codec.encode("d.p", cursor);
        refused("d.q", text, -42);
        refused("d.p", text, 42);
        refused("d.p", new CursorCodec("another secret, 16+".getBytes(UTF_8)).encode("d.p", cursor), -42);
    }

    private void refused(String product, String text, long fingerprint) {
        var thrown = assertThrows(ProblemException.class, () -> codec.decode(product, text, fingerprint));
        assertEquals(Status.INVALID_PARAMETER, thrown.problem().status());
    }
}
