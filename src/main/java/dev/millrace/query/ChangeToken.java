package dev.millrace.query;

import dev.millrace.store.Position;
import java.util.Optional;
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
            Pattern.compile("([^~@]*)(?:~(\\d{1,9})\\.(\\d{1,9})|@(\\d{1,9})\\.(\\d{1,18})\\.(\\d{1,9}))?");

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
        var matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        Optional<Position> position = Position.parse(matcher.group(1));
        String rows = matcher.group(3);
        String stateRows = matcher.group(6);
        // A token names a partition that its position has; another number is not ours, and could ask for much memory.
        String partition = rows != null ? matcher.group(2) : stateRows != null ? matcher.group(4) : "0";
        if (position.isEmpty()
                || Integer.parseInt(partition) >= Math.max(1, position.get().partitions())) {
            return Optional.empty();
        }
        return position.map(at -> rows != null
                ? new ChangeToken(at, false, Integer.parseInt(matcher.group(2)), 0, Integer.parseInt(rows))
                : stateRows != null
                        ? new ChangeToken(
                                at,
                                true,
                                Integer.parseInt(matcher.group(4)),
                                Long.parseLong(matcher.group(5)),
                                Integer.parseInt(stateRows))
                        : changes(at));
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
