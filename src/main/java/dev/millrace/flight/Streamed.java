package dev.millrace.flight;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.query.QueryEngine;
import dev.millrace.query.Reading;
import dev.millrace.query.RowSource;
import dev.millrace.sql.SqlRows;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Rows to stream to one client. Whoever receives them closes them, once.
 *
 * @param name what it is of, for meters and failures: a product, or SQL
 * @param schema of the columns, with metadata
 * @param position where its products are
 * @param rows the rows, until nobody wants them, once; whoever gets them closes them
 * @param closing gives back what they are read from
 */
record Streamed(
        String name,
        Schema schema,
        List<ColumnLayout> columns,
        long limit,
        String position,
        Takers takers,
        BiFunction<QueryEngine, BooleanSupplier, RowSource> rows,
        Runnable closing)
        implements AutoCloseable {
    /** Whose threads take the rows: pages of a product, statements of our own, or those of SQL, which wait for a process. */
    enum Takers {
        PAGES,
        STATEMENTS,
        SQL
    }

    /** What is wanted of a reading. */
    static Streamed of(Selection selection, Reading owned) {
        return new Streamed(
                selection.product().qualifiedName(),
                selection.schema(owned.position()),
                selection.columns(),
                selection.limit(),
                owned.position().toString(),
                selection.query().grouping().isNone() ? Takers.PAGES : Takers.STATEMENTS,
                (engine, gone) -> engine.rows(selection.view(), owned, selection.query(), selection.limit(), gone),
                owned::close);
    }

    /** The result of a statement. */
    static Streamed of(SqlRows owned) {
        return new Streamed(
                "sql",
                SqlSchemas.result(owned.layout().schema()),
                owned.layout().top(),
                Long.MAX_VALUE,
                owned.position(),
                Takers.SQL,
                (engine, gone) -> owned,
                owned::close);
    }

    @Override
    public void close() {
        closing.run();
    }
}
