package dev.millrace.flight;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.query.QueryEngine;
import dev.millrace.query.RowSource;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.apache.arrow.vector.types.pojo.Schema;

/** Rows to stream to one client. Whoever receives them closes them, once. */
interface Streamed extends AutoCloseable {
    /** Whose threads take the rows: pages of a product, statements of our own, or those of SQL, which wait for a process. */
    enum Takers {
        PAGES,
        STATEMENTS,
        SQL
    }

    /** What it is of, for meters and failures: a product, or SQL. */
    String name();

    /** Of the columns, with metadata. */
    Schema schema();

    List<ColumnLayout> columns();

    /** Most rows. */
    long limit();

    /** Where its products are. */
    String position();

    Takers takers();

    /** The rows, once; whoever gets them closes them. */
    RowSource rows(QueryEngine engine, BooleanSupplier gone);

    @Override
    void close();
}
