package dev.millrace.flight;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import dev.millrace.codec.BodyForm;
import dev.millrace.contract.Grant;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.domain.Request;
import dev.millrace.domain.RequestHeaders;
import dev.millrace.domain.Writes;
import dev.millrace.layer.Owner;
import dev.millrace.layer.Service;
import dev.millrace.layer.WorkerPool;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.query.CursorCodec;
import dev.millrace.query.QueryParser;
import dev.millrace.query.Reading;
import dev.millrace.query.RowsQuery;
import dev.millrace.query.View;
import dev.millrace.security.Principal;
import dev.millrace.sql.SqlEngine;
import dev.millrace.store.Position;
import io.vertx.core.Future;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightEndpoint;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.Ticket;

/**
 * Answers Flight requests from the registry: the service inside the layers. Any thread; never blocks, since snapshots
 * are taken without a lock and no row is read; what takes longer is done by a worker.
 */
final class ProductFlights implements Service<FlightRequest, FlightAnswer> {
    private static final int MAX_SORTED = 10_000;
    private static final QueryParser.Limits LIMITS =
            new QueryParser.Limits(MAX_SORTED, Integer.MAX_VALUE - 8, QueryParser.Limits.USUAL.maxFilters());
    private static final CursorCodec NO_CURSORS = new CursorCodec(new byte[16]);

    private final ProductRegistry registry;
    private final TicketOffice tickets;
    private final WorkerPool pages;
    private final SqlFlights sql;
    private final Map<String, Parsing> parsing = new ConcurrentHashMap<>();

    /** A parser of what is asked of a view: kept, since one takes as long to make as the product has columns. */
    private record Parsing(View view, QueryParser parser) {}

    /** @param engine runs statements; empty where none are answered */
    ProductFlights(ProductRegistry registry, TicketOffice tickets, WorkerPool pages, Optional<SqlEngine> engine) {
        this.registry = registry;
        this.tickets = tickets;
        this.pages = pages;
        this.sql = new SqlFlights(registry, engine);
    }

    @Override
    public Future<FlightAnswer> call(FlightRequest request) {
        return switch (request) {
            case FlightRequest.Catalogue catalogue ->
                Future.succeededFuture(catalogue(catalogue.asked(), catalogue.prefix()));
            case FlightRequest.Info asked ->
                info(asked.asked().owner(), select(asked.asked(), asked.wanted()), asked.descriptor());
            case FlightRequest.Shape shape -> Future.succeededFuture(shape(select(shape.asked(), shape.wanted())));
            case FlightRequest.Read read -> Future.succeededFuture(read(read.asked(), tickets.read(read.ticket())));
            case FlightRequest.SqlInfo asked -> sql.info(asked);
            case FlightRequest.SqlRead read -> sql.read(read);
            case FlightRequest.SqlPrepare prepared -> sql.prepare(prepared);
            case FlightRequest.SqlBind bound -> Future.succeededFuture(sql.bind(bound));
            case FlightRequest.Write write -> write(write);
        };
    }

    /** The product that a descriptor names, whoever asks; empty when there is none. */
    Optional<Product> named(FlightRequest.Wanted wanted) {
        return registry.find(Principal.ANYBODY, wanted.product());
    }

    /** The product that a ticket names; empty when it is none of ours. */
    Optional<Product> ofTicket(byte[] ticket) {
        try {
            return registry.find(Principal.ANYBODY, tickets.read(ticket).product());
        } catch (ProblemException refused) {
            return Optional.empty(); // the service says so, within the layers
        }
    }

    private Selection select(Request asked, FlightRequest.Wanted wanted) {
        Product product = Selection.product(registry, asked.caller(), wanted.product());
        View view = product.as(asked.caller());
        Parsing kept = parsing.compute(
                product.qualifiedName(),
                (name, known) -> known != null && known.view() == view
                        ? known
                        : new Parsing(view, new QueryParser(view, LIMITS, NO_CURSORS)));
        if (wanted.parameters().containsKey("cursor")) {
            throw Selection.invalid("cursor", "a stream has no pages.", "as_of and limit, or the ticket again.");
        }
        RowsQuery query = kept.parser().parse(List.copyOf(wanted.parameters().entrySet()));
        if (!query.sort().isEmpty()
                && query.grouping().isNone()
                && (!query.limitGiven() || query.limit() > MAX_SORTED)) {
            throw Selection.invalid(
                    "limit",
                    "sorted rows are kept until the last is seen.",
                    "a limit of at most " + MAX_SORTED + "; or no sort, for all rows.");
        }
        return new Selection(product, view, wanted.parameters(), query);
    }

