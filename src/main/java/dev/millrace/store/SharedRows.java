package dev.millrace.store;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The rows of a partition whose key another partition has, too, by their offsets; so they stay named when segments are
 * merged, indexes built anew and the partition rewound. Says only of which rows to ask whether they win ({@link
 * SharedKeys}), never the answer: a row too many costs time. Any thread sets and asks. On the heap; 1 KiB for 8,192
 * offsets with such a row among them.
 */
final class SharedRows {
    private static final int CHUNK_BITS = 13;
    private static final int CHUNK_WORDS = 1 << (CHUNK_BITS - 6);
    private static final VarHandle CHUNK = MethodHandles.arrayElementVarHandle(long[][].class);
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    /** Chunks from number {@code first} on; null where no row is shared. */
    private record Chunks(long first, long[][] words) {}

    private volatile Chunks chunks = new Chunks(0, new long[0][]);
    private volatile int used;

    boolean isEmpty() {
        return used == 0;
    }

    /** Notes a row; false when it was known. */
    synchronized boolean add(long offset) {
        long[][] held = reach(offset >>> CHUNK_BITS);
        int at = (int) ((offset >>> CHUNK_BITS) - chunks.first());
        long[] words = held[at];
        if (words == null) {
            words = new long[CHUNK_WORDS];
            CHUNK.setRelease(held, at, words);
            used++;
        }
        int word = (int) (offset >>> 6) & (CHUNK_WORDS - 1);
        long before = words[word];
        WORD.setRelease(words, word, before | 1L << offset);
        return words[word] != before;
    }

    /** The chunks, with room for one of this number. */
    private long[][] reach(long number) {
        Chunks now = chunks;
        if (now.words().length == 0) {
            chunks = new Chunks(number, new long[8][]);
        } else if (number < now.first()) {
            long first = Math.max(0, number - now.words().length);
            var longer = new long[Math.toIntExact(now.first() - first + now.words().length)][];
            System.arraycopy(now.words(), 0, longer, (int) (now.first() - first), now.words().length);
            chunks = new Chunks(first, longer);
        } else if (number - now.first() >= now.words().length) {
            int length = Math.toIntExact(Math.max(number - now.first() + 1, 2L * now.words().length));
            chunks = new Chunks(now.first(), Arrays.copyOf(now.words(), length));
        }
        return chunks.words();
    }

    boolean has(long offset) {
        Chunks now = chunks;
        long at = (offset >>> CHUNK_BITS) - now.first();
        long[] words = at < 0 || at >= now.words().length ? null : (long[]) CHUNK.getAcquire(now.words(), (int) at);
        return words != null
                && ((long) WORD.getOpaque(words, (int) (offset >>> 6) & (CHUNK_WORDS - 1)) >>> offset & 1) != 0;
    }

    /** The first one of {@code [from, to)}; {@code to} when there is none. */
    long next(long from, long to) {
        Chunks now = chunks;
        long end = Math.min(to, (now.first() + now.words().length) << CHUNK_BITS);
        long offset = Math.max(from, now.first() << CHUNK_BITS);
        while (offset < end) {
            long[] words = (long[]) CHUNK.getAcquire(now.words(), (int) ((offset >>> CHUNK_BITS) - now.first()));
            if (words == null) {
                offset = ((offset >>> CHUNK_BITS) + 1) << CHUNK_BITS;
                continue;
            }
            long rest = (long) WORD.getOpaque(words, (int) (offset >>> 6) & (CHUNK_WORDS - 1)) >>> offset;
            if (rest != 0) {
                return Math.min(to, offset + Long.numberOfTrailingZeros(rest));
            }
            offset = ((offset >>> 6) + 1) << 6;
        }
        return to;
    }

    /** Whether there is one in {@code [from, to)}. */
    boolean any(long from, long to) {
        return next(from, to) < to;
    }

    /** Heap bytes. */
    long sizeBytes() {
        return 8L * chunks.words().length + 8L * CHUNK_WORDS * used;
    }
}
