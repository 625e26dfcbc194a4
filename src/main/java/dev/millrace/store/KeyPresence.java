package dev.millrace.store;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Which keys are in any of a product's partitions: a Bloom filter of two bits a key in one word of 64 (Putze, Sanders,
 * Singler: Cache-, Hash- and Space-Efficient Bloom Filters, 2007), 20 to 85 bits a key and 32 MiB at most. A key that is new in its
 * partition and not in here is in no other one, which is so with nearly all of them: one load instead of one for each
 * other partition.
 *
 * <p>It is told only what a {@link KeyIndex} knows of a hash, 28 bits; so a larger one is made from the indexes alone, in
 * the order of their entries, which is that of its words. Any thread adds: of two
 * that add the same key, one at least is told that it may be in.
 */
final class KeyPresence {
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int FIRST_WORD_BITS = 12;
    private static final int MAX_WORD_BITS = KeyIndex.PREFIX_BITS - 6;
    private static final int KEYS_A_WORD = 3;
    private static final int ROOM = 4;
    private static final int MIX = 0x9E3779B9;

    private final int wordBits;
    private final long[] words;
    private final AtomicLong keys = new AtomicLong();
    private final AtomicBoolean outgrown = new AtomicBoolean();
    private volatile @Nullable KeyPresence larger;

    private KeyPresence(int wordBits) {
        this.wordBits = wordBits;
        this.words = new long[1 << wordBits];
    }

    /** One with room for some times as many keys. */
    static KeyPresence of(long keys) {
        return new KeyPresence(wordBits(keys));
    }

    private static int wordBits(long keys) {
        int bits = FIRST_WORD_BITS;
        while (bits < MAX_WORD_BITS && (long) KEYS_A_WORD << bits < keys * ROOM) {
            bits++;
        }
        return bits;
    }

    /** Adds a key's {@link KeyIndex#prefix}; whether it may be in by another partition. A full fence. */
    boolean add(int prefix) {
        boolean known = set(prefix);
        KeyPresence next = larger;
        return next == null ? known : known | next.add(prefix);
    }

    /** The same without one that is larger, which is not there yet. */
    boolean set(int prefix) {
        long bits = bits(prefix);
        return ((long) WORD.getAndBitwiseOr(words, word(prefix), bits) & bits) == bits;
    }

    /** The same while no other thread has to do with the key's word. */
    boolean setAlone(int prefix) {
        long bits = bits(prefix);
        int word = word(prefix);
        long before = words[word];
        words[word] = before | bits;
        return (before & bits) == bits;
    }

    /** Loads words ahead, all misses at once; the sum is to be kept, so that the loads are. */
    long warm(long[] hashes, int[] which, int count) {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += words[word(KeyIndex.prefix(hashes[which[i]]))];
        }
        return sum;
    }

    /** Counts keys added; true once, when it is too small for them. */
    boolean outgrows(int more) {
        return keys.addAndGet(more) > (long) KEYS_A_WORD << wordBits
                && wordBits < MAX_WORD_BITS
                && outgrown.compareAndSet(false, true);
    }

    /** A larger one, to which all that is added from now on is added, too. */
    KeyPresence enlarged(long keysNow) {
        var next = new KeyPresence(Math.max(wordBits + 1, wordBits(keysNow)));
        larger = next;
        return next;
    }

    /** Adds the keys of a table of an index. */
    void addAll(KeyIndex index, int table) {
        index.forEach(table, (prefix, location) -> set(prefix));
    }

    long sizeBytes() {
        KeyPresence next = larger;
        return 8L * words.length + (next == null ? 0 : next.sizeBytes());
    }

    private int word(int prefix) {
        return prefix >>> (KeyIndex.PREFIX_BITS - wordBits);
    }

    private long bits(int prefix) {
        return 1L << (prefix >>> (MAX_WORD_BITS - wordBits)) | 1L << (prefix * MIX >>> 26);
    }
}
