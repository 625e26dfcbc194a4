package dev.millrace.query;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.Layout;
import dev.millrace.problem.Problem;
import java.sql.SQLException;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.duckdb.DuckDBChunkedResult;
import org.duckdb.DuckDBDataChunkReader;

/**
 * The groups of a query as rows, all in one step, in their order. A group's offset is its number, so that a cursor leads on
 * to the next page of the same groups at the same position.
 */
public final class GroupedRows implements RowSource {
    private final Reading reading;
    private final RowsQuery query;
    private final DuckDbEngine engine;
    private final BooleanSupplier stop;
    private final Layout layout;
    private final BatchWriter groups;
    private final long first;
    private final long most;
    private int[] selection = {};
    private int total;
    private boolean ended;

    /**
     * Groups of a query that has a grouping.
     *
     * @param reading borrowed
     * @param limit most groups of the answer; one more is there when it exists
     * @param allocator borrowed, pays for the groups
     * @param stop whether nobody waits for the answer any more
     */
    GroupedRows(
            Reading reading,
            RowsQuery query,
            long limit,
            DuckDbEngine engine,
            BufferAllocator allocator,
            BooleanSupplier stop) {
        this.reading = reading;
        this.query = query;
        this.engine = engine;
        this.stop = stop;
        this.layout = query.grouping().layout();
        this.groups = new BatchWriter(layout, allocator);
        this.first = query.start() instanceof Start.After(PageCursor cursor) ? cursor.offset() : 0;
        this.most = limit == Long.MAX_VALUE ? limit : limit + 1;
    }

    @Override
    public boolean next() {
        if (ended) {
            selection = new int[0];
            return false;
        }
        ended = true;
        int limit = engine.maxGroups();
        try (RowSource scan =
                new GroupLimit(reading.scan(query.ofAllRows()), query.grouping(), limit, tooMany(limit))) {
            groups.open(64);
            engine.ask(
                    scan,
                    query.grouping().columns(),
                    stop,
                    query.grouping().sql(layout, query.sort(), limit + 1),
                    this::read);
        } catch (OutOfMemoryException full) {
            throw new Problem.Unavailable("The answer", "the memory for answers is used up. Ask for fewer groups.")
                    .exception();
        }
        if (total > limit) {
            throw tooMany(limit);
        }
        selection = IntStream.range(0, groups.rows()).toArray();
        return true;
    }

    private static RuntimeException tooMany(int limit) {
        return new Problem.InvalidParameter(
                        "group",
                        "there are more than " + limit + " groups.",
                        "at most so many: longer buckets, fewer columns, or filters. The setting is query.maxGroups.")
                .exception();
    }

    private void read(DuckDBChunkedResult result) throws SQLException {
        while (result.nextChunk()) {
            DuckDBDataChunkReader chunk = result.chunk();
            for (long row = 0; row < chunk.rowCount(); row++) {
                if (total >= first && total - first < most) {
                    for (int column = 0; column < layout.top().size(); column++) {
                        StatementDatabase.put(groups.column(column), chunk.vector(column), row);
                    }
                    groups.endRow();
                }
                total++;
            }
        }
    }

    @Override
    public Batch batch() {
        return groups.batch();
    }

    @Override
    public int[] selection() {
        return selection;
    }

    @Override
    public long offset(int index) {
        return first + index;
    }

    @Override
    public void close() {
        groups.close();
    }
}
