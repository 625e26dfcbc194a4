package dev.millrace.arrow;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

/**
 * A growing run of off-heap bytes that encoders write to. One thread.
 *
 * <p>An encoder calls {@link #reserve} with an upper bound for what it writes next and then writes without further
 * checks; assertions check that it keeps to it. The memory comes from {@code allocate} of its {@link Target}, so that it
 * can be a network buffer.
 */
public final class ByteSink {
    /** Whoever owns the bytes: gives room, at an address that is valid until the next call. */
    public interface Target {
        /**
         * Makes room for at least {@code bytes} in all, keeping the first {@code used}; returns the address.
         *
         * @throws org.apache.arrow.memory.OutOfMemoryException when there is no more
         */
        long grow(int used, int bytes);

        /** How many bytes the address given last has room for. */
        int capacity();
    }

    private static final long ZEROS = 0x3030303030303030L;
    private static final long SPACES = 0x2020202020202020L;
    private static final byte[] BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
            .getBytes(java.nio.charset.StandardCharsets.US_ASCII);

    private final Target target;
    private long address;
    private int position;
    private int limit;
    private int reserved;

    public ByteSink(Target target) {
        this.target = target;
    }

    /** How many bytes have been written. */
    public int position() {
        return position;
    }

    /** Takes back the bytes from {@code position} on. */
    public void position(int position) {
        java.util.Objects.checkIndex(position, this.position + 1);
        this.position = position;
    }

    /** Forgets all; the target may be another memory now. */
    public void reset() {
        position = 0;
        limit = 0;
        address = 0;
        reserved = 0;
    }

    /** Makes room for {@code bytes} more. */
    public void reserve(int bytes) {
        if (limit - position < bytes) {
            grow(bytes);
        }
        assert reserving(bytes);
    }

    private void grow(int bytes) {
        address = target.grow(position, Math.addExact(position, bytes));
        limit = target.capacity();
    }

    public void put(byte value) {
        Memory.putByte(next(1), value);
        position++;
    }

    /** Writes eight bytes, little-endian, of which only {@code used} count: cheap for short constants. */
    public void putWord(long word, int used) {
        Memory.putLong(next(8), word);
        position += used;
    }

    // These three are small enough, assertions included, that the compiler always inlines what calls them.

    private long next(int bytes) {
        assert fits(bytes);
        return address + position;
    }

    private boolean fits(int bytes) {
        return position + bytes <= reserved;
    }

    private boolean reserving(int bytes) {
        reserved = position + bytes;
        return true;
    }

    /** Writes {@code bytes} whole. */
    public void put(byte[] bytes) {
        put(bytes, 0, bytes.length);
    }

    public void put(byte[] bytes, int from, int length) {
        java.util.Objects.checkFromIndexSize(from, length, bytes.length);
        assert position + length <= reserved : "unreserved";
        Memory.copyFromHeap(bytes, from, address + position, length);
        position += length;
    }

    /** Writes a whole number in decimal; 28 bytes must be reserved. */
    public void putDecimal(long value) {
        if (value < 0) {
            put((byte) '-');
        }
        putUnsigned(value < 0 ? -value : value);
    }

    /** Writes an unsigned whole number in decimal; 28 bytes must be reserved. */
    public void putUnsigned(long value) {
        if (value >= 0 && value < 100_000_000) {
            putUpTo8(value);
        } else {
            long upper = Long.divideUnsigned(value, 100_000_000);
            if (upper < 100_000_000) {
                putUpTo8(upper);
            } else {
                putUpTo8(upper / 100_000_000);
                putWord(digits(upper % 100_000_000) + ZEROS, 8);
            }
            putWord(digits(value - upper * 100_000_000) + ZEROS, 8);
        }
    }

    private void putUpTo8(long value) {
        long digits = digits(value);
        int zeros = Math.min(7, Long.numberOfTrailingZeros(digits) >>> 3);
        putWord((digits + ZEROS) >>> (zeros << 3), 8 - zeros);
    }

    /**
     * Writes the digits behind a point, without their last zeros but at least one: {@code value} counts hundred
     * millionths, below 10^8. Eight bytes must be reserved.
     */
    public void putFraction(long value) {
        long digits = digits(value);
        putWord(digits + ZEROS, Math.max(1, 8 - (Long.numberOfLeadingZeros(digits) >>> 3)));
    }

    /**
     * Writes a number of hundredths below 10^8 with its point, without a last zero but with a digit behind the point; 16
     * bytes must be reserved.
     */
    public void putHundredths(long value) {
        long digits = digits(value);
        int zeros = Math.min(5, Long.numberOfTrailingZeros(digits) >>> 3);
        putWord((digits + ZEROS) >>> (zeros << 3), 6 - zeros);
        int last = (int) (digits >>> 56);
        putWord('.' | (digits + ZEROS) >>> 48 << 8, last == 0 ? 2 : 3);
    }

    /** Writes exactly {@code count} digits, 1 to 18, with leading zeros; 24 bytes must be reserved. */
    public void putPadded(long value, int count) {
        if (count > 8) {
            long upper = value / 100_000_000;
            putPadded(upper, count - 8);
            putWord(digits(value - upper * 100_000_000) + ZEROS, 8);
        } else {
            putWord((digits(value) + ZEROS) >>> ((8 - count) << 3), count);
        }
    }

    /**
     * The eight decimal digits of a number below 10^8, the first in the lowest byte: divisions by constants in parallel
     * lanes of a word (Khuong's "How to print integers really fast", 2017).
     */
    private static long digits(long value) {
        long upper = value / 10_000;
        long fours = upper | (value - upper * 10_000) << 32;
        long hundreds = (fours * 10_486 >>> 20) & 0x0000007F0000007FL;
        long twos = hundreds | (fours - hundreds * 100) << 16;
        long tens = (twos * 103 >>> 10) & 0x000F000F000F000FL;
        return tens | (twos - tens * 10) << 8;
    }

