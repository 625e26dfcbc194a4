package dev.millrace.query;

import dev.millrace.problem.Problem;
import java.util.function.BooleanSupplier;

/** How many rows of a reading meet a query's filters, wherever its page begins. One thread at a time. */
public final class RowCount {
    private final Reading reading;
    private final RowsQuery query;
    private final BooleanSupplier gone;
    private long rows = -1;

    /**
     * @param reading borrowed; open when first asked
     * @param gone whether nobody waits for it any more; any thread
     */
    public RowCount(Reading reading, RowsQuery query, BooleanSupplier gone) {
        this.gone = gone;
        this.reading = reading;
        this.query = query;
    }

    /** The number; the first time all rows are looked at, unless there are no filters. */
    public long rows() {
        if (rows < 0) {
            rows = query.filter().isAll() ? reading.rows() : of(reading, query, gone);
        }
        return rows;
    }

    /** The same, counted in any case. */
    public static long of(Reading reading, RowsQuery query, BooleanSupplier gone) {
        RowSource scan = reading.scan(query.whole());
        long sum = 0;
        while (scan.next()) {
            sum += scan.count();
            if (gone.getAsBoolean()) {
                throw new Problem.Unavailable("The count", "nobody waits for it any more.").exception();
            }
        }
        return sum;
    }
}
