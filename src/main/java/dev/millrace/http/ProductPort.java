package dev.millrace.http;

import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.codec.CsvEncoder;
import dev.millrace.codec.JsonEncoder;
import dev.millrace.codec.RowEncoder;
import dev.millrace.domain.Product;
import dev.millrace.problem.Problem;
import dev.millrace.query.Cursor;
import dev.millrace.query.CursorCodec;
import dev.millrace.query.DuckDbEngine;
import dev.millrace.query.GroupedRows;
import dev.millrace.query.QueryParser;
import dev.millrace.query.RowSource;
import dev.millrace.query.RowsQuery;
import dev.millrace.query.RowsScan;
import dev.millrace.query.SortedRows;
import dev.millrace.query.Start;
import dev.millrace.store.Key;
import dev.millrace.store.Position;
import dev.millrace.store.Snapshot;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Rows of one product for the requests of one event loop, which is the only thread that calls it. */
final class ProductPort {
    private static final int ROW_BYTES = 512;

    /** Unfiltered pages up to this size are made on the event loop itself. */
    private static final int MAX_ROWS_HERE = 200;

    private record PositionText(Position position, CharSequence text) {}

    private final Product product;
    private final QueryParser parser;
    private final CursorCodec cursors;
    private final RowStream.Room room;
    private final JsonEncoder whole;
    private final NettyTarget target = new NettyTarget();
    private PositionText latest = new PositionText(Position.of("-"), "-:");

    ProductPort(Product product, QueryParser.Limits limits, CursorCodec cursors, RowStream.Room room) {
        this.product = product;
        this.parser = new QueryParser(product.qualifiedName(), product.schema(), limits, cursors);
        this.cursors = cursors;
        this.room = room;
        this.whole = JsonEncoder.of(product.schema().columns(), false);
    }

    Product product() {
        return product;
    }

    /** The product's own document; not for an event loop. */
    String openApi(OpenApi server) {
        try (Snapshot snapshot = product.snapshot()) {
            return new ProductOpenApi(server, product, parser, room.allocator()).text(snapshot);
        }
    }

    /** The row whose key has these components, as JSON. */
    Future<Answer> row(List<String> components, boolean numbersAsStrings) {
        readable();
        Optional<Key> key = Key.parse(product.schema(), components);
        if (key.isEmpty()) {
            throw new Problem.InvalidParameter("key", "this is no key of the product.", expectedKey()).exception();
        }
        try (Snapshot snapshot = product.snapshot()) {
            Snapshot.Row row = snapshot.find(key.get())
                    .orElseThrow(() -> new Problem.NotFound("row", String.join(",", components)).exception());
            JsonEncoder encoder =
                    numbersAsStrings ? JsonEncoder.of(product.schema().columns(), true) : whole;
            ByteSink sink = target.begin(ROW_BYTES);
            boolean encoded = false;
            try {
                encoder.row(row.batch(), row.row(), sink);
                encoded = true;
            } finally {
                if (!encoded) {
                    target.drop();
                }
            }
            return Future.succeededFuture(
                    new Answer.Rows(Format.JSON.contentType(), target.take(), text(snapshot.position())));
        }
    }

    /** The rows with these keys, in their order, null for a key that no row has; all at one position. */
    Future<Answer> lookUp(List<List<String>> keys, boolean numbersAsStrings) {
        readable();
        List<Key> parsed = new ArrayList<>(keys.size());
        for (List<String> components : keys) {
            parsed.add(Key.parse(product.schema(), components)
                    .orElseThrow(() -> new Problem.InvalidParameter(
                                    "keys", "key " + parsed.size() + " is no key of the product.", expectedKey())
                            .exception()));
        }
        return room.workers().executeBlocking(() -> found(parsed, numbersAsStrings), false);
    }

    /** On a worker: the rows may have to be read from the disk. */
    private Answer found(List<Key> keys, boolean numbersAsStrings) {
        JsonEncoder encoder = JsonEncoder.of(product.schema().columns(), numbersAsStrings);
        var buffer = new NettyTarget();
        ByteSink sink = buffer.begin(ROW_BYTES * Math.min(64, keys.size()));
        boolean encoded = false;
        try (Snapshot snapshot = product.snapshot()) {
            CharSequence before = "{\"data\":[";
            for (Key key : keys) {
                sink.put(before);
                Optional<Snapshot.Row> row = snapshot.find(key);
                row.ifPresentOrElse(at -> encoder.row(at.batch(), at.row(), sink), () -> sink.put("null"));
                before = ",";
            }
            sink.put("],\"position\":\"" + snapshot.position() + "\"}");
            encoded = true;
            return new Answer.Rows(
                    Format.JSON.contentType(),
                    buffer.take(),
                    snapshot.position().toString());
        } finally {
            if (!encoded) {
                buffer.drop();
            }
        }
    }

