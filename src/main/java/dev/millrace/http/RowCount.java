package dev.millrace.http;

import dev.millrace.query.RowsQuery;
import dev.millrace.query.RowsScan;
import dev.millrace.store.Snapshot;

/** How many rows of a snapshot meet a query's filters, wherever its page begins. One thread at a time. */
final class RowCount {
    private final Snapshot snapshot;
    private final RowsQuery query;
    private long rows = Answer.Version.NOT_COUNTED;

    /** @param snapshot borrowed; open when first asked */
    RowCount(Snapshot snapshot, RowsQuery query) {
        this.snapshot = snapshot;
        this.query = query;
    }

    /** The number; the first time all rows are looked at, unless there are no filters. */
    long rows() {
        if (rows < 0) {
            rows = query.filter().isAll() ? snapshot.rows() : of(snapshot, query);
        }
        return rows;
    }

    static long of(Snapshot snapshot, RowsQuery query) {
        var scan = new RowsScan(snapshot, query.whole());
        long sum = 0;
        while (scan.next()) {
            sum += scan.count();
        }
        return sum;
    }
}
