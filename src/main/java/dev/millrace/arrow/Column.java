package dev.millrace.arrow;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;

/**
 * Reads one column of a {@link Batch}. Valid while its batch is retained; any thread may read rows that the batch's
 * publisher has published. A row (or list element) number is the caller's duty: assertions check it, production code
 * does not.
 */
public final class Column {
    private final ColumnLayout layout;
    private final long validity;
    private final long offsets;
    private final long data;
    private final long indexes;
    private final boolean direct;
    private final boolean unsigned;
    private final boolean real;
    private final Column[] children;

    /** Over the column's own buffers, 0 where it has none; {@code data} are the numbers of a dictionary's texts. */
    Column(ColumnLayout layout, long validity, long offsets, long data, Column[] children) {
        boolean encoded = layout.storage() == Storage.DICTIONARY;
        this.layout = layout;
        this.validity = validity;
        this.offsets = encoded ? layout.dictionary().column().offsets : offsets;
        this.data = encoded ? layout.dictionary().column().data : data;
        this.indexes = encoded ? data : 0;
        this.direct = layout.storage() == Storage.BYTES || layout.storage() == Storage.LIST;
        this.unsigned = layout.kind() instanceof Kind.Int(var _, boolean signed) && !signed;
        this.real = layout.kind() instanceof Kind.Real;
        this.children = children;
    }

    public ColumnLayout layout() {
        return layout;
    }

    private Column(Column whole, ColumnLayout layout, Column[] children) {
        this.layout = layout;
        this.validity = whole.validity;
        this.offsets = whole.offsets;
        this.data = whole.data;
        this.indexes = whole.indexes;
        this.direct = whole.direct;
        this.unsigned = whole.unsigned;
        this.real = whole.real;
        this.children = children;
    }

    /** The same column where it has just these fields, else one of a struct over the same values that has no more. */
    Column narrowed(ColumnLayout fewer) {
        if (layout.storage() != Storage.STRUCT || layout.equals(fewer)) {
            return this;
        }
        Column[] fields = fewer.children().stream()
                .map(field -> Arrays.stream(children)
                        .filter(child -> child.layout.name().equals(field.name()))
                        .findFirst()
                        .orElseThrow()
                        .narrowed(field))
                .toArray(Column[]::new);
        return new Column(this, fewer, fields);
    }

    Column[] children() {
        return children;
    }

    /** The nested column: a struct's field by its number, the elements of a list, map or vector by 0. */
    public Column child(int number) {
        return children[number];
    }

    /** Whether the value is missing. */
    public boolean isNull(int row) {
        return (Memory.getByte(validity + (row >>> 3)) >>> (row & 7) & 1) == 0;
    }

    public boolean bit(int row) {
        return (Memory.getByte(data + (row >>> 3)) >>> (row & 7) & 1) != 0;
    }

    public byte int8(int row) {
        return Memory.getByte(data + row);
    }

    public short int16(int row) {
        return Memory.getShort(data + ((long) row << 1));
    }

    public int int32(int row) {
        return Memory.getInt(data + ((long) row << 2));
    }

    public long int64(int row) {
        return Memory.getLong(data + ((long) row << 3));
    }

    public float float32(int row) {
        return Memory.getFloat(data + ((long) row << 2));
    }

    public double float64(int row) {
        return Memory.getDouble(data + ((long) row << 3));
    }

    /** Bits {@code [64 × word, 64 × word + 64)} of a decimal's unscaled value, which has 128 or 256. */
    public long word(int row, int word) {
        return Memory.getLong(data + (long) row * layout.width() + (word << 3));
    }

    /** How many words a decimal has. */
    public int words() {
        return layout.width() >>> 3;
    }

    /** A decimal; allocates, so not for inner loops. */
    public BigDecimal decimal(int row, int scale) {
        int width = layout.width();
        byte[] unscaled = new byte[width];
        for (int i = 0; i < width; i++) {
            unscaled[width - 1 - i] = Memory.getByte(data + (long) row * width + i);
        }
        return new BigDecimal(new BigInteger(unscaled), scale);
    }

    /** The number of the row's text in the dictionary. */
    public int textNumber(int row) {
        return layout.width() == 1 ? Memory.getByte(indexes + row) : Memory.getShort(indexes + ((long) row << 1));
    }

    /** A fixed-width integer of any of Arrow's widths, sign-extended; the bits of floats. */
    public long fixed(int row) {
        return switch (layout.width()) {
            case 1 -> int8(row);
            case 2 -> int16(row);
            case 4 -> int32(row);
            case 8 -> int64(row);
            default -> throw new IllegalStateException("width " + layout.width());
        };
    }

