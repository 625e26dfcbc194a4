package dev.millrace.http;

import static org.apache.arrow.vector.compression.CompressionUtil.CodecType.NO_COMPRESSION;

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
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Rows of one product for the requests of one event loop, which is the only thread that calls it. */
final class ProductPort {
    private static final CharSequence JSON = Format.JSON.contentType();
    private static final int ROW_BYTES = 512;

    /** Unfiltered pages up to this size are made on the event loop itself. */
    private static final int MAX_ROWS_HERE = 200;

    /** Parameters that say how to answer, not which rows. */
    private static final Set<String> HOW = Set.of("format", "codec", "count");

    private final Product product;
    private final QueryParser parser;
    private final CursorCodec cursors;
    private final RowStream.Room room;
    private final JsonEncoder whole;
    private final ChangePort changes;
    private final Versions versions;
    private final NettyTarget target = new NettyTarget();

    ProductPort(Product product, QueryParser.Limits limits, CursorCodec cursors, RowStream.Room room) {
        this.product = product;
        this.parser = new QueryParser(product.qualifiedName(), product.schema(), limits, cursors);
        this.cursors = cursors;
        this.room = room;
        this.changes = new ChangePort(product, parser, room);
        this.versions = new Versions(product);
        this.whole = JsonEncoder.of(product.schema().columns(), false);
    }

    Product product() {
        return product;
    }

    ChangePort changes() {
        return changes;
    }

    /** The product's own document; not for an event loop. */
    String openApi(OpenApi server) {
        try (Snapshot snapshot = product.snapshot()) {
            return new ProductOpenApi(server, product, parser, room.allocator()).text(snapshot);
        }
    }

    /** The row whose key has these components, as JSON. */
    Future<Answer> row(HttpServerRequest request, List<String> components, boolean numbersAsStrings) {
        readable();
        Optional<Key> key = Key.parse(product.schema(), components);
        if (key.isEmpty()) {
            throw new Problem.InvalidParameter("key", Key.fault(product.schema(), components), expectedKey())
                    .exception();
        }
        try (Snapshot snapshot = product.snapshot()) {
            Answer.Version version =
                    versions.of(snapshot.position(), request, new Negotiation(Format.JSON, numbersAsStrings), false);
            if (Conditional.has(request, version.tag())) {
                return unchanged(version, snapshot);
            }
            Snapshot.Row row = snapshot.find(key.get())
                    .orElseThrow(() -> new Problem.NotFound("row", String.join(",", components)).exception());
            JsonEncoder encoder =
                    numbersAsStrings ? JsonEncoder.of(product.schema().columns(), true) : whole;
            ByteBuf json = target.filled(ROW_BYTES, sink -> encoder.row(row.batch(), row.row(), sink));
            return Future.succeededFuture(new Answer.Whole(JSON, json, version, null, Map.of()));
        }
    }

    /** The rows with these keys, in their order, null for a key that no row has; all at one position. */
    Future<Answer> lookUp(List<List<String>> keys, boolean numbersAsStrings) {
        readable();
        List<Key> parsed = new ArrayList<>(keys.size());
        for (List<String> components : keys) {
            parsed.add(Key.parse(product.schema(), components)
                    .orElseThrow(() -> new Problem.InvalidParameter(
                                    "keys", "of key " + parsed.size() + ", " + Key.fault(product.schema(), components), expectedKey())
                            .exception()));
        }
        return room.onWorker(() -> found(parsed, numbersAsStrings));
    }

    /** On a worker: the rows may have to be read from the disk. */
    private Answer found(List<Key> keys, boolean numbersAsStrings) {
        JsonEncoder encoder = JsonEncoder.of(product.schema().columns(), numbersAsStrings);
        try (Snapshot snapshot = product.snapshot()) {
            ByteBuf json = new NettyTarget().filled(ROW_BYTES * Math.min(64, keys.size()), sink -> {
                CharSequence before = "{\"data\":[";
                for (Key key : keys) {
                    sink.put(before);
                    Optional<Snapshot.Row> row = snapshot.find(key);
                    row.ifPresentOrElse(at -> encoder.row(at.batch(), at.row(), sink), () -> sink.put("null"));
                    before = ",";
                }
                sink.put("],\"position\":\"" + snapshot.position() + "\"}");
            });
            Answer.Version version = Answer.Version.at(snapshot.position().toString());
            return new Answer.Whole(JSON, json, version, null, Map.of());
        }
    }

