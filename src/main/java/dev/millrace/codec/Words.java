package dev.millrace.codec;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Eight bytes of a heap array as one little-endian word, and what can be said of them at once. All reads are checked
 * against the array's bounds.
 *
 * <p>The digit arithmetic is that of Lemire's "Number parsing at a gigabyte per second" (2021) and Mula's SWAR notes.
 */
final class Words {
    /** Turns eight ASCII digits into their values by exclusive or. */
    static final long ZEROS = 0x3030303030303030L;

    private static final int NULL = 0x6c6c756e;
    private static final int TRUE = 0x65757274;
    private static final int ALSE = 0x65736c61;
    /** Set in bytes that are not ASCII. */
    static final long HIGH_BITS = 0x8080808080808080L;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private Words() {}

    static long at(byte[] bytes, int index) {
        return (long) LONG.get(bytes, index);
    }

    static int halfAt(byte[] bytes, int index) {
        return (int) INT.get(bytes, index);
    }

    static void put(byte[] bytes, int index, long word) {
        LONG.set(bytes, index, word);
    }

    /** How many of the first bytes are at most 9, 0 to 8. */
    static int digits(long xored) {
        // A byte above 9 gets its high bit; its carry reaches only bytes behind it.
        long others = ((xored + 0x7676767676767676L) | xored) & HIGH_BITS;
        return Long.numberOfTrailingZeros(others) >>> 3;
    }

    /** The number that the first {@code count} bytes, 1 to 8, spell as digits of values 0 to 9. */
    static long value(long xored, int count) {
        long digits = xored << (64 - (count << 3));
        long pairs = digits * 10 + (digits >>> 8);
        return (((pairs & 0x000000FF000000FFL) * 0x000F424000000064L)
                        + (((pairs >>> 16) & 0x000000FF000000FFL) * 0x0000271000000001L))
                >>> 32;
    }

    /** Whether all eight bytes are at most what {@code limits} allows: 0x76 a digit, 0x7F nothing but zero. */
    static boolean within(long xored, long limits) {
        return (((xored + limits) | xored) & HIGH_BITS) == 0;
    }

    static boolean isNull(byte[] b, int at) {
        return halfAt(b, at) == NULL;
    }

    static boolean isTrue(byte[] b, int at) {
        return halfAt(b, at) == TRUE;
    }

    static boolean isFalse(byte[] b, int at) {
        return b[at] == 'f' && halfAt(b, at + 1) == ALSE;
    }

    /** The index of the next byte that is not JSON's white space. */
    static int skipSpace(byte[] b, int from) {
        int at = from;
        byte c = b[at];
        while (c <= ' ' && (c == ' ' || c == '\n' || c == '\r' || c == '\t')) {
            c = b[++at];
        }
        return at;
    }
}
