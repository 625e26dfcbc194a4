package dev.millrace.arrow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Random;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

class SecretHashTest {
    @Test
    void of_anyLength_isTheSameOnTheHeapAndByAddress() {
        var secret = SecretHash.random();
        for (int length = 0; length < 300; length++) {
            byte[] bytes = new byte[length + 2];
            for (int i = 0; i < length; i++) {
                bytes[i + 1] = (byte) (i * 37);
            }
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment beside = arena.allocate(length + 1L);
                MemorySegment.copy(bytes, 1, beside, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, length);
                assertEquals(secret.of(bytes, 1, length), secret.of(beside.address(), length), "length " + length);
            }
        }
    }

    /** A shorter value with another first word would have the state of the longer one if the length were mixed in first. */
    @Test
    void of_valuesOfAnotherLength_isAnother() {
        for (int more = 1; more < 8; more++) {
            for (long change = 0; change < 16; change++) {
                var hashes = new HashSet<Long>();
                var secret = SecretHash.random();
                for (int length : new int[] {8 + more - 1, 8 + more}) {
                    var key = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
                    key.putLong(0, length == 8 + more ? 0x4141414141414141L ^ change : 0x4141414141414141L);
                    hashes.add(secret.of(key.array(), 0, length));
                }
                assertEquals(2, hashes.size());
            }
        }
        assertNotEquals(
                SecretHash.random().of(new byte[0], 0, 0), SecretHash.random().of(new byte[1], 0, 1));
    }

    /** Runs of numbers, of multiples, and of texts that differ in few bits fill a table as random values do. */
    @Test
    void of_valuesInARow_areSpread() {
        for (int round = 0; round < 20; round++) {
            var random = new Random();
            var seed = random.nextLong();
            var secret = new SecretHash(seed, seed * 31);
            long step = 1L << random.nextInt(48);
            assertSpread(i -> secret.of(i), "numbers, seed " + seed);
            assertSpread(i -> secret.of(i * step), "multiples of " + step + ", seed " + seed);
            assertSpread(i -> secret.of(text(i), 0, 9), "texts, seed " + seed);
            assertSpread(i -> secret.combine(secret.of(7), secret.of(i)), "composite, seed " + seed);
        }
    }

    private static byte[] text(long i) {
        return Long.toString(100_000_000 + i).getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }

    /** 65,536 hashes by their first 16 bits: of random ones a bin of more than 14 comes once in 10^7. */
    private static void assertSpread(LongUnaryOperator hash, String what) {
        var bins = new int[1 << 16];
        int most = 0;
        for (int i = 0; i < bins.length; i++) {
            most = Math.max(most, ++bins[(int) (hash.applyAsLong(i) >>> 48)]);
        }
        assertTrue(most <= 16, what + ": " + most);
    }

    @Test
    void of_underAnotherSecret_isAnother() {
        byte[] text = "a key".getBytes(java.nio.charset.StandardCharsets.UTF_8);
        long hash = new SecretHash(1, 2).of(text, 0, text.length);
        assertNotEquals(hash, new SecretHash(2, 1).of(text, 0, text.length));
        assertNotEquals(
                SecretHash.random().of(text, 0, text.length),
                SecretHash.random().of(text, 0, text.length));
    }
}
