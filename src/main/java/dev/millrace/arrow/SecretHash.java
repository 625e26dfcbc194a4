package dev.millrace.arrow;

import java.security.SecureRandom;

/**
 * The 64-bit hash of key values under a secret, for tables that are filled by outsiders: who does not know the secret
 * cannot find values that collide. The same for bytes on the heap and in a column. Never stored: another process has
 * another secret, so what must stay the same takes {@link Hash}. Immutable; any thread.
 *
 * <p>Multiply-fold mixing as in {@link Hash}, which has constants where this has 256 secret bits. Values that collide there
 * do so for two reasons. They make an operand of a multiplication zero, or equal to another's: each operand here is masked
 * by a secret or multiplied by one. Or they differ in length alone: here the length stands in the last word beside the
 * bytes that are left, so that no two values have the same words. Before the last multiplication both halves of the
 * product are masked, so that differences that went through the first ones are not seen in the hash.
 *
 * <p>It is no cryptographic function, as SecretHash is. That one takes 20 ns a key of 9 bytes in a start's code where this
 * takes 5 and {@link Hash} 3; and what would be left to somebody who measures how long answers take is met by the index,
 * which sees that it is crowded and draws another secret.
 */
public final class SecretHash {
    private final long k0;
    private final long k1;
    private final long k2;
    private final long k3;

    /** The hash under a secret drawn from these. */
    public SecretHash(long seed0, long seed1) {
        this(
                seed0,
                seed1,
                Long.rotateLeft(seed0, 32) ^ 0xa0761d6478bd642fL,
                Long.rotateLeft(seed1, 32) ^ 0xe7037ed1a0b428dbL);
    }

    private SecretHash(long k0, long k1, long k2, long k3) {
        this.k0 = k0;
        this.k1 = k1 | 1;
        this.k2 = k2;
        this.k3 = k3;
    }

    /** The hash under a secret that nobody knows. */
    public static SecretHash random() {
        var random = new SecureRandom();
        return new SecretHash(random.nextLong(), random.nextLong(), random.nextLong(), random.nextLong());
    }

    /** The hash of a fixed-width value, sign-extended to 64 bits. */
    public long of(long value) {
        return end(k0 ^ value);
    }

    /** The hash of {@code length} bytes of {@code bytes} from {@code from}; the caller has checked the range. */
    public long of(byte[] bytes, int from, int length) {
        long state = k0;
        int i = 0;
        for (; i + Long.BYTES <= length; i += Long.BYTES) {
            state = fold(state ^ Memory.heapLong(bytes, from + i), k1);
        }
        long last = (long) length << 56;
        for (int shift = 0; i < length; i++, shift += 8) {
            last |= (bytes[from + i] & 0xFFL) << shift;
        }
        return end(state ^ last);
    }

    /** The hash of a composite key's first components, {@code hash}, and its next component's. */
    public long combine(long hash, long next) {
        return end(fold(hash ^ k0, k1) ^ next);
    }

    long of(long address, int length) {
        long state = k0;
        int i = 0;
        for (; i + Long.BYTES <= length; i += Long.BYTES) {
            state = fold(state ^ Memory.getLong(address + i), k1);
        }
        long last = (long) length << 56;
        for (int shift = 0; i < length; i++, shift += 8) {
            last |= (Memory.getByte(address + i) & 0xFFL) << shift;
        }
        return end(state ^ last);
    }

    private long end(long state) {
        return fold(state * k1 ^ k2, Math.unsignedMultiplyHigh(state, k1) ^ k3);
    }

    private static long fold(long a, long b) {
        return (a * b) ^ Math.unsignedMultiplyHigh(a, b);
    }
}
