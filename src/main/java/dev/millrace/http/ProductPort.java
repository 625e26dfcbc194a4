package dev.millrace.http;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Row;
import dev.millrace.documents.OpenApi;
import dev.millrace.documents.ProductOpenApi;
import dev.millrace.domain.Product;
import dev.millrace.domain.RequestWaits;
import dev.millrace.layer.Lease;
import dev.millrace.layer.Owner;
import dev.millrace.problem.Problem;
import dev.millrace.query.CursorCodec;
import dev.millrace.query.DuckDbEngine;
import dev.millrace.query.QueryParser;
import dev.millrace.query.Reading;
import dev.millrace.query.RowCount;
import dev.millrace.query.RowKey;
import dev.millrace.query.RowsQuery;
import dev.millrace.query.Start;
import dev.millrace.query.View;
import dev.millrace.security.Principal;
import dev.millrace.store.Position;
import dev.millrace.text.JsonEncoder;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Rows of one product for the requests of one event loop, which is the only thread that calls it. */
final class ProductPort {
    private static final CharSequence JSON = TextFormat.JSON.contentType();
    private static final int ROW_BYTES = 512;

    /** Unfiltered pages up to this size are made on the event loop itself. */
    private static final int MAX_ROWS_HERE = 200;

    /** Parameters that say how to answer, not which rows. */
    private static final Set<String> HOW = Set.of("format", "codec", "count");

    /** Views that a loop has parsers and encoders of at the same time. */
    private static final int MAX_SEEN = 64;

    /** What is kept of a view, since it takes longer to make than many an answer. */
    private record Seen(View view, QueryParser parser, JsonEncoder whole, Versions versions) {}

