package dev.millrace.query;

import java.util.function.BooleanSupplier;
import org.apache.arrow.memory.BufferAllocator;

/**
 * Answers queries over readings: rows as they are, sorted, or in groups. The one place where it is decided how. Any
 * thread.
 *
 * @param duckDb borrowed, groups rows and writes Parquet
 * @param allocator borrowed, pays for rows that an answer copies; of the same root as the stores'
 */
public record QueryEngine(DuckDbEngine duckDb, BufferAllocator allocator) {
    /**
     * The rows of a query, to be closed before the reading is.
     *
     * @param reading where the query starts; borrowed
     * @param limit most rows of the answer; one more is there when it exists
     * @param gone whether nobody waits for the answer any more
     */
    public RowSource rows(View view, Reading reading, RowsQuery query, long limit, BooleanSupplier gone) {
        if (!query.grouping().isNone()) {
            return new GroupedRows(reading, query, limit, duckDb, allocator, gone);
        }
        if (!query.sort().isEmpty()) {
            return new SortedRows(reading, view.shape(), query, allocator);
        }
        boolean whole = limit == Long.MAX_VALUE && !(query.start() instanceof Start.After);
        return whole && !query.filter().isAll() ? reading.scanByMany(query, () -> Narrowing.NONE) : reading.scan(query);
    }
}
