package dev.millrace.arrow;

/**
 * The 64-bit hash of values for sketches and tags, which are stored or shown: it stays the same for ever. The same for
 * bytes on the heap and in a column. Multiply-fold mixing over eight bytes at a time, after wyhash (Wang Yi, 2019). Anyone
 * can make values that collide, so tables of outsiders' keys take {@link SecretHash}.
 */
public final class Hash {
    private static final long K0 = 0xa0761d6478bd642fL;
    private static final long K1 = 0xe7037ed1a0b428dbL;

    private Hash() {}

    /** The hash of a fixed-width value, sign-extended to 64 bits. */
    public static long of(long value) {
        return fold(value ^ K0, K1);
    }

    /** The hash of {@code length} bytes of {@code bytes} from {@code from}; the caller has checked the range. */
    public static long of(byte[] bytes, int from, int length) {
        long hash = length ^ K0;
        int i = 0;
        for (; i + 8 <= length; i += 8) {
            hash = fold(hash ^ Memory.heapLong(bytes, from + i), K1);
        }
        long tail = 0;
        for (int shift = 0; i < length; i++, shift += 8) {
            tail |= (bytes[from + i] & 0xFFL) << shift;
        }
        return fold(hash ^ tail, K0);
    }

    /** The hash of a composite key's first components, {@code hash}, and its next component's. */
    public static long combine(long hash, long next) {
        return fold(hash ^ K1, next ^ K0);
    }

    static long of(long address, int length) {
        long hash = length ^ K0;
        int i = 0;
        for (; i + 8 <= length; i += 8) {
            hash = fold(hash ^ Memory.getLong(address + i), K1);
        }
        long tail = 0;
        for (int shift = 0; i < length; i++, shift += 8) {
            tail |= (Memory.getByte(address + i) & 0xFFL) << shift;
        }
        return fold(hash ^ tail, K0);
    }

    private static long fold(long a, long b) {
        return (a * b) ^ Math.unsignedMultiplyHigh(a, b);
    }
}
