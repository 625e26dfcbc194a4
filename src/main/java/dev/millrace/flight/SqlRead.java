package dev.millrace.flight;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.query.QueryEngine;
import dev.millrace.query.RowSource;
import dev.millrace.sql.SqlRows;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.apache.arrow.vector.types.pojo.Schema;

/** The result of a statement. */
record SqlRead(SqlRows result) implements Streamed {
    @Override
    public String name() {
        return "sql";
    }

    @Override
    public Schema schema() {
        return SqlSchemas.result(result.layout().schema());
    }

    @Override
    public List<ColumnLayout> columns() {
        return result.layout().top();
    }

    @Override
    public long limit() {
        return Long.MAX_VALUE;
    }

    @Override
    public String position() {
        return result.positions().entrySet().stream()
                .map(each -> each.getKey() + "=" + each.getValue())
                .collect(Collectors.joining(", "));
    }

    @Override
    public Takers takers() {
        return Takers.SQL;
    }

    @Override
    public RowSource rows(QueryEngine engine, BooleanSupplier gone) {
        return result;
    }

    @Override
    public void close() {
        result.close();
    }
}
