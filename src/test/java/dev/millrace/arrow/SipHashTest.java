package dev.millrace.arrow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SipHashTest {
    /** By length of 0, 1, 2, … : what CPython 3.11, whose hash of bytes is SipHash-1-3, says with PYTHONHASHSEED=0. */
    private static final Map<Integer, Long> PYTHONS = Map.of(
            1, 0x68a914128e01e473L,
            3, 0x4d4c9a4a8ef6e0adL,
            7, 0x2f098ab0c751325aL,
            8, 0xead411e67ebe2eeaL,
            9, 0x75927f9d95124362L,
            12, 0xa6baf4fb0f9fe1c2L,
            15, 0xf30eb725bb91c9eaL,
            16, 0x8972188433a5c5b7L,
            23, 0x37332b1389daa4ffL,
            40, 0x95bc321ab41d8206L);

    @Test
    void of_anyLength_isSipHash13() {
        var zero = new SipHash(0, 0);
        PYTHONS.forEach((length, hash) -> {
            byte[] bytes = new byte[length + 2];
            for (int i = 0; i < length; i++) {
                bytes[i + 1] = (byte) i;
            }
            assertEquals(hash, zero.of(bytes, 1, length), "on the heap, length " + length);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment beside = arena.allocate(length);
                MemorySegment.copy(bytes, 1, beside, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, length);
                assertEquals(hash, zero.of(beside.address(), length), "by address, length " + length);
            }
        });
        assertEquals(PYTHONS.get(8), zero.of(0x0706050403020100L));
        assertEquals(PYTHONS.get(16), zero.combine(0x0706050403020100L, 0x0f0e0d0c0b0a0908L));
    }

    @Test
    void of_underAnotherSecret_isAnother() {
        byte[] text = "a key".getBytes(java.nio.charset.StandardCharsets.UTF_8);
        long hash = new SipHash(1, 2).of(text, 0, text.length);
        assertNotEquals(hash, new SipHash(2, 1).of(text, 0, text.length));
        assertNotEquals(
                SipHash.random().of(text, 0, text.length), SipHash.random().of(text, 0, text.length));
    }
}