    /** A bit or a number of up to 64 bits, as a signed one in the order of the column's own; NaNs lie outside all others. */
    public long ordered(int row) {
        return switch (layout.width()) {
            case 0 -> Memory.getByte(data + (row >>> 3)) >>> (row & 7) & 1;
            case 1 -> unsigned ? int8(row) & 0xFF : int8(row);
            case 2 -> unsigned ? int16(row) & 0xFFFF : int16(row);
            case 4 -> real ? Rank.ordered(float32(row)) : unsigned ? int32(row) & 0xFFFF_FFFFL : int32(row);
            case 8 -> real ? Rank.ordered(float64(row)) : unsigned ? int64(row) ^ Long.MIN_VALUE : int64(row);
            default -> 0;
        };
    }

    /** Where the row's bytes begin in the data buffer, or its elements in the child column. */
    public int start(int row) {
        return direct ? Memory.getInt(offsets + ((long) row << 2)) : indirect(row, 0);
    }

    /** Where the row's bytes or elements end, exclusive. */
    public int end(int row) {
        return direct ? Memory.getInt(offsets + ((long) row << 2) + 4) : indirect(row, 1);
    }

    /** {@link #start} in the low half and {@link #end} in the high one: one load where both are wanted. */
    public long range(int row) {
        return direct
                ? Memory.getLong(offsets + ((long) row << 2))
                : indirect(row, 0) & 0xFFFFFFFFL | (long) indirect(row, 1) << 32;
    }

    private int indirect(int row, int next) {
        return layout.storage() == Storage.VECTOR
                ? (row + next) * layout.width()
                : Memory.getInt(offsets + ((long) (textNumber(row) + next) << 2));
    }

    /** The byte at a position of the data buffer between a value's {@link #start} and {@link #end}. */
    public byte byteAt(int position) {
        return Memory.getByte(data + position);
    }

    /** The number of bytes of a text or binary value. */
    public int length(int row) {
        return end(row) - start(row);
    }

    /** A copy of a text or binary value's bytes. */
    public byte[] bytes(int row) {
        int start = start(row);
        byte[] copy = new byte[end(row) - start];
        Memory.copyToHeap(data + start, copy, 0, copy.length);
        return copy;
    }

    /** Whether a text or binary value equals {@code bytes}. */
    public boolean equalsBytes(int row, byte[] bytes) {
        int start = start(row);
        if (end(row) - start != bytes.length) {
            return false;
        }
        long address = data + start;
        int i = 0;
        for (; i + 8 <= bytes.length; i += 8) {
            if (Memory.getLong(address + i) != Memory.heapLong(bytes, i)) {
                return false;
            }
        }
        for (; i < bytes.length; i++) {
            if (Memory.getByte(address + i) != bytes[i]) {
                return false;
            }
        }
        return true;
    }