    /** Writes bytes {@code [from, to)} of a column's data buffer in base64 with padding, four for three. */
    public void putBase64(Column column, int from, int to) {
        assert position + (to - from + 2) / 3 * 4 <= reserved : "unreserved";
        long source = column.dataAddress();
        int i = from;
        for (; i + 3 <= to; i += 3) {
            putDigits64(
                    (Memory.getByte(source + i) & 0xFF) << 16
                            | (Memory.getByte(source + i + 1) & 0xFF) << 8
                            | Memory.getByte(source + i + 2) & 0xFF,
                    4);
        }
        int left = to - i;
        if (left > 0) {
            int second = left == 2 ? Memory.getByte(source + i + 1) & 0xFF : 0;
            putDigits64((Memory.getByte(source + i) & 0xFF) << 16 | second << 8, left + 1);
            for (int padding = left; padding < 3; padding++) {
                put((byte) '=');
            }
        }
    }

    private void putDigits64(int bits, int count) {
        for (int i = 0; i < count; i++) {
            put(BASE64[bits >>> (18 - 6 * i) & 63]);
        }
    }

    /**
     * Writes bytes {@code [from, to)} of a column's data buffer until the first that JSON must escape (below 0x20, quote,
     * backslash); returns the position in the column of that byte, or {@code to}. Eight bytes at a time: the usual text
     * has none.
     */
    public int putUnescaped(Column column, int from, int to) {
        assert position + (to - from) + 8 <= reserved : "unreserved";
        long source = column.dataAddress();
        long target = address + position - from;
        int i = from;
        for (; i + 8 <= to; i += 8) {
            long word = Memory.getLong(source + i);
            if (needsEscape(word)) {
                break;
            }
            Memory.putLong(target + i, word);
        }
        int left = to - i;
        if (left > 0 && left < 8 && to >= 8) {
            // The last bytes by a word that ends with them, so that nothing behind the column is read.
            long word = Memory.getLong(source + to - 8) >>> (64 - (left << 3));
            if (!needsEscape(word | SPACES << (left << 3))) {
                Memory.putLong(target + i, word);
                position += to - from;
                return to;
            }
        }
        for (; i < to; i++) {
            byte value = Memory.getByte(source + i);
            if ((value & 0xFF) < 0x20 || value == '"' || value == '\\') {
                break;
            }
            Memory.putByte(target + i, value);
        }
        position += i - from;
        return i;
    }

    /** Writes a text in UTF-8, making room for it. */
    public void put(CharSequence text) {
        byte[] utf8 = text.toString().getBytes(StandardCharsets.UTF_8);
        reserve(utf8.length);
        put(utf8, 0, utf8.length);
    }

    /** Writes what remains of {@code bytes}, direct or on the heap. */
    public void put(ByteBuffer bytes) {
        int length = bytes.remaining();
        reserve(length);
        MemorySegment.ofAddress(address + position).reinterpret(length).copyFrom(MemorySegment.ofBuffer(bytes));
        bytes.position(bytes.limit());
        position += length;
    }

    /** Writes every quote in the bytes from {@code from} on twice. */
    public void doubleQuotes(int from) {
        java.util.Objects.checkIndex(from, position + 1);
        int quotes = 0;
        for (int i = from; i < position; i++) {
            quotes += Memory.getByte(address + i) == '"' ? 1 : 0;
        }
        reserve(quotes);
        int target = position + quotes;
        for (int i = position - 1; target > i + 1; i--) {
            byte value = Memory.getByte(address + i);
            Memory.putByte(address + --target, value);
            if (value == '"') {
                Memory.putByte(address + --target, value);
            }
        }
        position += quotes;
    }

    /** A copy of all that was written; for tests and small answers. */
    public byte[] toBytes() {
        byte[] copy = new byte[position];
        if (position > 0) {
            Memory.copyToHeap(address, copy, 0, position);
        }
        return copy;
    }

    /** The bit trick of Mycroft (1987) and Warren's Hacker's Delight: a byte below n, or equal to a value, in a word. */
    private static boolean needsEscape(long word) {
        long quote = word ^ 0x2222222222222222L;
        long backslash = word ^ 0x5c5c5c5c5c5c5c5cL;
        long hit = ((word - 0x2020202020202020L) & ~word)
                | ((quote - 0x0101010101010101L) & ~quote)
                | ((backslash - 0x0101010101010101L) & ~backslash);
        return (hit & 0x8080808080808080L) != 0;
    }

    /** A target of Arrow memory, doubled when full. */
    public static final class ArrowTarget implements Target, AutoCloseable {
        private final BufferAllocator allocator;
        private ArrowBuf buffer;

        /** {@code allocator} is borrowed and pays. */
        public ArrowTarget(BufferAllocator allocator, int initialBytes) {
            this.allocator = allocator;
            this.buffer = allocator.buffer(initialBytes);
        }

        @Override
        public long grow(int used, int bytes) {
            if (buffer.capacity() < bytes) {
                ArrowBuf grown = allocator.buffer(Math.max(bytes, 2 * buffer.capacity()));
                Memory.copy(buffer.memoryAddress(), grown.memoryAddress(), used);
                buffer.close();
                buffer = grown;
            }
            return buffer.memoryAddress();
        }

        @Override
        public int capacity() {
            return (int) Math.min(Integer.MAX_VALUE, buffer.capacity());
        }

        @Override
        public void close() {
            buffer.close();
        }
    }
}
