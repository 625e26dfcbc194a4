package dev.millrace.flight;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.query.QueryEngine;
import dev.millrace.query.Reading;
import dev.millrace.query.RowSource;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A reading and what is wanted of it. Whoever receives it closes it, once.
 *
 * @param schema of the selection's columns, with metadata
 */
record OpenRead(Selection selection, Reading reading, Schema schema) implements Streamed {
    @Override
    public String name() {
        return selection.product().qualifiedName();
    }

    @Override
    public List<ColumnLayout> columns() {
        return selection.columns();
    }

    @Override
    public long limit() {
        return selection.limit();
    }

    @Override
    public String position() {
        return reading.position().toString();
    }

    @Override
    public Takers takers() {
        return selection.query().grouping().isNone() ? Takers.PAGES : Takers.STATEMENTS;
    }

    @Override
    public RowSource rows(QueryEngine engine, BooleanSupplier gone) {
        return engine.rows(selection.view(), reading, selection.query(), selection.limit(), gone);
    }

    @Override
    public void close() {
        reading.close();
    }
}
