package dev.millrace.arrow;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;

/**
 * Least and greatest {@link Rank} and the number of nulls of each column that is not within a list, over all rows of a
 * file. They are taken while it is written and stand in its footer. Immutable once they are; any thread.
 */
public final class Statistics {
    /** The file's metadata that has them: base64 of the entries of all columns in order. */
    static final String METADATA = "millrace.statistics";

    private static final int MIN = 0;
    private static final int MAX = 2;
    private static final int NULLS = 4;
    private static final int ENTRY = 5;

    private final long[] entries;
    private final long rows;

    private Statistics(long[] entries, long rows) {
        this.entries = entries;
        this.rows = rows;
    }

    /** Of no rows yet. */
    static Statistics empty(Layout layout) {
        long[] entries = new long[layout.all().size() * ENTRY];
        for (int at = 0; at < entries.length; at += ENTRY) {
            Arrays.fill(entries, at + MIN, at + MAX, -1);
        }
        return new Statistics(entries, 0);
    }

    /** Those of a file as a layout's, whose column {@code i} is the file's {@code sources[i]}, or null where negative. */
    static Statistics read(String text, int[] sources, long rows) {
        ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(text));
        long[] stored = new long[bytes.remaining() / Long.BYTES];
        bytes.asLongBuffer().get(stored);
        long[] entries = new long[sources.length * ENTRY];
        for (int i = 0; i < sources.length; i++) {
            entries[i * ENTRY + NULLS] = rows;
            if (sources[i] >= 0) {
                System.arraycopy(stored, sources[i] * ENTRY, entries, i * ENTRY, ENTRY);
            }
        }
        return new Statistics(entries, rows);
    }

    String text() {
        ByteBuffer bytes = ByteBuffer.allocate(entries.length * Long.BYTES);
        bytes.asLongBuffer().put(entries);
        return Base64.getEncoder().encodeToString(bytes.array());
    }

    /** Takes values {@code [from, to)} of a column in; returns how many are null. */
    long add(Column column, int from, int to) {
        ColumnLayout layout = column.layout();
        int at = layout.index() * ENTRY;
        long nulls = column.nullCount(from, to);
        entries[at + NULLS] += nulls;
        boolean dense = nulls == 0;
        switch (layout.storage()) {
            case BIT -> addNumbers(column, at, from, to, dense);
            case FIXED -> {
                if (layout.width() <= Long.BYTES) {
                    addNumbers(column, at, from, to, dense);
                } else if (column.words() == 2) {
                    addDecimals(column, at, from, to, dense);
                } else {
                    add(at, 0, 0);
                    add(at, -1, -1);
                }
            }
            case BYTES -> addTexts(column, at, from, to, dense, column.dataAddress() + column.start(to));
            case DICTIONARY -> {
                if (to - from < layout.dictionary().values().size()) {
                    addTexts(column, at, from, to, dense, Long.MAX_VALUE); // behind a dictionary's texts there is room
                } else {
                    addEncoded(column, at, from, to, dense);
                }
            }
            case LIST, STRUCT, VECTOR -> {}
        }
        return nulls;
    }

    private void addNumbers(Column column, int at, int from, int to, boolean dense) {
        long min = Long.MAX_VALUE;
        long max = Long.MIN_VALUE;
        for (int row = from; row < to; row++) {
            if (dense || !column.isNull(row)) {
                long value = column.ordered(row);
                min = Math.min(min, value);
                max = Math.max(max, value);
            }
        }
        if (min <= max) {
            add(at, min ^ Long.MIN_VALUE, 0);
            add(at, max ^ Long.MIN_VALUE, 0);
        }
    }

    private void addDecimals(Column column, int at, int from, int to, boolean dense) {
        for (int row = from; row < to; row++) {
            if (dense || !column.isNull(row)) {
                add(at, column.word(row, 1) ^ Long.MIN_VALUE, column.word(row, 0));
            }
        }
    }

    /** Of a dictionary's texts only those that are there, each once. */
    private void addEncoded(Column column, int at, int from, int to, boolean dense) {
        Column texts = column.layout().dictionary().column();
        boolean[] seen = new boolean[column.layout().dictionary().values().size()];
        for (int row = from; row < to; row++) {
            if (dense || !column.isNull(row)) {
                seen[column.textNumber(row)] = true;
            }
        }
        for (int i = 0; i < seen.length; i++) {
            if (seen[i]) {
                addTexts(texts, at, i, i + 1, true, texts.dataAddress() + texts.end(i));
            }
        }
    }

    private void addTexts(Column column, int at, int from, int to, boolean dense, long limit) {
        for (int row = from; row < to; row++) {
            if (dense || !column.isNull(row)) {
                long range = column.range(row);
                int length = (int) (range >>> 32) - (int) range;
                long address = column.dataAddress() + (int) range;
                long high = word(address, length, limit);
                if (Long.compareUnsigned(high, entries[at + MIN]) <= 0
                        || Long.compareUnsigned(high, entries[at + MAX]) >= 0) {
                    long low = word(address + Long.BYTES, Math.min(length - Long.BYTES, Long.BYTES - 1), limit);
                    add(at, high, low | Math.min(length, Rank.TEXT_BYTES));
                }
            }
        }
    }

    /** Up to eight bytes as a big-endian number, zeros behind them. */
    private static long word(long address, int bytes, long limit) {
        if (bytes <= 0) {
            return 0;
        }
        if (limit - address >= Long.BYTES) {
            return Long.reverseBytes(Memory.getLong(address)) & -1L << Math.max(0, Long.BYTES - bytes) * Byte.SIZE;
        }
        long word = 0;
        for (int i = 0; i < Math.min(bytes, Long.BYTES); i++) {
            word |= (Memory.getByte(address + i) & 0xFFL) << (Long.BYTES - 1 - i) * Byte.SIZE;
        }
        return word;
    }

    private void add(int at, long high, long low) {
        if (isLess(high, low, entries[at + MIN], entries[at + MIN + 1])) {
            entries[at + MIN] = high;
            entries[at + MIN + 1] = low;
        }
        if (isLess(entries[at + MAX], entries[at + MAX + 1], high, low)) {
            entries[at + MAX] = high;
            entries[at + MAX + 1] = low;
        }
    }

    private static boolean isLess(long high, long low, long otherHigh, long otherLow) {
        int order = Long.compareUnsigned(high, otherHigh);
        return order < 0 || order == 0 && Long.compareUnsigned(low, otherLow) < 0;
    }

    private Rank rank(ColumnLayout column, int which) {
        int at = column.index() * ENTRY + which;
        return new Rank(entries[at], entries[at + 1]);
    }

    /** Whether a row's value may lie within two bounds; false when none does. */
    public boolean mayHave(ColumnLayout column, Rank min, Rank max) {
        return rank(column, MIN).compareTo(max) <= 0 && rank(column, MAX).compareTo(min) >= 0;
    }

    /** Whether all values there are equal this one. */
    public boolean isOnly(ColumnLayout column, Rank value) {
        return rank(column, MIN).equals(value) && rank(column, MAX).equals(value) && value.isExact(column);
    }

    /** How many rows have no value. */
    public long nulls(ColumnLayout column) {
        return entries[column.index() * ENTRY + NULLS];
    }

    /** How many rows there are. */
    public long rows() {
        return rows;
    }
}
