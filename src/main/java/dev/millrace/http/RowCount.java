package dev.millrace.http;

import dev.millrace.problem.Problem;
import dev.millrace.query.Reading;
import dev.millrace.query.RowSource;
import dev.millrace.query.RowsQuery;
import java.util.function.BooleanSupplier;

/** How many rows of a reading meet a query's filters, wherever its page begins. One thread at a time. */
final class RowCount {
    private final Reading reading;
    private final RowsQuery query;
    private final BooleanSupplier gone;
    private long rows = Answer.Version.NOT_COUNTED;

    /**
     * @param reading borrowed; open when first asked
     * @param gone whether nobody waits for it any more; any thread
     */
    RowCount(Reading reading, RowsQuery query, BooleanSupplier gone) {
        this.gone = gone;
        this.reading = reading;
        this.query = query;
    }

    /** The number; the first time all rows are looked at, unless there are no filters. */
    long rows() {
        if (rows < 0) {
            rows = query.filter().isAll() ? reading.rows() : of(reading, query, gone);
        }
        return rows;
    }

    static long of(Reading reading, RowsQuery query, BooleanSupplier gone) {
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
