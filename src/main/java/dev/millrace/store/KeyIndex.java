package dev.millrace.store;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * From the hash of a key to the location of its newest row. One thread writes, any thread probes without a lock.
 *
 * <p>256 tables by the top 8 bits of the hash; an entry is one long: 20 more bits of the hash as a tag and a {@link
 * Location} of 44 bits; 0 is empty. Linear probing from a home slot that the tag alone gives, so a table grows without
 * reading keys: the slots of a grown table are stretched or cut from the same 20 bits. Tables double at three quarters,
 * which makes 11 to 21 bytes a key. Two keys may share a tag: a probe yields candidates, the caller compares real keys.
 *
 * <p>An entry is written with release and read with acquire, a grown table is published whole, and entries are never
 * removed; so a reader finds at least what was written before the view that it holds was published.
 */
final class KeyIndex {
    /** Takes entries: of a hash the first 28 bits, and the location of the key's newest row. */
    interface Entries {
        void take(int prefix, long location);
    }

    /** Whether the row at a location has the key looked for. */
    interface SameKey {
        boolean at(long location);
    }

    /** What an entry tells of its hash. */
    static final int PREFIX_BITS = 28;

    static final int TABLES = 256;
    private static final int TAG_BITS = 20;
    private static final long LOCATION_MASK = (1L << Location.BITS) - 1;
    private static final int FIRST_SIZE = 8;
    private static final long[] EMPTY = new long[2];
    private static final VarHandle TABLE = MethodHandles.arrayElementVarHandle(long[][].class);
    private static final VarHandle ENTRY = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[][] tables = new long[TABLES][];
    private final int[] used = new int[TABLES];
    private volatile long slots;
    private long entries;
    private int longestWalk;

    // What claim() found, for fill().
    private int claimedTable;
    private int claimedSlot;
    private long claimedTag;
    private boolean claimedNew;

    // Keeps the loads of warm() from being dropped as dead.
    @SuppressWarnings("UnusedVariable")
    private long warmed;

    KeyIndex() {
        java.util.Arrays.fill(tables, EMPTY);
    }

    /**
     * Finds or makes the key's entry, to be filled by {@link #fill}. Writer only.
     *
     * @return the location in the entry; {@link Location#NONE} for a new key
     */
    long claim(long hash, SameKey same) {
        int number = table(hash);
        if (used[number] + 1 > tables[number].length / 4 * 3) {
            grow(number);
        }
        long[] table = tables[number];
        long tag = tag(hash);
        int slot = home(tag, table.length);
        long entry;
        while ((entry = table[slot]) != 0) {
            if (entry >>> Location.BITS == tag && same.at(entry & LOCATION_MASK)) {
                break;
            }
            slot = (slot + 1) & (table.length - 1);
        }
        int walk = (slot - home(tag, table.length)) & (table.length - 1);
        if (walk > longestWalk) {
            longestWalk = walk;
        }
        claimedTable = number;
        claimedSlot = slot;
        claimedTag = tag;
        claimedNew = entry == 0;
        return entry & LOCATION_MASK;
    }

    /** Loads the slots where these hashes begin, all misses at once, ahead of as many claims. Writer only. */
    void warm(long[] hashes, int count) {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            long[] table = tables[table(hashes[i])];
            sum += table[home(tag(hashes[i]), table.length)];
        }
        warmed = sum;
    }

    /** Writes the newest location of the key just claimed. Writer only. */
    void fill(long location) {
        ENTRY.setRelease(tables[claimedTable], claimedSlot, claimedTag << Location.BITS | location);
        if (claimedNew) {
            used[claimedTable]++;
            entries++;
        }
    }

    /** The entries whose tag is that of {@code hash}. Any thread. */
    Probe probe(long hash) {
        return new Probe((long[]) TABLE.getAcquire(tables, table(hash)), tag(hash));
    }

    /** The most slots that a claim walked over; some hundred with a thousand million keys, if their hashes are random. Writer only. */
    int longestWalk() {
        return longestWalk;
    }

    /** Gives the entries of a table, in about the order of their prefixes. Any thread. */
    void forEach(int number, Entries entries) {
        long[] table = (long[]) TABLE.getAcquire(tables, number);
        for (int slot = 0; slot < table.length; slot++) {
            long entry = (long) ENTRY.getAcquire(table, slot);
            if (entry != 0) {
                entries.take(number << TAG_BITS | (int) (entry >>> Location.BITS), entry & LOCATION_MASK);
            }
        }
    }

    /** How many keys, about. */
    long keys() {
        return slots / 2;
    }

    /** What {@link #forEach} tells of a hash. */
    static int prefix(long hash) {
        return (int) (hash >>> 64 - PREFIX_BITS);
    }

    /** A hash with this prefix, which leads to the same entries as any with it. */
    static long hash(int prefix) {
        return (long) prefix << 64 - PREFIX_BITS;
    }

    /** Heap bytes of the tables. */
    long sizeBytes() {
        return slots << 3;
    }

    /** What the tables come to with so many more keys, which fall into them about evenly. Writer only. */
    long sizeBytes(int more) {
        long each = (entries + more) / TABLES;
        each += each / 16 + FIRST_SIZE / 2;
        long length = FIRST_SIZE;
        while (length / 4 * 3 < each) {
            length *= 2;
        }
        return Math.max(slots, length * Math.min(TABLES, entries + more)) << 3;
    }

    private void grow(int number) {
        long[] old = tables[number];
        long[] grown = new long[old == EMPTY ? FIRST_SIZE : old.length * 2];
        for (long entry : old) {
            if (entry != 0) {
                int slot = home(entry >>> Location.BITS, grown.length);
                while (grown[slot] != 0) {
                    slot = (slot + 1) & (grown.length - 1);
                }
                grown[slot] = entry;
            }
        }
        TABLE.setRelease(tables, number, grown);
        slots += grown.length - (old == EMPTY ? 0 : old.length);
    }

    private static int table(long hash) {
        return (int) (hash >>> 56);
    }

    private static long tag(long hash) {
        return hash >>> (56 - TAG_BITS) & ((1 << TAG_BITS) - 1);
    }

    private static int home(long tag, int size) {
        int bits = Integer.numberOfTrailingZeros(size);
        return (int) (bits <= TAG_BITS ? tag >>> (TAG_BITS - bits) : tag << (bits - TAG_BITS));
    }

    /** A walk over the candidates of one hash. */
    static final class Probe {
        private final long[] table;
        private final long tag;
        private int slot;

        private Probe(long[] table, long tag) {
            this.table = table;
            this.tag = tag;
            this.slot = home(tag, table.length);
        }

        /** The next candidate's newest location; {@link Location#NONE} when there is none left. */
        long next() {
            long entry;
            while ((entry = (long) ENTRY.getAcquire(table, slot)) != 0) {
                slot = (slot + 1) & (table.length - 1);
                if (entry >>> Location.BITS == tag) {
                    return entry & LOCATION_MASK;
                }
            }
            return Location.NONE;
        }
    }
}
