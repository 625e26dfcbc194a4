package dev.millrace.arrow;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import sun.misc.Unsafe;

/**
 * Reads and writes by address: the one place of the server that does so. Its callers are the types of this room, each of
 * which holds the bound that makes its access safe.
 *
 * <p>Single values go through {@code Unsafe}: encoding JSON from columns takes 0.8 of the time that it takes over a segment of
 * all memory, whose checks the compiler does not fold away entirely (ADR 5). Runs of bytes go through that segment. All
 * multi-byte values are little-endian, as in Arrow, and so must be the machine.
 */
@SuppressWarnings("removal")
final class Memory {
    static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final VarHandle HEAP_LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle HEAP_INT =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle ALIGNED_LONG = ValueLayout.JAVA_LONG.varHandle();

    private static final Unsafe UNSAFE = unsafe();

    private Memory() {}

    private static Unsafe unsafe() {
        if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            throw new ExceptionInInitializerError("Millrace runs on little-endian machines only");
        }
        try {
            var field = Unsafe.class.getDeclaredField("theUnsafe");
            field.setAccessible(true);
            return (Unsafe) field.get(null);
        } catch (ReflectiveOperationException missing) {
            throw new ExceptionInInitializerError(missing);
        }
    }

    static byte getByte(long address) {
        return UNSAFE.getByte(address);
    }

    static short getShort(long address) {
        return UNSAFE.getShort(address);
    }

    static int getInt(long address) {
        return UNSAFE.getInt(address);
    }

    static long getLong(long address) {
        return UNSAFE.getLong(address);
    }

    static float getFloat(long address) {
        return UNSAFE.getFloat(address);
    }

    static double getDouble(long address) {
        return UNSAFE.getDouble(address);
    }

    static void putByte(long address, byte value) {
        UNSAFE.putByte(address, value);
    }

    static void putShort(long address, short value) {
        UNSAFE.putShort(address, value);
    }

    static void putInt(long address, int value) {
        UNSAFE.putInt(address, value);
    }

    static void putLong(long address, long value) {
        UNSAFE.putLong(address, value);
    }

    static void putFloat(long address, float value) {
        UNSAFE.putFloat(address, value);
    }

    static void putDouble(long address, double value) {
        UNSAFE.putDouble(address, value);
    }

    static long getLongAcquire(long alignedAddress) {
        return (long) ALIGNED_LONG.getAcquire(ALL, alignedAddress);
    }

    static void putLongRelease(long alignedAddress, long value) {
        ALIGNED_LONG.setRelease(ALL, alignedAddress, value);
    }

    static long heapLong(byte[] bytes, int index) {
        return (long) HEAP_LONG.get(bytes, index);
    }

    static int heapInt(byte[] bytes, int index) {
        return (int) HEAP_INT.get(bytes, index);
    }

    /**
     * The high bit of the first byte of a little-endian word that is a quote, a backslash, a control character or not
     * ASCII, or 0; bits behind the first have no meaning. Mycroft's trick (1987).
     */
    static long stops(long word) {
        long quote = word ^ 0x2222222222222222L;
        long backslash = word ^ 0x5c5c5c5c5c5c5c5cL;
        return ((word - 0x2020202020202020L) | (quote - 0x0101010101010101L) | (backslash - 0x0101010101010101L) | word)
                & 0x8080808080808080L;
    }

    static void copy(long from, long to, long bytes) {
        MemorySegment.copy(ALL, from, ALL, to, bytes);
    }

    static void fill(long address, long bytes, byte value) {
        ALL.asSlice(address, bytes).fill(value);
    }

    /** Copies within native memory; short runs go a word at a time, which beats the call for the strings we see. */
    static void copyShort(long from, long to, int bytes) {
        if (bytes > 64) {
            copy(from, to, bytes);
            return;
        }
        int i = 0;
        for (; i + 8 <= bytes; i += 8) {
            putLong(to + i, getLong(from + i));
        }
        for (; i < bytes; i++) {
            putByte(to + i, getByte(from + i));
        }
    }

    /** Copies from the heap; short runs go a word at a time. The caller has checked both ranges. */
    static void copyFromHeap(byte[] from, int index, long to, int bytes) {
        if (bytes > 64) {
            MemorySegment.copy(from, index, ALL, BYTE, to, bytes);
            return;
        }
        int i = 0;
        for (; i + 8 <= bytes; i += 8) {
            putLong(to + i, heapLong(from, index + i));
        }
        for (; i < bytes; i++) {
            putByte(to + i, from[index + i]);
        }
    }

    static void copyToHeap(long from, byte[] to, int index, int bytes) {
        MemorySegment.copy(ALL, BYTE, from, to, index, bytes);
    }

    /** Unsigned lexicographic order, as Arrow and SQL order binary and UTF-8 text. */
    static int compare(long left, int leftBytes, long right, int rightBytes) {
        int common = Math.min(leftBytes, rightBytes);
        int i = 0;
        for (; i + 8 <= common; i += 8) {
            long a = getLong(left + i);
            long b = getLong(right + i);
            if (a != b) {
                return Long.compareUnsigned(Long.reverseBytes(a), Long.reverseBytes(b));
            }
        }
        for (; i < common; i++) {
            int order = Integer.compare(getByte(left + i) & 0xFF, getByte(right + i) & 0xFF);
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(leftBytes, rightBytes);
    }
}
