package dev.millrace.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.Hash;
import dev.millrace.arrow.SecretHash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys that somebody made so that they have one hash. */
class KeyFloodTest {
    private static final StoreSchema SCHEMA = new StoreSchema(StoreModel.CONTRACT, List.of("id"), true);
    private static final int PUBLISHED = 100;
    private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    @TempDir
    Path folder;

    private final BufferAllocator root = new RootAllocator();

    @AfterEach
    void allocator_afterEveryTest_hasNoLeak() {
        root.close();
    }

    @Test
    void flood_byWhoDoesNotKnowTheSecret_isLikeAnyOtherKeys() throws IOException {
        List<byte[]> keys = ofOneUnkeyedHash(20_000);
        assertTrue(keys.stream().allMatch(key -> Hash.of(key, 0, key.length) == 0));
        var secret = SecretHash.random();
        try (LocalStore store = open(secret)) {
            put(store, keys);
            assertFalse(keys(store).isCrowded());
            assertSame(secret, keys(store).secret());
            assertAllFound(store, keys);
        }
    }

    @Test
    void flood_byWhoKnowsTheSecret_endsWithAnotherSecret() throws IOException {
        var secret = new SecretHash(7, 11);
        List<byte[]> keys = ofNearlyOneHash(secret, 3_000);
        try (LocalStore store = open(secret)) {
            put(store, keys.subList(0, 1_000));
            assertSame(secret, keys(store).secret()); // so many are walked over
            put(store, keys);
            assertNotSame(secret, keys(store).secret());
            assertFalse(keys(store).isCrowded());
            assertAllFound(store, keys);
            put(store, keys);
            assertAllFound(store, keys);
        }
    }

    private LocalStore open(SecretHash secret) throws IOException {
        LocalStore store = LocalStore.open(
                SCHEMA,
                TestOptions.of(1024, 8 << 20, 64 << 20, Duration.ofHours(1)),
                folder,
                new StoreResources(root, root, Runnable::run),
                new LocalDisk(),
                () -> 0,
                () -> 0,
                secret);
        store.topic("t", 1);
        return store;
    }

    private static PartitionKeys keys(LocalStore store) {
        return ((PartitionLog) store.writer(0)).keys();
    }

    private static void put(LocalStore store, List<byte[]> keys) {
        PartitionWriter writer = store.writer(0);
        for (byte[] key : keys) {
            assertTrue(writer.ready(1));
            long offset = writer.next();
            StoreModel.give(writer, new StoreModel.Entry(offset, 0, new String(key, UTF_8), 0, offset, false, false));
            if (offset % PUBLISHED == 0) {
                writer.publish();
            }
        }
        writer.publish();
        writer.publish();
    }

    private static void assertAllFound(LocalStore store, List<byte[]> keys) {
        try (Snapshot snapshot = store.snapshot()) {
            assertEquals(keys.size(), snapshot.rows());
            for (byte[] key : keys) {
                assertTrue(snapshot.find(Key.ofText(SCHEMA, key)).isPresent());
            }
        }
    }

    /** Printable keys whose second word makes the state of {@link Hash} zero, so that all of them have the hash 0. */
    private static List<byte[]> ofOneUnkeyedHash(int count) {
        var keys = new ArrayList<byte[]>();
        for (long i = 0; keys.size() < count; i++) {
            var key = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
            for (long k = 0, left = i; k < 8; k++, left >>= 6) {
                key.put((byte) ALPHABET.charAt((int) (left & 63)));
            }
            long state = 16 ^ 0xa0761d6478bd642fL ^ key.getLong(0);
            long multiplier = 0xe7037ed1a0b428dbL;
            key.putLong(8, state * multiplier ^ Math.unsignedMultiplyHigh(state, multiplier));
            boolean printable = true;
            for (int k = 8; k < 16; k++) {
                printable &= key.get(k) >= 0x20 && key.get(k) <= 0x7e;
            }
            if (printable) {
                keys.add(key.array());
            }
        }
        return keys;
    }

    /** Keys whose hashes begin with the same bits, found by trying. */
    private static List<byte[]> ofNearlyOneHash(SecretHash secret, int count) {
        var keys = new ArrayList<byte[]>();
        for (long i = 0; keys.size() < count; i++) {
            byte[] key = "%016x".formatted(i).getBytes(UTF_8);
            if (secret.of(key, 0, key.length) >>> 50 == 0) {
                keys.add(key);
            }
        }
        return keys;
    }
}
