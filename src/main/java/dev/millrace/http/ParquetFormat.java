package dev.millrace.http;

import dev.millrace.query.DuckDbEngine;
import dev.millrace.query.RowSource;
import io.vertx.core.http.HttpHeaders;

/** Rows as a Parquet file. */
record ParquetFormat() implements RowFormat {
    private static final String MEDIA_TYPE = "application/vnd.apache.parquet";
    private static final CharSequence CONTENT_TYPE = HttpHeaders.createOptimized(MEDIA_TYPE);

    @Override
    public String mediaType() {
        return MEDIA_TYPE;
    }

    @Override
    public String token() {
        return "parquet";
    }

    @Override
    public CharSequence contentType() {
        return CONTENT_TYPE;
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
    public StoredFile file(Rows rows) {
        try (RowSource owned = rows.rows()) {
            DuckDbEngine.ParquetFile file =
                    rows.engine().duckDb().parquet(owned, rows.query().select(), rows.limit(), rows.gone());
            return new StoredFile(file.path(), file.sizeBytes(), file.tag());
        }
    }
}
