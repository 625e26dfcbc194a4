package dev.millrace.store;

import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * How far a product has read its input: the topic's id and the next offset of each partition. Immutable.
 *
 * <p>The text form is {@code <topic id>:<next of 0>.<next of 1>…}, with nothing in it that a URL, a header or a shell
 * must quote, for example {@code xJ3dZ0kNT4qJm3YpWzQf5w:50012.49987.50001.50000}. An empty topic (no partition known
 * yet) ends with the colon.
 */
public final class Position {
    // No repeated group in here: Pattern takes stack for each of its turns, and clients write this text.
    private static final Pattern TEXT = Pattern.compile("([A-Za-z0-9_-]{1,64}):([0-9.]*)");
    private static final Pattern OFFSET = Pattern.compile("\\d{1,18}");
    private static final int MAX_PARTITIONS = 10_000;

    private final String topicId;
    private final long[] next;

    private Position(String topicId, long[] next) {
        this.topicId = topicId;
        this.next = next;
    }

    /** The position with the given next offsets, by partition; the array is copied. */
    public static Position of(String topicId, long... next) {
        return new Position(topicId, next.clone());
    }

    /** The position that {@link #toString()} printed; empty when the text is not one. */
    public static Optional<Position> parse(String text) {
        var matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        if (matcher.group(2).isEmpty()) {
            return Optional.of(new Position(matcher.group(1), new long[0]));
        }
        String[] offsets = matcher.group(2).split("\\.", -1);
        if (offsets.length > MAX_PARTITIONS || !Arrays.stream(offsets).allMatch(OFFSET.asMatchPredicate())) {
            return Optional.empty();
        }
        long[] next = Arrays.stream(offsets).mapToLong(Long::parseLong).toArray();
        return Optional.of(new Position(matcher.group(1), next));
    }

    public String topicId() {
        return topicId;
    }

    /** How many partitions are known. */
    public int partitions() {
        return next.length;
    }

    /** The offset of the first record of a partition that is not yet in; 0 for a partition not known. */
    public long next(int partition) {
        return partition < next.length ? next[partition] : 0;
    }

    /** Whether every partition has come at least as far as in {@code other}; never for another topic. */
    public boolean hasReached(Position other) {
        if (!topicId.equals(other.topicId)) {
            return false;
        }
        for (int partition = 0; partition < other.next.length; partition++) {
            if (next(partition) < other.next[partition]) {
                return false;
            }
        }
        return true;
    }

    /** How two positions of one topic stand to each other. */
    public enum Order {
        BEFORE,
        SAME,
        AFTER,
        /** Each is ahead in some partition, or they are of two topics. */
        NEITHER
    }

    /** How this position stands to another. */
    public Order compare(Position other) {
        boolean after = hasReached(other);
        boolean before = other.hasReached(this);
        return after ? before ? Order.SAME : Order.AFTER : before ? Order.BEFORE : Order.NEITHER;
    }

    /** The farther of both in each partition. */
    public Position merge(Position other) {
        if (!topicId.equals(other.topicId)) {
            throw new IllegalArgumentException("positions of two topics: " + this + " and " + other);
        }
        long[] merged = new long[Math.max(next.length, other.next.length)];
        for (int partition = 0; partition < merged.length; partition++) {
            merged[partition] = Math.max(next(partition), other.next(partition));
        }
        return new Position(topicId, merged);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Position that && topicId.equals(that.topicId) && Arrays.equals(next, that.next);
    }

    @Override
    public int hashCode() {
        return 31 * topicId.hashCode() + Arrays.hashCode(next);
    }

    @Override
    public String toString() {
        return topicId + ":" + LongStream.of(next).mapToObj(Long::toString).collect(Collectors.joining("."));
    }
}
