package dev.millrace.query;

import dev.millrace.store.Position;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How far a subscriber has come: all that is known of it while nothing happens. Immutable.
 *
 * <p>The text is the position; with {@code ~PARTITION.ROWS} behind it when so many rows of the partition's next record
 * are delivered already; with {@code @PARTITION.OFFSET.ROWS} when rows as they were at the position are being delivered,
 * so many of that offset being the last.
 *
 * @param position what comes next are the changes from here on
 * @param state whether the rows as they were at the position come before that
 * @param partition of the row delivered last, within a record or within the state
 * @param offset of that row, within the state
 * @param rows how many rows of that record are delivered; of the changes, those that a filter leaves out count too
 */
public record ChangeToken(Position position, boolean state, int partition, long offset, int rows) {
    private static final Pattern TEXT =
            Pattern.compile("([^~@]*)(?:(?:~|(@))(\\d{1,9})\\.(?:(\\d{1,18})\\.)?(\\d{1,9}))?");

    /** All changes up to a position are delivered. */
    public static ChangeToken changes(Position position) {
        return new ChangeToken(position, false, 0, 0, 0);
    }

    /** Nothing is delivered; the rows as they are at a position come first. */
    public static ChangeToken state(Position position) {
        return new ChangeToken(position, true, 0, 0, 0);
    }

    /** The token that {@link #toString()} printed; empty when the text is not one. */
    public static Optional<ChangeToken> parse(String text) {
        Matcher parts = TEXT.matcher(text);
        boolean state = parts.matches() && parts.group(2) != null;
        if (!parts.matches() || state != (parts.group(4) != null)) {
            return Optional.empty();
        }
        int partition = parts.group(3) == null ? 0 : Integer.parseInt(parts.group(3));
        long offset = state ? Long.parseLong(parts.group(4)) : 0;
        int rows = parts.group(5) == null ? 0 : Integer.parseInt(parts.group(5));
        // A token names a partition that its position has; another number is not ours, and could ask for much memory.
        return Position.parse(parts.group(1))
                .filter(position -> partition < Math.max(1, position.partitions()))
                .map(position -> new ChangeToken(position, state, partition, offset, rows));
    }

    /** The position that a product must have reached for the subscriber to go on: a record begun can be ended there. */
    public Position needs() {
        if (state || rows == 0) {
            return position;
        }
        long[] next = new long[Math.max(position.partitions(), partition + 1)];
        for (int i = 0; i < next.length; i++) {
            next[i] = position.next(i) + (i == partition ? 1 : 0);
        }
        return Position.of(position.topicId(), next);
    }

    /** Whether this is just between two records, at a position. */
    public boolean isAt(Position other) {
        return !state && rows == 0 && position.compare(other) == Position.Order.SAME;
    }

    @Override
    public String toString() {
        return state
                ? position + "@" + partition + "." + offset + "." + rows
                : rows == 0 ? position.toString() : position + "~" + partition + "." + rows;
    }
}
