package dev.millrace.bench.proof;

import dev.millrace.store.Position;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What was produced, by partition and offset, in plain maps: the accounts' versions, and how many bookings there are,
 * each of which has its offset for a number. Versions that no position asked for any more can see are forgotten.
 */
final class SoakModel {
    static final int PARTITIONS = 4;
    static final long NONE = -1;

    /** A record of an account; number {@link #NONE} is a delete. */
    private record Version(long offset, long number) {}

    private final List<Map<String, List<Version>>> accounts = IntStream.range(0, PARTITIONS)
            .<Map<String, List<Version>>>mapToObj(partition -> new HashMap<>())
            .toList();
    private final long[] nextAccount = new long[PARTITIONS];

    static int partition(String account) {
        return Math.floorMod(account.hashCode(), PARTITIONS);
    }

    /** Notes the account's next record; to be called before it is sent. Returns its offset. */
    synchronized long put(String account, long number) {
        int partition = partition(account);
        long offset = nextAccount[partition]++;
        accounts.get(partition)
                .computeIfAbsent(account, key -> new ArrayList<>())
                .add(new Version(offset, number));
        return offset;
    }

    /** The number of an account at a position; {@link #NONE} when it is not there. */
    synchronized long at(String account, Position position) {
        int partition = partition(account);
        return at(accounts.get(partition).getOrDefault(account, List.of()), position.next(partition));
    }

    /** Whether the account was not there at a position, or at one since. */
    synchronized boolean isAbsentSince(String account, Position position) {
        int partition = partition(account);
        List<Version> versions = accounts.get(partition).getOrDefault(account, List.of());
        return at(versions, position.next(partition)) == NONE
                || versions.stream()
                        .anyMatch(version -> version.number() == NONE && version.offset() >= position.next(partition));
    }

    /** All accounts that are there at a position. */
    synchronized Map<String, Long> at(Position position) {
        Map<String, Long> state = new HashMap<>();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            long bound = position.next(partition);
            accounts.get(partition).forEach((account, versions) -> {
                long number = at(versions, bound);
                if (number != NONE) {
                    state.put(account, number);
                }
            });
        }
        return state;
    }

    private static long at(List<Version> versions, long bound) {
        for (Version version : versions.reversed()) {
            if (version.offset() < bound) {
                return version.number();
            }
        }
        return NONE;
    }

    /** The position behind all that was noted. */
    synchronized Position end(String topicId) {
        return Position.of(topicId, nextAccount);
    }

    /** Forgets what only positions before this one see. */
    synchronized void forget(Position before) {
        for (int partition = 0; partition < PARTITIONS; partition++) {
            long bound = before.next(partition);
            accounts.get(partition).values().removeIf(versions -> {
                while (versions.size() > 1 && versions.get(1).offset() < bound) {
                    versions.removeFirst();
                }
                return versions.size() == 1
                        && versions.getFirst().number() == NONE
                        && versions.getFirst().offset() < bound;
            });
        }
    }
}
