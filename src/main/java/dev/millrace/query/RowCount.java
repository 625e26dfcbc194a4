package dev.millrace.query;

import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** How many rows of a reading meet a query's filters, wherever its page begins. One thread at a time. */
public final class RowCount {
    private final Reading reading;
    private final RowsQuery query;
    private @Nullable RowSource scan;
    private long sum;
    private long rows = -1;

    /** @param reading borrowed; open when first asked */
    public RowCount(Reading reading, RowsQuery query) {
        this.reading = reading;
        this.query = query;
    }

    /** Counts on, until it is known, which is the answer, or {@code stop} says so between two steps. */
    public boolean count(BooleanSupplier stop) {
        if (rows < 0 && query.filter().isAll()) {
            rows = reading.rows();
        }
        RowSource steps = scan == null ? reading.scan(query.whole()) : scan;
        scan = steps;
        while (rows < 0) {
            if (stop.getAsBoolean()) {
                return false;
            }
            if (steps.next()) {
                sum += steps.count();
            } else {
                rows = sum;
            }
        }
        return true;
    }

    /** The number; all rows are looked at, unless they are counted or there are no filters. */
    public long rows() {
        count(() -> false);
        return rows;
    }
}
