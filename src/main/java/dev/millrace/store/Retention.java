package dev.millrace.store;

import dev.millrace.arrow.Column;
import dev.millrace.arrow.Kind;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How long a product keeps its rows; whole segments go, the oldest first, and never the one that is written. Immutable.
 *
 * @param age by the newest row of a segment; empty for no limit
 * @param rows visible ones of the product; Long.MAX_VALUE for no limit
 * @param bytes of the product's files; Long.MAX_VALUE for no limit
 * @param timeColumn a timestamp column of the contract that says how old a row is; empty for the record's own time
 */
public record Retention(Optional<Duration> age, long rows, long bytes, String timeColumn) {
    public static final Retention NONE = new Retention(Optional.empty(), Long.MAX_VALUE, Long.MAX_VALUE, "");

    public Retention {
        if (rows < 1 || bytes < 1 || age.filter(Duration::isNegative).isPresent()) {
            throw new IllegalArgumentException("a retention must leave something");
        }
    }

    /** Rows and bytes of files. */
    record Size(long rows, long bytes) {}

    boolean isNone() {
        return age.isEmpty() && rows == Long.MAX_VALUE && bytes == Long.MAX_VALUE;
    }

    /**
     * How many of a partition's segments are to go, those that go already not counted.
     *
     * @param own what the partition has
     * @param all what the product has; each partition bears its share of what is too much
     */
    int expired(StoreSchema schema, List<Segment> segments, Size own, Size all, long nowMillis) {
        double mayRows = all.rows() <= rows ? Double.MAX_VALUE : (double) own.rows() * rows / all.rows();
        double mayBytes = all.bytes() <= bytes ? Double.MAX_VALUE : (double) own.bytes() * bytes / all.bytes();
        long leftRows = own.rows();
        long leftBytes = own.bytes();
        int count = 0;
        for (Segment segment : segments) {
            Manifest.SegmentFile file = segment.file();
            if (file == null) {
                break;
            }
            if (segment.facts().retiredAt() != Marks.NEVER) {
                continue;
            }
            boolean old = age.isPresent()
                    && isOlder(schema, segment, nowMillis - age.get().toMillis());
            long visible = rows == Long.MAX_VALUE ? 0 : new SegmentSlice(schema, segment, Marks.NEVER).visibleRows();
            boolean tooMany = leftRows > mayRows && leftRows - visible >= mayRows;
            boolean tooLarge = leftBytes - file.sizeBytes() >= mayBytes;
            if (!old && !tooMany && !tooLarge) {
                break;
            }
            leftRows -= visible;
            leftBytes -= file.sizeBytes();
            count++;
        }
        return count;
    }

    /** Whether every row is older; the last one, mostly the newest, is asked first. */
    private boolean isOlder(StoreSchema schema, Segment segment, long millis) {
        int number = timeColumn.isEmpty() ? schema.timestampColumn() : schema.column(timeColumn);
        Column times = segment.batch().column(number);
        for (int row = segment.rows() - 1; row >= 0; row--) {
            if (!times.isNull(row) && millis(times, row) >= millis) {
                return false;
            }
        }
        return true;
    }

    private static long millis(Column times, int row) {
        long time = times.int64(row);
        return times.layout().kind() instanceof Kind.Timestamp(Kind.Unit unit, var _)
                ? Math.floorDiv(time, unit.perMilli())
                : time;
    }
}
