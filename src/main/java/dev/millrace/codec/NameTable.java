package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Finds a byte string among a fixed few: a hash of its length and its outer eight bytes says where to look, the bytes
 * themselves decide. An entry may go by several; where two go by the same, it is the first's that has it as its first
 * name. Immutable.
 */
final class NameTable {
    private static final long MIX = 0x9E3779B97F4A7C15L;

    private final byte[][] names;
    /** Of each name the entry that it belongs to. */
    private final int[] entries;

    private final int[] slots;
    private final long[] words;
    private final int shift;

    NameTable(List<byte[]> names) {
        this(names, IntStream.range(0, names.size()).toArray());
    }

    /** Of entries with all their names, the first before the others. */
    static NameTable of(List<List<String>> entries) {
        List<byte[]> names = new ArrayList<>();
        IntStream.Builder numbers = IntStream.builder();
        for (boolean first : new boolean[] {true, false}) {
            for (int i = 0; i < entries.size(); i++) {
                List<String> all = entries.get(i);
                for (String name : first ? all.subList(0, 1) : all.subList(1, all.size())) {
                    names.add(name.getBytes(UTF_8));
                    numbers.add(i);
                }
            }
        }
        return new NameTable(names, numbers.build().toArray());
    }

    private NameTable(List<byte[]> names, int[] entries) {
        this.names = names.toArray(byte[][]::new);
        this.entries = entries;
        int bits = 33 - Integer.numberOfLeadingZeros(Math.max(1, names.size()));
        this.slots = new int[1 << bits];
        this.words = new long[1 << bits];
        this.shift = 64 - bits;
        for (int i = 0; i < this.names.length; i++) {
            int length = this.names[i].length;
            long word = word(Arrays.copyOf(this.names[i], length + 8), 0, length);
            int slot = slot(word, length);
            while (slots[slot] != 0) {
                slot = (slot + 1) & (slots.length - 1);
            }
            slots[slot] = i + 1;
            words[slot] = word;
        }
    }

    /** The number of the entry that has the name, or -1. */
    int find(byte[] bytes, int from, int length) {
        long word = word(bytes, from, length);
        for (int slot = slot(word, length); slots[slot] != 0; slot = (slot + 1) & (slots.length - 1)) {
            byte[] name = names[slots[slot] - 1];
            // Up to seven bytes are the word itself.
            if (words[slot] == word
                    && name.length == length
                    && (length < 8 || Arrays.equals(name, 0, length, bytes, from, from + length))) {
                return entries[slots[slot] - 1];
            }
        }
        return -1;
    }

    private static long word(byte[] bytes, int from, int length) {
        if (length >= 8) {
            return (length ^ Words.at(bytes, from)) * MIX ^ Words.at(bytes, from + length - 8);
        }
        if (length == 0) {
            return 0;
        }
        long word = bytes.length - from >= 8
                ? Words.at(bytes, from)
                : Words.at(Arrays.copyOfRange(bytes, from, from + 8), 0);
        return word << (64 - (length << 3));
    }

    private int slot(long word, int length) {
        return (int) (((word ^ length) * MIX) >>> shift);
    }
}