    /** A page, or for NDJSON without a limit everything. */
    Future<Answer> rows(RequestTarget target, HttpServerRequest request, Negotiation negotiation) {
        RowsQuery query = parser.parse(target.without(HOW));
        boolean counted = counted(target);
        Coding.Accepted coding = Coding.accepted(
                Call.header(request, HttpHeaders.ACCEPT_ENCODING),
                negotiation.codec() == NO_COMPRESSION && negotiation.format() != Format.PARQUET,
                room.compressFrom());
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
        RowStream stream;
        boolean here = !export
                && negotiation.format() != Format.ARROW
                && !stored
                && query.grouping().isNone()
                && coding.coding() == Coding.IDENTITY
                && !counted
                && query.filter().isAll()
                && query.sort().isEmpty()
                && query.limit() <= MAX_ROWS_HERE;
        try {
            boolean fixed = !(query.start() instanceof Start.Now);
            Answer.Version version = versions.of(snapshot.position(), request, negotiation, fixed);
            if (Conditional.has(request, version.tag())) {
                try (snapshot) {
                    return unchanged(version, snapshot);
                }
            }
            Optional<RowCount> count = counted ? Optional.of(new RowCount(snapshot, query)) : Optional.empty();
            long limit = export ? Long.MAX_VALUE : query.limit();
            BooleanSupplier gone =
                    () -> request.response().closed() || request.response().ended();
            RowSource scan = source(snapshot, query, limit, gone);
            if (stored) {
                return stored(snapshot, scan, query, limit, Call.client(request), gone);
            }
            RowWriter writer = negotiation.format() == Format.ARROW
                    ? new ArrowRows(
                            scan,
                            query.select(),
                            product.arrowSchema(query.select(), snapshot.position()),
                            limit,
                            negotiation.codec(),
                            room.allocator())
                    : new TextRows(
                            scan,
                            negotiation.format() == Format.CSV
                                    ? new CsvEncoder(query.grouping().isNone() ? flat(target) : query.select())
                                    : encoder(query, negotiation, here),
                            negotiation.format(),
                            limit,
                            snapshot.position().toString(),
                            count,
                            onward(snapshot.position(), query));
            stream = new RowStream(
                    room, snapshot, writer, negotiation.format(), version, coding, count, Call.client(request));
            if (export && !counted && request.method() == HttpMethod.HEAD) {
                return Future.succeededFuture(stream.head());
            }
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
        CharSequence position = snapshot.position().toString();
        try {
            room.places().take(client); // before the work, so that it bounds that too
        } catch (RuntimeException full) {
            rows.close();
            throw full;
        }
        return room.onWorker(() -> {
                    try (snapshot;
                            rows) {
                        return room.engine().parquet(rows, query.select(), limit, gone);
                    }
                })
                .onFailure(failure -> room.places().giveBack(client))
                .map(file -> new Answer.Stored(file.path(), file.sizeBytes(), file.tag(), position, () -> {
                    room.places().giveBack(client);
                    room.onWorker(() -> DuckDbEngine.delete(file.path()));
                }));
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
        readable(product);
    }

    /** @throws dev.millrace.problem.ProblemException with {@code Unavailable} for a product that has no topic yet */
    static void readable(Product product) {
        product.unreadable().ifPresent(reason -> {
            throw new Problem.Unavailable(product.qualifiedName(), reason).exception();
        });
    }

    /** The columns of a CSV answer: a field within a column is one of its own. */
    private List<ColumnLayout> flat(RequestTarget target) {
        return Negotiation.single(target.parameters(), "select")
                .map(names -> Stream.of(names.split(",", -1))
                        .map(name -> product.schema().layout().find(name).orElseThrow())
                        .toList())
                .orElse(product.schema().columns());
    }

    private static boolean counted(RequestTarget target) {
        String count = Negotiation.single(target.parameters(), "count").orElse("none");
        if (!count.equals("exact") && !count.equals("none")) {
            throw new Problem.InvalidParameter(
                            "count",
                            "this is no way to count.",
                            "exact or none. A column of that name is filter[count].")
                    .exception();
        }
        return count.equals("exact");
    }

    private Future<Answer> unchanged(Answer.Version version, Snapshot snapshot) {
        return Future.succeededFuture(new Answer.Unchanged(
                version,
                version.fixed() ? Optional.empty() : Optional.of(new Answer.Watched(product, snapshot.position()))));
    }

    private String expectedKey() {
        List<ColumnLayout> columns = product.schema().columns();
        String names = product.schema().key().stream()
                .map(index -> columns.get(index).name())
                .collect(Collectors.joining(","));
        return names.isEmpty()
                ? "nothing: the product has no key, use /rows."
                : "the value of " + names
                        + "; components of a key are joined by commas, each percent-encoded; dates and"
                        + " timestamps in ISO 8601.";
    }
}
