package dev.millrace.http;

import dev.millrace.arrow.RowEncoder;
import dev.millrace.text.CsvEncoder;
import dev.millrace.text.JsonEncoder;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import java.util.Optional;

/** Rows as text, one behind the other. */
enum TextFormat implements RowFormat {
    /** A page with its position and the cursor of the next. */
    JSON(Named.of("application/json", "json")),
    /** A row a line. */
    NDJSON(Named.of("application/x-ndjson", "ndjson")),
    /** RFC 4180, with a header line. */
    CSV(new Named("text/csv", "csv", HttpHeaders.createOptimized("text/csv; charset=utf-8; header=present")));

    /** The only member of the line that ends an NDJSON answer that is not whole. */
    static final String PROBLEM = "millrace:problem";

    private final Named named;

    TextFormat(Named named) {
        this.named = named;
    }

    @Override
    public Named named() {
        return named;
    }

    @Override
    public boolean isExport() {
        return this != JSON;
    }

    @Override
    public boolean isQuick() {
        return true;
    }

    @Override
    public RowWriter writer(Rows rows) {
        return new TextRows(
                rows.rows(),
                encoder(rows),
                this,
                rows.limit(),
                rows.position().toString(),
                rows.count(),
                rows.onward());
    }

    private RowEncoder encoder(Rows rows) {
        if (this == CSV) {
            return new CsvEncoder(rows.named().get());
        }
        return rows.kept().isPresent()
                ? rows.kept().get()
                : JsonEncoder.of(rows.query().select(), rows.wanted().numbersAsStrings());
    }

    @Override
    public Optional<String> broken(JsonObject problem) {
        return this == NDJSON
                ? Optional.of(new JsonObject().put(PROBLEM, problem).encode() + "\n")
                : Optional.empty();
    }
}