    /** A page, or for NDJSON without a limit everything. */
    Future<Answer> rows(
            RequestTarget request, Negotiation negotiation, boolean head, String client, BooleanSupplier gone) {
        RowsQuery query = parser.parse(request.parameters().stream()
                .filter(parameter -> !parameter.getKey().equals("format"))
                .toList());
        readable();
        boolean export = negotiation.format().isExport() && !query.limitGiven();
        if (export && query.grouping().isNone() && !query.sort().isEmpty()) {
            throw new Problem.InvalidParameter(
                            "limit",
                            "sorted rows are kept until the last is seen.",
                            "a limit; or no sort, for all rows.")
                    .exception();
        }
        Snapshot snapshot = switch (query.start()) {
            case Start.Now ignored -> product.snapshot();
            case Start.At(Position position) -> product.snapshotAt(position);
            case Start.After(Cursor cursor) -> product.snapshotAt(cursor.position());
        };
        boolean stored = negotiation.format() == Format.PARQUET;
        boolean here = !export
                && negotiation.format() != Format.ARROW
                && !stored
                && query.grouping().isNone()
                && query.filters().isEmpty()
                && query.sort().isEmpty()
                && query.limit() <= MAX_ROWS_HERE;
        RowStream stream;
        try {
            if (head && (export || stored)) {
                CharSequence position = text(snapshot.position());
                snapshot.close();
                return Future.succeededFuture(new Answer.Rows(
                        negotiation.format().contentType(), io.netty.buffer.Unpooled.EMPTY_BUFFER, position));
            }
            long limit = export ? Long.MAX_VALUE : query.limit();
            RowSource scan = source(snapshot, query, limit, gone);
            if (stored) {
                return stored(snapshot, scan, query, limit, client, gone);
            }
            RowWriter writer = negotiation.format() == Format.ARROW
                    ? new ArrowRows(
                            scan,
                            query.select(),
                            product.arrowSchema(query.select(), snapshot.position()),
                            limit,
                            room.allocator())
                    : new TextRows(
                            scan,
                            negotiation.format() == Format.CSV
                                    ? new CsvEncoder(query.select())
                                    : encoder(query, negotiation, here),
                            negotiation.format(),
                            limit,
                            snapshot.position().toString(),
                            onward(snapshot.position(), query));
            stream = new RowStream(room, snapshot, writer, negotiation.format(), text(snapshot.position()), client);
        } catch (RuntimeException | Error failure) {
            snapshot.close();
            throw failure;
        }
        return here ? Future.succeededFuture(stream.here()) : stream.onWorker();
    }

    private RowSource source(Snapshot snapshot, RowsQuery query, long limit, BooleanSupplier gone) {
        if (!query.grouping().isNone()) {
            return new GroupedRows(snapshot, query, limit, room.engine(), room.allocator(), gone);
        }
        return query.sort().isEmpty()
                ? new RowsScan(snapshot, query)
                : new SortedRows(snapshot, product.schema(), query, room.allocator());
    }

    /** Rows as a file, written whole before the answer begins; snapshot and rows are owned. */
    private Future<Answer> stored(
            Snapshot snapshot, RowSource rows, RowsQuery query, long limit, String client, BooleanSupplier gone) {
        CharSequence position = text(snapshot.position());
        return room.workers()
                .executeBlocking(
                        () -> {
                            try (snapshot;
                                    rows) {
                                return room.engine().parquet(rows, query.select(), limit, gone);
                            }
                        },
                        false)
                .map(file -> {
                    try {
                        room.places().take(client);
                    } catch (RuntimeException full) {
                        room.workers().executeBlocking(() -> DuckDbEngine.delete(file.path()), false);
                        throw full;
                    }
                    return new Answer.Stored(file.path(), file.sizeBytes(), file.tag(), position, () -> {
                        room.places().giveBack(client);
                        room.workers().executeBlocking(() -> DuckDbEngine.delete(file.path()), false);
                    });
                });
    }

    /** An encoder has one thread; that of the event loop is kept, since making one costs as much as some rows. */
    private RowEncoder encoder(RowsQuery query, Negotiation negotiation, boolean here) {
        return here
                        && !negotiation.numbersAsStrings()
                        && query.select().equals(product.schema().columns())
                ? whole
                : JsonEncoder.of(query.select(), negotiation.numbersAsStrings());
    }

    private TextRows.Onward onward(Position position, RowsQuery query) {
        return (partition, offset, skip) -> cursors.encode(
                product.qualifiedName(), new Cursor(position, partition, offset, skip, query.fingerprint()));
    }

    private void readable() {
        product.unreadable().ifPresent(reason -> {
            throw new Problem.Unavailable(product.qualifiedName(), reason).exception();
        });
    }

    /** A position as a header value; the last one is kept, since most requests see the position of the one before. */
    private CharSequence text(Position position) {
        PositionText kept = latest;
        if (kept.position() != position && !kept.position().equals(position)) {
            kept = new PositionText(position, HttpHeaders.createOptimized(position.toString()));
            latest = kept;
        }
        return kept.text();
    }

    private String expectedKey() {
        List<ColumnLayout> columns = product.schema().columns();
        String names = String.join(
                ",",
                product.schema().key().stream()
                        .map(index -> columns.get(index).name())
                        .toList());
        return names.isEmpty()
                ? "nothing: the product has no key, use /rows."
                : "the value of " + names
                        + "; components of a key are joined by commas, each percent-encoded; dates and"
                        + " timestamps in ISO 8601.";
    }
}
