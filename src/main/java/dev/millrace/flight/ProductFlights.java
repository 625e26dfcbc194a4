package dev.millrace.flight;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.codec.BodyForm;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.domain.RequestHeaders;
import dev.millrace.domain.Writes;
import dev.millrace.layer.Service;
import dev.millrace.layer.WorkerPool;
import dev.millrace.problem.Problem;
import dev.millrace.store.Position;
import dev.millrace.store.Slice;
import dev.millrace.store.Snapshot;
import io.vertx.core.Future;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightEndpoint;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.Ticket;

/**
 * Answers Flight requests from the registry: the service inside the layers. Any thread; never blocks, since snapshots
 * are taken without a lock and no row is read; what takes longer is done by a worker.
 */
final class ProductFlights implements Service<FlightRequest, FlightAnswer> {
    private final ProductRegistry registry;
    private final TicketOffice tickets;
    private final WorkerPool pages;

    ProductFlights(ProductRegistry registry, TicketOffice tickets, WorkerPool pages) {
        this.registry = registry;
        this.tickets = tickets;
        this.pages = pages;
    }

    @Override
    public Future<FlightAnswer> call(FlightRequest request) {
        return switch (request) {
            case FlightRequest.Catalogue catalogue -> Future.succeededFuture(catalogue(catalogue.prefix()));
            case FlightRequest.Info asked -> info(Selection.parse(registry, asked.path()), asked.path());
            case FlightRequest.Shape shape -> Future.succeededFuture(shape(shape.path()));
            case FlightRequest.Read read -> Future.succeededFuture(read(tickets.read(read.ticket())));
            case FlightRequest.Write write -> write(write);
        };
    }

    /** The product that a request reads; empty for one that reads none. */
    Optional<Product> read(FlightRequest request) {
        return switch (request) {
            case FlightRequest.Catalogue _, FlightRequest.Write _ -> Optional.empty();
            case FlightRequest.Info asked ->
                Optional.of(Selection.parse(registry, asked.path()).product());
            case FlightRequest.Shape asked ->
                Optional.of(Selection.parse(registry, asked.path()).product());
            case FlightRequest.Read read ->
                Optional.of(Selection.parse(
                                registry, List.of(tickets.read(read.ticket()).product()))
                        .product());
        };
    }

    private Future<FlightAnswer> write(FlightRequest.Write write) {
        Product product = Selection.parse(registry, write.path()).product();
        String key = write.idempotencyKey().isEmpty() ? "" : RequestHeaders.idempotencyKey(write.idempotencyKey());
        return Future.fromCompletionStage(product.writes()
                .write(new Writes.Records(BodyForm.ARROW, write.rows(), RequestHeaders.lenient(write.prefer()), key))
                .thenApply(receipt -> new FlightAnswer.Written(receipt.json())));
    }

    /** The rows of an earlier position are counted one by one, which is too long for an event loop. */
    private Future<FlightAnswer> info(Selection selection, List<String> path) {
        return selection.position().isPresent()
                ? pages.run(() -> infos(selection, path))
                : Future.succeededFuture(infos(selection, path));
    }

    private FlightAnswer infos(Selection selection, List<String> path) {
        return new FlightAnswer.Infos(List.of(describe(selection, path)));
    }

    private FlightAnswer catalogue(String prefix) {
        return new FlightAnswer.Infos(registry.all().stream()
                .filter(product -> product.qualifiedName().startsWith(prefix))
                .map(product -> {
                    var path = List.of(product.domain(), product.name());
                    var all = new Selection(product, product.schema().columns(), Optional.empty());
                    return product.unreadable().isPresent() ? unread(all, path) : describe(all, path);
                })
                .toList());
    }

    /** A product that cannot be read yet: its schema alone, with no endpoint. */
    private static FlightInfo unread(Selection all, List<String> path) {
        return FlightInfo.builder(all.schema(all.product().position()), FlightDescriptor.path(path), List.of())
                .build();
    }

    private FlightInfo describe(Selection selection, List<String> path) {
        try (Snapshot snapshot = open(selection.product(), selection.position())) {
            Position at = snapshot.position();
            Instant expiry = tickets.expiry();
            var ticket = new Ticket(tickets.sign(selection, at, expiry));
            // An endpoint without a location is read from the server that named it.
            return FlightInfo.builder(
                            selection.schema(at),
                            FlightDescriptor.path(path),
                            List.of(FlightEndpoint.builder(ticket)
                                    .setExpirationTime(expiry)
                                    .build()))
                    .setAppMetadata(at.toString().getBytes(UTF_8))
                    .setRecords(snapshot.rows())
                    .setBytes(estimateBytes(snapshot, selection.columns()))
                    .build();
        }
    }

    private FlightAnswer shape(List<String> path) {
        var selection = Selection.parse(registry, path);
        Position at = selection.position().orElseGet(selection.product()::position);
        return new FlightAnswer.Shape(selection.schema(at));
    }

    private FlightAnswer read(ReadTicket ticket) {
        var path = List.of(ticket.product());
        Product product = Selection.parse(registry, path).product();
        List<ColumnLayout> columns = Selection.columns(product, ticket.selected());
        Long limit = ticket.limit();
        if (limit != null && limit < 0) {
            throw Selection.invalid("limit", limit + " is negative.", "0 or more rows.");
        }
        String position = ticket.position();
        Snapshot snapshot = open(
                product, position == null ? Optional.empty() : Optional.of(Selection.position("position", position)));
        try {
            return new FlightAnswer.Rows(new Reading(
                    product,
                    snapshot,
                    columns,
                    product.arrowSchema(columns, snapshot.position()),
                    limit == null ? Long.MAX_VALUE : limit));
        } catch (RuntimeException failure) {
            snapshot.close();
            throw failure;
        }
    }

    private static Snapshot open(Product product, Optional<Position> position) {
        product.unreadable().ifPresent(reason -> {
            throw new Problem.Unavailable(product.qualifiedName(), reason).exception();
        });
        return position.map(product::snapshotAt).orElseGet(product::snapshot);
    }

    /** From the sizes of buffers alone: to read an offset of a mapped segment could wait for the disk. */
    private static long estimateBytes(Snapshot snapshot, List<ColumnLayout> columns) {
        long bytes = 0;
        long rows = 0;
        for (int partition = 0; partition < snapshot.partitions(); partition++) {
            for (Slice slice : snapshot.slices(partition)) {
                rows += slice.rows();
                bytes += slice.batch().isMapped()
                        ? slice.batch().capacityBytes(columns)
                        : slice.batch().sizeBytes(columns, 0, slice.rows());
            }
        }
        return rows == 0 ? 0 : Math.round((double) bytes * snapshot.rows() / rows);
    }
}