    private final Product product;
    private final QueryParser.Limits limits;
    private final CursorCodec cursors;
    private final RowStream.Workplace room;
    private final ChangePort changes;
    private final Map<Long, Seen> seen = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Seen> eldest) {
            return size() > MAX_SEEN;
        }
    };
    private final NettyTarget target = new NettyTarget();
    private Seen latest;

    ProductPort(Product product, QueryParser.Limits limits, CursorCodec cursors, RowStream.Workplace room) {
        this.product = product;
        this.limits = limits;
        this.cursors = cursors;
        this.room = room;
        this.changes = new ChangePort(product, room);
        this.latest = see(product.as(Principal.ANYBODY));
    }

    private Seen see(View view) {
        return new Seen(
                view,
                new QueryParser(view, limits, cursors),
                JsonEncoder.of(view.shape().columns(), false),
                new Versions(product, view.id()));
    }

    private Seen seen(Call call) {
        View view = product.as(call.asked().caller());
        if (latest.view() != view) {
            latest = seen.computeIfAbsent(view.id(), id -> see(view));
        }
        return latest;
    }

    Product product() {
        return product;
    }

    /** What the request's caller may see of the product. */
    View view(Call call) {
        return product.as(call.asked().caller());
    }

    ChangePort changes() {
        return changes;
    }

    /** Changes as they are pushed to the request's caller. */
    Future<Answer> changes(Call call, RequestTarget target) {
        Seen seen = seen(call);
        return changes.open(call, target, seen.view(), seen.parser());
    }

    /** The product's own document; not for an event loop. */
    String openApi(OpenApi server, View view) {
        var parser = new QueryParser(view, limits, cursors);
        try (Reading reading = view.open()) {
            return new ProductOpenApi(
                            server, product, view, parser, room.engine().allocator())
                    .text(reading);
        }
    }

    /** The row whose key has these components, as JSON. */
    Future<Answer> row(Call call, List<String> components, boolean numbersAsStrings) {
        HttpServerRequest request = call.request();
        readable(product);
        Seen seen = seen(call);
        View view = seen.view();
        RowKey key = view.key(components)
                .orElseThrow(() ->
                        new Problem.InvalidParameter("key", view.keyFault(components), expectedKey(view)).exception());
        try (Reading reading = view.open()) {
            Answer.Version version = seen.versions()
                    .of(reading.position(), request, new Negotiation<>(TextFormat.JSON, numbersAsStrings), false);
            if (Conditional.has(request, version.tag())) {
                return unchanged(version, reading);
            }
            Row row = reading.find(key)
                    .orElseThrow(() -> new Problem.NotFound("row", String.join(",", components)).exception());
            JsonEncoder encoder = numbersAsStrings ? JsonEncoder.of(view.shape().columns(), true) : seen.whole();
            ByteBuf json = target.filled(ROW_BYTES, sink -> encoder.row(row.batch(), row.row(), sink));
            return Future.succeededFuture(new Answer.Whole(JSON, json, version, null, Map.of()));
        }
    }

    /** The rows with these keys, in their order, null for a key that no row has; all at one position. */
    Future<Answer> lookUp(Call call, List<List<String>> keys, boolean numbersAsStrings, Lease memory) {
        readable(product);
        View view = view(call);
        List<RowKey> parsed = new ArrayList<>(keys.size());
        for (List<String> components : keys) {
            parsed.add(view.key(components)
                    .orElseThrow(() -> new Problem.InvalidParameter(
                                    "keys",
                                    "of key " + parsed.size() + ", " + view.keyFault(components),
                                    expectedKey(view))
                            .exception()));
        }
        return room.onWorker(call.owner(), () -> found(view, parsed, numbersAsStrings, memory));
    }

    /**
     * On a worker: the rows may have to be read from the disk. The answer is whole before it is sent, and a key may be asked
     * for a thousand times, so it counts as the request's memory does.
     */
    private static Answer found(View view, List<RowKey> keys, boolean numbersAsStrings, Lease memory) {
        JsonEncoder encoder = JsonEncoder.of(view.shape().columns(), numbersAsStrings);
        try (Reading reading = view.open()) {
            ByteBuf json = new NettyTarget().filled(ROW_BYTES * Math.min(64, keys.size()), sink -> {
                CharSequence before = "{\"data\":[";
                int counted = 0;
                for (RowKey key : keys) {
                    sink.put(before);
                    Optional<Row> row = reading.find(key);
                    row.ifPresentOrElse(at -> encoder.row(at.batch(), at.row(), sink), () -> sink.put("null"));
                    before = ",";
                    memory.take(sink.position() - counted);
                    counted = sink.position();
                }
                sink.put("],\"position\":\"" + reading.position() + "\"}");
            });
            Answer.Version version = Answer.Version.at(reading.position().toString());
            return new Answer.Whole(JSON, json, version, null, Map.of());
        }
    }

    /** A page, or for NDJSON without a limit everything. */
    Future<Answer> rows(RequestTarget target, Call call, Negotiation<RowFormat> negotiation) {
        HttpServerRequest request = call.request();
        Seen seen = seen(call);
        View view = seen.view();
        RowsQuery query = seen.parser().parse(target.without(HOW));
        RowFormat format = negotiation.format();
        boolean counted = counted(target);
        Coding.Accepted coding = Coding.accepted(
                Call.header(request, HttpHeaders.ACCEPT_ENCODING),
                negotiation.codec().equals(Negotiation.NO_CODEC) && !format.isCompressed(),
                room.compressFrom());
        readable(product);
        boolean export = format.isExport() && !query.limitGiven();
        if (export && query.grouping().isNone() && !query.sort().isEmpty()) {
            throw new Problem.InvalidParameter(
                            "limit",
                            "sorted rows are kept until the last is seen.",
                            "a limit; or no sort, for all rows.")
                    .exception();
        }
        Reading reading = view.open(query.start());
        RowStream stream;
        boolean here = !export
                && view.isOpen()
                && format.isQuick()
                && query.grouping().isNone()
                && coding.coding() == Coding.IDENTITY
                && !counted
                && query.filter().isAll()
                && query.sort().isEmpty()
                && query.limit() <= MAX_ROWS_HERE;
        try {
            boolean fixed = !(query.start() instanceof Start.Now);
            Answer.Version version = seen.versions().of(reading.position(), request, negotiation, fixed);
            if (Conditional.has(request, version.tag())) {
                try (reading) {
                    return unchanged(version, reading);
                }
            }
            BooleanSupplier gone =
                    () -> request.response().closed() || request.response().ended();
            Optional<RowCount> count = counted ? Optional.of(new RowCount(reading, query)) : Optional.empty();
            long limit = export ? Long.MAX_VALUE : query.limit();
            var rows = new RowFormat.Rows(
                    room.engine().rows(view, reading, query, limit, gone),
                    query,
                    () -> query.grouping().isNone() ? flat(view, target) : query.select(),
                    () -> product.arrowSchema(query.select(), reading.position()),
                    limit,
                    negotiation,
                    version.position(),
                    count,
                    onward(seen.parser(), reading.position(), query),
                    // An encoder has one thread; that of the loop is kept, since making one costs as much as some rows.
                    here
                                    && !negotiation.numbersAsStrings()
                                    && query.select().equals(view.shape().columns())
                            ? Optional.of(seen.whole())
                            : Optional.empty(),
                    room.engine(),
                    gone);
            if (format.isFile()) {
                return stored(reading, format, rows, call.owner());
            }
            RowWriter writer = format.writer(rows);
            stream = new RowStream(
                    room, reading::close, writer, format, version, coding, count, call.owner(), room.pool(query), gone);
            if (export && !counted && request.method() == HttpMethod.HEAD) {
                return Future.succeededFuture(stream.head());
            }
        } catch (RuntimeException | Error failure) {
            reading.close();
            throw failure;
        }
        return here ? Future.succeededFuture(stream.here()) : stream.onWorker();
    }

    /** Rows as a file, written whole before the answer begins; reading and rows are owned. */
    private Future<Answer> stored(Reading reading, RowFormat format, RowFormat.Rows rows, Owner owner) {
        CharSequence position = reading.position().toString();
        try {
            room.places().take(owner.client()); // before the work, so that it bounds that too
        } catch (RuntimeException full) {
            rows.rows().close();
            throw full;
        }
        return room.statements()
                .run(owner, () -> {
                    try (reading) {
                        return format.file(rows);
                    }
                })
                .onFailure(failure -> room.places().giveBack(owner.client()))
                .map(file -> new Answer.Stored(
                        format.contentType(), file.path(), file.sizeBytes(), file.tag(), position, () -> {
                            room.places().giveBack(owner.client());
                            room.onWorker(owner, () -> DuckDbEngine.delete(file.path()));
                        }));
    }

    private static TextRows.Onward onward(QueryParser parser, Position position, RowsQuery query) {
        return (partition, offset, skip) -> parser.cursor(query, position, partition, offset, skip);
    }

    /** @throws dev.millrace.problem.ProblemException with {@code Unavailable} for a product that has no topic yet */
    static void readable(Product product) {
        product.unreadable().ifPresent(reason -> {
            throw new Problem.Unavailable(product.qualifiedName(), reason).exception();
        });
    }

    /** The columns of a CSV answer: a field within a column is one of its own. */
    private static List<ColumnLayout> flat(View view, RequestTarget target) {
        return Negotiation.single(target.parameters(), "select")
                .map(names -> Stream.of(names.split(",", -1))
                        .map(name -> view.shape().find(name).orElseThrow())
                        .toList())
                .orElse(view.shape().columns());
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

    private Future<Answer> unchanged(Answer.Version version, Reading reading) {
        return Future.succeededFuture(new Answer.Unchanged(
                version,
                version.fixed()
                        ? Optional.empty()
                        : Optional.of(new RequestWaits.Watched(product, reading.position()))));
    }

    private static String expectedKey(View view) {
        String names = view.shape().key().stream().map(ColumnLayout::name).collect(Collectors.joining(","));
        return names.isEmpty()
                ? "nothing: the product has no key, use /rows."
                : "the value of " + names
                        + "; components of a key are joined by commas, each percent-encoded; dates and"
                        + " timestamps in ISO 8601.";
    }
}
