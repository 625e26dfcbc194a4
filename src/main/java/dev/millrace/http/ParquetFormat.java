package dev.millrace.http;

import dev.millrace.query.DuckDbEngine;
import dev.millrace.query.RowSource;

/** Rows as a Parquet file. */
record ParquetFormat() implements RowFormat {
    private static final Named NAMED = Named.of("application/vnd.apache.parquet", "parquet");

    @Override
    public Named named() {
        return NAMED;
    }

    @Override
    public boolean isExport() {
        return true;
    }

    @Override
    public boolean isCompressed() {
        return true;
    }

    @Override
    public boolean isFile() {
        return true;
    }

    @Override
    public RowWriter writer(Rows rows) {
        throw new IllegalStateException("Parquet is a file");
    }

    @Override
    public DuckDbEngine.StoredFile file(Rows rows) {
        try (RowSource owned = rows.rows()) {
            return rows.engine().duckDb().parquet(owned, rows.query().select(), rows.limit(), rows.gone());
        }
    }
}
