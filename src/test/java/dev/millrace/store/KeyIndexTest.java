package dev.millrace.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class KeyIndexTest {
    /** Keys are longs; a row's key is looked up by its location. */
    private final Map<Long, Long> keyOfLocation = new HashMap<>();

    private final KeyIndex index = new KeyIndex();

    @Test
    void put_newAndKnownKeys_tellsTheLocationBefore() {
        assertEquals(Location.NONE, put(1, 0x1234_5678_9abc_def0L, 1));
        assertEquals(1, put(1, 0x1234_5678_9abc_def0L, 2));
        assertEquals(2, put(1, 0x1234_5678_9abc_def0L, 3));
        assertEquals(3, find(1, 0x1234_5678_9abc_def0L));
        assertEquals(Location.NONE, find(2, 0x1234_5678_9abc_def0L));
    }

    @Test
    void put_thousandKeysOfOneHash_keepsThemApart() {
        long hash = 0xffff_ffff_0000_0000L;
        for (long key = 0; key < 1000; key++) {
            assertEquals(Location.NONE, put(key, hash, key + 1));
        }
        for (long key = 0; key < 1000; key++) {
            assertEquals(key + 1, put(key, hash, key + 2001));
        }
        for (long key = 0; key < 1000; key++) {
            assertEquals(key + 2001, find(key, hash));
        }
    }

    @Test
    void put_neighbouringTagsAtTheEnd_wrapsAround() {
        for (long key = 0; key < 500; key++) {
            put(key, (0xAAL << 56) | ((0xFFFFFL - key % 7) << 36), key + 1);
        }
        for (long key = 0; key < 500; key++) {
            assertEquals(key + 1, find(key, (0xAAL << 56) | ((0xFFFFFL - key % 7) << 36)));
        }
    }

    @Test
    void put_moreKeysThanTags_staysRight() {
        // One table beyond 2^20 slots: homes are stretched, each tag has more than one key.
        var random = new Random(1);
        long[] hashes = random.longs(900_000).map(hash -> hash >>> 8).toArray();
        long[] keys = new long[hashes.length + 1];
        for (int i = 0; i < hashes.length; i++) {
            long key = i;
            assertEquals(Location.NONE, index.claim(hashes[i], location -> keys[(int) location] == key));
            keys[i + 1] = i;
            index.fill(i + 1L);
        }
        for (int i = 0; i < hashes.length; i += 17) {
            long candidate;
            var probe = index.probe(hashes[i]);
            do {
                candidate = probe.next();
                assertTrue(candidate != Location.NONE);
            } while (candidate != i + 1);
        }
    }

    @Test
    void put_manyKeys_costsFewBytes() {
        var random = new Random(7);
        int keys = 1_000_000;
        for (int i = 1; i <= keys; i++) {
            index.claim(random.nextLong(), location -> false);
            index.fill(i);
        }
        assertTrue(index.sizeBytes() <= 22L * keys, "bytes a key: " + (double) index.sizeBytes() / keys);
    }

    @Test
    void put_largestLocation_comesBackWhole() {
        long largest = Location.of(Location.MAX_ORDINAL, 65_535);
        put(5, -1, largest);
        assertEquals(largest, find(5, -1));
        assertEquals(Location.MAX_ORDINAL, Location.ordinal(largest));
        assertEquals(65_535, Location.row(largest));
    }

    @Test
    void probe_afterRandomPuts_equalsAMap() {
        var random = new Random(3);
        var newest = new HashMap<Long, Long>();
        for (long location = 1; location < 20_000; location++) {
            long key = random.nextInt(3000);
            assertEquals(newest.getOrDefault(key, Location.NONE), put(key, weakHash(key), location));
            newest.put(key, location);
        }
        newest.forEach((key, location) -> assertEquals(location, find(key, weakHash(key))));
        var missing = new HashSet<Long>();
        for (long key = 3000; key < 4000; key++) {
            missing.add(find(key, weakHash(key)));
        }
        assertEquals(java.util.Set.of(Location.NONE), missing);
    }

    /** Few tables, few tags. */
    private static long weakHash(long key) {
        return (key % 3) << 56 | (key % 50) << 36;
    }

    private long put(long key, long hash, long location) {
        long older = index.claim(hash, at -> keyOfLocation.getOrDefault(at, -1L) == key);
        keyOfLocation.put(location, key);
        index.fill(location);
        return older;
    }

    private long find(long key, long hash) {
        var probe = index.probe(hash);
        long candidate;
        while ((candidate = probe.next()) != Location.NONE) {
            if (keyOfLocation.getOrDefault(candidate, -1L) == key) {
                return candidate;
            }
        }
        return Location.NONE;
    }
}