    /** Unsigned lexicographic order of a text or binary value against {@code bytes}. */
    public int compareBytes(int row, byte[] bytes) {
        int start = start(row);
        int length = end(row) - start;
        int common = Math.min(length, bytes.length);
        for (int i = 0; i < common; i++) {
            int order = Integer.compare(Memory.getByte(data + start + i) & 0xFF, bytes[i] & 0xFF);
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(length, bytes.length);
    }

    /** Unsigned lexicographic order of a text or binary value against another column's. */
    public int compareBytes(int row, Column other, int otherRow) {
        return Memory.compare(
                data + start(row), length(row), other.data + other.start(otherRow), other.length(otherRow));
    }

    /** Whether a text or binary value starts with {@code prefix}. */
    public boolean startsWith(int row, byte[] prefix) {
        int start = start(row);
        if (end(row) - start < prefix.length) {
            return false;
        }
        for (int i = 0; i < prefix.length; i++) {
            if (Memory.getByte(data + start + i) != prefix[i]) {
                return false;
            }
        }
        return true;
    }

    /** The hash of a key value, the same as {@link Hash} gives for the value on the heap. */
    public long hash(int row) {
        return switch (layout.storage()) {
            case BYTES, DICTIONARY -> Hash.of(data + start(row), length(row));
            case BIT -> Hash.of(bit(row) ? 1 : 0);
            case FIXED -> layout.width() > 8 ? hashWords(row) : Hash.of(fixed(row));
            case STRUCT, LIST, VECTOR -> throw new IllegalStateException("a key cannot be " + layout.storage());
        };
    }

    private long hashWords(int row) {
        long hash = Hash.of(word(row, 0));
        for (int i = 1; i < words(); i++) {
            hash = Hash.combine(hash, Hash.of(word(row, i)));
        }
        return hash;
    }

    /** The hash of a key value under a secret, the same as {@code secret} gives for the value on the heap. */
    public long hash(int row, SecretHash secret) {
        return switch (layout.storage()) {
            case BYTES, DICTIONARY -> secret.of(data + start(row), length(row));
            case BIT -> secret.of(bit(row) ? 1 : 0);
            case FIXED -> layout.width() > 8 ? hashWords(row, secret) : secret.of(fixed(row));
            case STRUCT, LIST, VECTOR -> throw new IllegalStateException("a key cannot be " + layout.storage());
        };
    }

    private long hashWords(int row, SecretHash secret) {
        long hash = secret.of(word(row, 0));
        for (int i = 1; i < words(); i++) {
            hash = secret.combine(hash, word(row, i));
        }
        return hash;
    }

    /** Whether two key values of the same type are equal; neither is null. */
    public boolean sameValue(int row, Column other, int otherRow) {
        return switch (layout.storage()) {
            case BYTES, DICTIONARY -> compareBytes(row, other, otherRow) == 0;
            case BIT -> bit(row) == other.bit(otherRow);
            case FIXED -> layout.width() > 8 ? sameWords(row, other, otherRow) : fixed(row) == other.fixed(otherRow);
            case STRUCT, LIST, VECTOR -> throw new IllegalStateException("a key cannot be " + layout.storage());
        };
    }

    /**
     * The order of two values of columns of one kind, neither null: false before true, numbers by size with a NaN above all
     * others, texts by their bytes.
     */
    public int order(int row, Column other, int otherRow) {
        return layout.isText()
                ? compareBytes(row, other, otherRow)
                : layout.width() > Long.BYTES
                        ? orderWords(row, other, otherRow)
                        : Long.compare(ordered(row), other.ordered(otherRow));
    }

    private int orderWords(int row, Column other, int otherRow) {
        int top = words() - 1;
        int order = Long.compare(word(row, top), other.word(otherRow, top));
        for (int word = top - 1; order == 0 && word >= 0; word--) {
            order = Long.compareUnsigned(word(row, word), other.word(otherRow, word));
        }
        return order;
    }

    private boolean sameWords(int row, Column other, int otherRow) {
        boolean same = true;
        for (int i = 0; i < words(); i++) {
            same &= word(row, i) == other.word(otherRow, i);
        }
        return same;
    }

    /**
     * A total order of the values of two rows, zero for equal ones: nulls first, nested values field by field and element
     * by element. Decimals are ordered by their bytes, the
     * texts of a dictionary by their numbers.
     */
    public int compare(int row, int other) {
        boolean none = isNull(row);
        if (none || isNull(other)) {
            return Boolean.compare(!none, !isNull(other));
        }
        return switch (layout.storage()) {
            case BIT -> Boolean.compare(bit(row), bit(other));
            case FIXED -> compareFixed(row, other);
            case DICTIONARY -> Integer.compare(textNumber(row), textNumber(other));
            case BYTES -> Memory.compare(data + start(row), length(row), data + start(other), length(other));
            case STRUCT -> {
                int order = 0;
                for (int i = 0; order == 0 && i < children.length; i++) {
                    order = children[i].compare(row, other);
                }
                yield order;
            }
            case LIST, VECTOR -> {
                int order = 0;
                for (int i = 0; order == 0 && i < Math.min(length(row), length(other)); i++) {
                    order = children[0].compare(start(row) + i, start(other) + i);
                }
                yield order != 0 ? order : Integer.compare(length(row), length(other));
            }
        };
    }

    private int compareFixed(int row, int other) {
        int width = layout.width();
        if (width > 8) {
            return Memory.compare(data + (long) row * width, width, data + (long) other * width, width);
        }
        return Long.compare(ordered(row), ordered(other));
    }

    boolean standsOn(long validity, long offsets, long data) {
        return this.validity == validity
                && (indexes == 0 ? this.offsets == offsets && this.data == data : indexes == data);
    }

    /** How many values of {@code [from, to)} are null. */
    public int nullCount(int from, int to) {
        int valid = 0;
        int row = from;
        for (; row < to && (row & 7) != 0; row++) {
            valid += isNull(row) ? 0 : 1;
        }
        for (; row + 64 <= to; row += 64) {
            valid += Long.bitCount(Memory.getLong(validity + (row >>> 3)));
        }
        for (; row < to; row++) {
            valid += isNull(row) ? 0 : 1;
        }
        return to - from - valid;
    }

    long validityAddress() {
        return validity;
    }

    long offsetsAddress() {
        return offsets;
    }

    long dataAddress() {
        return data;
    }

    /** Where the values of {@link Storage#FIXED} or the numbers of {@link Storage#DICTIONARY} lie. */
    long rowsAddress() {
        return indexes == 0 ? data : indexes;
    }

    @Override
    public String toString() {
        return "Column[" + layout.path() + ", " + layout.type() + ", children=" + Arrays.toString(children) + "]";
    }
}