    private Future<FlightAnswer> write(FlightRequest.Write write) {
        Principal caller = write.asked().caller();
        Product product =
                Selection.product(registry, caller, Selection.path(write.path()).product());
        String key = write.idempotencyKey().isEmpty() ? "" : RequestHeaders.idempotencyKey(write.idempotencyKey());
        return Future.fromCompletionStage(product.writes()
                .write(new Writes.Records(
                        BodyForm.ARROW,
                        write.rows(),
                        RequestHeaders.lenient(write.prefer()),
                        key,
                        write.memory(),
                        Writes.By.of(caller, product)))
                .thenApply(receipt -> new FlightAnswer.Said(ByteString.copyFromUtf8(receipt.json()))));
    }

    /** The rows of an earlier position are counted one by one, which is too long for an event loop. */
    private Future<FlightAnswer> info(Owner owner, Selection selection, FlightDescriptor descriptor) {
        return selection.position().isPresent()
                ? pages.run(owner, () -> infos(selection, descriptor))
                : Future.succeededFuture(infos(selection, descriptor));
    }

    private FlightAnswer infos(Selection selection, FlightDescriptor descriptor) {
        return new FlightAnswer.Infos(List.of(describe(selection, descriptor)));
    }

    private FlightAnswer catalogue(Request asked, String prefix) {
        return new FlightAnswer.Infos(registry.all(asked.caller()).stream()
                .filter(product -> product.may(asked.caller(), Grant.May.READ))
                .filter(product -> product.qualifiedName().startsWith(prefix))
                .map(product -> {
                    FlightDescriptor path = FlightDescriptor.path(product.domain(), product.name());
                    Selection all = select(asked, new FlightRequest.Wanted(product.qualifiedName(), Map.of()));
                    return product.unreadable().isPresent() ? unread(all, path) : describe(all, path);
                })
                .toList());
    }

    /** A product that cannot be read yet: its schema alone, with no endpoint. */
    private static FlightInfo unread(Selection all, FlightDescriptor descriptor) {
        return FlightInfo.builder(all.schema(all.view().position()), descriptor, List.of())
                .build();
    }

    private FlightInfo describe(Selection selection, FlightDescriptor descriptor) {
        try (Reading reading = open(selection)) {
            Position at = reading.position();
            Instant expiry = tickets.expiry();
            var ticket = new Ticket(tickets.sign(selection, at, expiry));
            // An endpoint without a location is read from the server that named it.
            var info = FlightInfo.builder(
                            selection.schema(at),
                            descriptor,
                            List.of(FlightEndpoint.builder(ticket)
                                    .setExpirationTime(expiry)
                                    .build()))
                    .setAppMetadata(at.toString().getBytes(UTF_8));
            RowsQuery query = selection.query();
            if (selection.view().isOpen()
                    && query.filter().isAll()
                    && query.grouping().isNone()) { // else nobody knows before it has looked
                long all = reading.rows();
                long rows = Math.min(all, selection.limit());
                long bytes = reading.estimatedBytes(selection.columns());
                info.setRecords(rows).setBytes(all == 0 ? 0 : Math.round((double) bytes * rows / all));
            }
            return info.build();
        }
    }

    private static FlightAnswer shape(Selection selection) {
        return new FlightAnswer.Shape(selection.schema(selection.position().orElseGet(selection.view()::position)));
    }

    private FlightAnswer read(Request asked, ReadTicket ticket) {
        var parameters = new LinkedHashMap<>(ticket.parameters());
        parameters.put("as_of", ticket.position());
        Selection selection = select(asked, new FlightRequest.Wanted(ticket.product(), parameters));
        if (selection.view().id() != ticket.view()) {
            throw Selection.invalid(
                    "ticket", "what its caller may see has changed since.", "a fresh one: call GetFlightInfo again.");
        }
        Reading reading = open(selection);
        try {
            return new FlightAnswer.Rows(Streamed.of(selection, reading));
        } catch (RuntimeException failure) {
            reading.close();
            throw failure;
        }
    }

    private static Reading open(Selection selection) {
        Product product = selection.product();
        product.unreadable().ifPresent(reason -> {
            throw new Problem.Unavailable(product.qualifiedName(), reason).exception();
        });
        return selection.view().open(selection.query().start());
    }
}
